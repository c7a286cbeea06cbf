"""What people do with an invitation depends on who they are, and on nothing that may come later or earlier."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import httpx
import pytest

from cli.demo.evidence import Colleague, Stretch
from cli.demo.outlook import Habit, Outlook, another_hour, at_night, manners, week_of

START = datetime(2030, 2, 18, tzinfo=UTC)


async def clock() -> datetime:
    return START


def person(zone: str = "Europe/Berlin", *busy: Stretch) -> Colleague:
    return Colleague(
        oid="o",
        mail="ann@meadow.example",
        name="Ann",
        manager=None,
        zone=ZoneInfo(zone),
        weekdays=frozenset(range(5)),
        opens=time(9),
        closes=time(17),
        hired=date(2024, 1, 1),
        leave=(),
        holidays=frozenset(),
        busy=busy,
    )


def span(start: str, end: str) -> Stretch:
    day = datetime(2030, 3, 18, tzinfo=UTC)
    at = [day.replace(hour=int(text[:2]), minute=int(text[3:])) for text in (start, end)]
    return Stretch(*at)


def test_twelve_people_have_every_habit_among_them() -> None:
    dealt = manners([f"p{n}" for n in range(11)])
    assert {each.habit for each in dealt.values()} == set(Habit)
    assert {each.with_slots for each in dealt.values()} == {"pick", "none", None}
    assert dealt == manners([f"p{n}" for n in range(11)])


def test_who_proposes_looks_for_an_hour_that_is_free_for_both() -> None:
    booked = span("09:00", "09:45")
    assert another_hour(person(), None, booked).start == booked.start.replace(minute=30)
    other = replace(person(), busy=(span("10:00", "11:00"),))
    assert another_hour(person(), other, booked) == span("08:30", "09:15")


def test_at_night_is_three_on_ones_own_wall() -> None:
    there = at_night(person("America/New_York"), span("14:00", "14:45"))
    assert there == span("07:00", "07:45")


def test_a_leave_is_the_working_week_of_the_talk() -> None:
    assert week_of(date(2030, 3, 20)) == (date(2030, 3, 18), date(2030, 3, 22))


@pytest.mark.parametrize("left", ["waiting", "posting"])
async def test_a_button_is_let_go_only_when_everybody_has_heard(left: str) -> None:
    asked: list[str] = []

    def tenant(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("/act"):
            assert json.loads(request.content) == {"person": "ann@meadow.example", "act": "decline", "subject": "S"}
            return httpx.Response(404)
        quiet = {"waiting": [], "posting": 0}
        busy: dict[str, object] = (
            {"waiting": [{"due": "2030-02-18T00:00:00Z"}]} if left == "waiting" else {"posting": 1}
        )
        return httpx.Response(200, json=quiet | (busy if len(asked) < 4 else {}))

    async with httpx.AsyncClient(transport=httpx.MockTransport(tenant)) as http:
        outlook = Outlook("http://tenant", http, START, clock)
        assert await outlook.press("ann@meadow.example", "decline", subject="S") == 404
    assert len(asked) == 4


async def test_nobody_waits_at_a_button_for_news_that_come_an_hour_late() -> None:
    late = {"waiting": [{"due": "2030-02-18T01:00:00Z"}], "posting": 0}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=late))
    async with httpx.AsyncClient(transport=transport) as http, asyncio.timeout(5):
        assert await Outlook("http://tenant", http, START, clock).press("ann@meadow.example", "leave_company") == 200
