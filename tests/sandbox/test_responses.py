"""What attendees answer, over Graph and in Outlook, and what the organizer sees of it."""

from typing import Any

import httpx
import pytest

SPAN = {
    "start": {"dateTime": "2030-07-02T10:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2030-07-02T11:00:00", "timeZone": "Europe/Berlin"},
}
NEW_TIME = {
    "start": {"dateTime": "2030-07-03T10:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2030-07-03T11:00:00", "timeZone": "Europe/Berlin"},
}


@pytest.fixture
def meet(graph: httpx.AsyncClient, service: str, ann: str) -> Any:
    """Books a meeting with Ann; gives the organizer's event and the path of Ann's copy."""

    async def make(subject: str, **more: Any) -> tuple[str, str]:
        attendees = [{"emailAddress": {"address": ann}}]
        event = {"subject": subject, **SPAN, "attendees": attendees, **more}
        made = (await graph.post(f"/users/{service}/events", json=event)).json()
        window = {"startDateTime": "2030-07-01T00:00:00Z", "endDateTime": "2030-07-09T00:00:00Z", "$top": "99"}
        found = (await graph.get(f"/users/{ann}/calendarView", params=window)).json()["value"]
        (copy,) = [e for e in found if e["subject"] == subject]
        return f"/users/{service}/events/{made['id']}", f"/users/{ann}/events/{copy['id']}"

    return make


async def test_a_proposal_reaches_the_organizer_and_is_gone_after_a_move(meet: Any, graph: httpx.AsyncClient) -> None:
    organizers, copy = await meet("Proposed")
    answer = await graph.post(f"{copy}/tentativelyAccept", json={"ProposedNewTime": NEW_TIME, "Comment": "Later?"})
    assert answer.status_code == 202
    headers = {"Prefer": 'outlook.timezone="Europe/Berlin"'}
    (attendee,) = (await graph.get(organizers, headers=headers)).json()["attendees"]
    assert attendee["status"]["response"] == "tentativelyAccepted"
    assert attendee["proposedNewTime"]["start"]["dateTime"] == "2030-07-03T10:00:00.0000000"
    assert (await graph.get(copy)).json()["start"]["dateTime"] == "2030-07-02T08:00:00.0000000"
    await graph.patch(organizers, json=NEW_TIME)
    (attendee,) = (await graph.get(organizers)).json()["attendees"]
    assert (attendee["status"]["response"], "proposedNewTime" in attendee) == ("none", False)
    assert (await graph.get(copy)).json()["responseStatus"]["response"] == "notResponded"


