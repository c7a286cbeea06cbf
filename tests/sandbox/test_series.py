"""Recurring meetings over Graph: expansion, clock changes, exceptions, and both sides of each."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Series = Callable[..., Awaitable[dict[str, Any]]]
WEEKLY = {"type": "weekly", "interval": 1, "daysOfWeek": ["sunday"]}


@pytest.fixture
def series(graph: httpx.AsyncClient, service: str, otto: str) -> Series:
    """A series on Sundays of the service mailbox, to which Otto is invited; five times unless said otherwise."""

    async def make(first: str, at: str = "10:00", to: str = "11:00", **more: Any) -> dict[str, Any]:
        zone = more.pop("zone", "Europe/Berlin")
        event = {
            "subject": f"Sundays from {first}",
            "body": {"contentType": "html", "content": "<p>As <b>always</b></p>"},
            "start": {"dateTime": f"{first}T{at}:00", "timeZone": zone},
            "end": {"dateTime": f"{first}T{to}:00", "timeZone": zone},
            "attendees": [{"emailAddress": {"address": otto}}],
            "recurrence": {
                "pattern": more.pop("pattern", WEEKLY),
                "range": {"type": "numbered", "startDate": first, "numberOfOccurrences": 5},
            },
        }
        answer = await graph.post(f"/users/{service}/events", json={**event, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


@pytest.fixture
def seen(graph: httpx.AsyncClient) -> Any:
    """What a mailbox's calendar view has of a subject, from one date to another."""

    async def look(mail: str, subject: str, first: str, last: str, **headers: str) -> list[dict[str, Any]]:
        window = {"startDateTime": f"{first}T00:00:00Z", "endDateTime": f"{last}T00:00:00Z", "$top": "200"}
        answer = await graph.get(f"/users/{mail}/calendarView", params=window, headers=headers)
        assert answer.status_code == 200, answer.text
        return [e for e in answer.json()["value"] if e["subject"] == subject]

    return look


async def test_a_series_keeps_its_wall_clock_over_the_change_to_summer_time(
    series: Series, seen: Any, graph: httpx.AsyncClient, service: str, otto: str
) -> None:
    made = await series("2030-03-17")
    assert (made["type"], made["seriesMasterId"]) == ("seriesMaster", None)
    assert made["recurrence"]["range"]["recurrenceTimeZone"] == "Europe/Berlin"
    for mail in (service, otto):
        events = await seen(mail, made["subject"], "2030-03-01", "2030-05-01")
        assert [e["start"]["dateTime"][5:16] for e in events] == [
            "03-17T09:00",
            "03-24T09:00",
            "03-31T08:00",
            "04-07T08:00",
            "04-14T08:00",
        ]
        assert {e["type"] for e in events} == {"occurrence"}
        assert len({e["seriesMasterId"] for e in events}) == 1
        assert len({e["id"] for e in events}) == len({e["iCalUId"] for e in events}) == 5
        again = (await graph.get(f"/users/{mail}/events/{events[2]['id']}")).json()
        assert {**again, "@odata.context": 0} == {**events[2], "@odata.context": 0}
    assert events[0]["seriesMasterId"] != made["id"]
    listed = (await graph.get(f"/users/{service}/events", params={"$top": "999"})).json()["value"]
    assert [e["type"] for e in listed if e["subject"] == made["subject"]] == ["seriesMaster"]


async def test_free_busy_and_instances_show_the_occurrences(
    series: Series, graph: httpx.AsyncClient, service: str, otto: str
) -> None:
    made = await series("2030-03-24", at="14:00", to="15:00")
    window = {"startDateTime": "2030-03-25T00:00:00Z", "endDateTime": "2030-04-08T00:00:00Z"}
    path = f"/users/{service}/events/{made['id']}"
    found = (await graph.get(f"{path}/instances", params=window)).json()["value"]
    assert [e["start"]["dateTime"][:16] for e in found] == ["2030-03-31T12:00", "2030-04-07T12:00"]
    assert (await graph.get(f"{path}/instances")).status_code == 400
    assert (await graph.get(f"/users/{service}/events/{found[0]['id']}/instances", params=window)).status_code == 400
    body = {
        "Schedules": [otto],
        "StartTime": {"dateTime": "2030-03-31T12:00:00", "timeZone": "UTC"},
        "EndTime": {"dateTime": "2030-03-31T14:00:00", "timeZone": "UTC"},
    }
    schedule = (await graph.post(f"/users/{service}/calendar/getSchedule", json=body)).json()["value"][0]
    assert schedule["availabilityView"] == "1100"
    assert schedule["scheduleItems"][0]["start"]["dateTime"][:16] == "2030-03-31T12:00"


