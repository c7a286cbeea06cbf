"""An attendee's answers over Graph: accept, tentativelyAccept, decline, propose another time, forward."""

from datetime import datetime

from sandbox import meetings
from sandbox.bodies import Body
from sandbox.calendars import event_named
from sandbox.calls import Call, Reply
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.items import Event
from sandbox.recurrence_json import EARLIEST, LATEST
from sandbox.routing import Routes
from sandbox.zones import parse_moment, zone_named

_ANSWER = frozenset(("comment", "sendResponse"))
_PROPOSAL = frozenset((*_ANSWER, "proposedNewTime"))


def add_routes(routes: Routes) -> None:
    for calendar in ("users/{user}", "users/{user}/calendar"):
        routes.add("POST", f"{calendar}/events/{{event}}/accept", accept)
        routes.add("POST", f"{calendar}/events/{{event}}/decline", decline)
        routes.add("POST", f"{calendar}/events/{{event}}/tentativelyAccept", accept_tentatively)
        routes.add("POST", f"{calendar}/events/{{event}}/forward", forward)


@evidence("documented", "accept takes no proposedNewTime.", "graph docs, api/event-accept.md")
def accept(call: Call) -> Reply:
    call.body.only(_ANSWER, "accept")
    return _respond(call, "accepted")


@evidence(
    "documented",
    "A declined event leaves the attendee's calendar, and 'do not send' leaves the organizer's copy as it was.",
    "graph docs, api/event-decline.md; graph-docs #15351",
)
def decline(call: Call) -> Reply:
    call.body.only(_PROPOSAL, "decline")
    return _respond(call, "declined")


def accept_tentatively(call: Call) -> Reply:
    call.body.only(_PROPOSAL, "tentativelyAccept")
    return _respond(call, "tentativelyAccepted")


def forward(call: Call) -> Reply:
    box, body = call.mailbox, call.body
    event = event_named(call, box)
    to = body.addresses("toRecipients")
    if not to:
        raise bad_request("At least one recipient isn't valid, or none is given.", "ErrorInvalidRecipients")
    meetings.forward(call.tenant, box, event, to, body.text("comment"), call.now)
    return Reply(202)


def _respond(call: Call, response: str) -> Reply:
    box, body = call.mailbox, call.body
    event = event_named(call, box)
    tell = body.flag("sendResponse", True)
    if not tell and body.text("comment"):
        raise bad_request("'SendResponse' must be true when 'Comment' is not null.", "ErrorInvalidParameter")
    check_response(event, tell)
    proposal = proposed_span(event, body, tell)
    meetings.respond(call.tenant, box, event, response, body.text("comment"), tell, call.now, proposal)
    return Reply(202)


@evidence(
    "documented",
    "Nobody answers their own event: 400 ErrorInvalidRequest.",
    "graph docs, api/event-accept.md",
)
@evidence(
    "reported",
    "Where the organizer asked for no response, sending one is 400; so is a comment with sendResponse false.",
    "others' clients (simstudioai/sim #6041 for the comment)",
)
@evidence("assumed", "A cancelled meeting cannot be answered: 400.", "Outlook offers only to remove it")
def check_response(event: Event, tell: bool) -> None:
    if event.is_organizer:
        raise bad_request(
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."
        )
    if event.cancelled:
        raise bad_request("Your request can't be completed. The meeting has been cancelled.")
    if tell and not event.response_requested:
        raise bad_request("Your request can't be completed. The meeting organizer hasn't requested a response.")


@evidence(
    "documented",
    "A new time can be proposed only with a response, and only where the organizer allows it: else 400.",
    "graph docs, api/event-decline.md and api/event-tentativelyaccept.md",
)
@evidence("assumed", "No other time can be proposed for a whole series.", "Outlook does not offer it")
def proposed_span(event: Event, body: Body, tell: bool) -> tuple[datetime, datetime] | None:
    """The proposed start and end, if the body proposes any."""
    found = body.record("proposedNewTime")
    if found is None:
        return None
    if not tell:
        raise bad_request("A new time can only be proposed with a response.", "ErrorInvalidParameter")
    if not event.allow_proposals:
        raise bad_request("The organizer doesn't allow new time proposals.", "ErrorInvalidParameter")
    if event.recurrence is not None:
        raise bad_request("A new time cannot be proposed for a whole series.", "ErrorInvalidParameter")
    start, end = (_moment(found, name) for name in ("start", "end"))
    if end <= start:
        raise bad_request("The proposed end must be after the proposed start.", "ErrorInvalidParameter")
    if not EARLIEST <= start.year <= end.year <= LATEST:
        raise bad_request("The proposed time is out of the calendar's range.", "ErrorCalendarOutOfRange")
    return start, end


def _moment(body: Body, name: str) -> datetime:
    found = body.record(name)
    if found is None:
        raise bad_request(f"proposedNewTime needs a {name}.", "ErrorInvalidParameter")
    return parse_moment(found.text("dateTime"), zone_named(found.text("timeZone") or "UTC"))