@pytest.mark.parametrize(
    ("of_event", "action", "body", "code"),
    [
        ({}, "decline", {"proposedNewTime": NEW_TIME, "sendResponse": False}, "ErrorInvalidParameter"),
        ({"allowNewTimeProposals": False}, "decline", {"proposedNewTime": NEW_TIME}, "ErrorInvalidParameter"),
        ({}, "accept", {"proposedNewTime": NEW_TIME}, "RequestBodyRead"),
        ({}, "tentativelyAccept", {"proposedNewTime": {"start": NEW_TIME["start"]}}, "ErrorInvalidParameter"),
        ({}, "accept", {"comment": "Quietly", "sendResponse": False}, "ErrorInvalidParameter"),
        ({"responseRequested": False}, "accept", {}, "ErrorInvalidRequest"),
        ({}, "forward", {}, "ErrorInvalidRecipients"),
        ({}, "cancel", {}, "ErrorInvalidRequest"),
    ],
)
async def test_an_answer_that_graph_refuses_changes_nothing(
    meet: Any, graph: httpx.AsyncClient, of_event: dict[str, Any], action: str, body: dict[str, Any], code: str
) -> None:
    organizers, copy = await meet(f"Refused {action} {code} {len(str(body))}", **of_event)
    before = (await graph.get(organizers)).json(), (await graph.get(copy)).json()
    refused = await graph.post(f"{copy}/{action}", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert ((await graph.get(organizers)).json(), (await graph.get(copy)).json()) == before


async def test_a_declined_meeting_lies_in_deleted_items_and_comes_back_with_another_time(
    meet: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    organizers, copy = await meet("Declined once")
    assert (await graph.post(f"{copy}/decline", json={"sendResponse": True})).status_code == 202
    assert (await graph.get(copy)).status_code == 404
    state = (await control.get("/state", params={"mailbox": ann})).json()["mailboxes"][ann]
    (gone,) = [e for e in state["deletedEvents"] if e["subject"] == "Declined once"]
    assert gone["response"] == "declined"
    await graph.patch(organizers, json=NEW_TIME)
    window = {"startDateTime": "2030-07-03T00:00:00Z", "endDateTime": "2030-07-04T00:00:00Z", "$top": "99"}
    found = (await graph.get(f"/users/{ann}/calendarView", params=window)).json()["value"]
    assert [e["responseStatus"]["response"] for e in found if e["subject"] == "Declined once"] == ["notResponded"]


async def test_forwarding_invites_and_tells_the_organizer(
    meet: Any, graph: httpx.AsyncClient, service: str, otto: str
) -> None:
    organizers, copy = await meet("Forwarded")
    body = {"ToRecipients": [{"emailAddress": {"address": otto}}], "Comment": "You too"}
    assert (await graph.post(f"{copy}/forward", json=body)).status_code == 202
    attendees = (await graph.get(organizers)).json()["attendees"]
    assert [a["emailAddress"]["address"] for a in attendees][-1] == otto
    window = {"startDateTime": "2030-07-02T00:00:00Z", "endDateTime": "2030-07-03T00:00:00Z", "$top": "99"}
    found = (await graph.get(f"/users/{otto}/calendarView", params=window)).json()["value"]
    assert [e["isOrganizer"] for e in found if e["subject"] == "Forwarded"] == [False]
    inbox = (await graph.get(f"/users/{service}/mailFolders/inbox/messages", params={"$top": "5"})).json()["value"]
    assert "Meeting Forward Notification: Forwarded" in [m["subject"] for m in inbox]


async def test_people_propose_invite_and_go_on_leave_in_outlook(
    meet: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str, mara: str, otto: str
) -> None:
    organizers, copy = await meet("Acted on")
    span = {"start": "2030-07-04T08:00:00Z", "end": "2030-07-04T09:00:00Z"}
    for act in (
        {"person": ann, "act": "propose", "subject": "Acted on", **span},
        {"person": service, "act": "add_attendee", "subject": "Acted on", "attendee": otto},
        {"person": otto, "act": "go_on_leave", "first": "2030-07-04", "last": "2030-07-05"},
    ):
        answer = await control.post("/act", json=act)
        assert answer.status_code == 200, answer.text
    attendees = (await graph.get(organizers)).json()["attendees"]
    assert [("proposedNewTime" in a, a["status"]["response"]) for a in attendees] == [
        (True, "tentativelyAccepted"),
        (False, "none"),
    ]
    settings = (await graph.get(f"/users/{otto}/mailboxSettings")).json()["automaticRepliesSetting"]
    assert (settings["status"], settings["scheduledStartDateTime"]["dateTime"][:13]) == ("scheduled", "2030-07-04T04")
    act = {"person": service, "act": "remove_attendee", "subject": "Acted on", "attendee": ann}
    assert (await control.post("/act", json=act)).status_code == 200
    assert (await graph.get(copy)).json()["isCancelled"] is True
    refused = await control.post("/act", json={"person": otto, "act": "cancel", "subject": "Acted on"})
    assert refused.status_code == 400


@pytest.mark.parametrize("zone", ["", "tzone://Microsoft/Custom", "Customized Time Zone"])
async def test_a_mailbox_may_say_its_zone_in_odd_ways(
    zone: str, graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, sandbox: Any
) -> None:
    person = sandbox.about["people"][-2]["userPrincipalName"]
    act = {"person": person, "act": "change_zone", "zone": zone, "rules": "America/New_York"}
    assert (await control.post("/act", json=act)).status_code == 200
    try:
        settings = (await graph.get(f"/users/{person}/mailboxSettings")).json()
        assert settings["timeZone"] == zone
        hours = settings["workingHours"]["timeZone"]
        if zone:
            assert (hours["@odata.type"], hours["bias"]) == ("#microsoft.graph.customTimeZone", 300)
            assert hours["daylightOffset"]["daylightBias"] == -60
            assert (hours["daylightOffset"]["month"], hours["daylightOffset"]["dayOccurrence"]) == (3, 2)
        else:
            assert hours == {"name": ""}
        body = {
            "Schedules": [person],
            "StartTime": {"dateTime": "2030-03-04T00:00:00", "timeZone": "UTC"},
            "EndTime": {"dateTime": "2030-03-05T00:00:00", "timeZone": "UTC"},
        }
        schedule = (await graph.post(f"/users/{service}/calendar/getSchedule", json=body)).json()["value"][0]
        assert schedule["workingHours"] == settings["workingHours"]
    finally:
        await control.post("/act", json={"person": person, "act": "change_zone", "zone": "Europe/Berlin"})
    refused = await control.post("/act", json={"person": person, "act": "change_zone", "zone": "Mars/Olympus"})
    assert refused.status_code == 400


async def newest_mails(graph: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None) -> list[Any]:
    """The mails of the mailbox in which the event at `path` lies, with the events that they are about."""
    options = {"$expand": "microsoft.graph.eventMessage/event", "$top": "5"}
    mailbox = path.partition("/events/")[0]
    found = await graph.get(f"{mailbox}/mailFolders/inbox/messages", params=options, headers=headers)
    mails: list[Any] = found.json()["value"]
    return mails


async def test_an_answer_comes_by_mail_with_the_time_that_it_proposes(meet: Any, graph: httpx.AsyncClient) -> None:
    organizers, copy = await meet("By mail", location={"displayName": "Room"})
    invitation = (await newest_mails(graph, copy))[0]
    assert invitation["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert (invitation["meetingRequestType"], invitation["responseRequested"]) == ("newMeetingRequest", True)
    assert (invitation["startDateTime"]["dateTime"], invitation["location"]["displayName"]) == (
        "2030-07-02T08:00:00.0000000",
        "Room",
    )
    assert invitation["event"]["id"] == copy.rpartition("/")[2]
    await graph.post(f"{copy}/tentativelyAccept", json={"proposedNewTime": NEW_TIME, "comment": "Later?"})
    answer = (await newest_mails(graph, organizers))[0]
    assert (answer["@odata.type"], answer["responseType"], answer["bodyPreview"]) == (
        "#microsoft.graph.eventMessageResponse",
        "tentativelyAccepted",
        "Later?",
    )
    assert answer["proposedNewTime"]["start"] == {"dateTime": "2030-07-03T08:00:00.0000000", "timeZone": "UTC"}
    assert answer["startDateTime"]["dateTime"] == "2030-07-02T08:00:00.0000000"
    assert answer["event"]["id"] == organizers.rpartition("/")[2]
    await graph.patch(organizers, json=NEW_TIME)
    update = (await newest_mails(graph, copy))[0]
    assert (update["meetingRequestType"], update["startDateTime"]["dateTime"]) == (
        "fullUpdate",
        "2030-07-03T08:00:00.0000000",
    )
    await graph.post(f"{copy}/accept", json={"comment": "", "sendResponse": True})
    accepted = (await newest_mails(graph, organizers))[0]
    assert (accepted["responseType"], accepted["proposedNewTime"]) == ("accepted", None)
    await graph.post(f"{organizers}/cancel", json={})
    cancelled = (await newest_mails(graph, copy))[0]
    assert (cancelled["@odata.type"], cancelled["meetingMessageType"]) == (
        "#microsoft.graph.eventMessage",
        "meetingCancelled",
    )
    assert (await newest_mails(graph, organizers))[0]["event"] is None


async def test_an_answer_that_is_not_sent_leaves_no_mail(meet: Any, graph: httpx.AsyncClient) -> None:
    organizers, copy = await meet("Quiet")
    before = [mail["id"] for mail in await newest_mails(graph, organizers)]
    await graph.post(f"{copy}/accept", json={"sendResponse": False})
    assert [mail["id"] for mail in await newest_mails(graph, organizers)] == before


async def test_nobody_answers_what_is_off_nor_invites_twice(
    meet: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str
) -> None:
    organizers, copy = await meet("Off")
    twice = {"person": service, "act": "add_attendee", "attendee": ann, "event": organizers.rpartition("/")[2]}
    assert (await control.post("/act", json=twice)).status_code == 400
    nobody = {**twice, "act": "remove_attendee", "attendee": "nobody@meadow.example"}
    assert (await control.post("/act", json=nobody)).status_code == 404
    await graph.post(f"{organizers}/cancel", json={})
    for act in ("accept", "decline", "tentatively_accept", "propose"):
        said = await control.post("/act", json={"person": ann, "act": act, "event": copy.rpartition("/")[2]})
        assert (said.status_code, "cancelled" in said.json()["error"]) == (400, True)
    assert (await newest_mails(graph, organizers))[0]["subject"] != "Accepted: Canceled: Off"


async def test_what_only_meeting_mails_have_can_be_selected_by_a_cast(
    meet: Any, graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    letter = {"message": {"subject": "Plain", "toRecipients": [{"emailAddress": {"address": ann}}]}}
    await graph.post(f"/users/{service}/sendMail", json=letter)
    await meet("Cast")
    path = f"/users/{ann}/mailFolders/inbox/messages"
    wanted = {"$select": "subject,microsoft.graph.eventMessage/meetingMessageType", "$top": "2"}
    found = (await graph.get(path, params=wanted)).json()["value"]
    assert [(m["subject"], m.get("meetingMessageType")) for m in found] == [("Cast", "meetingRequest"), ("Plain", None)]
    refused = await graph.get(path, params={"$select": "microsoft.graph.eventMessage/colour"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "RequestBroker--ParseUri")