async def test_a_moved_occurrence_is_an_exception_on_both_sides(
    series: Series, seen: Any, graph: httpx.AsyncClient, service: str, otto: str
) -> None:
    made = await series("2030-04-07", at="08:00", to="09:00")
    second = (await seen(service, made["subject"], "2030-04-14", "2030-04-15"))[0]
    path = f"/users/{service}/events/{second['id']}"
    to = {
        "start": {"dateTime": "2030-04-16T12:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2030-04-16T13:00:00", "timeZone": "UTC"},
    }
    stale = await graph.patch(path, json=to, headers={"If-Match": 'W/"other"'})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    moved = (await graph.patch(path, json=to)).json()
    assert (moved["id"], moved["type"], moved["originalStart"]) == (
        second["id"],
        "exception",
        "2030-04-14T06:00:00.0000000Z",
    )
    for mail in (service, otto):
        events = await seen(mail, made["subject"], "2030-04-01", "2030-06-01")
        assert [e["start"]["dateTime"][5:13] for e in events] == [
            "04-07T06",
            "04-16T12",
            "04-21T06",
            "04-28T06",
            "05-05T06",
        ]
        assert [e["type"] for e in events].count("exception") == 1
    # A new name for the series reaches the exception, which had none of its own; a new time undoes it.
    await graph.patch(f"/users/{service}/events/{made['id']}", json={"subject": "Renamed Sundays"})
    assert len(await seen(otto, "Renamed Sundays", "2030-04-01", "2030-06-01")) == 5
    times = {
        name: {"dateTime": f"2030-04-07T{hour}:00:00", "timeZone": "Europe/Berlin"}
        for name, hour in (("start", "17"), ("end", "18"))
    }
    await graph.patch(f"/users/{service}/events/{made['id']}", json=times)
    for mail in (service, otto):
        events = await seen(mail, "Renamed Sundays", "2030-04-01", "2030-06-01")
        assert [e["start"]["dateTime"][5:13] for e in events][1] == "04-14T15"
        assert {e["type"] for e in events} == {"occurrence"}


@pytest.mark.parametrize(
    ("start", "end"), [("2030-06-02T10:00", "2030-06-02T11:00"), ("2030-06-16T07:00", "2030-06-16T08:00")]
)
async def test_no_occurrence_can_pass_its_neighbour(
    series: Series, seen: Any, graph: httpx.AsyncClient, service: str, start: str, end: str
) -> None:
    made = await series("2030-06-02")
    second = (await seen(service, made["subject"], "2030-06-09", "2030-06-10"))[-1]
    times = {
        name: {"dateTime": f"{text}:00", "timeZone": "Europe/Berlin"} for name, text in (("start", start), ("end", end))
    }
    refused = await graph.patch(f"/users/{service}/events/{second['id']}", json=times)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorOccurrenceCrossingBoundary")
    again = (await graph.get(f"/users/{service}/events/{second['id']}")).json()
    assert (again["type"], again["start"]) == ("occurrence", second["start"])


async def test_occurrences_go_alone_and_stay_away(
    series: Series, seen: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, otto: str
) -> None:
    made = await series("2030-05-12", at="07:00", to="08:00")
    mine = await seen(service, made["subject"], "2030-05-01", "2030-07-01")
    answer = await graph.post(f"/users/{service}/events/{mine[0]['id']}/cancel", json={"Comment": "Not today"})
    assert answer.status_code == 202
    assert (await graph.get(f"/users/{service}/events/{mine[0]['id']}")).status_code == 404
    theirs = await seen(otto, f"Canceled: {made['subject']}", "2030-05-01", "2030-07-01")
    assert [(e["isCancelled"], e["showAs"], e["type"]) for e in theirs] == [(True, "free", "exception")]
    left = await seen(otto, made["subject"], "2030-05-01", "2030-07-01")
    assert len(left) == 4
    declined = await graph.post(f"/users/{otto}/events/{left[0]['id']}/decline", json={})
    assert declined.status_code == 202
    assert len(await seen(otto, made["subject"], "2030-05-01", "2030-07-01")) == 3
    second = (await graph.get(f"/users/{service}/events/{mine[1]['id']}")).json()
    assert [a["status"]["response"] for a in second["attendees"]] == ["declined"]
    master = (
        await graph.get(f"/users/{service}/events/{made['id']}", params={"$select": "cancelledOccurrences,attendees"})
    ).json()
    assert [a["status"]["response"] for a in master["attendees"]] == ["none"]
    assert master["cancelledOccurrences"] == [f"OID.{made['id']}.2030-05-12"]
    state = (await control.get("/state", params={"mailbox": otto})).json()["mailboxes"][otto]
    assert [e["originalStart"] for e in state["deletedEvents"] if e["subject"] == made["subject"]] == [
        "2030-05-19T05:00:00Z"
    ]
    await graph.post(f"/users/{service}/events/{made['id']}/cancel", json={})
    assert await seen(service, made["subject"], "2030-05-01", "2030-07-01") == []
    assert await seen(otto, made["subject"], "2030-05-01", "2030-07-01") == []


