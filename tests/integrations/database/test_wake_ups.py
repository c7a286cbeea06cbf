"""After Temporal lost everything, each open thing is owed one look, and nothing else is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from integrations.database import wake_ups
from integrations.database.connection import Database, open_database, poke
from integrations.database.letters import owe_letter
from integrations.database.tables import (
    ActionRow,
    Booking,
    CalendarWatchRow,
    CheckInRow,
    Enrolment,
    Letter,
    LetterItem,
    Plan,
    PolicyRow,
)
from integrations.database.wake_ups import owe_everything
from integrations.temporal.pokes import WORKFLOW_NAMES

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
STATES = ("due", "booked", "ended", "held", "did_not_happen", "unconfirmed", "excused", "cancelled")

Owed = Callable[[Database], Awaitable[list[str]]]


async def fill(database: Database) -> None:
    """One thing in every state."""
    async with database.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=TODAY))
        session.add_all([Plan(id="p-active", person_id="ann", opened_at=NOW)])
        session.add(Plan(id="p-resting", person_id="otto", state="resting", opened_at=NOW))
        await session.flush()
        session.add(Enrolment(person_id="ann", policy_id="policy", enrolled_at=NOW))
        session.add(Enrolment(person_id="otto", policy_id="policy", enrolled_at=NOW, ended_at=NOW))
        for n, state in enumerate(STATES):
            session.add(
                CheckInRow(
                    id=f"c-{state}",
                    person_id="ann",
                    partner_id="mara",
                    period=n,
                    due_on=TODAY + timedelta(days=n),
                    state=state,
                    policy_id="policy",
                    policy_revision=1,
                    opened_at=NOW,
                )
            )
        for state in ("open", "done", "dropped"):
            session.add(
                ActionRow(
                    id=f"a-{state}",
                    plan_id="p-active",
                    owner_id="ann",
                    made_by_id="ann",
                    title="Present it once",
                    due_on=TODAY,
                    agreed_on=TODAY,
                    chased_from=TODAY,
                    state=state,
                    made_at=NOW,
                )
            )
        for recipient, state in (("ann", "waiting"), ("ann", "taken"), ("otto", "sent"), ("ira", "dropped")):
            session.add(
                LetterItem(key=f"{recipient}/{state}", recipient_id=recipient, kind="weekly", due_at=NOW, state=state)
            )
        for recipient, state in (("mara", "planned"), ("hale", "drafted"), ("otto", "sent"), ("ira", "dropped")):
            session.add(Letter(recipient_id=recipient, state=state, counted=True, sender="s", minute=NOW, made_at=NOW))
        session.add(CalendarWatchRow(id="w-open", mailbox="checkins", opened_at=NOW))
        session.add(CalendarWatchRow(id="w-closed", mailbox="mara", opened_at=NOW, closed_at=NOW))


async def test_every_open_id_is_owed_one_wake_up_and_nothing_that_is_over(company: Database, owed: Owed) -> None:
    await fill(company)
    async with company.transaction() as session:
        count = await owe_everything(session, NOW)
    waiting = await owed(company)
    assert sorted(waiting) == [
        "ActionChase/a-open",
        "CalendarWatch/w-open",
        "CheckIn/c-booked",
        "CheckIn/c-due",
        "CheckIn/c-ended",
        "DevelopmentCycle/ann",
        "PlanWatch/p-active",
        "Postbox/ann",
        "Postbox/hale",
        "Postbox/mara",
    ]
    assert count == len(waiting)
    assert {each.partition("/")[0] for each in waiting} == set(WORKFLOW_NAMES)


async def test_an_empty_house_owes_nothing(company: Database, owed: Owed) -> None:
    async with company.transaction() as session:
        assert await owe_everything(session, NOW) == 0
    assert await owed(company) == []


async def test_what_was_owed_already_stays_owed_beside_it(company: Database, owed: Owed) -> None:
    async with company.transaction() as session:
        poke(session, "CheckIn", "c-held", "changed", NOW)
    async with company.transaction() as session:
        await owe_letter(session, "weekly/ann", "ann", "weekly", NOW, NOW, subject_day=date(2030, 2, 4))
        await owe_everything(session, NOW)
    assert sorted(await owed(company)) == ["CheckIn/c-held", "Postbox/ann"]


@pytest.mark.parametrize(("state", "event_id"), [("booked", "e"), ("intended", None), ("moved", "e")])
async def test_a_called_off_check_in_whose_event_may_still_stand_is_owed_a_look(
    company: Database, owed: Owed, state: str, event_id: str | None
) -> None:
    await fill(company)
    async with company.transaction() as session:
        for check_in, of in (("c-excused", state), ("c-cancelled", "cancelled"), ("c-held", "booked")):
            session.add(
                Booking(
                    check_in_id=check_in,
                    no=1,
                    start_at=NOW,
                    end_at=NOW,
                    zone="UTC",
                    organizer="s",
                    state=of,
                    transaction_id=check_in,
                    event_id=event_id,
                    reasons=[],
                    made_at=NOW,
                )
            )
        await owe_everything(session, NOW)
    check_ins = {each for each in await owed(company) if each.startswith("CheckIn/")}
    assert check_ins == {"CheckIn/c-booked", "CheckIn/c-due", "CheckIn/c-ended", "CheckIn/c-excused"}


async def test_wake_ups_go_on_being_tried_while_the_database_is_away(
    keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    away = open_database("postgresql+asyncpg://perennial@127.0.0.1:1/perennial", keys)
    tries, again, deliver = [], asyncio.Event(), wake_ups.deliver_owed

    async def counted(database: Database) -> int:
        tries.append(database)
        if len(tries) == 2:
            again.set()
        return await deliver(database)

    monkeypatch.setattr(wake_ups, "deliver_owed", counted)
    monkeypatch.setattr(wake_ups, "OWED_EVERY", 0)
    trying, tried_again = asyncio.create_task(wake_ups.keep_delivering(away)), asyncio.create_task(again.wait())
    await asyncio.wait({trying, tried_again}, return_when=asyncio.FIRST_COMPLETED)
    assert again.is_set()
    for each in (trying, tried_again):
        each.cancel()
    await asyncio.gather(trying, tried_again, return_exceptions=True)
    await away.close()
