"""A stalled plan walks down the support ladder once, step by step, and each way out ends it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from integrations.database import actions, stalls
from integrations.database.plans import resume_plan
from integrations.database.tables import ActionRow, CheckInRow, LetterItem, Person, Plan, PolicyRow, Stall

# The plan was opened 90 days before, and nothing has happened in it since.
MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
DUE = date(2030, 2, 11)
REPAIRS, HR, REST = (MONDAY + timedelta(days=days) for days in (7, 21, 35))


async def a_stuck_action(home: Any, owner: str = "ann", due_on: date = DUE, **others: Any) -> str:
    """An action three weeks over its day, whose ladder is spent."""
    action_id: str = await home.an_action(due_on, owner, **others)
    await home.an_item(
        f"action/{action_id}/{due_on}/9",
        "action_still_open",
        owner,
        action_id=action_id,
        step="9",
        subject_day=due_on,
        state="sent",
        sent_at=MONDAY - timedelta(days=12),
    )
    return action_id


async def watch(home: Any, now: datetime = MONDAY) -> datetime | None:
    found: datetime | None = await home.do("watch", "plan", now)
    return found


async def everything_leaves(home: Any, now: datetime) -> set[str]:
    """Sends what waits for everybody; (step, reader) of it."""
    keys = set()
    for person in ("ann", "mara", "hale", "otto"):
        keys |= await home.send_what_waits(person, now)
    return {"/".join(key.split("/")[3:]) for key in keys}


async def the_stall(home: Any) -> Stall:
    (found,) = await home.all(Stall)
    assert isinstance(found, Stall)
    return found


async def test_down_the_whole_ladder(home: Any) -> None:
    action_id = await a_stuck_action(home)
    assert await watch(home) is None, "the note waits to be sent"
    stall = await the_stall(home)
    assert (stall.cause, stall.holder_id, stall.began_at) == (f"action/{action_id}/{DUE}", "ann", MONDAY)
    assert await everything_leaves(home, MONDAY) == {"note/ann"}
    assert await watch(home) == REPAIRS
    assert await watch(home, REPAIRS) is None
    assert await everything_leaves(home, REPAIRS) == {"repairs/ann", "repairs/mara"}
    assert await watch(home, REPAIRS) == HR
    assert await watch(home, HR) is None
    assert await everything_leaves(home, HR) == {"hr/hale"}
    assert await watch(home, HR) == REST
    home.pokes.made.clear()
    assert await watch(home, REST) is None
    assert await everything_leaves(home, REST) == {"rest/ann"}
    stall = await the_stall(home)
    assert (stall.ended, stall.ended_at) == ("rested", REST)
    assert (await home.get(Plan, "plan")).state == "resting"
    assert f"ActionChase/{action_id}" in home.pokes.made
    assert await watch(home, REST + timedelta(days=90)) is None
    assert len(await home.all(Stall)) == 1


async def test_a_step_is_taken_once_however_often_it_is_looked_at(home: Any) -> None:
    await a_stuck_action(home)
    for _ in range(3):
        assert await watch(home) is None
    assert len(await home.all(LetterItem, kind="support_note")) == 1
    assert len(await home.all(Stall)) == 1


async def test_a_step_counts_from_when_the_note_was_sent_not_from_when_it_was_owed(home: Any) -> None:
    await a_stuck_action(home)
    await watch(home)
    late = MONDAY + timedelta(days=2)
    await everything_leaves(home, late)
    assert await watch(home, late) == late + timedelta(days=7)


async def test_an_unhurried_plan_is_looked_at_again_on_the_first_day_on_which_it_could_be_stuck(home: Any) -> None:
    await home.an_action(date(2030, 3, 11))
    # 14 days over its day, as Berlin's day begins.
    assert await watch(home) == datetime(2030, 3, 24, 23, 0, tzinfo=UTC)
    assert await home.all(Stall) == []
    assert await home.all(LetterItem) == []


async def test_a_plan_without_actions_waits_for_news(home: Any) -> None:
    await home.ensure_plan()
    assert await watch(home) is None
    assert await home.all(Stall) == []


async def test_a_stall_that_is_noticed_at_night_waits_for_the_mail_window(home: Any) -> None:
    await a_stuck_action(home)
    saturday = datetime(2030, 3, 9, 22, 0, tzinfo=UTC)
    assert await watch(home, saturday) == datetime(2030, 3, 11, 8, 30, tzinfo=UTC)
    assert await home.all(LetterItem, kind="support_note") == []


async def test_an_action_kept_to_oneself_stalls_nothing(home: Any) -> None:
    await a_stuck_action(home, private=True)
    assert await watch(home) is None
    assert await home.all(Stall) == []


async def test_the_note_goes_to_whoever_holds_the_stuck_part(home: Any) -> None:
    await a_stuck_action(home, owner="mara")
    await watch(home)
    assert await everything_leaves(home, MONDAY) == {"note/mara"}


async def test_two_talks_that_did_not_happen_are_held_by_both(home: Any) -> None:
    await home.ensure_plan()
    for number in (1, 2):
        await home.a_check_in(
            date(2029, 12, 1) + timedelta(days=30 * number), state="did_not_happen", closed_at=MONDAY, period=number
        )
    await watch(home)
    stall = await the_stall(home)
    assert stall.cause.startswith("check-ins/")
    assert stall.holder_id is None
    assert await everything_leaves(home, MONDAY) == {"note/ann", "note/mara"}


async def test_an_unconfirmed_talk_counts_as_nothing(home: Any) -> None:
    await home.ensure_plan()
    for number, state in ((1, "did_not_happen"), (2, "unconfirmed")):
        await home.a_check_in(
            date(2029, 12, 1) + timedelta(days=30 * number), state=state, closed_at=MONDAY, period=number
        )
    assert await watch(home) is None
    assert await home.all(Stall) == []


@pytest.mark.parametrize(("bookings", "stalled"), [(4, True), (3, False)])
async def test_a_check_in_that_was_moved_three_times_is_stalled_scheduling(
    home: Any, bookings: int, stalled: bool
) -> None:
    await home.ensure_plan()
    check_in_id = await home.a_check_in(date(2030, 3, 18), state="booked")
    for number in range(1, bookings + 1):
        state = "booked" if number == bookings else "moved"
        start = datetime(2030, 3, 18 + number, 9, 0, tzinfo=UTC)
        await home.an_intended_booking(check_in_id, start, no=number, state=state)
    await watch(home)
    assert [stall.cause for stall in await home.all(Stall)] == ([f"scheduling/{check_in_id}"] if stalled else [])


Way = Callable[[Any, str, str, datetime], Awaitable[None]]
WAYS_OUT: dict[str, tuple[Way, str]] = {
    "progress": (lambda session, _, action, now: actions.progress(session, action, "ann", now), "helped"),
    "done": (lambda session, _, action, now: actions.done(session, action, "ann", now), "helped"),
    "let go": (lambda session, _, action, now: actions.drop(session, action, "ann", now), "helped"),
    "new date": (
        lambda session, _, action, now: actions.new_date(session, action, "ann", date(2030, 5, 6), now),
        "helped",
    ),
    "help": (
        lambda session, _, action, now: actions.ask_help(session, action, "ann", "partner", None, now),
        "helped",
    ),
    "smaller": (lambda session, stall, _, now: stalls.make_smaller(session, stall, "ann", now), "helped"),
    "pause": (lambda session, stall, _, now: stalls.pause_plan(session, stall, "ann", now), "stopped"),
    "leave": (lambda session, stall, _, now: stalls.leave_as_is(session, stall, "ann", now), "stopped"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_one_click_ends_the_pass_and_nobody_else_is_asked(home: Any, way: str) -> None:
    action_id = await a_stuck_action(home)
    await watch(home)
    await everything_leaves(home, MONDAY)
    click, ended = WAYS_OUT[way]
    async with home.database.transaction() as session:
        await click(session, (await the_stall(home)).id, action_id, MONDAY + timedelta(hours=1))
    assert (await the_stall(home)).ended == ended
    for day in (7, 21, 35, 50):
        await watch(home, MONDAY + timedelta(days=day))
    # Whoever is asked for help hears of that, and of no stall.
    assert await everything_leaves(home, REST) == ({"mara"} if way == "help" else set())
    assert [item.recipient_id for item in await home.all(LetterItem) if item.stall_id] == ["ann"]
    assert (await home.get(Plan, "plan")).state == ("resting" if way == "pause" else "active")
    assert len(await home.all(Stall)) == 1, "a stuck thing never starts a second pass"


async def test_with_hr_kept_out_hr_is_passed_over_and_the_plan_rests_all_the_same(home: Any) -> None:
    await a_stuck_action(home)
    await watch(home)
    await everything_leaves(home, MONDAY)
    async with home.database.transaction() as session:
        await stalls.keep_hr_out(session, (await the_stall(home)).id, "ann", MONDAY)
    await watch(home, REPAIRS)
    await everything_leaves(home, REPAIRS)
    assert await watch(home, REPAIRS) == REST
    assert await watch(home, REST) is None
    assert await everything_leaves(home, REST) == {"rest/ann"}
    assert await home.all(LetterItem, recipient_id="hale") == []


async def test_an_answer_alone_lets_the_ladder_go_on(home: Any) -> None:
    await a_stuck_action(home)
    await watch(home)
    await everything_leaves(home, MONDAY)
    async with home.database.transaction() as session:
        await stalls.answer_stall(session, (await the_stall(home)).id, "ann", "time", False, False, MONDAY)
    assert await watch(home) == REPAIRS


async def test_without_an_hr_partner_the_step_is_passed_over_and_the_list_says_so(home: Any) -> None:
    await home.change(PolicyRow, "policy", hr_partner_id=None)
    await a_stuck_action(home)
    for now in (MONDAY, REPAIRS):
        await watch(home, now)
        await everything_leaves(home, now)
    assert await watch(home, HR) == REST
    assert "names no HR partner" in (await home.needs_a_hand())["hr-partner/ann"]
    assert await watch(home, REST) is None
    assert await everything_leaves(home, REST) == {"rest/ann"}


async def test_where_hr_has_a_deputy_only_the_deputy_is_asked(home: Any) -> None:
    await home.change(PolicyRow, "policy", hr_partner_id=None, deputy_id="otto")
    await a_stuck_action(home)
    for now in (MONDAY, REPAIRS):
        await watch(home, now)
        await everything_leaves(home, now)
    otto_opens = datetime(2030, 3, 25, 13, 30, tzinfo=UTC)
    assert await watch(home, HR) == otto_opens
    await watch(home, otto_opens)
    assert await everything_leaves(home, otto_opens) == {"hr/otto"}


async def test_a_plan_taken_up_again_is_not_at_once_stalled_again(home: Any) -> None:
    await a_stuck_action(home)
    for now in (MONDAY, REPAIRS, HR, REST):
        await watch(home, now)
        await everything_leaves(home, now)
    async with home.database.transaction() as session:
        await resume_plan(session, "plan", "ann", REST + timedelta(days=1))
    assert await watch(home, REST + timedelta(days=1)) is None
    assert len(await home.all(Stall)) == 1
    assert (await home.get(Plan, "plan")).state == "active"


async def test_a_held_talk_is_no_cause(home: Any) -> None:
    await home.ensure_plan()
    for number, state in ((1, "did_not_happen"), (2, "held")):
        await home.a_check_in(
            date(2029, 12, 1) + timedelta(days=30 * number), state=state, closed_at=MONDAY, period=number
        )
    assert await watch(home) is None
    assert {row.state for row in await home.all(CheckInRow)} == {"did_not_happen", "held"}
    assert await home.all(Stall) == []


async def test_somebody_who_has_left_is_not_written_to(home: Any) -> None:
    action_id = await a_stuck_action(home)
    await watch(home)
    await everything_leaves(home, MONDAY)
    await home.change(Person, "mara", left_at=MONDAY)
    await watch(home, REPAIRS)
    assert await everything_leaves(home, REPAIRS) == {"repairs/ann"}
    assert (await home.get(ActionRow, action_id)).state == "open"


@pytest.mark.parametrize("way", ["leave_as_is", "make_smaller", "progress"])
async def test_once_a_pass_ends_the_weekly_letter_goes_on_for_all_that_is_open(home: Any, way: str) -> None:
    action_id = await a_stuck_action(home)
    of_mara = await a_stuck_action(home, "mara")
    await watch(home)
    await home.do("chase", of_mara)
    stall = await the_stall(home)
    home.pokes.made.clear()
    async with home.database.transaction() as session:
        if way == "progress":
            await actions.progress(session, action_id, "ann", MONDAY)
        else:
            await getattr(stalls, way)(session, stall.id, "ann", MONDAY)
    assert (await the_stall(home)).ended_at == MONDAY
    assert {f"ActionChase/{action_id}", f"ActionChase/{of_mara}"} <= set(home.pokes.made)
    home.pokes.made.clear()
    async with home.database.transaction() as session:
        await stalls.leave_as_is(session, stall.id, "ann", MONDAY)
    assert home.pokes.made == [], "what has ended already wakes nobody"


@pytest.mark.parametrize(
    ("state", "day", "closed", "stalled"),
    [
        ("booked", date(2030, 4, 8), None, True),
        ("booked", date(2030, 4, 7), None, False),
        ("cancelled", date(2030, 3, 18), datetime(2030, 4, 9, 9, 0, tzinfo=UTC), True),
        ("cancelled", date(2030, 3, 18), datetime(2030, 4, 8, 9, 0, tzinfo=UTC), False),
    ],
)
async def test_a_check_in_that_slipped_21_days_or_ended_without_an_hour_is_stalled_scheduling(
    home: Any, state: str, day: date, closed: datetime | None, stalled: bool
) -> None:
    await home.ensure_plan()
    check_in_id = await home.a_check_in(date(2030, 3, 18), state=state, closed_at=closed)
    start = datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC)
    await home.an_intended_booking(check_in_id, start, state="booked" if state == "booked" else "cancelled")
    await watch(home)
    assert [stall.cause for stall in await home.all(Stall)] == ([f"scheduling/{check_in_id}"] if stalled else [])


async def test_a_full_plan_is_looked_at_with_as_few_questions_as_an_empty_one(home: Any) -> None:
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        asked.append(statement)

    async def questions() -> int:
        asked.clear()
        event.listen(home.database.engine.sync_engine, "before_cursor_execute", count)
        await watch(home)
        event.remove(home.database.engine.sync_engine, "before_cursor_execute", count)
        return len(asked)

    await home.an_action(date(2030, 4, 1))
    await home.a_check_in(date(2029, 12, 1), state="held", closed_at=MONDAY, period=1)
    with_one = await questions()
    for number in range(6):
        await home.an_action(date(2030, 4, 2 + number), owner="mara" if number % 2 else "ann")
        await home.a_check_in(date(2029, 11, 1 + number), state="held", closed_at=MONDAY, period=2 + number)
    assert await questions() <= with_one
