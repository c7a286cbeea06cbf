"""What a mail about a meeting has beyond other mail: an invitation, a cancellation, an answer."""

from sandbox.calls import Json
from sandbox.evidence import evidence
from sandbox.items import Message
from sandbox.recurrence_json import recurrence_json
from sandbox.zones import wall_clock

_ALL_NAMES = """
allowNewTimeProposals endDateTime isAllDay isDelegated isOutOfDate location meetingMessageType meetingRequestType
proposedNewTime recurrence responseRequested responseType startDateTime type
"""
NAMES = frozenset(_ALL_NAMES.split())
_RESPONSES = {
    "meetingAccepted": "accepted",
    "meetingTenativelyAccepted": "tentativelyAccepted",
    "meetingDeclined": "declined",
}


@evidence(
    "documented",
    "Invitations are eventMessageRequest, answers eventMessageResponse with responseType and, if one was made, the"
    " proposed time; cancellations are eventMessage.",
    "graph docs, resources/eventmessage.md, eventmessagerequest.md, eventmessageresponse.md",
)
@evidence(
    "assumed",
    "Their times are UTC whatever zone is preferred, isOutOfDate is never said, and an invitation is new or a full"
    " update.",
    "the documents show no example of them",
)
def meeting_json(message: Message) -> Json:
    """The properties that a mail about a meeting adds; none for other mail."""
    if message.meeting is None:
        return {}
    response = _RESPONSES.get(message.meeting)
    requested = message.meeting == "meetingRequest"
    kind = "Request" if requested else "Response" if response else ""
    found: Json = {"@odata.type": f"#microsoft.graph.eventMessage{kind}", "meetingMessageType": message.meeting}
    about = message.about
    if about is None:
        return found
    found |= {
        "type": about.kind,
        "isOutOfDate": False,
        "isAllDay": about.all_day,
        "isDelegated": False,
        "startDateTime": wall_clock(about.start, None, "UTC"),
        "endDateTime": wall_clock(about.end, None, "UTC"),
        "location": {"displayName": about.location, "locationType": "default"},
        "recurrence": recurrence_json(about.recurrence, about.zone) if about.recurrence else None,
    }
    if requested:
        found["meetingRequestType"] = "fullUpdate" if about.is_update else "newMeetingRequest"
        found["responseRequested"] = about.response_requested
        found["allowNewTimeProposals"] = about.allow_proposals
    if response:
        found["responseType"] = response
        start, end = about.proposed or (None, None)
        found["proposedNewTime"] = (
            {"start": wall_clock(start, None, "UTC"), "end": wall_clock(end, None, "UTC")} if start and end else None
        )
    return found
