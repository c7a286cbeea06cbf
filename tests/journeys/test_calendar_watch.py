"""What people do to an event in Outlook is noticed when they do it; if nobody tells, some hours later."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cli.calendar_comparison import compare_calendars
from integrations.database.connection import poke
from integrations.database.tables import Booking, CalendarWatchRow, NeedsAHand
from tests.journeys.life import Life

LATER = timedelta(days=1)


async def soon(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What `holds()` gives, within seconds of real time; fails otherwise."""
    async with asyncio.timeout(20):
        while not (found := await holds()):  # noqa: ASYNC110 - what is awaited happens elsewhere
            await asyncio.sleep(0.05)
    return found


async def control(life: Life, method: str, what: str, **body: Any) -> dict[str, Any]:
    answer = await life.http.request(method, f"{life.tenant.url}/_sandbox/{what}", json=body or None)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def watch(life: Life) -> CalendarWatchRow:
    (row,) = await life.rows(select(CalendarWatchRow))
    assert isinstance(row, CalendarWatchRow)
    return row


async def the_booking(life: Life) -> Booking:
    found = (await life.rows(select(Booking).order_by(Booking.no.desc()).limit(1)))[0]
    assert isinstance(found, Booking)
    return found


async def drag(life: Life, to: datetime) -> None:
    booking = await the_booking(life)
    await control(
        life,
        "POST",
        "act",
        person=life.tenant.service_mailbox,
        act="drag",
        event=booking.event_id,
        start=to.isoformat(),
        end=(to + timedelta(minutes=45)).isoformat(),
    )


async def is_at(life: Life, start: datetime) -> bool:
    booking = await the_booking(life)
    return (booking.state, booking.start_at, booking.heard_change_key) == ("booked", start, None)


async def subscriptions(life: Life) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await control(life, "GET", "notifications"))["subscriptions"]
    return [each for each in found if each["resource"].endswith("/events")]


async def test_a_drag_in_outlook_is_noticed_at_once(life: Life) -> None:
    await life.live(days=1)
    booking = await the_booking(life)
    (subscription,) = await subscriptions(life)
    assert (await watch(life)).subscription_id == subscription["id"]
    await drag(life, booking.start_at + LATER)
    await soon(lambda: is_at(life, booking.start_at + LATER))
    assert await life.now() < datetime(2030, 2, 5, 0, 5, tzinfo=UTC), "long before any step would have looked"
    assert await life.letters() == [], "nobody is told by letter what Outlook has told them"
    await life.live(days=1)
    assert await is_at(life, booking.start_at + LATER)
    await life.assert_sound()


async def test_the_doctor_prints_what_differs_and_mends_only_when_asked(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    await life.live(days=1, hours=7)
    booking = await the_booking(life)
    await control(life, "POST", "notifications", mishap="lose", count=None)
    await drag(life, booking.start_at + LATER)
    for _ in range(2):
        assert await compare_calendars(life.settings, mend=False) == 1
        name, line, last = capsys.readouterr().out.splitlines()
        assert (name, last) == (f"{life.tenant.service_mailbox}: differences 1.", "Nothing was changed: --mend does.")
        assert line.endswith("UTC: at another hour in the calendar than here; our tables follow the calendar.")
        assert await is_at(life, booking.start_at)
    assert await compare_calendars(life.settings, mend=True) == 1
    await soon(lambda: is_at(life, booking.start_at + LATER))
    capsys.readouterr()
    assert await compare_calendars(life.settings, mend=False) == 0
    assert capsys.readouterr().out == f"{life.tenant.service_mailbox}: as our tables have it.\n"


async def test_a_lost_notification_is_made_up_for_by_the_next_look(life: Life) -> None:
    await life.live(days=1, hours=9)
    booking = await the_booking(life)
    await control(life, "POST", "notifications", mishap="lose", count=None)
    await drag(life, booking.start_at + LATER)
    await life.live(hours=16)
    assert await is_at(life, booking.start_at)
    await life.live(hours=2)
    assert await is_at(life, booking.start_at + LATER)


async def test_a_delta_link_that_was_forgotten_is_begun_anew(life: Life) -> None:
    await life.live(days=1, hours=7)
    booking, before = await the_booking(life), await watch(life)
    await control(life, "POST", "expire_delta", mailbox=life.tenant.service_mailbox)
    await drag(life, booking.start_at + LATER)
    await soon(lambda: is_at(life, booking.start_at + LATER))
    after = await watch(life)
    assert after.full_look_at != before.full_look_at
    assert after.delta_link != before.delta_link


async def test_a_subscription_lives_as_long_as_the_watch_and_is_made_anew_when_graph_ends_it(life: Life) -> None:
    await life.live(days=16)
    (subscription,) = await subscriptions(life)
    first = await watch(life)
    assert first.subscription_id == subscription["id"]
    assert first.expires_at
    assert first.expires_at > await life.now() + timedelta(days=5)

    await control(life, "POST", "lifecycle", subscription=subscription["id"], event="reauthorizationRequired")
    await soon(lambda: tended_since(life, first))
    (same,) = await subscriptions(life)
    assert (same["id"], same["paused"]) == (subscription["id"], False)

    await control(life, "POST", "lifecycle", subscription=subscription["id"], event="subscriptionRemoved")
    await soon(lambda: subscriptions(life))
    (another,) = await subscriptions(life)
    assert another["id"] != subscription["id"]
    assert another["clientState"] != subscription["clientState"]
    await soon(lambda: tended_since(life, first))
    assert (await watch(life)).doubted_at is None
    assert await life.rows(select(NeedsAHand)) == []


async def test_a_subscription_that_was_made_and_not_noted_is_ended_before_another_is_made(life: Life) -> None:
    await life.live(days=1)
    (left,) = await subscriptions(life)
    async with life.installation.database.transaction() as session:
        row = await session.get_one(CalendarWatchRow, (await watch(life)).id)
        row.subscription_id = None
        poke(session, "CalendarWatch", row.id, "cut off", await life.now())

    async def noted() -> str | None:
        return (await watch(life)).subscription_id

    await soon(noted)
    (only,) = await subscriptions(life)
    assert only["id"] == await noted() != left["id"]


async def tended_since(life: Life, before: CalendarWatchRow) -> bool:
    now = await watch(life)
    return now.tended_at != before.tended_at and now.doubted_at is None
