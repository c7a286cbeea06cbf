"""Making and moving actions, and who may see them, over real databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.policy import Actions
from integrations.database import actions, plans, stalls
from integrations.database.action_views import action_for, actions_of_plan, events_for, waiting_for_help
from integrations.database.connection import Database, open_database
from integrations.database.ladders import actions_with_ladders
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    LetterItem,
    NeedsAHand,
    Person,
    Plan,
    Reporting,
    Stall,
)
from tests.stand_ins import Pokes

NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


@dataclass
class Store:
    """Ann, whose manager is Mara (since January), and Otto and Hale elsewhere."""

    database: Database
    pokes: Pokes

    async def make(self, owner: str = "ann", maker: str | None = None, **others: Any) -> str:
        facts: dict[str, Any] = {
            "check_in_id": None,
            "plan_person_id": "ann",
            "owner_id": owner,
            "made_by_id": maker or owner,
            "title": "Present it once",
            "success": None,
            "modality": "stretch",
            "due_on": TODAY + timedelta(days=20),
            "private": False,
            "form_token": None,
            "now": NOW,
        }
        async with self.database.transaction() as session:
            return await actions.make_action(session, **{**facts, **others})

    async def row(self, action_id: str) -> ActionRow:
        async with self.database.reading() as session:
            return await session.get_one(ActionRow, action_id)

    async def events(self, action_id: str) -> list[str]:
        async with self.database.reading() as session:
            asked = select(ActionEvent.what).where(ActionEvent.action_id == action_id)
            return list((await session.scalars(asked.order_by(ActionEvent.id))).all())

    async def stalled(self, cause: str, holder: str | None = "ann") -> str:
        async with self.database.transaction() as session:
            plan = await plans.ensure_plan(session, "ann", NOW)
            stall = Stall(plan_id=plan.id, cause=cause, holder_id=holder, began_at=NOW)
            session.add(stall)
            await session.flush()
            return stall.id

    async def stall(self, stall_id: str) -> Stall:
        async with self.database.reading() as session:
            return await session.get_one(Stall, stall_id)

    async def plan(self) -> Plan:
        async with self.database.reading() as session:
            plan = await plans.plan_of(session, "ann")
            assert plan is not None
            return plan


@pytest.fixture
async def store(any_tables_url: str, keys: tuple[str, ...]) -> AsyncIterator[Store]:
    pokes = Pokes()
    database = open_database(any_tables_url, keys, pokes)
    async with database.transaction() as session:
        for name in ("ann", "mara", "otto", "hale"):
            mail = f"{name}@example.org"
            session.add(Person(id=name, oid=name, mail=mail, name=name.title(), zone="Europe/Berlin", away=[]))
        await session.flush()
        since = date(2030, 1, 1)
        session.add(Reporting(person_id="ann", partner_id="mara", source="directory", since=since))
    yield Store(database, pokes)
    await database.close()


# Making one


async def test_an_action_of_ones_own_is_accepted_at_once_and_wakes_its_chase_and_plan(store: Store) -> None:
    made = await store.make()
    row = await store.row(made)
    assert row.accepted_at == NOW
    assert await store.events(made) == ["made"]
    assert store.pokes.made == [("ActionChase", made), ("PlanWatch", row.plan_id)]


async def test_what_somebody_else_proposed_waits_for_its_owner(store: Store) -> None:
    made = await store.make("ann", maker="mara")
    assert (await store.row(made)).accepted_at is None
    async with store.database.transaction() as session:
        await actions.accept(session, made, "ann", NOW)
    assert (await store.row(made)).accepted_at == NOW


async def test_the_same_form_posted_twice_is_one_action(store: Store) -> None:
    assert await store.make(form_token="t") == await store.make(form_token="t")
    async with store.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ActionRow)) == 1


async def test_the_sixth_open_action_of_an_owner_is_refused_and_leaves_nothing(store: Store) -> None:
    for _ in range(5):
        await store.make()
    with pytest.raises(Refused, match="let one go"):
        await store.make()
    await store.make("mara")
    async with store.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ActionRow)) == 6


@pytest.mark.parametrize(
    "unfit",
    [
        {"title": "  "},
        {"modality": "punishment"},
        {"due_on": TODAY},
        {"due_on": date(2032, 3, 5)},
        {"maker": "otto", "owner": "ann"},
        {"owner": "mara", "private": True},
        {"owner": "ann", "maker": "mara", "private": True},
        {"owner": "nobody", "maker": "ann"},
        {"check_in_id": "no such"},
    ],
)
async def test_what_does_not_fit_is_refused(store: Store, unfit: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await store.make(**unfit)
    assert store.pokes.made == []


# Moving one


async def test_every_move_posted_twice_happens_once(store: Store) -> None:
    made = await store.make()
    for _ in range(2):
        async with store.database.transaction() as session:
            await actions.progress(session, made, "ann", NOW)
    for _ in range(2):
        async with store.database.transaction() as session:
            await actions.new_date(session, made, "ann", TODAY + timedelta(days=40), NOW)
    for _ in range(2):
        async with store.database.transaction() as session:
            await actions.snooze(session, made, "ann", 7, NOW)
    for _ in range(2):
        async with store.database.transaction() as session:
            await actions.ask_help(session, made, "ann", "partner", "Who knows the API?", NOW)
    for _ in range(2):
        async with store.database.transaction() as session:
            await actions.done(session, made, "ann", NOW)
    assert await store.events(made) == ["made", "progress", "new_date", "snoozed", "asked_help", "done"]
    row = await store.row(made)
    assert (row.state, row.extensions, row.snoozes) == ("done", 1, 1)


async def test_nobody_but_the_owner_moves_it(store: Store) -> None:
    made = await store.make()
    for person in ("mara", "otto", "hale"):
        for move in (actions.accept, actions.done, actions.drop, actions.progress):
            with pytest.raises(actions.NotYours):
                async with store.database.transaction() as session:
                    await move(session, made, person, NOW)
    assert await store.events(made) == ["made"]


async def test_what_was_dropped_is_said_kindly_when_it_is_moved(store: Store) -> None:
    made = await store.make()
    async with store.database.transaction() as session:
        await actions.drop(session, made, "ann", NOW)
    with pytest.raises(Refused, match="let go"):
        async with store.database.transaction() as session:
            await actions.new_date(session, made, "ann", TODAY + timedelta(days=3), NOW)
    assert (await store.row(made)).due_on == TODAY + timedelta(days=20)


async def test_help_from_hr_names_the_person_and_nothing_else_and_is_unseen(store: Store) -> None:
    made = await store.make()
    async with store.database.transaction() as session:
        await actions.ask_help(session, made, "ann", "hr", "about the pricing team", NOW)
        await plans.ask_for_help(session, "ann", "hr", NOW)
    async with store.database.reading() as session:
        hands = (await session.scalars(select(NeedsAHand))).all()
        assert [hand.person_id for hand in hands] == ["ann"]
        assert "pricing" not in hands[0].sentence
        assert "Present" not in hands[0].sentence
        row = await session.get_one(ActionRow, made)
        assert [event.what for event, _ in await events_for(session, "mara", row)] == ["made"]
        assert [event.what for event, _ in await events_for(session, "ann", row)] == ["made", "asked_help"]
        assert await waiting_for_help(session, "mara", NOW) == []


async def test_help_from_the_partner_waits_for_them_until_something_happens(store: Store) -> None:
    made = await store.make()
    async with store.database.transaction() as session:
        await actions.ask_help(session, made, "ann", "partner", "Who knows the API?", NOW)
    async with store.database.reading() as session:
        assert [view.row.id for view in await waiting_for_help(session, "mara", NOW)] == [made]
        assert await waiting_for_help(session, "otto", NOW) == []
    async with store.database.transaction() as session:
        await actions.progress(session, made, "ann", NOW + timedelta(days=1))
    async with store.database.reading() as session:
        assert await waiting_for_help(session, "mara", NOW) == []


async def test_what_was_written_for_one_manager_is_not_read_by_the_next(store: Store) -> None:
    made, later = await store.make(), NOW + timedelta(days=10)
    async with store.database.transaction() as session:
        await actions.ask_help(session, made, "ann", "partner", "Who knows the API?", NOW)
        await _otto_follows_mara(session, later)
    async with store.database.reading() as session:
        row = await session.get_one(ActionRow, made)
        assert [event.what for event, _ in await events_for(session, "otto", row)] == ["made"]
        assert [event.note for event, _ in await events_for(session, "ann", row)] == [None, "Who knows the API?"]
        for reader in ("otto", "mara"):
            assert await waiting_for_help(session, reader, later) == []
    async with store.database.transaction() as session:
        await actions.ask_help(session, made, "ann", "partner", "And you?", later)
    async with store.database.reading() as session:
        row = await session.get_one(ActionRow, made)
        assert [event.note for event, _ in await events_for(session, "otto", row)] == [None, "And you?"]
        assert [view.row.id for view in await waiting_for_help(session, "otto", later)] == [made]


async def test_whoever_does_something_in_anns_plan_asks_ann_and_not_her_manager(store: Store) -> None:
    made = await store.make("hale", maker="ann")
    async with store.database.transaction() as session:
        await actions.accept(session, made, "hale", NOW)
        await actions.ask_help(session, made, "hale", "partner", "A line for Ann", NOW)
    async with store.database.reading() as session:
        row = await session.get_one(ActionRow, made)
        assert "A line for Ann" in [event.note for event, _ in await events_for(session, "ann", row)]
        assert [view.row.id for view in await waiting_for_help(session, "ann", NOW)] == [made]
        assert [event.what for event, _ in await events_for(session, "mara", row)] == ["made", "accepted"]
        assert await waiting_for_help(session, "mara", NOW) == []


async def test_whoever_takes_an_action_over_does_not_inherit_whom_its_owner_asked(store: Store) -> None:
    made = await store.make("hale", maker="ann")
    async with store.database.transaction() as session:
        await actions.accept(session, made, "hale", NOW)
        await actions.snooze(session, made, "hale", 3, NOW)
        await actions.ask_help(session, made, "hale", "hr", None, NOW)
        (await session.get_one(Person, "hale")).left_at = NOW
        await actions.choose_owner(session, made, "ann", "me", NOW)
    async with store.database.reading() as session:
        row = await session.get_one(ActionRow, made)
        assert [event.what for event, _ in await events_for(session, "ann", row)] == ["made", "accepted", "accepted"]


async def test_without_a_partner_there_is_nobody_to_ask_but_hr(store: Store) -> None:
    made = await store.make()
    async with store.database.transaction() as session:
        await session.execute(delete(Reporting))
    with pytest.raises(Refused, match="HR"):
        async with store.database.transaction() as session:
            await actions.ask_help(session, made, "ann", "partner", "Who knows the API?", NOW)
    assert await store.events(made) == ["made"]


async def _otto_follows_mara(session: AsyncSession, at: datetime) -> None:
    await session.execute(update(Reporting).values(until=at.date()))
    session.add(Reporting(person_id="ann", partner_id="otto", source="directory", since=at.date()))


# Seeing one


async def test_owner_person_and_partner_see_it_and_nobody_else(store: Store) -> None:
    made = await store.make("mara")
    async with store.database.reading() as session:
        for reader, sees in (("ann", True), ("mara", True), ("otto", False), ("hale", False)):
            assert (await action_for(session, reader, made, NOW) is not None) is sees


async def test_what_ann_keeps_to_herself_only_she_sees(store: Store) -> None:
    made = await store.make(private=True)
    plan = await store.plan()
    async with store.database.reading() as session:
        assert await action_for(session, "ann", made, NOW)
        for reader in ("mara", "hale", "otto"):
            assert await action_for(session, reader, made, NOW) is None
            assert await actions_of_plan(session, reader, plan.id, NOW) == []
    with pytest.raises(Refused, match="to yourself"):
        async with store.database.transaction() as session:
            await actions.ask_help(session, made, "ann", "partner", None, NOW)


async def test_snoozes_are_their_owners_alone(store: Store) -> None:
    made = await store.make()
    async with store.database.transaction() as session:
        await actions.snooze(session, made, "ann", 3, NOW)
    async with store.database.reading() as session:
        row = await session.get_one(ActionRow, made)
        assert [event.what for event, _ in await events_for(session, "mara", row)] == ["made"]


async def test_from_the_change_on_a_later_manager_sees_what_is_open_and_the_former_only_their_own(
    store: Store,
) -> None:
    closed, still_open, maras = await store.make(), await store.make(), await store.make("mara")
    later = NOW + timedelta(days=10)
    async with store.database.transaction() as session:
        await actions.done(session, closed, "ann", NOW)
        line = await session.scalar(select(Reporting))
        assert line is not None
        line.until = later.date()
        since = later.date()
        session.add(Reporting(person_id="ann", partner_id="otto", source="directory", since=since))
    plan = await store.plan()
    async with store.database.reading() as session:
        seen = {
            reader: {view.row.id for view in await actions_of_plan(session, reader, plan.id, later)}
            for reader in ("ann", "otto", "mara")
        }
    assert seen == {"ann": {closed, still_open, maras}, "otto": {still_open, maras}, "mara": {maras}}


# The ladder


async def test_a_ladder_is_spent_once_its_last_rung_was_sent_and_nothing_waits(store: Store) -> None:
    made = await store.make()
    row = await store.row(made)
    day = row.due_on + timedelta(days=10)

    async def spent() -> bool:
        async with store.database.reading() as session:
            found = await actions_with_ladders(session, row.plan_id, Actions(), day)
        return {each.id: is_spent for each, is_spent in found}[made]

    assert not await spent()
    async with store.database.transaction() as session:
        item = LetterItem(
            key="action/x/9",
            recipient_id="ann",
            kind="action_still_open",
            due_at=NOW,
            action_id=made,
            step="9",
            subject_day=row.due_on,
            state="waiting",
        )
        session.add(item)
    assert not await spent()
    async with store.database.transaction() as session:
        (await session.get_one(LetterItem, "action/x/9")).state = "sent"
    assert await spent()


# Stalls


@pytest.mark.parametrize("what", ["done", "drop", "progress", "new_date", "ask_help"])
async def test_any_answer_about_the_stuck_action_ends_its_stall_as_helped(store: Store, what: str) -> None:
    made = await store.make()
    stall_id = await store.stalled(f"action/{made}/{TODAY}")
    elsewhere = await store.stalled("check-ins/c1", holder=None)
    async with store.database.transaction() as session:
        match what:
            case "new_date":
                await actions.new_date(session, made, "ann", TODAY + timedelta(days=5), NOW)
            case "ask_help":
                await actions.ask_help(session, made, "ann", "hr", None, NOW)
            case _:
                await getattr(actions, what)(session, made, "ann", NOW)
    assert (await store.stall(stall_id)).ended == "helped"
    assert (await store.stall(elsewhere)).ended is None


async def test_a_snooze_does_not_end_a_stall(store: Store) -> None:
    made = await store.make()
    stall_id = await store.stalled(f"action/{made}/{TODAY}")
    async with store.database.transaction() as session:
        await actions.snooze(session, made, "ann", 3, NOW)
    assert (await store.stall(stall_id)).ended is None


async def test_a_reason_goes_only_where_its_writer_shared_it_and_the_ladder_goes_on(store: Store) -> None:
    stall_id = await store.stalled("check-ins/c1", holder=None)
    async with store.database.transaction() as session:
        await stalls.answer_stall(session, stall_id, "ann", "access", False, False, NOW)
    async with store.database.reading() as session:
        marias = await stalls.stall_for(session, stall_id, "mara", NOW)
        assert marias is not None
        assert marias.shared_reason is None
        assert marias.answer is None
        assert await stalls.reason_for_hr(session, stall_id) is None
    async with store.database.transaction() as session:
        await stalls.answer_stall(session, stall_id, "mara", "time", False, False, NOW)
        await stalls.answer_stall(session, stall_id, "ann", "access", True, True, NOW)
    async with store.database.reading() as session:
        marias = await stalls.stall_for(session, stall_id, "mara", NOW)
        assert marias is not None
        assert marias.shared_reason == "access"
        assert await stalls.reason_for_hr(session, stall_id) == "access"
    assert (await store.stall(stall_id)).ended is None


async def test_only_the_holder_of_a_stall_sees_and_answers_it(store: Store) -> None:
    made = await store.make("mara")
    stall_id = await store.stalled(f"action/{made}/{TODAY}", holder="mara")
    async with store.database.reading() as session:
        assert await stalls.stall_for(session, stall_id, "mara", NOW)
        for other in ("ann", "otto", "hale"):
            assert await stalls.stall_for(session, stall_id, other, NOW) is None
    for choice in (stalls.pause_plan, stalls.leave_as_is, stalls.keep_hr_out, stalls.make_smaller):
        with pytest.raises(actions.NotYours):
            async with store.database.transaction() as session:
                await choice(session, stall_id, "ann", NOW)


async def test_leaving_it_stops_smaller_helps_and_keeping_hr_out_goes_on(store: Store) -> None:
    made = await store.make()
    left, smaller, kept = (
        await store.stalled("check-ins/c1"),
        await store.stalled(f"action/{made}/{TODAY}"),
        await store.stalled("check-ins/c2"),
    )
    for _ in range(2):
        async with store.database.transaction() as session:
            await stalls.leave_as_is(session, left, "ann", NOW)
            await stalls.make_smaller(session, smaller, "ann", NOW, title="Present one slide")
            await stalls.keep_hr_out(session, kept, "ann", NOW)
    assert (await store.stall(left)).ended == "stopped"
    assert (await store.stall(smaller)).ended == "helped"
    assert (await store.row(made)).title == "Present one slide"
    assert await store.events(made) == ["made", "smaller"]
    kept_stall = await store.stall(kept)
    assert kept_stall.hr_kept_out
    assert kept_stall.ended is None


async def test_pausing_rests_the_plan_and_only_ann_takes_it_up_again(store: Store) -> None:
    made = await store.make()
    stall_id = await store.stalled("check-ins/c1", holder=None)
    store.pokes.made.clear()
    async with store.database.transaction() as session:
        await stalls.pause_plan(session, stall_id, "mara", NOW)
    plan = await store.plan()
    assert plan.state == "resting"
    assert (await store.stall(stall_id)).ended == "stopped"
    assert set(store.pokes.made) == {("ActionChase", made), ("PlanWatch", plan.id)}
    with pytest.raises(Refused):
        async with store.database.transaction() as session:
            await plans.resume_plan(session, plan.id, "mara", NOW)
    later = NOW + timedelta(days=90)
    async with store.database.transaction() as session:
        await plans.resume_plan(session, plan.id, "ann", later)
    plan = await store.plan()
    assert plan.state == "active"
    assert (await store.row(made)).chased_from == later.date() + timedelta(days=1)
    async with store.database.reading() as session:
        assert await plans.quiet_since(session, plan) == later
