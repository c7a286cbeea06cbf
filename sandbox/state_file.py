"""The state file: keys, accounts and every mailbox that was ever touched, written whole and swapped in
atomically.
"""

import asyncio
import logging
import time
from pathlib import Path

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from sandbox.app_registrations import App
from sandbox.clock import Clock, OwnClock
from sandbox.directory_changes import DirectoryLog
from sandbox.mailboxes import Contents, Mailbox
from sandbox.organization import Organization
from sandbox.signing_keys import SigningKey
from sandbox.subscription import Delivery, Subscription
from sandbox.tenant import Account, Tenant

log = logging.getLogger("sandbox")
_EVERY = 0.5
_QUICK_SECONDS = 0.01


class StateFileError(Exception):
    """The state file cannot be used; the sentence says why and what to do."""


@dataclass
class State:
    seed: int
    size: int
    day0: str
    keys: list[str]
    accounts: list[Account]
    mailboxes: list[Contents]
    apps: list[App] = Field(default_factory=list)
    directory: DirectoryLog = Field(default_factory=DirectoryLog)
    subscriptions: list[Subscription] = Field(default_factory=list)
    undelivered: list[Delivery] = Field(default_factory=list)
    clock_offset: float = 0
    senders: int = 1


_STATE = TypeAdapter(State)
_HEAD = TypeAdapter(dict[str, str | int | float | list[str]])
_CONTENTS = TypeAdapter(Contents)
_ACCOUNTS = TypeAdapter(list[Account])
_APPS = TypeAdapter(list[App])
_DIRECTORY = TypeAdapter(DirectoryLog)
_SUBSCRIPTIONS = TypeAdapter(list[Subscription])
_UNDELIVERED = TypeAdapter(list[Delivery])


class StateFile:
    """Reads once, then writes what has changed: before each answer while that is quick, so that nothing is lost
    with the process that anybody was told of; of a tenant that has grown, every half second. Untouched mailboxes
    come from the seed.
    """

    def __init__(self, path: Path, tenant: Tenant, keys: list[SigningKey], clock: Clock) -> None:
        self.path = path
        self.tenant = tenant
        self.keys = keys
        self.clock = clock
        self._written: dict[str, bytes] = {}
        self._is_quick = True

    async def keep_saving(self) -> None:
        """Saves for as long as it is not cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            self.save_if_changed()

    def save_before_answer(self) -> None:
        if self._is_quick:
            self.save_if_changed()

    def save_if_changed(self) -> None:
        touched = [box for box in self.tenant.mailboxes.values() if box.touched]
        if touched or self.tenant.changed or not self.path.exists():
            try:
                self.save()
            except OSError as error:
                log.error("The state file %s cannot be written (%s).", self.path, error)

    def save(self) -> None:
        # Its own time, since on a busy machine a small tenant would seem to have grown.
        began = time.thread_time()
        self._save()
        self._is_quick = time.thread_time() - began < _QUICK_SECONDS

    def _save(self) -> None:
        for box in self.tenant.mailboxes.values():
            if box.touched:
                self._written[box.contents.account_id] = _CONTENTS.dump_json(box.contents)
                box.touched = False
        self.tenant.changed = False
        organization = self.tenant.organization
        head = _HEAD.dump_json(
            {
                "seed": organization.seed,
                "size": organization.size,
                "senders": len(organization.senders),
                "day0": organization.day0.isoformat(),
                "keys": [key.pem for key in self.keys],
                "clock_offset": self.clock.offset if isinstance(self.clock, OwnClock) else 0.0,
            }
        )
        accounts = _ACCOUNTS.dump_json(list(self.tenant.accounts.values()))
        apps = _APPS.dump_json(list(self.tenant.apps.values()))
        boxes = b",\n".join(self._written.values())
        directory = _DIRECTORY.dump_json(self.tenant.directory)
        subscriptions = _SUBSCRIPTIONS.dump_json(list(self.tenant.subscriptions.values()))
        text = head[:-1] + b',"accounts":' + accounts + b',"directory":' + directory
        undelivered = _UNDELIVERED.dump_json(self.tenant.undelivered)
        text += b',"subscriptions":' + subscriptions + b',"undelivered":' + undelivered
        text += b',"apps":' + apps + b',"mailboxes":[\n' + boxes + b"\n]}\n"
        new = self.path.with_name(self.path.name + ".new")
        # It holds the signing key, so only its owner may read it.
        new.touch(mode=0o600)
        new.write_bytes(text)
        new.replace(self.path)

    def adopt(self, state: State) -> None:
        """Puts what was read into the tenant."""
        for account in state.accounts:
            self.tenant.keep_account(account)
        self.tenant.directory = state.directory
        self.tenant.subscriptions = {s.id: s for s in state.subscriptions}
        self.tenant.undelivered = state.undelivered
        if isinstance(self.clock, OwnClock):
            self.clock.offset = state.clock_offset
        for app in state.apps:
            # How this run was started says where its own apps' sign-ins return, and what they may do.
            self.tenant.apps.setdefault(app.client_id, app)
        for contents in state.mailboxes:
            account = self.tenant.accounts[contents.account_id]
            self.tenant.mailboxes[account.id] = Mailbox(contents, account.mail)
            self._written[account.id] = _CONTENTS.dump_json(contents)


def read_state(path: Path, organization: Organization) -> State | None:
    """None if there is no file yet. Raises StateFileError for one that is unreadable or of another
    organization.
    """
    if not path.exists():
        return None
    try:
        state = _STATE.validate_json(path.read_bytes())
        _check(state)
    except (OSError, ValueError) as error:
        raise StateFileError(
            f"The state file {path} cannot be read ({type(error).__name__}). Move it away to begin anew."
        ) from error
    asked = (organization.seed, organization.size, organization.day0.isoformat(), len(organization.senders))
    if (state.seed, state.size, state.day0, state.senders) != asked:
        raise StateFileError(
            f"The state file {path} belongs to an organization of {state.size} people, seed {state.seed},"
            f" day 0 {state.day0}, senders {state.senders}. Ask for the same, or choose another file."
        )
    return state


def _check(state: State) -> None:
    """Raises ValueError for what no tenant would have written, though each of its parts is of the right shape."""
    for key in state.keys:
        SigningKey(key).private  # noqa: B018  it is read from its PEM
    unknown = {contents.account_id for contents in state.mailboxes} - {account.id for account in state.accounts}
    if unknown:
        raise ValueError(f"It has mailboxes of accounts that it does not have: {sorted(unknown)[0][:60]}.")