async def test_an_all_day_event_is_the_same_date_for_everybody(
    graph: httpx.AsyncClient, seen: Any, service: str, otto: str
) -> None:
    day = {
        "subject": "Summer party",
        "isAllDay": True,
        "start": {"dateTime": "2030-06-19T00:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2030-06-20T00:00:00", "timeZone": "Europe/Berlin"},
        "attendees": [{"emailAddress": {"address": otto}}],
    }
    assert (await graph.post(f"/users/{service}/events", json=day)).status_code == 201
    for mail in (service, otto):
        (found,) = await seen(mail, "Summer party", "2030-06-18", "2030-06-21", Prefer='outlook.timezone="Asia/Tokyo"')
        assert (found["start"]["dateTime"][:19], found["end"]["dateTime"][:19]) == (
            "2030-06-19T00:00:00",
            "2030-06-20T00:00:00",
        )
    body = {
        "Schedules": [service, otto],
        "StartTime": {"dateTime": "2030-06-18T12:00:00", "timeZone": "UTC"},
        "EndTime": {"dateTime": "2030-06-19T12:00:00", "timeZone": "UTC"},
    }
    schedules = (await graph.post(f"/users/{service}/calendar/getSchedule", json=body)).json()["value"]
    items = [i for each in schedules for i in each["scheduleItems"] if i.get("subject") == "Summer party"]
    # Midnight of the 19th in Berlin, and in New York.
    assert [i["start"]["dateTime"][:16] for i in items] == ["2030-06-18T22:00", "2030-06-19T04:00"]
    for wrong in ({"start": {"dateTime": "2030-06-19T09:00:00"}}, {"end": day["start"]}):
        refused = await graph.post(f"/users/{service}/events", json={**day, **wrong})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorPropertyValidationFailure")


async def test_bodies_come_as_text_when_that_is_preferred(
    series: Series, graph: httpx.AsyncClient, service: str
) -> None:
    made = await series("2030-08-04")
    headers = {"Prefer": 'outlook.timezone="W. Europe Standard Time", outlook.body-content-type="text"'}
    seen = (await graph.get(f"/users/{service}/events/{made['id']}", headers=headers)).json()
    assert (seen["body"]["contentType"], seen["body"]["content"].split()) == ("text", ["As", "always"])
    assert seen["start"] == {"dateTime": "2030-08-04T10:00:00.0000000", "timeZone": "W. Europe Standard Time"}


async def test_the_teams_of_the_seed_meet_regularly(graph: httpx.AsyncClient, ann: str, mara: str) -> None:
    window = {"startDateTime": "2030-02-04T00:00:00Z", "endDateTime": "2030-07-01T00:00:00Z", "$top": "999"}
    found = {}
    for mail in (ann, mara):
        events = (await graph.get(f"/users/{mail}/calendarView", params=window)).json()["value"]
        found[mail] = {e["iCalUId"]: e for e in events if e["subject"].startswith("Team weekly (Mara)")}
    assert found[ann].keys() == found[mara].keys()
    assert [e["type"] for e in found[ann].values()].count("exception") == 1
    for uid, mine in found[ann].items():
        theirs = found[mara][uid]
        assert (mine["start"], mine["isOrganizer"], theirs["isOrganizer"]) == (theirs["start"], False, True)
        assert mine["id"] != theirs["id"]
    starts = {e["start"]["dateTime"][11:16] for e in found[ann].values() if e["type"] == "occurrence"}
    assert len(starts) == 2, "one hour in winter, another in summer"
