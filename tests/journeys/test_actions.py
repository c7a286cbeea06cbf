"""An action through its reminder ladder: four mentions at most, then only the weekly letter; silence once answered."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import select

from cycle.policy import Policy, StalledPlan
from integrations.database.tables import ActionRow
from tests.journeys.life import Life, Living

# So patient that nothing here stalls.
PATIENT = Policy(name="Quarterly check-ins", stalled_plan=StalledPlan(quiet_days=120))
TITLE = "Join two customer calls"
DUE = date(2030, 2, 20)
HISTORY = """
people:
  - person: {ann}
    plan:
      goals: [{{title: Explain numbers, why: Customers ask}}]
      actions:
        - {{title: Join two customer calls, owner: {ann}, modality: stretch,
           agreed_on: 2030-01-07, due_on: 2030-02-20, state: open, quiet_since: 2030-02-01}}
"""


async def the_action(life: Life) -> ActionRow:
    (row,) = await life.rows(select(ActionRow))
    assert isinstance(row, ActionRow)
    return row


async def mentions(life: Life, name: str = "Ann") -> list[tuple[str, date, int]]:
    """(kind, day, rung in days from the due date) of each mention; of a weekly letter the rung is 0."""
    found = []
    for letter in await life.letters(name):
        day = life.people[letter.to].local(letter.at).date()
        for kind, *rest in (key.split("/") for key in letter.keys):
            if kind in ("action", "weekly"):
                found.append((kind, day, int(rest[2]) if kind == "action" else 0))
    return found


def days_after(due: date, rungs: Iterable[int]) -> list[tuple[str, date, int]]:
    return [("action", due + timedelta(days=rung), rung) for rung in rungs]


async def test_an_unanswered_action_is_mentioned_four_times_and_then_weekly_without_its_title(
    living: Living,
) -> None:
    async with living(PATIENT, history=HISTORY) as life:
        await life.live_until_day(date(2030, 3, 27))
        told = await mentions(life)
        # Wednesday 20 February: the 13th, 19th and 22nd are workdays, and so is 1 March.
        assert told[:4] == days_after(DUE, (-7, -1, 2, 9))
        weekly = [day for kind, day, _ in told[4:] if kind == "weekly"]
        assert len(weekly) == len(told) - 4, "never a fifth mention of one due date"
        assert weekly == [date(2030, 3, 4), date(2030, 3, 11), date(2030, 3, 18), date(2030, 3, 25)]
        for letter in await life.letters("Ann"):
            assert TITLE not in letter.subject, "nor for eyes that share a screen"
        alone = [each for each in await life.letters("Ann", "weekly/") if len(each.keys) == 1]
        assert alone
        assert not any(TITLE in letter.body for letter in alone)
        assert await mentions(life, "Mara") == [], "nobody tells a manager"
        await life.assert_sound()


async def test_an_action_that_is_done_is_not_heard_of_again(living: Living) -> None:
    async with living(PATIENT, history=HISTORY) as life:
        await life.live_until_true(lambda: life.letters("Ann", "action/"), days=20)
        page = f"/actions/{(await the_action(life)).id}"
        await life.post("Ann", f"{page}?choose=done", f"{page}/done")
        await life.live_until_day(date(2030, 4, 1))
        assert await mentions(life) == days_after(DUE, (-7,))


async def test_a_new_date_begins_the_ladder_anew_and_needs_no_reason(living: Living) -> None:
    async with living(PATIENT, history=HISTORY) as life:
        await life.live_until_day(DUE + timedelta(days=3))
        page, later = f"/actions/{(await the_action(life)).id}", date(2030, 3, 27)
        await life.post("Ann", f"{page}?choose=new-date", f"{page}/new-date", due_on=later.isoformat())
        await life.live_until_day(later + timedelta(days=10))
        assert await mentions(life) == days_after(DUE, (-7, -1, 2)) + days_after(later, (-7, -1, 2, 9))
        await life.assert_sound()


async def test_a_snoozed_action_is_silent_until_the_snooze_is_over(living: Living) -> None:
    async with living(PATIENT, history=HISTORY) as life:
        await life.live_until_true(lambda: life.letters("Ann", "action/"), days=20)
        row = await the_action(life)
        await life.post("Ann", f"/actions/{row.id}?choose=snooze", f"/actions/{row.id}/snooze", days="7")
        until = (await the_action(life)).snoozed_until
        assert until == date(2030, 2, 20)
        await life.live_until_day(DUE + timedelta(days=4))
        assert await mentions(life) == days_after(DUE, (-7, 2)), "the day before fell into the snooze"
        assert (await the_action(life)).due_on == DUE


async def test_what_one_proposes_to_the_other_is_chased_only_once_accepted(life: Life) -> None:
    await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
    page = f"/check-ins/{(await life.check_ins('Ann'))[0].id}"
    due = date(2030, 3, 14)
    mara = await life.id_of("Mara")
    await life.post("Ann", page, f"{page}/actions", title="Name a mentor", owner=mara, due_on=due.isoformat())
    await life.live_until_day(due - timedelta(days=1), hour=14)
    assert await mentions(life, "Mara") == [], (
        "the day before came, and she was not asked to keep what she has not promised"
    )
    action = f"/actions/{(await the_action(life)).id}"
    await life.post("Mara", action, f"{action}/accept")
    await life.live(days=5)
    assert [(kind, rung) for kind, _, rung in await mentions(life, "Mara")] == [("action", 2)]
    assert await mentions(life, "Ann") == []
    await life.assert_sound()
