"""Each way in which something that waits to be told is overtaken, and that nothing else is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from activities.letters.wanted import overtaken
from integrations.database.actions import ask_help, progress
from integrations.database.learning_moments import save_moment
from integrations.database.outcomes import answer_outcome
from integrations.database.plans import end_call_for_help
from integrations.database.reflections import just_talk
from integrations.database.tables import (
    ActionRow,
    Booking,
    CheckInRow,
    FeedbackRequest,
    LetterItem,
    Offer,
    Person,
    Plan,
    Stall,
    Supporter,
)

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)
DUE = date(2030, 3, 20)
TALK_KINDS = pytest.mark.parametrize("kind", ["reflection_request", "reflection_reminder", "pre_read"])


async def why(home: Any, key: str = "item", now: datetime = MONDAY) -> str | None:
    async with home.database.reading() as session:
        return await overtaken(session, await session.get_one(LetterItem, key), now)


async def a_talk(home: Any, kind: str, state: str = "booked", **others: Any) -> str:
    check_in_id: str = await home.a_check_in(START.date(), state=state)
    await home.an_intended_booking(check_in_id, START, state="booked")
    await home.an_item("item", kind, check_in_id=check_in_id, booking_no=1, **others)
    return check_in_id


async def an_action_item(home: Any, step: int = 2, owner: str = "ann", **others: Any) -> str:
    action_id: str = await home.an_action(DUE, owner, **others)
    facts = {"action_id": action_id, "plan_id": "plan", "step": str(step), "subject_day": DUE}
    kind = "action_passed" if step > 0 else "action_tomorrow"
    await home.an_item("item", kind, owner, due_at=MONDAY, **facts)
    return action_id


async def a_stall_item(home: Any, step: str) -> str:
    await home.ensure_plan()
    await home.add(Stall(id="stall", plan_id="plan", cause="check-ins/x", began_at=MONDAY))
    await home.an_item("item", "support_note", plan_id="plan", stall_id="stall", step=step)
    return "stall"


async def test_what_expired_is_overtaken_at_its_instant_and_not_before(home: Any) -> None:
    await a_talk(home, "reflection_request", expires_at=START)
    assert await why(home, now=START - timedelta(minutes=1)) is None
    assert await why(home, now=START) == "its time has passed"


@TALK_KINDS
@pytest.mark.parametrize("state", ["due", "excused", "cancelled", "ended", "held"])
async def test_what_leads_up_to_a_talk_is_overtaken_once_the_talk_is_not_booked(
    home: Any, kind: str, state: str
) -> None:
    check_in_id = await a_talk(home, kind)
    assert await why(home) is None
    await home.change(CheckInRow, check_in_id, state=state)
    assert await why(home) == "the check-in is not booked any more"


@TALK_KINDS
async def test_a_move_overtakes_the_pre_read_alone(home: Any, kind: str) -> None:
    check_in_id = await a_talk(home, kind)
    await home.change(Booking, (await home.booking(check_in_id)).id, state="moved")
    await home.an_intended_booking(check_in_id, START + timedelta(days=1), no=2, state="booked")
    assert await why(home) == ("the check-in was moved" if kind == "pre_read" else None)


@TALK_KINDS
async def test_an_answer_overtakes_the_reminder_alone(home: Any, kind: str) -> None:
    check_in_id = await a_talk(home, kind)
    async with home.database.transaction() as session:
        await just_talk(session, check_in_id, "ann", MONDAY)
    assert await why(home) == ("answered" if kind == "reflection_reminder" else None)


async def test_the_outcome_question_is_overtaken_by_its_readers_answer_and_by_nobody_elses(home: Any) -> None:
    check_in_id = await a_talk(home, "outcome_question", state="ended", step="1")
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "mara", "held", START)
    assert await why(home) is None
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "ann", "held", START)
    assert await why(home) == "answered"


@pytest.mark.parametrize("state", ["due", "booked", "held", "unconfirmed"])
async def test_the_outcome_question_is_overtaken_once_it_is_settled(home: Any, state: str) -> None:
    await a_talk(home, "outcome_question", state=state, step="1")
    assert await why(home) == "the question is settled"


async def test_the_outcome_question_about_another_booking_is_overtaken(home: Any) -> None:
    check_in_id = await a_talk(home, "outcome_question", state="ended", step="1")
    await home.an_intended_booking(check_in_id, START + timedelta(days=1), no=2, state="booked")
    assert await why(home) == "the question is settled"


async def test_nobody_waits_for_whoever_may_never_be_back_and_everybody_for_whoever_says_when(home: Any) -> None:
    check_in_id, asked = await home.a_check_in(START.date(), state="ended"), START + timedelta(hours=3)
    await home.an_intended_booking(check_in_id, START, state="booked")
    key, about = f"outcome/{check_in_id}/1/1/ann", {"check_in_id": check_in_id, "booking_no": 1}
    await home.an_item(key, "outcome_question", due_at=asked, step="1", **about)
    always = ["2000-01-01T00:00:00+00:00", "3000-01-01T00:00:00+00:00"]
    weeks = [asked.isoformat(), (asked + timedelta(days=60)).isoformat()]
    later = asked + timedelta(days=9)
    await home.change(Person, "ann", away=[weeks])
    assert await why(home, key, later) is None
    await home.change(Person, "ann", away=[always])
    assert await why(home, key, asked + timedelta(days=1)) is None
    assert await why(home, key, later) == "nobody can tell when they are back"

    # So the check-in comes to its end, and the cycle goes on.
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "mara", "held", START)
    now = later
    for _ in range(4):
        await home.change(Person, "ann", directory_read_at=now)
        await home.do("sort", "ann", now)
        while (upcoming := await home.do("look", check_in_id, now)) and upcoming.at <= now:
            await home.do(upcoming.step, check_in_id, now)
        now += timedelta(days=4)
    assert (await home.get(CheckInRow, check_in_id)).state == "unconfirmed"
    dropped = await home.all(LetterItem, kind="outcome_question", recipient_id="ann")
    assert {item.dropped_because for item in dropped} == {"nobody can tell when they are back"}
    assert len(dropped) == 2


async def test_a_learning_moment_is_overtaken_by_one_of_that_period(home: Any) -> None:
    await home.an_item("item", "learning_moment", "mara", step="policy/1")
    async with home.database.transaction() as session:
        await save_moment(session, "mara", "policy/0", "Something of last year", MONDAY)
    assert await why(home) is None
    async with home.database.transaction() as session:
        await save_moment(session, "mara", "policy/1", "Something new", MONDAY)
    assert await why(home) == "answered"


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"state": "done"}, "done"),
        ({"state": "dropped"}, "dropped"),
        ({"due_on": DUE + timedelta(days=7)}, "it has a new date"),
        ({"snoozed_until": date(2030, 3, 5)}, "snoozed"),
        ({"snoozed_until": date(2030, 3, 4)}, None),
        ({"chased_from": date(2030, 3, 5)}, "its owner has answered since"),
        ({"chased_from": date(2030, 3, 4)}, None),
        ({"title": "Something smaller"}, None),
    ],
)
async def test_a_mention_of_an_action_is_overtaken_by_what_its_owner_does(
    home: Any, change: dict[str, Any], because: str | None
) -> None:
    action_id = await an_action_item(home)
    assert await why(home) is None
    await home.change(ActionRow, action_id, **change)
    assert await why(home) == because


async def test_a_mention_of_an_action_is_overtaken_once_the_plan_rests(home: Any) -> None:
    await an_action_item(home)
    await home.change(Plan, "plan", state="resting")
    assert await why(home) == "the plan rests"


async def test_a_reminder_ahead_of_the_day_is_overtaken_on_the_owners_own_day(home: Any) -> None:
    """At 16:30 in Los Angeles it is the next day in UTC already."""
    await an_action_item(home, step=-1)
    await home.change(Person, "ann", zone="America/Los_Angeles")
    eve = datetime(2030, 3, 20, 0, 30, tzinfo=UTC)
    assert await why(home, now=eve - timedelta(hours=1)) is None
    assert await why(home, now=eve) is None
    assert await why(home, now=eve + timedelta(hours=7)) == "the day is here"


async def test_an_ask_after_the_day_is_not_overtaken_by_the_day(home: Any) -> None:
    await an_action_item(home, step=2)
    assert await why(home, now=MONDAY + timedelta(days=30)) is None


@pytest.mark.parametrize("ended", ["helped", "stopped", "rested"])
async def test_a_letter_of_the_support_ladder_is_overtaken_once_its_pass_ended(home: Any, ended: str) -> None:
    stall_id = await a_stall_item(home, "repairs")
    assert await why(home) is None
    await home.change(Stall, stall_id, ended_at=MONDAY, ended=ended)
    assert await why(home) == ended


async def test_that_the_plan_rests_is_told_although_the_pass_has_ended(home: Any) -> None:
    await home.change(Stall, await a_stall_item(home, "rest"), ended_at=MONDAY, ended="rested")
    assert await why(home) is None


@pytest.mark.parametrize(("step", "because"), [("hr", "HR is kept out"), ("repairs", None)])
async def test_keeping_hr_out_overtakes_the_request_to_hr_alone(home: Any, step: str, because: str | None) -> None:
    await home.change(Stall, await a_stall_item(home, step), hr_kept_out=True)
    assert await why(home) == because


async def test_the_weekly_letter_is_overtaken_once_nothing_is_open_past_its_day(home: Any) -> None:
    action_id = await home.an_action(date(2030, 2, 20))
    await home.an_action(DUE)
    await home.an_item("item", "weekly", subject_day=MONDAY.date())
    assert await why(home) is None
    for change in ({"state": "done"}, {"state": "open", "accepted_at": None}):
        await home.change(ActionRow, action_id, **change)
        assert await why(home) == "nothing is open"
    await home.change(ActionRow, action_id, accepted_at=MONDAY)
    await home.change(Plan, "plan", state="resting")
    assert await why(home) == "nothing is open"


async def test_a_form_still_waits_for_its_reader_when_the_talk_was_moved_to_a_later_day(home: Any) -> None:
    check_in_id = await a_talk(home, "reflection_request", expires_at=START)
    later = START + timedelta(days=7)
    await home.an_intended_booking(check_in_id, later, no=2, state="booked")
    assert await why(home, now=START) is None
    assert await why(home, now=later) == "its time has passed"


@pytest.mark.parametrize("state", ["booked", "due"])
async def test_hours_to_choose_from_are_told_while_they_are_offered(home: Any, state: str) -> None:
    check_in_id = await a_talk(home, "slots", state=state)
    assert await why(home) == "it has another hour, or none of these suited"
    await home.add(Offer(check_in_id=check_in_id, booking_no=1, round=1, state="open", ask_at=MONDAY, until=START))
    assert await why(home) is None
    await home.change(Offer, (check_in_id, 1, 1), state="picked")
    assert await why(home) == "an hour was chosen"
    for over in ("taken", "none", "over"):
        await home.change(Offer, (check_in_id, 1, 1), state=over)
        assert await why(home) == "it has another hour, or none of these suited"


@pytest.mark.parametrize("state", ["excused", "cancelled", "held", "ended"])
async def test_no_hours_are_told_of_a_check_in_that_is_not_to_be_booked(home: Any, state: str) -> None:
    check_in_id = await a_talk(home, "slots", state=state)
    await home.add(Offer(check_in_id=check_in_id, booking_no=1, round=1, state="open", ask_at=MONDAY, until=START))
    assert await why(home) == "the check-in is not to be booked any more"


async def test_a_kind_word_about_moves_is_told_before_the_talk_only(home: Any) -> None:
    await a_talk(home, "moves")
    assert await why(home) is None
    assert await why(home, now=START) == "its time has passed"


@pytest.fixture
async def asked(home: Any) -> Any:
    await home.add(FeedbackRequest(id="one", asker_id="ann", giver_id="mara", asked_at=MONDAY))
    await home.an_item("feedback/one/mara", "feedback_request", "mara")
    return home


async def test_a_request_for_feedback_is_wanted_while_it_is_open(asked: Any) -> None:
    assert await why(asked, "feedback/one/mara") is None
    assert await why(asked, "feedback/one/mara", MONDAY + timedelta(days=20)) is None
    assert await why(asked, "feedback/one/mara", MONDAY + timedelta(days=21)) == "its time has passed"


@pytest.mark.parametrize("state", ["taken_back", "declined", "answered"])
async def test_a_request_that_became_something_else_is_not_sent(asked: Any, state: str) -> None:
    await asked.change(FeedbackRequest, "one", state=state)
    assert await why(asked, "feedback/one/mara") == state


async def test_nobody_is_asked_for_somebody_who_has_left(asked: Any) -> None:
    await asked.change(Person, "ann", left_at=MONDAY)
    assert await why(asked, "feedback/one/mara") == "whoever asked has left"


async def test_a_call_for_help_with_a_plan_is_told_until_they_have_talked(home: Any) -> None:
    await home.ensure_plan()
    await home.change(Plan, "plan", help_asked_at=MONDAY, help_asked_id="mara")
    await home.an_item("item", "help_asked", "mara", plan_id="plan")
    await home.an_item("hales", "help_asked", "hale", plan_id="plan")
    assert await why(home) is None
    assert await why(home, "hales") is not None
    async with home.database.transaction() as session:
        await end_call_for_help(session, "plan", MONDAY.isoformat())
    assert await why(home) is not None


async def test_a_call_for_help_with_an_action_is_told_until_its_owner_says_something_else(home: Any) -> None:
    action_id = await home.an_action(DUE)
    async with home.database.transaction() as session:
        await ask_help(session, action_id, "ann", "partner", None, MONDAY)
    (key,) = [each.key for each in await home.all(LetterItem)]
    assert await why(home, key) is None
    async with home.database.transaction() as session:
        await progress(session, action_id, "ann", MONDAY)
    assert await why(home, key) is not None


@pytest.fixture
async def invited(home: Any) -> Any:
    action_id = await home.an_action(DUE)
    facts = {"action_id": action_id, "role": "mentor", "invited_at": MONDAY}
    await home.add(Supporter(id="one", person_id="ann", supporter_id="mara", **facts))
    await home.an_item("supporter/one/mara", "supporter_invitation", "mara")
    return home


async def test_an_invitation_is_wanted_while_nobody_has_answered_it(invited: Any) -> None:
    assert await why(invited, "supporter/one/mara") is None
    assert await why(invited, "supporter/one/mara", MONDAY + timedelta(days=60)) is None


@pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn", "stepped_back"])
async def test_an_invitation_that_was_answered_or_withdrawn_is_not_sent(invited: Any, state: str) -> None:
    await invited.change(Supporter, "one", state=state)
    assert await why(invited, "supporter/one/mara") == state


async def test_nobody_is_invited_for_somebody_who_has_left(invited: Any) -> None:
    await invited.change(Person, "ann", left_at=MONDAY)
    assert await why(invited, "supporter/one/mara") == "whoever asked has left"
