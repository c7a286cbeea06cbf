"""Chasing an action: each rung in the owner's mail window, never after an answer, and in the end once a week."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from integrations.database import actions
from integrations.database.columns import new_id
from integrations.database.tables import ActionRow, LetterItem, Person, Plan, Stall

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
DUE = date(2030, 3, 20)


def opening(month: int, day: int) -> datetime:
    """09:30 in Berlin."""
    return datetime(2030, month, day, 7 if month > 3 else 8, 30, tzinfo=UTC)


async def chased(home: Any, action_id: str, begin: datetime, days: int) -> list[tuple[str, datetime]]:
    """(kind, instant) of each mention over some days, if every letter leaves the moment it is owed."""
    found: list[tuple[str, datetime]] = []
    now, end = begin, begin + timedelta(days=days)
    while now < end:
        again = await home.do("chase", action_id, now)
        for key in await home.send_what_waits("ann", now):
            found.append(((await home.get(LetterItem, key)).kind, now))
            again = now if again is None else again
        if again is None:
            return found
        now = again
    return found


async def sent(home: Any, action_id: str, step: int, at: datetime) -> None:
    await home.an_item(
        f"action/{action_id}/{DUE}/{step}",
        "action_passed",
        action_id=action_id,
        step=str(step),
        subject_day=DUE,
        state="sent",
        sent_at=at,
    )


async def test_an_action_is_mentioned_four_times_by_name_and_then_once_a_week(home: Any) -> None:
    action_id = await home.an_action(DUE)
    assert await chased(home, action_id, MONDAY, 50) == [
        ("action_ahead", opening(3, 13)),
        ("action_tomorrow", opening(3, 19)),
        ("action_passed", opening(3, 22)),
        ("action_still_open", opening(3, 29)),
        ("weekly", opening(4, 1)),
        ("weekly", opening(4, 8)),
        ("weekly", opening(4, 15)),
        # The Monday is Easter's.
        ("weekly", opening(4, 23)),
    ]
    keys = {row.key for row in await home.all(LetterItem)}
    assert f"action/{action_id}/{DUE}/-7" in keys
    assert "weekly/ann/2030-04-01" in keys


async def test_a_short_action_has_no_reminder_a_week_ahead(home: Any) -> None:
    action_id = await home.an_action(DUE, agreed_on=date(2030, 3, 6), chased_from=date(2030, 3, 7))
    assert [kind for kind, _ in await chased(home, action_id, MONDAY, 20)] == ["action_tomorrow", "action_passed"]


async def test_a_mention_names_what_it_is_about_and_wakes_its_readers_box(home: Any) -> None:
    action_id = await home.an_action(DUE)
    assert await home.do("chase", action_id, opening(3, 13)) == opening(3, 19), "the next rung's day"
    item = await home.get(LetterItem, f"action/{action_id}/{DUE}/-7")
    assert (item.recipient_id, item.action_id, item.plan_id) == ("ann", action_id, "plan")
    assert (item.step, item.subject_day, item.state) == ("-7", DUE, "waiting")
    assert home.pokes.made == ["Postbox/ann"]


async def test_a_mention_that_still_waits_when_the_next_ones_day_comes_is_overtaken(home: Any) -> None:
    action_id = await home.an_action(DUE)
    assert await home.do("chase", action_id, opening(3, 13)) == opening(3, 19)
    assert await home.do("chase", action_id, opening(3, 18)) == opening(3, 19), "until then it waits"
    assert await home.waiting() == {f"action/{action_id}/{DUE}/-7"}
    assert await home.do("chase", action_id, opening(3, 19)) == opening(3, 22)
    assert await home.waiting() == {f"action/{action_id}/{DUE}/-1"}
    overtaken = await home.get(LetterItem, f"action/{action_id}/{DUE}/-7")
    assert (overtaken.state, overtaken.dropped_because) == ("dropped", "a later mention came")


@pytest.mark.parametrize(
    "change",
    [{"state": "done"}, {"state": "dropped"}, {"accepted_at": None}],
    ids=["done", "dropped", "not accepted"],
)
async def test_nobody_hears_of_what_is_closed_or_was_not_accepted(home: Any, change: dict[str, Any]) -> None:
    action_id = await home.an_action(DUE, **change)
    assert await home.do("chase", action_id, opening(3, 22)) is None
    assert await home.all(LetterItem) == []


async def test_nobody_hears_of_an_action_while_its_plan_rests(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await home.change(Plan, "plan", state="resting")
    assert await home.do("chase", action_id, opening(3, 22)) is None
    assert await home.all(LetterItem) == []


async def test_a_snoozed_action_is_silent_until_its_owner_said(home: Any) -> None:
    action_id = await home.an_action(DUE)
    async with home.database.transaction() as session:
        await actions.snooze(session, action_id, "ann", 7, opening(3, 21))
    assert await home.do("chase", action_id, opening(3, 22)) == opening(3, 28)
    assert await home.all(LetterItem) == []
    await home.do("chase", action_id, opening(3, 28))
    assert await home.waiting() == {f"action/{action_id}/{DUE}/2"}


async def test_a_later_rung_overtakes_an_earlier_one_that_was_missed(home: Any) -> None:
    """A plan that was looked at only now, after the day: no reminder that it is tomorrow."""
    action_id = await home.an_action(DUE)
    await home.do("chase", action_id, opening(3, 22))
    assert await home.waiting() == {f"action/{action_id}/{DUE}/2"}


async def test_progress_restarts_the_ladder_where_the_day_stands(home: Any) -> None:
    action_id = await home.an_action(DUE)
    async with home.database.transaction() as session:
        await actions.progress(session, action_id, "ann", opening(3, 22))
    assert await home.do("chase", action_id, opening(3, 22)) == opening(3, 29), "the first ask is answered"
    assert await home.all(LetterItem) == []


async def test_a_new_date_starts_a_new_ladder(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await sent(home, action_id, 2, opening(3, 22))
    async with home.database.transaction() as session:
        await actions.new_date(session, action_id, "ann", date(2030, 4, 24), opening(3, 22))
    assert await home.do("chase", action_id, opening(3, 22)) == opening(4, 17)
    assert await home.waiting() == set()


async def test_the_last_ask_comes_a_week_after_the_first_was_sent_however_late_that_was(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await sent(home, action_id, 2, opening(3, 26))
    assert await home.do("chase", action_id, opening(3, 29)) == opening(4, 2)
    assert await home.waiting() == set()


async def test_a_mention_that_was_dropped_is_as_good_as_sent(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await sent(home, action_id, 2, opening(3, 22))
    await home.change(LetterItem, f"action/{action_id}/{DUE}/2", state="dropped", sent_at=None)
    assert await home.do("chase", action_id, opening(3, 25)) == opening(3, 29)


async def test_an_owner_on_leave_hears_of_it_when_they_are_back(home: Any) -> None:
    action_id = await home.an_action(DUE)
    back = datetime(2030, 3, 27, 10, 0, tzinfo=UTC)
    await home.change(Person, "ann", away=[[opening(3, 18).isoformat(), back.isoformat()]])
    assert await home.do("chase", action_id, opening(3, 22)) == back


async def test_two_spent_actions_share_one_weekly_letter(home: Any) -> None:
    both = [await home.an_action(DUE), await home.an_action(DUE, form_token=new_id())]
    for action_id in both:
        await sent(home, action_id, 9, opening(3, 29))
        assert await home.do("chase", action_id, opening(4, 1)) == opening(4, 8)
    assert await home.waiting() == {"weekly/ann/2030-04-01"}
    assert "PlanWatch/plan" in home.pokes.made, "a spent ladder may mean a stalled plan"


async def test_the_week_in_which_the_ladder_ended_has_no_weekly_letter(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await sent(home, action_id, 9, opening(3, 29))
    assert await home.do("chase", action_id, opening(3, 29)) == opening(4, 1)
    assert await home.waiting() == set()


async def test_a_snoozed_action_is_in_no_weekly_letter(home: Any) -> None:
    action_id = await home.an_action(DUE, snoozed_until=date(2030, 4, 3))
    await sent(home, action_id, 9, opening(3, 29))
    assert await home.do("chase", action_id, opening(4, 1)) == opening(4, 8)
    assert await home.waiting() == set()


async def test_while_the_plan_is_on_the_support_ladder_even_the_weekly_letter_is_silent(home: Any) -> None:
    action_id = await home.an_action(DUE)
    await sent(home, action_id, 9, opening(3, 29))
    await home.add(Stall(plan_id="plan", cause=f"action/{action_id}/{DUE}", began_at=opening(3, 29)))
    assert await home.do("chase", action_id, opening(4, 1)) is None
    assert await home.waiting() == set()


async def test_the_owner_is_chased_by_their_own_clock(home: Any) -> None:
    """Sami, in Singapore, is asked at 09:30 there: 01:30 in UTC."""
    action_id = await home.an_action(DUE, owner="sami")
    assert await home.do("chase", action_id, MONDAY) == datetime(2030, 3, 13, 1, 30, tzinfo=UTC)
    row = await home.get(ActionRow, action_id)
    assert row.owner_id == "sami"
