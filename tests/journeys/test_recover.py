"""Temporal lost in the middle of a life: rebuilt from the database, nothing is missing and nothing happens twice."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from cli.recover import recover_everything
from cycle.policy import Policy
from integrations.database.tables import ActionRow, CheckInRow, Person, Plan, PolicyRow, Stall, WakeUp
from tests.journeys.life import Life, Living

QUARTERLY = Policy(name="Quarterly check-ins")
HISTORY = """
people:
  - person: {ann}
    plan:
      goals: [{{title: Explain numbers, why: Customers ask}}]
      actions:
        - {{title: Join two customer calls, owner: {ann}, modality: stretch,
           agreed_on: 2029-12-20, due_on: 2030-02-15, state: open, quiet_since: 2030-02-01}}
        - {{title: Introduce Ann to pricing, owner: {mara}, modality: mentoring,
           agreed_on: 2029-12-20, due_on: 2030-01-10, state: open, quiet_since: 2030-01-02}}
"""
# Within hours of a rung, of a form, of a pre-read and of the first ask, one right after another; and in the long
# sleep between two check-ins.
DEATHS = [
    datetime(2030, 2, 8, 8, 29, tzinfo=UTC),
    datetime(2030, 2, 17, 3, tzinfo=UTC),
    datetime(2030, 3, 11, 8, 30, 30, tzinfo=UTC),
    datetime(2030, 3, 15, 8, 31, tzinfo=UTC),
    datetime(2030, 3, 15, 8, 33, tzinfo=UTC),
    datetime(2030, 3, 18, 11, tzinfo=UTC),
    datetime(2030, 4, 20, tzinfo=UTC),
]
END = datetime(2030, 5, 10, tzinfo=UTC)


async def words_for_ids(life: Life) -> Mapping[str, str]:
    """What stands for each id in both lives: ids are drawn anew in each."""
    people = {row.id: row.name for row in await life.rows(select(Person))}
    plans = {row.id: f"plan of {people[row.person_id]}" for row in await life.rows(select(Plan))}
    talks = {row.id: f"{people[row.person_id]} in period {row.period}" for row in await life.rows(select(CheckInRow))}
    actions = {row.id: row.title for row in await life.rows(select(ActionRow))}
    stalls = {row.id: f"stall of {plans[row.plan_id]}" for row in await life.rows(select(Stall))}
    policies = {row.id: row.name for row in await life.rows(select(PolicyRow))}
    return people | plans | talks | actions | stalls | policies


async def what_happened(life: Life) -> tuple[list[Any], list[Any], list[Any]]:
    """Letters by key with their day, events in the calendar, and where each check-in, action and plan ended."""
    words = await words_for_ids(life)
    letters = [
        (letter.to, "/".join(words.get(part, part) for part in key.split("/")), letter.at.date())
        for letter in await life.letters()
        for key in letter.keys
    ]
    talks = [(words[talk.check_in], talk.start, talk.end, talk.cancelled) for talk in await life.talks()]
    states = [
        (words[row.id], row.state) for table in (CheckInRow, ActionRow, Plan) for row in await life.rows(select(table))
    ]
    return sorted(letters), sorted(talks), sorted(states)


async def live_a_quarter(life: Life, deaths: list[datetime]) -> None:
    """Ann answers her form and both say what became of the talk; of actions nobody says a word."""

    async def on(instant: datetime) -> None:
        while deaths and deaths[0] <= instant:
            await life.live_until(deaths.pop(0))
            await life.temporal_dies()
            await life.temporal_returns_empty()
            await recover_everything(life.installation)
        await life.live_until(instant)

    await on(datetime(2030, 3, 12, 12, tzinfo=UTC))
    check_in = (await life.check_ins("Ann"))[0].id
    await life.answer_form("Ann", check_in, "Customers call me.", share=True)
    await on(datetime(2030, 3, 19, 12, tzinfo=UTC))
    for name in ("Ann", "Mara"):
        await life.say(name, check_in, "held")
    await on(END)


async def test_a_life_in_which_temporal_is_lost_again_and_again_is_the_same_life(living: Living) -> None:
    async with living(QUARTERLY, history=HISTORY) as undisturbed:
        await live_a_quarter(undisturbed, [])
        expected = await what_happened(undisturbed)
        await undisturbed.assert_sound()
    async with living(QUARTERLY, history=HISTORY) as life:
        await live_a_quarter(life, list(DEATHS))
        happened = await what_happened(life)
        await life.assert_sound()
    kinds = {key.split("/")[0] for _, key, _ in expected[0]}
    assert kinds >= {"form", "pre-read", "outcome", "learning", "action", "support"}, "the life has something to lose"
    assert happened == expected


async def test_recovering_what_was_never_lost_changes_nothing(living: Living) -> None:
    async with living(QUARTERLY, history=HISTORY) as life:
        for _ in range(3):
            await life.live(days=12, hours=9)
            letters, talks = await life.letters(), await life.talks()
            assert await recover_everything(life.installation) >= 5
            await life.live(minutes=1)
            assert (await life.letters(), await life.talks()) == (letters, talks)
        await life.assert_sound()


async def test_with_temporal_down_the_web_face_takes_a_reflection_and_its_wake_up_waits(life: Life) -> None:
    await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
    check_in = (await life.check_ins("Ann"))[0].id
    await life.visit("Ann", f"/reflections/{check_in}")
    await life.temporal_dies()
    await life.answer_form("Ann", check_in, "Customers call me.", share=True)
    assert "Customers call me." in (await life.visit("Ann", f"/reflections/{check_in}")).html
    assert [(row.workflow, row.target) for row in await life.rows(select(WakeUp))] == [("CheckIn", check_in)]

    await life.temporal_returns_empty()
    async with asyncio.timeout(30):
        while await life.rows(select(WakeUp)):  # noqa: ASYNC110 - a loop of the worker delivers it
            await asyncio.sleep(0.05)
    # Nobody recovered anything: this one wake-up began the check-in anew where it stood.
    await life.live(days=9)
    assert ("form-reminder", "Ann") not in await life.told()
    (pre_read,) = await life.letters("Ann", "pre-read/")
    assert "Customers call me" in pre_read.body
    await life.assert_sound()
