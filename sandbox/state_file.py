"""The state file: keys, accounts and every mailbox that was ever touched, written whole and swapped in
atomically.
"""

import asyncio
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sandbox.app_registrations import App
from sandbox.directory_changes import DirectoryLog
from sandbox.mailboxes import Contents, Mailbox
from sandbox.signing_keys import SigningKey
from sandbox.subscription import Subscription
from sandbox.tenant import Account, Tenant

_EVERY = 0.5


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


_STATE = TypeAdapter(State)
_CONTENTS = TypeAdapter(Contents)
_ACCOUNTS = TypeAdapter(list[Account])
_APPS = TypeAdapter(list[App])
_DIRECTORY = TypeAdapter(DirectoryLog)
_SUBSCRIPTIONS = TypeAdapter(list[Subscription])


class StateFile:
    """Reads once, then writes at most every half second what has changed since. Untouched mailboxes come
    from the seed.
    """

    def __init__(self, path: Path, tenant: Tenant, keys: list[SigningKey]) -> None:
        self.path = path
        self.tenant = tenant
        self.keys = keys
        self._written: dict[str, bytes] = {}

    async def keep_saving(self) -> None:
        """Saves for as long as it is not cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            self.save_if_changed()

    def save_if_changed(self) -> None:
        touched = [box for box in self.tenant.mailboxes.values() if box.touched]
        if touched or self.tenant.changed or not self.path.exists():
            self.save()

    def save(self) -> None:
        for box in self.tenant.mailboxes.values():
            if box.touched:
                self._written[box.contents.account_id] = _CONTENTS.dump_json(box.contents)
                box.touched = False
        self.tenant.changed = False
        organization = self.tenant.organization
        head = TypeAdapter(dict[str, str | int | list[str]]).dump_json(
            {
                "seed": organization.seed,
                "size": organization.size,
                "day0": organization.day0.isoformat(),
                "keys": [key.pem for key in self.keys],
            }
        )
        accounts = _ACCOUNTS.dump_json(list(self.tenant.accounts.values()))
        apps = _APPS.dump_json(list(self.tenant.apps.values()))
        boxes = b",\n".join(self._written.values())
        directory = _DIRECTORY.dump_json(self.tenant.directory)
        subscriptions = _SUBSCRIPTIONS.dump_json(list(self.tenant.subscriptions.values()))
        text = head[:-1] + b',"accounts":' + accounts + b',"directory":' + directory
        text += b',"subscriptions":' + subscriptions + b',"apps":' + apps + b',"mailboxes":[\n' + boxes + b"\n]}\n"
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
        for app in state.apps:
            # How this run was started says where its own apps' sign-ins return, and what they may do.
            self.tenant.apps.setdefault(app.client_id, app)
        for contents in state.mailboxes:
            account = self.tenant.accounts[contents.account_id]
            self.tenant.mailboxes[account.id] = Mailbox(contents, account.mail)
            self._written[account.id] = _CONTENTS.dump_json(contents)


def read_state(path: Path, seed: int, size: int, day0: str) -> State | None:
    """None if there is no file yet. Raises StateFileError for one that is unreadable or of another
    organization.
    """
    if not path.exists():
        return None
    try:
        state = _STATE.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StateFileError(
            f"The state file {path} cannot be read ({type(error).__name__}). Move it away to begin anew."
        ) from error
    if (state.seed, state.size, state.day0) != (seed, size, day0):
        raise StateFileError(
            f"The state file {path} belongs to an organization of {state.size} people, seed {state.seed},"
            f" day 0 {state.day0}. Ask for the same, or choose another file."
        )
    return state
