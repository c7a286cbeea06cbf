"""Both sides of a meeting: what the organizer does and what stands in the attendees' calendars."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

KEY = "String {8b1a1f5e-6f0f-4b7a-9d0b-1d2c3e4f5a6b} Name TestKey"
Book = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def book(graph: httpx.AsyncClient, service: str, ann: str, mara: str) -> Book:
    """Books a meeting of Ann and Mara on a day in May; more properties override."""

    async def make(day: str, **more: Any) -> dict[str, Any]:
        event = {
            "subject": f"Check-in of {day}",
            "body": {"contentType": "html", "content": "<p>Agenda</p>"},
            "start": {"dateTime": f"{day}T10:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": f"{day}T10:45:00", "timeZone": "W. Europe Standard Time"},
            "attendees": [{"emailAddress": {"address": mail}} for mail in (ann, mara)],
            "singleValueExtendedProperties": [{"id": KEY, "value": f"key of {day}"}],
        }
        answer = await graph.post(f"/users/{service}/events", json={**event, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


@pytest.fixture
def day_of(graph: httpx.AsyncClient) -> Any:
    """The meetings that a person has on a day, but for their own appointments and what their team has anyway."""

    async def look(mail: str, day: str) -> list[dict[str, Any]]:
        options = {"startDateTime": f"{day}T00:00:00Z", "endDateTime": f"{day}T23:59:00Z", "$top": "50"}
        found = (await graph.get(f"/users/{mail}/calendarView", params=options)).json()["value"]
        return [e for e in found if e["type"] == "singleInstance" and (not e["isOrganizer"] or e["attendees"])]

    return look


async def test_an_invitation_gives_each_attendee_an_own_copy(
    book: Book, day_of: Any, graph: httpx.AsyncClient, ann: str, mara: str
) -> None:
    made = await book("2030-05-20", transactionId="t-0520")
    assert made["start"] == {"dateTime": "2030-05-20T08:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == "Europe/Berlin"
    assert "singleValueExtendedProperties" not in made
    copies = [(await day_of(mail, "2030-05-20"))[0] for mail in (ann, mara)]
    assert len({made["id"], *(copy["id"] for copy in copies)}) == 3
    for copy in copies:
        assert (copy["iCalUId"], copy["isOrganizer"]) == (made["iCalUId"], False)
        assert (copy["responseStatus"]["response"], copy["transactionId"]) == ("notResponded", None)
    condition = f"ep/id eq '{KEY}' and ep/value eq 'key of 2030-05-20'"
    options = {"$filter": f"singleValueExtendedProperties/Any(ep: {condition})"}
    assert (await graph.get(f"/users/{ann}/events", params=options)).json()["value"] == []
    inbox = (await graph.get(f"/users/{ann}/mailFolders/inbox/messages", params={"$top": "1"})).json()["value"]
    assert inbox[0]["@odata.type"].startswith("#microsoft.graph.eventMessage")
    assert (inbox[0]["subject"], inbox[0]["meetingMessageType"]) == (made["subject"], "meetingRequest")


async def test_the_same_transaction_id_makes_no_second_event_and_no_second_mail(
    book: Book, day_of: Any, control: httpx.AsyncClient, ann: str
) -> None:
    first = await book("2030-05-21", transactionId="t-0521")
    second = await book("2030-05-21", transactionId="t-0521")
    assert second["id"] == first["id"]
    assert len(await day_of(ann, "2030-05-21")) == 1
    state = (await control.get("/state", params={"mailbox": ann})).json()["mailboxes"][ann]
    assert [m["subject"] for m in state["folders"]["inbox"]].count(first["subject"]) == 1


async def test_a_move_reaches_the_copies_and_asks_anew(
    book: Book, day_of: Any, graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    made = await book("2030-05-22")
    (copy,) = await day_of(ann, "2030-05-22")
    assert (await graph.post(f"/users/{ann}/events/{copy['id']}/accept", json={})).status_code == 202
    mine = (await graph.get(f"/users/{service}/events/{made['id']}")).json()
    assert {a["emailAddress"]["address"]: a["status"]["response"] for a in mine["attendees"]}[ann] == "accepted"
    change = {
        "start": {"dateTime": "2030-05-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2030-05-23T10:45:00", "timeZone": "Europe/Berlin"},
    }
    stale = await graph.patch(
        f"/users/{service}/events/{made['id']}", json=change, headers={"If-Match": made["@odata.etag"]}
    )
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    moved = await graph.patch(
        f"/users/{service}/events/{made['id']}", json=change, headers={"If-Match": mine["@odata.etag"]}
    )
    assert moved.status_code == 200
    assert await day_of(ann, "2030-05-22") == []
    (there,) = await day_of(ann, "2030-05-23")
    assert (there["id"], there["responseStatus"]["response"]) == (copy["id"], "notResponded")
    assert "accepted" not in [a["status"]["response"] for a in moved.json()["attendees"]]


async def test_a_refused_change_changes_nothing(book: Book, graph: httpx.AsyncClient, service: str) -> None:
    made = await book("2030-05-24")
    bad = {"subject": "Changed", "end": {"dateTime": "2030-05-01T00:00:00", "timeZone": "UTC"}}
    assert (await graph.patch(f"/users/{service}/events/{made['id']}", json=bad)).status_code == 400
    assert (await graph.get(f"/users/{service}/events/{made['id']}")).json() == made


async def test_cancelling_marks_the_copies_and_takes_the_organizers_away(
    book: Book, day_of: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str
) -> None:
    made = await book("2030-05-27")
    (copy,) = await day_of(ann, "2030-05-27")
    refused = await graph.post(f"/users/{ann}/events/{copy['id']}/cancel", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidRequest")
    path = f"/users/{service}/events/{made['id']}/cancel"
    assert (await graph.post(path, json={"Comment": "Sorry"})).status_code == 202
    again = await graph.post(path, json={})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    (left,) = await day_of(ann, "2030-05-27")
    assert (left["isCancelled"], left["showAs"]) == (True, "free")
    assert await day_of(service, "2030-05-27") == []
    audited = (await control.get("/state", params={"mailbox": service})).json()["mailboxes"][service]["calendar"]
    (kept,) = [e for e in audited if e["subject"] == made["subject"]]
    assert (kept["isCancelled"], kept["extendedProperties"]) == (True, {KEY: "key of 2030-05-27"})


async def test_who_is_taken_off_the_list_hears_a_cancellation_and_the_other_does_not(
    book: Book, day_of: Any, graph: httpx.AsyncClient, service: str, ann: str, mara: str
) -> None:
    made = await book("2030-05-28")
    only_ann = {"attendees": [{"emailAddress": {"address": ann}}]}
    await graph.patch(f"/users/{service}/events/{made['id']}", json=only_ann)
    assert [e["isCancelled"] for e in await day_of(mara, "2030-05-28")] == [True]
    assert [e["isCancelled"] for e in await day_of(ann, "2030-05-28")] == [False]


async def test_declining_clears_the_own_calendar_and_a_silent_answer_tells_nobody(
    book: Book, day_of: Any, graph: httpx.AsyncClient, service: str, ann: str, mara: str
) -> None:
    made = await book("2030-05-29")
    for mail, told in ((ann, True), (mara, False)):
        (copy,) = await day_of(mail, "2030-05-29")
        answer = await graph.post(f"/users/{mail}/events/{copy['id']}/decline", json={"SendResponse": told})
        assert answer.status_code == 202
        assert await day_of(mail, "2030-05-29") == []
    mine = (await graph.get(f"/users/{service}/events/{made['id']}")).json()
    responses = {a["emailAddress"]["address"]: a["status"]["response"] for a in mine["attendees"]}
    assert responses == {ann: "declined", mara: "none"}
    own = await graph.post(f"/users/{service}/events/{made['id']}/accept", json={})
    assert (own.status_code, own.json()["error"]["code"]) == (400, "ErrorInvalidRequest")


async def test_an_attendees_drag_moves_only_their_own_copy(
    book: Book, day_of: Any, control: httpx.AsyncClient, graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    made = await book("2030-05-30")
    drag = {"start": "2030-05-31T08:00:00Z", "end": "2030-05-31T08:45:00Z"}
    answer = await control.post("/act", json={"person": ann, "act": "drag", "event": made["id"], **drag})
    assert answer.status_code == 200
    assert len(await day_of(ann, "2030-05-31")) == 1
    mine = (await graph.get(f"/users/{service}/events/{made['id']}")).json()
    assert mine["start"] == made["start"]
    await control.post("/act", json={"person": service, "act": "drag", "event": made["id"], **drag})
    assert len(await day_of(service, "2030-05-31")) == 1


async def test_times_are_shown_in_the_zone_that_is_preferred(
    book: Book, graph: httpx.AsyncClient, service: str
) -> None:
    made = await book("2030-06-03", isOnlineMeeting=True)
    assert made["onlineMeeting"]["joinUrl"].startswith("https://")
    for name, expected in (("Asia/Singapore", "16:00"), ("Eastern Standard Time", "04:00")):
        headers = {"Prefer": f'IdType="ImmutableId", outlook.timezone="{name}"'}
        seen = (await graph.get(f"/users/{service}/events/{made['id']}", headers=headers)).json()
        assert seen["start"] == {"dateTime": f"2030-06-03T{expected}:00.0000000", "timeZone": name}
    answer = await graph.get(f"/users/{service}/events", headers={"Prefer": 'outlook.timezone="Mars"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "TimeZoneNotSupportedException")


async def test_unknown_mailboxes_and_events_have_their_own_404(graph: httpx.AsyncClient, service: str) -> None:
    nobody = await graph.get("/users/nobody@meadow.example/events")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "ErrorInvalidUser")
    nothing = await graph.get(f"/users/{service}/events/AAkNothing")
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, "ErrorItemNotFound")
