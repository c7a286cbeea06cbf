"""What is stuck becomes a line a cause on HR's list, which the last of them strikes out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from cycle.stuck import Kind
from integrations.database.connection import Database
from integrations.database.stuck import forget_stuck, note_stuck, note_unstuck, try_again
from integrations.database.tables import CheckInRow, NeedsAHand, Person, PolicyRow, Stuck

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
Owed = Callable[[Database], Awaitable[list[str]]]


async def stuck(
    company: Database,
    target: str,
    kind: Kind = Kind.NOT_ALLOWED,
    about: str = "Mail.Send a@b",
    subject: str = "",
    now: datetime = NOW,
) -> None:
    async with company.transaction() as session:
        await note_stuck(session, "Postbox", target, kind, about, subject, now)


async def unstuck(company: Database, target: str, now: datetime = NOW) -> None:
    async with company.transaction() as session:
        await note_unstuck(session, "Postbox", target, now)


async def lines(company: Database) -> dict[str, NeedsAHand]:
    async with company.reading() as session:
        rows = await session.scalars(select(NeedsAHand).where(NeedsAHand.mended_at.is_(None)))
        return {row.key: row for row in rows}


async def test_many_that_wait_for_the_same_are_one_line_that_counts_them(company: Database) -> None:
    for n in range(20):
        await stuck(company, f"p{n}")
    ((key, line),) = (await lines(company)).items()
    assert key == "stuck/not-allowed"
    assert "20 things wait" in line.sentence
    await unstuck(company, "p3")
    assert "19 things wait" in (await lines(company))[key].sentence


async def test_the_line_is_struck_out_with_the_last_and_not_before(company: Database) -> None:
    for target in ("p1", "p2"):
        await stuck(company, target)
    await unstuck(company, "p1")
    assert await lines(company)
    await unstuck(company, "p2", NOW + timedelta(hours=3))
    assert await lines(company) == {}
    async with company.reading() as session:
        assert (await session.get_one(NeedsAHand, "stuck/not-allowed")).mended_at == NOW + timedelta(hours=3)


async def test_what_was_never_stuck_strikes_out_nothing(company: Database) -> None:
    await stuck(company, "p1")
    await unstuck(company, "p2")
    assert len(await lines(company)) == 1


async def test_another_reason_moves_it_to_another_line(company: Database) -> None:
    await stuck(company, "p1")
    await stuck(company, "p1", Kind.NO_MAILBOX, "ann@b", "ann@b")
    assert list(await lines(company)) == ["stuck/no-mailbox/ann@b"]


async def test_a_mailbox_is_called_by_its_owners_name_and_gone_it_is_one_line_of_theirs(company: Database) -> None:
    async with company.reading() as session:
        ann = await session.get_one(Person, "ann")
    await stuck(company, "p1", Kind.NO_MAILBOX, ann.oid, ann.oid)
    await stuck(company, "p2", Kind.NO_MAILBOX, ann.oid, ann.oid)
    await stuck(company, "p3", about=f"Calendars.ReadWrite {ann.oid}")
    told = await lines(company)
    assert set(told) == {"mailbox/ann", "stuck/not-allowed"}
    assert told["mailbox/ann"].person_id == "ann"
    for line in told.values():
        assert ann.name in line.sentence
        assert ann.oid not in line.sentence
    assert "2 things wait" in told["mailbox/ann"].sentence


async def test_a_line_is_as_old_as_its_trouble(company: Database) -> None:
    await stuck(company, "p1")
    for hour in range(1, 5):
        await stuck(company, "p1", now=NOW + timedelta(hours=hour))
    assert (await lines(company))["stuck/not-allowed"].since == NOW
    # Forgotten before everything is woken anew, and back a minute later: the same trouble.
    async with company.transaction() as session:
        await forget_stuck(session, NOW + timedelta(hours=5))
    assert await lines(company) == {}
    await stuck(company, "p1", now=NOW + timedelta(hours=5, minutes=1))
    assert (await lines(company))["stuck/not-allowed"].since == NOW
    # Mended for a day, and broken again: another.
    await unstuck(company, "p1", NOW + timedelta(hours=6))
    await stuck(company, "p1", now=NOW + timedelta(hours=30))
    assert (await lines(company))["stuck/not-allowed"].since == NOW + timedelta(hours=30)


async def test_a_zone_that_is_none_names_whose_it_is(company: Database) -> None:
    async with company.transaction() as session:
        name = (await session.get_one(Person, "ann")).name
        await note_stuck(session, "DevelopmentCycle", "ann", Kind.ZONE, "Mars/Olympus", "", NOW)
        await note_stuck(session, "Postbox", "ann", Kind.ZONE, "Mars/Olympus", "", NOW)
    ((key, line),) = (await lines(company)).items()
    assert (key, line.person_id) == ("stuck/zone/ann", "ann")
    assert name in line.sentence


async def test_trying_again_wakes_all_that_wait_and_nothing_else(company: Database, owed: Owed) -> None:
    await stuck(company, "p1")
    await stuck(company, "p2", Kind.NO_MAILBOX, "ann@b", "ann@b")
    async with company.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=NOW.date()))
        await session.flush()
        for n, (state, again) in enumerate(
            [("due", NOW + timedelta(days=1)), ("due", None), ("booked", NOW + timedelta(days=1))]
        ):
            session.add(
                CheckInRow(
                    id=f"c{n}",
                    person_id="ann",
                    partner_id="mara",
                    period=n,
                    due_on=date(2030, 3, 1) + timedelta(days=n),
                    state=state,
                    policy_id="policy",
                    policy_revision=1,
                    opened_at=NOW,
                    plan_again_at=again,
                )
            )
    async with company.transaction() as session:
        assert await try_again(session, NOW) == 3
    assert sorted(await owed(company)) == ["CheckIn/c0", "Postbox/p1", "Postbox/p2"]
    assert len(await lines(company)) == 2, "a line goes when its trouble does, not when somebody hopes"


async def test_the_last_two_that_go_on_at_the_same_moment_strike_the_line_out(company: Database) -> None:
    targets = [f"p{n}" for n in range(8)]
    await asyncio.gather(*(stuck(company, each) for each in targets))
    assert "8 things wait" in (await lines(company))["stuck/not-allowed"].sentence
    await asyncio.gather(*(unstuck(company, each) for each in targets))
    assert await lines(company) == {}
    async with company.reading() as session:
        assert (await session.scalars(select(Stuck))).all() == []
