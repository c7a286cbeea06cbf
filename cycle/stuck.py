"""What holds things up, in a sentence for HR: one line a cause, however many things wait behind it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

SAME_TROUBLE = timedelta(hours=2)
"""What comes back so soon after it seemed mended has lasted all the while: things are tried again every hour."""

LONG_ENOUGH = timedelta(hours=25)
"""How long something is tried again before HR hears of it: a day, and the hour in which a letter that vanished is
given up after a day's search."""

TRIES_OF_A_FAULT = 3
"""How often something is tried that no rule expects to fail: two at the same moment can collide, and then fit."""


class Kind(StrEnum):
    """Why something ends instead of being tried again and again."""

    NOT_ALLOWED = "not-allowed"
    NO_TOKEN = "no-token"  # noqa: S105 - a word, no secret
    NO_MAILBOX = "no-mailbox"
    BUSY = "busy"
    UNANSWERED = "unanswered"
    UNREADABLE = "unreadable"
    ZONE = "zone"
    FAULT = "fault"


MADE_OF = {Kind.NO_MAILBOX, Kind.ZONE, Kind.FAULT}
"""Kinds of which each mailbox, person or fault is a line of its own; of the others there is one for the tenant."""


def line_key(kind: Kind, subject: str) -> str:
    """The line on HR's list. `subject` is the mailbox, person or fault that the trouble is about."""
    return f"stuck/{kind}/{subject}" if kind in MADE_OF else f"stuck/{kind}"


def permission_for(permission: str, mailbox: str) -> str:
    """How a missing permission is written down, for `sentence` to count."""
    return f"{permission} {mailbox}"


def sentence(kind: Kind, abouts: Sequence[str], name: str = "") -> str:
    """What waits and what a person can do. `abouts` has an entry for each thing that waits, oldest first.

    `name` is the person's whom it is about, where it is about one. Nothing that anybody wrote is in it.
    """
    waits, last = _waits(len(abouts)), abouts[-1]
    match kind:
        case Kind.NOT_ALLOWED:
            return (
                f"Microsoft 365 does not let Perennial do its work, and {waits}: an administrator grants "
                f"{_permissions(abouts)}. Exchange may remember a refusal for up to two hours."
            )
        case Kind.NO_TOKEN:
            return f"Entra does not let Perennial in, and {waits}. {last}"
        case Kind.NO_MAILBOX:
            return f"The mailbox {last} is not there, and {waits}: make it again, or correct the address."
        case Kind.BUSY:
            return (
                f"Microsoft 365 has not done for a day what was asked of it, and {waits}: look at its service health. "
                f"The last word was: {last}"
            )
        case Kind.UNANSWERED:
            return f"Something took longer than a day, and {waits}: check that a worker runs and answers."
        case Kind.UNREADABLE:
            return (
                f"What was stored opens with none of the keys in PERENNIAL_ENCRYPTION_KEYS, and {waits}: "
                "put the key that was in use before back at the end of the list, and start again."
            )
        case Kind.ZONE:
            return f"The time zone of {name or 'somebody'} is not one ({last}), and {waits}: import them with another."
        case Kind.FAULT:
            return (
                f"Perennial has a fault ({last}), and {waits}. It is ours, not yours: please report it, with what the "
                "worker's log says at that place."
            )


def _waits(count: int) -> str:
    return "1 thing waits" if count == 1 else f"{count} things wait"


def _permissions(abouts: Sequence[str]) -> str:
    """ "Mail.Send for a@b, and MailboxSettings.Read for 12 mailboxes"."""
    mailboxes = defaultdict[str, set[str]](set)
    for about in abouts:
        permission, _, mailbox = about.partition(" ")
        mailboxes[permission].add(mailbox)
    return ", and ".join(
        f"{permission} for {next(iter(of)) if len(of) == 1 else f'{len(of)} mailboxes'}"
        for permission, of in sorted(mailboxes.items())
    )
