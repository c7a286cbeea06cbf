"""A stuck plan down the support ladder to its rest, and every way out of it: one pass, no loop, no content."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from integrations.database.tables import Plan, Stall
from tests.journeys.life import Life, Living

TITLE = "Join two customer calls"
REASON, IN_WORDS = "access", "access or budget"
HISTORY = """
people:
  - person: {ann}
    plan:
      goals: [{{title: Explain numbers, why: Customers ask}}]
      actions:
        - {{title: Join two customer calls, owner: {ann}, modality: stretch,
           agreed_on: 2029-11-05, due_on: 2030-01-14, state: open, quiet_since: 2030-01-10}}
"""


async def support(life: Life) -> list[tuple[str, str, date]]:
    """(step, first name, day) of every support letter, in their order."""
    return [
        (key.split("/")[3], life.first_name(letter.to), life.people[letter.to].local(letter.at).date())
        for letter in await life.letters(key="support/")
        for key in letter.keys
        if key.startswith("support/")
    ]


async def stuck(life: Life) -> Stall:
    """Lives until Ann is asked what is in the way."""
    await life.live_until_true(lambda: life.letters("Ann", "support/"), days=30)
    (stall,) = await life.rows(select(Stall))
    assert isinstance(stall, Stall)
    return stall


async def test_a_stalled_plan_walks_down_the_ladder_once_and_rests(living: Living) -> None:
    async with living(history=HISTORY) as life:
        await stuck(life)
        began = (await support(life))[0][2]
        await life.live_until_day(began + timedelta(days=100))
        told = await support(life)
        assert [(step, name) for step, name, _ in told] == [
            ("note", "Ann"),
            ("repairs", "Ann"),
            ("repairs", "Mara"),
            ("hr", "Hale"),
            ("rest", "Ann"),
        ]
        days = {step: (day - began).days for step, _, day in reversed(told)}
        for step, planned in (("note", 0), ("repairs", 7), ("hr", 21), ("rest", 35)):
            assert planned <= days[step] <= planned + 5, f"{step} came on day {days[step]}"
        (request,) = await life.letters("Hale")
        for word in (TITLE, "Explain numbers", "customer"):
            assert word not in request.body, "HR gets names and no content"
        assert (await life.rows(select(Plan)))[0].state == "resting"
        rest = told[-1][2]
        later = [
            letter for letter in await life.letters("Ann") if life.people[letter.to].local(letter.at).date() > rest
        ]
        chased = [key for letter in later for key in letter.keys if key.startswith(("action", "weekly", "support"))]
        assert chased == [], "it rests, and nobody is chased"
        await life.assert_sound()


@pytest.mark.parametrize("way", ["pause", "leave", "smaller"])
async def test_one_click_ends_it(living: Living, way: str) -> None:
    async with living(history=HISTORY) as life:
        page = f"/stalls/{(await stuck(life)).id}"
        await life.post("Ann", page, f"{page}/{way}")
        told = await support(life)
        await life.live(days=25)
        assert await support(life) == told, "no repairs, no HR, no second note"
        (plan,) = await life.rows(select(Plan))
        assert plan.state == ("resting" if way == "pause" else "active")
        await life.assert_sound()


async def test_progress_ends_the_stall_and_no_further_step_is_taken(living: Living) -> None:
    async with living(history=HISTORY) as life:
        stall = await stuck(life)
        action = f"/actions/{stall.cause.split('/')[1]}"
        await life.post("Ann", action, f"{action}/progress")
        await life.live(days=25)
        assert [step for step, _, _ in await support(life)] == ["note"]
        (stall,) = await life.rows(select(Stall))
        assert stall.ended == "helped"


async def test_hr_that_was_kept_out_hears_nothing(living: Living) -> None:
    async with living(history=HISTORY) as life:
        page = f"/stalls/{(await stuck(life)).id}"
        await life.post("Ann", page, f"{page}/keep-hr-out")
        await life.live(days=45)
        assert [step for step, _, _ in await support(life)] == ["note", "repairs", "repairs", "rest"]
        assert await life.letters("Hale") == []
        await life.assert_sound()


@pytest.mark.parametrize("shared", [False, True])
async def test_hr_learns_what_is_in_the_way_only_if_it_was_shared(living: Living, shared: bool) -> None:
    async with living(history=HISTORY) as life:
        page = f"/stalls/{(await stuck(life)).id}"
        boxes = {"to_hr": "yes"} if shared else {}
        await life.post("Ann", page, f"{page}/answer", reason=REASON, **boxes)
        await life.live(days=30)
        assert [step for step, _, _ in await support(life)] == ["note", "repairs", "repairs", "hr"]
        assert [(IN_WORDS in letter.body) for letter in await life.letters("Hale")] == [shared]
        assert not any(IN_WORDS in letter.body for letter in await life.letters("Mara"))
        await life.assert_sound()
