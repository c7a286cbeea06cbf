"""What holds things up, in a sentence for HR: one line a cause, however many things wait behind it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from functools import reduce

from cycle.sentences import Quote, Sentence

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


def sentence(kind: Kind, abouts: Sequence[str], name: str = "") -> Sentence:
    """What waits and what a person can do. `abouts` has an entry for each thing that waits, oldest first.

    `name` is the person's whom it is about, where it is about one. Nothing that anybody wrote is in it.
    """
    waits, last = _waits(len(abouts)), abouts[-1]
    match kind:
        case Kind.NOT_ALLOWED:
            return Sentence(
                "Microsoft 365 does not let Perennial do its work, and {waits}: an administrator grants "
                "{permissions}. Exchange may remember a refusal for up to two hours.",
                waits=waits,
                permissions=_permissions(abouts),
            )
        case Kind.NO_TOKEN:
            return Sentence("Entra does not let Perennial in, and {waits}. {last}", waits=waits, last=Quote(last))
        case Kind.NO_MAILBOX:
            return Sentence(
                "The mailbox {mailbox} is not there, and {waits}: make it again, or correct the address.",
                mailbox=last,
                waits=waits,
            )
        case Kind.BUSY:
            return Sentence(
                "Microsoft 365 has not done for a day what was asked of it, and {waits}: look at its service health. "
                "The last word was: {last}",
                waits=waits,
                last=Quote(last),
            )
        case Kind.UNANSWERED:
            return Sentence(
                "Something took longer than a day, and {waits}: check that a worker runs and answers.", waits=waits
            )
        case Kind.UNREADABLE:
            return Sentence(
                "What was stored opens with none of the keys in PERENNIAL_ENCRYPTION_KEYS, and {waits}: "
                "put the key that was in use before back at the end of the list, and start again.",
                waits=waits,
            )
        case Kind.ZONE:
            return Sentence(
                "The time zone of {name} is not one ({zone}), and {waits}: import them with another.",
                name=name or Sentence("somebody"),
                zone=last,
                waits=waits,
            )
        case Kind.FAULT:
            return Sentence(
                "Perennial has a fault ({fault}), and {waits}. It is ours, not yours: please report it, with what the "
                "worker's log says at that place.",
                fault=Quote(last),
                waits=waits,
            )


def _waits(count: int) -> Sentence:
    return Sentence("1 thing waits") if count == 1 else Sentence("{count} things wait", count=count)


def _permissions(abouts: Sequence[str]) -> Sentence:
    """ "Mail.Send for a@b, and MailboxSettings.Read for 12 mailboxes"."""
    mailboxes = defaultdict[str, set[str]](set)
    for about in abouts:
        permission, _, mailbox = about.partition(" ")
        mailboxes[permission].add(mailbox)
    said = [
        Sentence("{permission} for {mailbox}", permission=permission, mailbox=next(iter(of)))
        if len(of) == 1
        else Sentence("{permission} for {count} mailboxes", permission=permission, count=len(of))
        for permission, of in sorted(mailboxes.items())
    ]
    return reduce(lambda one, other: Sentence("{one}, and {other}", one=one, other=other), said)
