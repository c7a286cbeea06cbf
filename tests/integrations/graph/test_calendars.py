"""Calendars: what is written, word for word, and how what is read becomes facts."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.graph.calendars import Attendee, BusySpan, Calendars, NewEvent
from integrations.graph.client import Graph
from integrations.graph.errors import Transient
from integrations.graph.keys import KEY

SERVICE = "checkins@meadow.example"
# The day after Europe's clocks go forward: 10:00 in Berlin is 08:00 UTC.
START = datetime(2030, 4, 1, 8, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)

NEW = NewEvent(
    key="booking/C1/1",
    transaction_id="7f1c0e6e-0000-4000-8000-000000000001",
    subject="Check-in: Ann and Mara",
    body_html="<p>Three lines</p>",
    start=START,
    end=END,
    zone="Europe/Berlin",
    attendees=(Attendee("ann@meadow.example", "Ann"), Attendee("mara@meadow.example", "Mara")),
    online=False,
)

EVENT = {
    "@odata.etag": 'W/"1"',
    "id": "E1",
    "changeKey": "ck1",
    "isCancelled": False,
    "start": {"dateTime": "2030-04-01T08:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2030-04-01T08:45:00.0000000", "timeZone": "UTC"},
    "attendees": [
        {"emailAddress": {"address": "Ann@meadow.example"}, "status": {"response": "accepted"}},
        {"emailAddress": {"address": "mara@meadow.example"}, "status": {"response": "notResponded"}},
    ],
}


async def test_an_event_is_written_in_local_wall_time_private_and_with_its_keys(stub: Any, graph: Graph) -> None:
    stub.answers(201, EVENT)
    facts = await Calendars(graph).create_event(SERVICE, NEW)
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("POST", f"/v1.0/users/{SERVICE}/events")
    body = asked.body
    assert body["start"] == {"dateTime": "2030-04-01T10:00:00", "timeZone": "Europe/Berlin"}
    assert body["end"] == {"dateTime": "2030-04-01T10:45:00", "timeZone": "Europe/Berlin"}
    assert body["sensitivity"] == "private"
    assert body["showAs"] == "busy"
    assert body["responseRequested"] is True
    assert body["reminderMinutesBeforeStart"] == 15
    assert body["transactionId"] == NEW.transaction_id
    assert body["singleValueExtendedProperties"] == [{"id": KEY, "value": NEW.key}]
    assert body["body"] == {"contentType": "html", "content": "<p>Three lines</p>"}
    assert [one["emailAddress"] for one in body["attendees"]] == [
        {"address": "ann@meadow.example", "name": "Ann"},
        {"address": "mara@meadow.example", "name": "Mara"},
    ]
    assert not {"recurrence", "isOnlineMeeting", "hideAttendees"} & body.keys()
    assert (facts.event_id, facts.change_key, facts.etag) == ("E1", "ck1", 'W/"1"')
    assert (facts.start, facts.end, facts.cancelled, facts.join_url) == (START, END, False, None)
    assert facts.attendees == {"ann@meadow.example": "accepted", "mara@meadow.example": "notResponded"}


async def test_an_online_event_asks_for_teams_and_gives_the_link(stub: Any, graph: Graph) -> None:
    stub.answers(201, EVENT | {"onlineMeeting": {"joinUrl": "https://teams.example/1"}})
    facts = await Calendars(graph).create_event(SERVICE, dataclasses.replace(NEW, online=True))
    assert stub.asked[0].body["isOnlineMeeting"] is True
    assert stub.asked[0].body["onlineMeetingProvider"] == "teamsForBusiness"
    assert facts.join_url == "https://teams.example/1"


async def test_a_wall_clock_hour_stays_across_a_clock_change(stub: Any, graph: Graph) -> None:
    stub.answers(201, EVENT)
    before = datetime(2030, 3, 29, 9, 0, tzinfo=UTC)
    for start in (before, START):
        new = dataclasses.replace(NEW, start=start, end=start + timedelta(minutes=45))
        await Calendars(graph).create_event(SERVICE, new)
    assert [one.body["start"]["dateTime"][11:] for one in stub.asked] == ["10:00:00", "10:00:00"]


async def test_a_move_sends_the_new_time_and_nothing_else(stub: Any, graph: Graph) -> None:
    stub.answers(200, EVENT)
    facts = await Calendars(graph).move_event(SERVICE, "E1", START, END, "Europe/Berlin", etag='W/"0"')
    (asked,) = stub.asked
    assert asked.method == "PATCH"
    assert asked.headers["if-match"] == 'W/"0"'
    assert asked.body.keys() - {"@odata.type"} == {"start", "end"}
    assert facts is not None
    assert facts.start == START


async def test_a_move_without_an_etag_overwrites(stub: Any, graph: Graph) -> None:
    stub.answers(200, EVENT)
    await Calendars(graph).move_event(SERVICE, "E1", START, END, "Europe/Berlin")
    assert "if-match" not in stub.asked[0].headers


async def test_a_move_of_what_changed_meanwhile_is_to_be_read_again(stub: Any, graph: Graph) -> None:
    stub.refuses(412, "ErrorIrresolvableConflict")
    with pytest.raises(Transient):
        await Calendars(graph).move_event(SERVICE, "E1", START, END, "Europe/Berlin", etag='W/"0"')


async def test_what_is_gone_is_returned_and_not_raised(stub: Any, graph: Graph) -> None:
    stub.refuses(404, "ErrorItemNotFound")
    calendars = Calendars(graph)
    assert await calendars.get_event(SERVICE, "E1") is None
    assert await calendars.move_event(SERVICE, "E1", START, END, "Europe/Berlin") is None
    assert await calendars.cancel_event(SERVICE, "E1", "Plans change.") is False


async def test_a_cancellation_carries_its_comment(stub: Any, graph: Graph) -> None:
    stub.answers(202)
    assert await Calendars(graph).cancel_event(SERVICE, "E1", "Plans change.") is True
    (asked,) = stub.asked
    assert asked.path == f"/v1.0/users/{SERVICE}/events/E1/cancel"
    assert asked.body == {"Comment": "Plans change."}


async def test_an_event_is_found_by_its_key_and_a_standing_one_before_a_cancelled(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": [EVENT | {"id": "E0", "isCancelled": True}, EVENT]})
    facts = await Calendars(graph).find_event(SERVICE, "booking/O'Hara/1")
    assert facts is not None
    assert facts.event_id == "E1"
    assert stub.asked[0].query["$filter"] == (
        f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq 'booking/O''Hara/1')"
    )


async def test_a_key_that_nothing_carries_finds_nothing(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": []})
    assert await Calendars(graph).find_event(SERVICE, "booking/C1/1") is None


def busy(status: str, day: int) -> dict[str, Any]:
    return {
        "status": status,
        "start": {"dateTime": f"2030-04-{day:02}T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"2030-04-{day:02}T09:00:00.0000000", "timeZone": "UTC"},
    }


def span(status: str, day: int) -> BusySpan:
    return BusySpan(datetime(2030, 4, day, 8, tzinfo=UTC), datetime(2030, 4, day, 9, tzinfo=UTC), status)


async def test_free_and_working_elsewhere_are_no_busy_times_and_a_new_status_is(stub: Any, graph: Graph) -> None:
    items = [
        busy("oof", 5),
        busy("busy", 1),
        busy("free", 2),
        busy("workingElsewhere", 3),
        busy("tentative", 4),
        busy("meditating", 6),
    ]
    stub.answers(200, {"value": [{"scheduleId": "ANN@meadow.example", "scheduleItems": items}]})
    found = await Calendars(graph).schedules(SERVICE, ["ann@meadow.example"], START, END)
    ann = found["ann@meadow.example"]
    assert ann.trouble is None
    assert ann.busy == (span("busy", 1), span("tentative", 4), span("oof", 5), span("unknown", 6))


async def test_an_address_without_a_calendar_is_trouble_for_that_address_only(stub: Any, graph: Graph) -> None:
    answer = [
        {"scheduleId": "ann@meadow.example", "scheduleItems": [busy("busy", 1)]},
        {"scheduleId": "otto@elsewhere.example", "error": {"responseCode": "5016", "message": "x"}},
    ]
    stub.answers(200, {"value": answer})
    mails = ["ann@meadow.example", "otto@elsewhere.example", "nobody@meadow.example"]
    found = await Calendars(graph).schedules(SERVICE, mails, START, END)
    assert list(found) == mails
    assert found["ann@meadow.example"].trouble is None
    assert found["otto@elsewhere.example"].trouble == "Exchange shows no calendar for this address (5016)."
    assert "no answer" in (found["nobody@meadow.example"].trouble or "")


async def test_many_people_over_many_weeks_are_asked_for_in_what_graph_takes(stub: Any, graph: Graph) -> None:
    # The same busy time in two answers, as when it spans the seam, is one.
    same = [{"scheduleId": f"p{n}@meadow.example", "scheduleItems": [busy("busy", 1)]} for n in range(45)]
    stub.answers(200, {"value": same})
    mails = [f"p{n}@meadow.example" for n in range(45)]
    found = await Calendars(graph).schedules(SERVICE, mails, START, START + timedelta(days=100))
    assert [len(one.body["Schedules"]) for one in stub.asked] == [20, 20, 20, 20, 5, 5]
    for one in stub.asked:
        since, until = (
            datetime.fromisoformat(one.body[name]["dateTime"]).replace(tzinfo=UTC) for name in ("StartTime", "EndTime")
        )
        assert until - since < timedelta(days=62)
    seams = [(one.body["StartTime"]["dateTime"], one.body["EndTime"]["dateTime"]) for one in stub.asked[:2]]
    assert seams[0][1] == seams[1][0]
    assert seams[1][1] == "2030-07-10T08:00:00"
    assert all(schedule.busy == (span("busy", 1),) for schedule in found.values())
