"""Which mailboxes the app reaches, found out by asking: for what it must be able to do, and for what it must not.

No question changes anything or reads what anybody wrote: writes are tried on an item that is not there.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from cli.doctor.finding import Finding, fail, ok, warn
from integrations.graph.errors import NO_MAILBOX, GraphTrouble
from integrations.graph.plain import Answer, PlainGraph

NOWHERE = "AAMkAGRvY3RvcgBGAAAAAAA" + "A" * 124 + "BAAA="
"""Has the form of an item's id and is none."""

ORGANIZER = "Manager who organizes"


@dataclass(frozen=True, slots=True)
class Question:
    """A request that tells by its refusal that `permission` does not reach a mailbox."""

    permission: str
    method: str
    path: str


READ_CALENDAR = Question("Calendars.Read", "GET", "/events?$top=1&$select=id")
WRITE_CALENDAR = Question("Calendars.ReadWrite", "DELETE", f"/events/{NOWHERE}")
READ_SETTINGS = Question("MailboxSettings.Read", "GET", "/mailboxSettings?$select=timeZone")
READ_MAIL = Question("Mail.Read", "GET", "/messages?$top=1&$select=id")
WRITE_MAIL = Question("Mail.ReadWrite", "DELETE", f"/messages/{NOWHERE}")
SEND_MAIL = Question("Mail.Send", "POST", f"/messages/{NOWHERE}/send")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be allowed in a mailbox, and what must be refused. `kind` names it for people, `scope` its grant.

    Nothing here says yet whether what `may` be needed is.
    """

    kind: str
    mailbox: str
    scope: str
    must: Sequence[Question] = ()
    must_not: Sequence[Question] = ()
    may: Sequence[Question] = ()


def of_service(mailbox: str, organizes: bool | None) -> Expectation:
    """`organizes` is None where that is not known yet.

    Calendars.Read beside it shows in a subscription only: to read, Calendars.ReadWrite will do.
    """
    must, may = ((WRITE_CALENDAR,) if organizes is known else () for known in (True, None))
    return Expectation("Service mailbox", mailbox, "the service mailbox", must, may=may)


def of_sender(mailbox: str) -> Expectation:
    return Expectation("Sender", mailbox, "this sender mailbox", (WRITE_MAIL, SEND_MAIL))


def of_organizer(mailbox: str) -> Expectation:
    return Expectation(ORGANIZER, mailbox, "the managers' group", (WRITE_CALENDAR,))


def of_participant(mailbox: str, organizes: bool) -> Expectation:
    """Nobody's mail is ever read, and a calendar is written by us only where its owner organizes."""
    must_not = [READ_MAIL, WRITE_MAIL, SEND_MAIL, *([] if organizes else [WRITE_CALENDAR])]
    return Expectation("Participant", mailbox, "the participants' group", (READ_CALENDAR, READ_SETTINGS), must_not)


def of_outsider(mailbox: str) -> Expectation:
    every = (READ_CALENDAR, WRITE_CALENDAR, READ_SETTINGS, READ_MAIL, WRITE_MAIL, SEND_MAIL)
    return Expectation("Outsider", mailbox, "nobody's", must_not=every)


async def probe(graph: PlainGraph, expected: Iterable[Expectation]) -> AsyncIterator[Finding]:
    for each in expected:
        if not (each.must or each.must_not or each.may):
            continue
        try:
            yield await _examine(graph, each)
        except GraphTrouble as trouble:
            yield fail(each.kind, str(trouble))


async def _examine(graph: PlainGraph, expected: Expectation) -> Finding:
    name, mailbox = expected.kind, expected.mailbox
    missing, too_much, unclear, unknown = list[str](), list[str](), list[str](), list[str]()
    for question in (*expected.must, *expected.may, *expected.must_not):
        answer = await graph.ask(question.method, f"/users/{quote(mailbox)}{question.path}")
        if answer.code in NO_MAILBOX:
            return fail(name, f"there is no mailbox {mailbox} ({answer.code}).", "Correct the address, or license it.")
        allowed = _allowed(answer)
        if allowed is None:
            unclear.append(f"{question.permission} ({answer.code or answer.status})")
        elif question in expected.must and not allowed:
            missing.append(question.permission)
        elif question in expected.must_not and allowed:
            too_much.append(question.permission)
        elif question in expected.may and not allowed:
            unknown.append(question.permission)
    if missing:
        return fail(
            name,
            f"{mailbox} refuses what is needed: {', '.join(missing)}.",
            f"Assign the role in Exchange with {expected.scope} as its scope; it remembers a refusal for up to two "
            "hours.",
        )
    if too_much:
        return fail(
            name,
            f"{mailbox} allows what must be refused: {', '.join(too_much)}.",
            "Narrow the scope of the role assignment in Exchange, and grant nothing of the kind in Entra.",
        )
    if unclear:
        return warn(name, f"{mailbox} did not clearly say yes or no to {', '.join(unclear)}.", "Look again later.")
    if unknown:
        return warn(
            name,
            f"{mailbox} refuses {', '.join(unknown)}; without a policy it is not known yet whether that is needed.",
            "Import one with perennial policy import, and ask again.",
        )
    return ok(name, f"{mailbox} {_in_words(expected)}.")


def _allowed(answer: Answer) -> bool | None:
    """None where the answer does not tell."""
    if answer.status == 403:
        return False
    return True if answer.well or answer.code == "ErrorItemNotFound" else None


def _in_words(expected: Expectation) -> str:
    parts = []
    if allowed := (*expected.must, *expected.may):
        parts.append(f"allows {', '.join(each.permission for each in allowed)}")
    if expected.must_not:
        parts.append(f"refuses {', '.join(each.permission for each in expected.must_not)}")
    return " and ".join(parts)
