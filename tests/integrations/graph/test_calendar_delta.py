"""Reading a calendar's changes goes on past empty pages, and begins anew when Graph has forgotten where we were."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.graph.calendar_delta import CalendarDelta
from integrations.graph.client import Graph
from integrations.graph.errors import NotAllowed, Transient
from integrations.graph.keyed_events import KeyedEvents
from integrations.graph.keys import KEY

MAILBOX = "checkins@meadow.example"
START = datetime(2030, 3, 4, tzinfo=UTC)
END = START + timedelta(days=240)


@pytest.fixture
def delta(graph: Graph) -> CalendarDelta:
    return CalendarDelta(graph)


def link(stub: Any, token: str) -> str:
    return f"{stub.url}/v1.0/users/x/calendarView/delta?{token}"


def page(stub: Any, *events: dict[str, Any], next_link: str = "", delta_link: str = "") -> None:
    links = {"@odata.nextLink": link(stub, next_link)} if next_link else {}
    links |= {"@odata.deltaLink": link(stub, delta_link)} if delta_link else {}
    stub.answers(200, {"value": list(events), **links})


async def test_a_round_goes_past_an_empty_page_and_ends_with_its_link(stub: Any, delta: CalendarDelta) -> None:
    page(stub, {"id": "one", "changeKey": "k1"}, next_link="$skiptoken=a")
    page(stub, next_link="$skiptoken=b")
    page(stub, {"id": "two", "@removed": {"reason": "deleted"}}, delta_link="$deltatoken=c")
    found = await delta.begin(MAILBOX, START, END)
    assert found.named == {"one": "k1", "two": None}
    assert found.link == link(stub, "$deltatoken=c")
    first, second, third = stub.asked
    assert first.path == f"/v1.0/users/{MAILBOX}/calendarView/delta()"
    assert first.query == {"startDateTime": "2030-03-04T00:00:00+00:00", "endDateTime": "2030-10-30T00:00:00+00:00"}
    assert [second.query, third.query] == [{"$skiptoken": "a"}, {"$skiptoken": "b"}]
    for asked in stub.asked:
        assert 'IdType="ImmutableId"' in asked.headers["prefer"]
        assert "odata.maxpagesize=100" in asked.headers["prefer"]


async def test_the_next_round_goes_on_from_the_link(stub: Any, delta: CalendarDelta) -> None:
    page(stub, delta_link="$deltatoken=d")
    found = await delta.go_on(MAILBOX, link(stub, "$deltatoken=c"))
    assert found is not None
    assert (found.named, found.link) == ({}, link(stub, "$deltatoken=d"))
    assert stub.asked[0].query == {"$deltatoken": "c"}


@pytest.mark.parametrize(("status", "code"), [(410, "syncStateNotFound"), (410, ""), (400, "SyncStateNotFound")])
async def test_a_forgotten_link_is_no_trouble(stub: Any, delta: CalendarDelta, status: int, code: str) -> None:
    stub.refuses(status, code)
    assert await delta.go_on(MAILBOX, link(stub, "$deltatoken=c")) is None


async def test_no_token_goes_to_the_link_of_another_host(stub: Any, delta: CalendarDelta) -> None:
    stub.answers(200, {"value": []})
    assert await delta.go_on(MAILBOX, "https://graph.microsoft.example/v1.0/users/x/calendarView/delta?t") is None
    assert stub.asked == []


async def test_other_troubles_are_told(stub: Any, delta: CalendarDelta) -> None:
    stub.refuses(429, "ApplicationThrottled", Retry_After="7")
    with pytest.raises(Transient) as busy:
        await delta.go_on(MAILBOX, link(stub, "$deltatoken=c"))
    assert busy.value.retry_after == timedelta(seconds=7)
    stub.queue.clear()
    stub.refuses(403, "ErrorAccessDenied")
    with pytest.raises(NotAllowed, match=r"grant it Calendars\.Read"):
        await delta.begin(MAILBOX, START, END)


async def test_of_a_calendar_only_our_standing_events_are_seen_and_nothing_of_their_words(
    stub: Any, graph: Graph
) -> None:
    def event(event_id: str, **others: Any) -> dict[str, Any]:
        times = {name: {"dateTime": "2030-03-11T09:00:00", "timeZone": "UTC"} for name in ("start", "end")}
        mine = [{"id": KEY.replace("5d3f", "5D3F"), "value": f"booking/{event_id}/1"}]
        return {"id": event_id, "isCancelled": False, **times, "singleValueExtendedProperties": mine, **others}

    ann = {"emailAddress": {"address": "Ann@Meadow.example"}}
    stub.answers(
        200,
        {
            "value": [event("one", attendees=[ann]), event("dentist", singleValueExtendedProperties=[])],
            "@odata.nextLink": f"{stub.url}/v1.0/users/x/calendarView?$skip=2",
        },
    )
    stub.answers(200, {"value": [event("two"), event("cancelled", isCancelled=True)]})
    found = await KeyedEvents(graph).standing(MAILBOX, START, END)
    assert [(each.event_id, each.key) for each in found] == [("one", "booking/one/1"), ("two", "booking/two/1")]
    assert found[0].people == {"ann@meadow.example"}
    assert found[0].start == datetime(2030, 3, 11, 9, tzinfo=UTC)
    assert set(stub.asked[0].query["$select"].split(",")) == {"id", "start", "end", "isCancelled", "attendees"}
