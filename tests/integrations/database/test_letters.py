"""An item is owed once a key, a message takes one place in a sender's minute, and each end is told."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from integrations.database.connection import Database
from integrations.database.letters import (
    LETTERS_A_MINUTE,
    add_overtaken,
    counted_since,
    drop,
    items_about,
    items_of,
    move_letter,
    note_sent,
    open_actions_of,
    owe_letter,
    plan_letter,
    unfinished_letter,
    waiting_items,
)
from integrations.database.tables import ActionRow, CheckInRow, Letter, LetterItem, Plan, PolicyRow

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Owed = Callable[[Database], Awaitable[list[str]]]


async def owe(database: Database, key: str, recipient: str = "ann", **facts: object) -> bool:
    async with database.transaction() as session:
        return await owe_letter(session, key, recipient, "weekly", NOW, NOW, **facts)


async def plan(
    database: Database,
    keys: Sequence[str] = (),
    *,
    senders: Sequence[str] = ("one@meadow.example",),
    at: datetime = NOW,
    counted: bool = True,
    recipient: str = "ann",
) -> Letter:
    async with database.transaction() as session:
        items = [await session.get_one(LetterItem, key) for key in keys]
        return await plan_letter(session, recipient, items, counted, senders, at)


async def item(database: Database, key: str) -> LetterItem:
    async with database.reading() as session:
        return await session.get_one(LetterItem, key)


# Owing


async def test_an_item_is_owed_once_a_key_and_pokes_its_recipient_once(company: Database, owed: Owed) -> None:
    assert await owe(company, "form/c", subject_day=date(2030, 2, 4), step="1")
    assert not await owe(company, "form/c", recipient="mara", step="2")
    assert await owed(company) == ["Postbox/ann"]
    kept = await item(company, "form/c")
    assert (kept.recipient_id, kept.step, kept.state) == ("ann", "1", "waiting")


async def test_of_many_who_owe_the_same_key_at_once_one_does(company: Database, owed: Owed) -> None:
    new = await asyncio.gather(*(owe(company, "learning/mara/2030-Q1", recipient="mara") for _ in range(10)))
    assert sorted(new) == [False] * 9 + [True]
    assert await owed(company) == ["Postbox/mara"]


async def test_what_is_booked_as_overtaken_is_never_sent_and_not_booked_over_what_waits(
    company: Database, owed: Owed
) -> None:
    await owe(company, "form/c")
    async with company.transaction() as session:
        await add_overtaken(session, "form/c", "ann", "weekly", NOW, "its day has passed")
        await add_overtaken(session, "form-reminder/c", "ann", "weekly", NOW, "its day has passed")
    assert (await item(company, "form/c")).state == "waiting"
    gone = await item(company, "form-reminder/c")
    assert (gone.state, gone.dropped_because) == ("dropped", "its day has passed")
    async with company.reading() as session:
        assert [each.key for each in await waiting_items(session, "ann")] == ["form/c"]
        assert await waiting_items(session, "mara") == []
    assert await owed(company) == ["Postbox/ann"]


# Places


async def test_a_sender_gets_thirty_letters_in_any_minute_and_the_next_ones_later(company: Database) -> None:
    placed = [await plan(company) for _ in range(2 * LETTERS_A_MINUTE + 1)]
    assert Counter(letter.minute for letter in placed) == {
        NOW: LETTERS_A_MINUTE,
        NOW + MINUTE: LETTERS_A_MINUTE,
        NOW + 2 * MINUTE: 1,
    }


async def test_a_pool_of_senders_shares_a_minute_before_the_next_one_begins(company: Database) -> None:
    placed = [await plan(company, senders=("one", "two")) for _ in range(2 * LETTERS_A_MINUTE + 1)]
    assert Counter((letter.sender, letter.minute) for letter in placed) == {
        ("one", NOW): LETTERS_A_MINUTE,
        ("two", NOW): LETTERS_A_MINUTE,
        ("one", NOW + MINUTE): 1,
    }


async def test_a_place_is_a_whole_minute_that_has_not_begun(company: Database) -> None:
    assert (await plan(company, at=NOW)).minute == NOW
    assert (await plan(company, at=NOW + timedelta(seconds=1))).minute == NOW + MINUTE


async def test_a_letter_that_is_moved_may_go_by_another_sender_unless_its_own_may_have_its_draft(
    company: Database,
) -> None:
    later = NOW + timedelta(days=1)
    for written, sender in ((None, "two"), ("Before your check-in", "one")):
        letter_id = (await plan(company, senders=("one",))).id
        async with company.transaction() as session:
            letter = await session.get_one(Letter, letter_id)
            letter.subject = written
            await move_letter(session, letter, ("two",), later)
        assert (letter.sender, letter.minute) == (sender, later)


async def test_many_who_take_places_at_once_never_take_one_too_many(company: Database) -> None:
    for _ in range(LETTERS_A_MINUTE - 5):
        await plan(company)
    placed = await asyncio.gather(*(plan(company) for _ in range(12)))
    assert Counter(letter.minute for letter in placed) == {NOW: 5, NOW + MINUTE: 7}


# What becomes of a letter


async def test_a_letter_takes_its_items_and_is_found_until_it_is_sent(company: Database, owed: Owed) -> None:
    for key in ("a", "b", "c"):
        await owe(company, key)
    letter = await plan(company, ("a", "b"))
    async with company.reading() as session:
        begun = await unfinished_letter(session, "ann")
        assert begun is not None
        assert begun.id == letter.id
        assert await unfinished_letter(session, "mara") is None
        assert [each.key for each in await items_of(session, letter.id)] == ["a", "b"]
        assert [each.key for each in await waiting_items(session, "ann")] == ["c"]
    later = NOW + 5 * MINUTE
    async with company.transaction() as session:
        await note_sent(session, await session.get_one(Letter, letter.id), later)
    async with company.reading() as session:
        assert await unfinished_letter(session, "ann") is None
    sent = await item(company, "a")
    assert (sent.state, sent.sent_at) == ("sent", later)
    assert (await item(company, "c")).state == "waiting"


async def test_whatever_waits_for_an_item_hears_that_it_was_sent_or_dropped(company: Database, owed: Owed) -> None:
    async with company.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=NOW.date()))
        session.add(Plan(id="p", person_id="ann", opened_at=NOW))
        await session.flush()
        session.add(a_check_in())
        session.add(an_action("x"))
    await owe(company, "sent", action_id="x", plan_id="p")
    await owe(company, "dropped", recipient="mara", check_in_id="c")
    letter = await plan(company, ("sent",))
    assert await owed(company) == ["Postbox/ann", "Postbox/mara"]
    async with company.transaction() as session:
        await note_sent(session, await session.get_one(Letter, letter.id), NOW)
    assert (await owed(company))[2:] == ["ActionChase/x", "PlanWatch/p"]
    async with company.transaction() as session:
        drop(session, await session.get_one(LetterItem, "dropped"), "answered", NOW)
    assert (await owed(company))[4:] == ["CheckIn/c"]
    gone = await item(company, "dropped")
    assert (gone.state, gone.dropped_because, gone.sent_at) == ("dropped", "answered", None)
    async with company.reading() as session:
        assert set(await items_about(session, action_id="x")) == {"sent"}
        assert set(await items_about(session, check_in_id="c", recipient_id="ann")) == set()


async def test_only_counted_messages_that_go_out_count(company: Database) -> None:
    kept = await plan(company)
    await plan(company, counted=False)
    await plan(company, recipient="mara")
    dropped = await plan(company)
    await plan(company, at=NOW - timedelta(days=20))
    async with company.transaction() as session:
        (await session.get_one(Letter, dropped.id)).state = "dropped"
    async with company.reading() as session:
        assert await counted_since(session, "ann", NOW - timedelta(days=14)) == (kept.minute,)
        assert len((await session.scalars(select(Letter))).all()) == 5


async def test_open_actions_are_those_accepted_and_not_closed(company: Database) -> None:
    async with company.transaction() as session:
        session.add(Plan(id="p", person_id="ann", opened_at=NOW))
        await session.flush()
        session.add_all(
            [
                an_action("open"),
                an_action("proposed", accepted_at=None),
                an_action("done", state="done"),
                an_action("theirs", owner_id="mara"),
            ]
        )
    async with company.reading() as session:
        assert [await open_actions_of(session, who) for who in ("ann", "mara", "otto")] == [1, 1, 0]


def a_check_in() -> CheckInRow:
    return CheckInRow(
        id="c",
        person_id="ann",
        partner_id="mara",
        period=1,
        due_on=NOW.date(),
        policy_id="policy",
        policy_revision=1,
        opened_at=NOW,
    )


def an_action(action_id: str, **changes: object) -> ActionRow:
    facts: dict[str, object] = {
        "plan_id": "p",
        "owner_id": "ann",
        "made_by_id": "ann",
        "title": "Present it once",
        "due_on": NOW.date(),
        "agreed_on": NOW.date(),
        "chased_from": NOW.date(),
        "accepted_at": NOW,
        "made_at": NOW,
    }
    return ActionRow(id=action_id, **(facts | changes))
