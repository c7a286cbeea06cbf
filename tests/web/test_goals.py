"""Goals, the order of actions, steps, what came of it, and supporters on the pages: who sees what, and what is kept."""

import io
import json
import re
import zipfile
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, event, select, update

from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Evidence,
    Goal,
    Handover,
    LetterItem,
    Milestone,
    Person,
    Plan,
    Reading,
    Reporting,
    Supporter,
    Table,
)

GOAL = {"title": "Make figures talk", "why": "Customers call me", "priority": "More customers who stay"}
HTML = "<script>alert('x')</script>"
EVERYBODY_ELSE = ("otto", "hale", "ira")


async def rows(world: Any, table: type[Table]) -> list[Any]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(table).order_by(table.id))).all())  # type: ignore[attr-defined]


async def post(browser: httpx.AsyncClient, path: str, **typed: str) -> httpx.Response:
    return await browser.post(path, data=typed)


async def a_goal(world: Any, **others: str) -> str:
    answer = await post(await world.browser("ann"), "/plan/goals", **{**GOAL, **others})
    assert answer.status_code == 303
    found: str = (await rows(world, Goal))[-1].id
    return found


async def an_action(world: Any, title: str = "Join two calls", **others: str) -> str:
    typed = {"title": title, "due_on": "in two weeks", **others}
    assert (await post(await world.browser("ann"), "/plan/actions", **typed)).status_code == 303
    found: str = (await rows(world, ActionRow))[-1].id
    return found


async def invited(world: Any, path: str, who: str = "otto@example.org") -> str:
    answer = await post(await world.browser("ann"), f"{path}/supporters", who=who, role="mentor", note="Dear you")
    assert answer.status_code == 303, answer.text
    found: str = (await rows(world, Supporter))[-1].id
    return found


async def text_of(world: Any, name: str, path: str) -> str:
    answer = await (await world.browser(name)).get(path)
    assert answer.status_code == 200
    return str(answer.text)


async def readings(world: Any) -> set[tuple[str, str, str]]:
    async with world.database.reading() as session:
        found = (await session.scalars(select(Reading))).all()
    return {
        (each.reader_id.removeprefix("person-"), each.owner_id.removeprefix("person-"), each.what) for each in found
    }


def token_in(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found
    return found[1]


# Goals


async def test_a_goal_says_which_skill_why_and_what_it_serves(world: Any) -> None:
    goal_id = await a_goal(world)
    for name, path in (("ann", "/plan"), ("ann", f"/goals/{goal_id}"), ("mara", f"/goals/{goal_id}")):
        page = await text_of(world, name, path)
        assert all(words in page for words in GOAL.values())
    assert await readings(world) == {("mara", "ann", f"goal/{goal_id}")}


async def test_a_goal_kept_to_oneself_is_a_missing_page_for_the_partner(world: Any) -> None:
    goal_id = await a_goal(world, private="yes")
    mara = await world.browser("mara")
    assert (await mara.get(f"/goals/{goal_id}")).text == (await mara.get("/goals/none")).text
    plan = (await rows(world, Plan))[0]
    assert GOAL["title"] not in await text_of(world, "mara", f"/plans/{plan.id}")
    action_id = await an_action(world, goal=goal_id)
    assert GOAL["title"] not in await text_of(world, "mara", f"/actions/{action_id}")
    refused = await post(mara, f"/plans/{plan.id}/actions", title="X", due_on="2030-04-01", goal=goal_id)
    assert refused.status_code == 404, "nobody learns of a goal by trying its id"


async def test_nobody_else_sees_or_moves_a_goal(world: Any) -> None:
    goal_id = await a_goal(world)
    for name in EVERYBODY_ELSE:
        browser = await world.browser(name)
        assert (await browser.get(f"/goals/{goal_id}")).text == (await browser.get("/goals/none")).text
    for name in ("mara", *EVERYBODY_ELSE):
        browser = await world.browser(name)
        for what, typed in (
            ("words", GOAL),
            ("close", {"how": "reached"}),
            ("reopen", {}),
            ("evidence", {"text": "x"}),
        ):
            assert (await post(browser, f"/goals/{goal_id}/{what}", **typed)).status_code == 404
        typed = {"who": "Otto Kern", "role": "peer"}
        assert (await post(browser, f"/goals/{goal_id}/supporters", **typed)).status_code == 404
    assert (await rows(world, Goal))[0].state == "open"
    assert await rows(world, Supporter) == []


async def test_a_goal_is_reworded_closed_and_opened_again(world: Any) -> None:
    goal_id = await a_goal(world)
    ann = await world.browser("ann")
    assert (await post(ann, f"/goals/{goal_id}/words", title="Tell stories", why="", priority="")).status_code == 303
    assert "Tell stories" in await text_of(world, "mara", f"/goals/{goal_id}")
    for how in ("reached", "let_go", "changed"):
        assert (await post(ann, f"/goals/{goal_id}/close", how=how)).status_code == 303
        assert (await rows(world, Goal))[0].state == how
        assert (await post(ann, f"/goals/{goal_id}/reopen")).status_code == 303
        assert (await rows(world, Goal))[0].state == "open"
    assert (await post(ann, f"/goals/{goal_id}/close", how="failed")).status_code == 422


async def test_a_goal_that_does_not_fit_keeps_what_was_typed(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await post(ann, "/plan/goals", title=" ", why="Because of the calls")
    assert answer.status_code == 422
    assert "Because of the calls" in answer.text
    assert "which skill you want to grow" in answer.text
    assert await rows(world, Goal) == []


async def test_html_in_a_plan_stays_text(world: Any) -> None:
    goal_id = await a_goal(world, title=HTML, why=HTML, priority=HTML)
    action_id = await an_action(world, HTML, goal=goal_id, success=HTML, needs=HTML, granted_by=HTML)
    await post(await world.browser("ann"), f"/actions/{action_id}/milestones", step=HTML)
    support_id = await invited(world, f"/actions/{action_id}")
    await post(await world.browser("otto"), f"/supporting/{support_id}/accept")
    await post(await world.browser("otto"), f"/supporting/{support_id}/words", text=HTML)
    for name, path in (
        ("ann", "/plan"),
        ("ann", f"/goals/{goal_id}"),
        ("ann", f"/actions/{action_id}"),
        ("otto", f"/supporting/{support_id}"),
    ):
        page = await text_of(world, name, path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


async def test_a_new_partner_sees_no_goal_that_was_not_chosen(world: Any) -> None:
    shown, kept, private = await a_goal(world), await a_goal(world, title="Say no"), await a_goal(world, private="yes")
    async with world.database.transaction() as session:
        for line in await session.scalars(select(Reporting)):
            line.partner_id = world.id_of("ira")
        row = Handover(
            person_id=world.id_of("ann"),
            former_id=world.id_of("mara"),
            successor_id=world.id_of("ira"),
            at=world.clock.at + timedelta(hours=1),
        )
        session.add(row)
        await session.flush()
    ann, ira = await world.browser("ann"), await world.browser("ira")
    form = (await ann.get(f"/handovers/{row.id}")).text
    assert private not in form, "what is kept to oneself is not even offered"
    await post(ann, f"/handovers/{row.id}", **{f"show-goal/{shown}": "yes"})
    assert (await ira.get(f"/goals/{shown}")).status_code == 200
    assert (await ira.get(f"/goals/{kept}")).status_code == 404
    assert (await (await world.browser("mara")).get(f"/goals/{shown}")).status_code == 404


# Actions in an order


async def test_an_action_of_a_goal_has_its_kind_its_needs_and_who_grants_them(world: Any) -> None:
    goal_id = await a_goal(world)
    action_id = await an_action(world, goal=goal_id, modality="training", needs="3 hours a week", granted_by="Mara")
    row = (await rows(world, ActionRow))[0]
    assert (row.goal_id, row.due_on, row.modality) == (goal_id, date(2030, 3, 18), "training")
    for name in ("ann", "mara"):
        page = await text_of(world, name, f"/actions/{action_id}")
        assert all(words in page for words in ("3 hours a week", "Training", GOAL["title"]))


async def test_actions_move_up_and_down_among_those_of_their_goal(world: Any) -> None:
    goal_id = await a_goal(world)
    first, other, second = [
        await an_action(world, title, goal=goal) for title, goal in (("One", goal_id), ("Else", ""), ("Two", goal_id))
    ]
    ann = await world.browser("ann")

    async def order() -> list[str]:
        return re.findall(r'<li class="row" id="action-([^"]+)"', (await ann.get("/plan")).text)

    assert await order() == [first, second, other]
    assert (await post(ann, f"/actions/{second}/step", way="up")).status_code == 303
    assert await order() == [second, first, other]
    await post(ann, f"/actions/{second}/step", way="up")
    assert await order() == [second, first, other], "the first stays the first"
    await post(ann, f"/actions/{second}/step", way="down")
    assert await order() == [first, second, other]
    third = await an_action(world, "Three", goal=goal_id)
    assert await order() == [first, second, third, other]
    assert (await post(ann, f"/actions/{second}/step", way="sideways")).status_code == 422
    for name in ("mara", *EVERYBODY_ELSE):
        assert (await post(await world.browser(name), f"/actions/{second}/step", way="up")).status_code == 404
    assert await order() == [first, second, third, other]


async def test_the_partner_proposes_an_action_and_nobody_else_does(world: Any) -> None:
    await a_goal(world)
    plan = (await rows(world, Plan))[0]
    typed = {"title": "Write down a good week", "due_on": "2030-03-25", "owner": "person"}
    mara = await world.browser("mara")
    assert (await post(mara, f"/plans/{plan.id}/actions", **typed)).status_code == 303
    row = (await rows(world, ActionRow))[0]
    assert (row.owner_id, row.accepted_at) == (world.id_of("ann"), None)
    assert "Will you take this on?" in await text_of(world, "ann", f"/actions/{row.id}")
    for name in EVERYBODY_ELSE:
        assert (await post(await world.browser(name), f"/plans/{plan.id}/actions", **typed)).status_code == 404
    assert len(await rows(world, ActionRow)) == 1


async def test_an_action_is_reworded_by_its_owner_alone(world: Any) -> None:
    action_id = await an_action(world)
    typed = {"title": "Join three calls", "modality": "stretch", "success": "", "needs": "", "granted_by": ""}
    for name in ("mara", *EVERYBODY_ELSE):
        assert (await post(await world.browser(name), f"/actions/{action_id}/words", **typed)).status_code == 404
    assert (await rows(world, ActionRow))[0].title == "Join two calls"
    assert (await post(await world.browser("ann"), f"/actions/{action_id}/words", **typed)).status_code == 303
    assert (await rows(world, ActionRow))[0].title == "Join three calls"


async def test_an_action_is_put_under_a_goal_of_the_same_plan_only(world: Any) -> None:
    goal_id, action_id = await a_goal(world), await an_action(world)
    mara = await world.browser("mara")
    await post(mara, "/plan/goals", title="Listen more")
    theirs = (await rows(world, Goal))[-1].id
    ann = await world.browser("ann")
    assert (await post(ann, f"/actions/{action_id}/goal", goal=theirs)).status_code == 404
    assert (await post(mara, f"/actions/{action_id}/goal", goal=goal_id)).status_code == 404
    assert (await post(ann, f"/actions/{action_id}/goal", goal=goal_id)).status_code == 303
    assert (await rows(world, ActionRow))[0].goal_id == goal_id


@pytest.mark.parametrize("what", ["done", "drop"])
async def test_done_and_let_go_are_taken_back_for_two_weeks_by_whoever_said_so(world: Any, what: str) -> None:
    action_id = await an_action(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await post(ann, f"/actions/{action_id}/{what}")
    assert (await post(mara, f"/actions/{action_id}/reopen")).status_code == 404
    assert "/reopen" in await text_of(world, "ann", f"/actions/{action_id}")
    assert "/reopen" not in await text_of(world, "mara", f"/actions/{action_id}")
    world.pokes.made.clear()
    assert (await post(ann, f"/actions/{action_id}/reopen")).status_code == 303
    row = (await rows(world, ActionRow))[0]
    assert (row.state, row.due_on) == ("open", date(2030, 3, 18))
    assert ("ActionChase", action_id) in world.pokes.made
    await post(ann, f"/actions/{action_id}/{what}")
    world.clock.at += timedelta(days=14)
    assert (await post(ann, f"/actions/{action_id}/reopen")).status_code == 422
    assert "/reopen" not in await text_of(world, "ann", f"/actions/{action_id}")


async def test_taking_back_needs_room_among_five_open_ones(world: Any) -> None:
    action_id = await an_action(world)
    ann = await world.browser("ann")
    await post(ann, f"/actions/{action_id}/drop")
    for number in range(5):
        await an_action(world, f"Number {number}")
    assert (await post(ann, f"/actions/{action_id}/reopen")).status_code == 422
    assert (await rows(world, ActionRow))[0].state == "dropped"


async def test_a_long_plan_is_shown_with_as_few_questions_as_a_short_one(world: Any) -> None:
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        asked.append(statement)

    ann = await world.browser("ann")

    async def questions() -> int:
        asked.clear()
        event.listen(world.database.engine.sync_engine, "before_cursor_execute", count)
        await ann.get("/plan")
        event.remove(world.database.engine.sync_engine, "before_cursor_execute", count)
        return len(asked)

    await an_action(world)
    with_one = await questions()
    for number in range(4):
        await an_action(world, f"Number {number}", goal=await a_goal(world))
    assert await questions() <= with_one


# A form counts once


async def test_the_same_form_sent_again_days_later_adds_nothing(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/plan/goals", data={**GOAL, "form_token": "t"})
    await ann.post("/plan/actions", data={"title": "One", "due_on": "2030-04-01", "form_token": "t"})
    action_id = (await rows(world, ActionRow))[0].id
    token = token_in((await ann.get(f"/actions/{action_id}?choose=snooze")).text)
    for day in range(3):
        world.clock.at += timedelta(days=day)
        for path, typed in (
            ("/plan/goals", GOAL),
            ("/plan/actions", {"title": "One", "due_on": "2030-04-01"}),
            (f"/actions/{action_id}/snooze", {"days": "3"}),
            (f"/actions/{action_id}/progress", {}),
            (f"/actions/{action_id}/milestones", {"step": "Ask Finn"}),
            (f"/actions/{action_id}/supporters", {"who": "Otto Kern", "role": "peer"}),
        ):
            sent = {**typed, "form_token": "t" if path.startswith("/plan/") else token}
            assert (await ann.post(path, data=sent)).status_code == 303
    row = (await rows(world, ActionRow))[0]
    assert (row.snoozes, len(await rows(world, ActionRow)), len(await rows(world, Goal))) == (1, 1, 1)
    assert [len(await rows(world, table)) for table in (Milestone, Supporter)] == [1, 1]
    events = [each.what for each in await rows(world, ActionEvent)]
    assert events == ["made", "snoozed", "progress"]


async def test_a_form_that_was_refused_or_corrected_counts_when_it_is_sent_again(world: Any) -> None:
    ann = await world.browser("ann")
    for title, status in (("", 422), ("Explain numbers", 303), ("Explain numbers better", 303)):
        assert (await ann.post("/plan/goals", data={"title": title, "form_token": "t"})).status_code == status
    assert [row.title for row in await rows(world, Goal)] == ["Explain numbers", "Explain numbers better"]


async def test_anothers_token_burns_nothing(world: Any) -> None:
    for name in ("otto", "ann"):
        browser = await world.browser(name)
        await browser.post("/plan/goals", data={"title": "Listen", "form_token": "t"})
    assert len(await rows(world, Goal)) == 2


async def test_a_mail_scanner_changes_nothing(world: Any) -> None:
    action_id = await an_action(world)
    support_id = await invited(world, f"/actions/{action_id}")
    async with world.database.reading() as session:
        before = [(row.state, row.snoozes) for row in await session.scalars(select(ActionRow))]
    for name in ("ann", "otto"):
        browser = await world.browser(name)
        for method in ("GET", "HEAD"):
            for path in (
                *(f"/actions/{action_id}?choose={choose}" for choose in ("done", "new-date", "help", "drop", "snooze")),
                f"/actions/{action_id}/done",
                f"/supporting/{support_id}",
                f"/supporting/{support_id}/accept",
            ):
                await browser.request(method, path)
    assert [(row.state, row.snoozes) for row in await rows(world, ActionRow)] == before
    assert [row.state for row in await rows(world, Supporter)] == ["invited"]
    assert [each.what for each in await rows(world, ActionEvent)] == ["made"]


# Steps


async def test_a_step_is_added_ticked_unticked_and_taken_away(world: Any) -> None:
    action_id = await an_action(world)
    ann = await world.browser("ann")
    await post(ann, f"/actions/{action_id}/milestones", step="Ask Finn", step_by="tomorrow")
    row = (await rows(world, Milestone))[0]
    assert row.due_on == date(2030, 3, 5)
    at = f"/actions/{action_id}/milestones/{row.id}"
    assert (await post(ann, f"{at}/tick")).status_code == 303
    assert (await rows(world, Milestone))[0].done_at == world.clock.at
    assert [each.what for each in await rows(world, ActionEvent)] == ["made", "progress"]
    assert "1 of 1 step" in await text_of(world, "ann", "/plan")
    await post(ann, f"{at}/untick")
    assert (await rows(world, Milestone))[0].done_at is None
    for name in ("mara", *EVERYBODY_ELSE):
        for what in ("tick", "untick", "remove"):
            assert (await post(await world.browser(name), f"{at}/{what}")).status_code == 404
        add = await post(await world.browser(name), f"/actions/{action_id}/milestones", step="Hello")
        assert add.status_code == 404
    await post(ann, f"{at}/remove")
    assert await rows(world, Milestone) == []


async def test_a_step_belongs_to_the_action_in_its_address(world: Any) -> None:
    one, two = await an_action(world), await an_action(world, "Another")
    ann = await world.browser("ann")
    await post(ann, f"/actions/{one}/milestones", step="Ask Finn")
    row = (await rows(world, Milestone))[0]
    assert (await post(ann, f"/actions/{two}/milestones/{row.id}/tick")).status_code == 404
    await post(ann, f"/actions/{one}/done")
    assert (await post(ann, f"/actions/{one}/milestones/{row.id}/tick")).status_code == 422


async def test_a_step_is_its_writers_also_once_another_has_the_action(world: Any) -> None:
    action_id = await an_action(world)
    support_id = await invited(world, f"/actions/{action_id}", "hale@example.org")
    hale = await world.browser("hale")
    await post(hale, f"/supporting/{support_id}/accept")
    for owner, step in (("otto", "Ask Finn"), ("mara", "Call Nora")):
        async with world.database.transaction() as session:
            await session.execute(update(ActionRow).values(owner_id=f"person-{owner}"))
        await post(await world.browser(owner), f"/actions/{action_id}/milestones", step=step)
    steps = {row.title: row for row in await rows(world, Milestone)}
    assert {title: row.writer_id for title, row in steps.items()} == {
        "Ask Finn": "person-otto",
        "Call Nora": "person-mara",
    }
    mara = await world.browser("mara")
    await post(mara, f"/actions/{action_id}/milestones/{steps['Ask Finn'].id}/tick")
    for browser, reader, path in (
        (mara, "mara", "/"),
        (mara, "mara", f"/actions/{action_id}"),
        (hale, "hale", f"/supporting/{support_id}"),
    ):
        async with world.database.transaction() as session:
            await session.execute(delete(Reading))
        assert "Ask Finn" in (await browser.get(path)).text, path
        assert (reader, "otto", f"action/{action_id}") in await readings(world), path
    await (await world.browser("otto")).get("/")
    assert not [each for each in await readings(world) if each[0] == each[1]], "nobody learns of their own reading"
    file = zipfile.ZipFile(io.BytesIO((await post(await world.browser("otto"), "/privacy/export")).content))
    kept = json.loads(file.read("perennial.json"))["tables"]["milestones"]
    assert [(row["title"], row["writer"].split()[0]) for row in kept] == [("Ask Finn", "Otto")]


async def test_a_step_of_nobody_knows_whom_is_shown_and_told_to_nobody_in_particular(world: Any) -> None:
    action_id = await an_action(world)
    await post(await world.browser("ann"), f"/actions/{action_id}/milestones", step="Ask Finn")
    async with world.database.transaction() as session:
        await session.execute(update(Milestone).values(writer_id=None))
    assert "Ask Finn" in await text_of(world, "mara", f"/actions/{action_id}")
    assert await readings(world) == {("mara", "ann", f"action/{action_id}")}


# What came of it


async def test_done_takes_a_line_and_later_what_changed(world: Any) -> None:
    action_id = await an_action(world)
    ann = await world.browser("ann")
    assert (await post(ann, f"/actions/{action_id}/evidence", text="Too early")).status_code == 422
    await post(ann, f"/actions/{action_id}/done", outcome="I led the second call.")
    await post(ann, f"/actions/{action_id}/evidence", text="They ask for me now.")
    found = [(each.kind, each.text) for each in await rows(world, Evidence)]
    assert found == [("outcome", "I led the second call."), ("change", "They ask for me now.")]
    assert "They ask for me now." in await text_of(world, "mara", f"/actions/{action_id}")
    assert (await post(await world.browser("mara"), f"/actions/{action_id}/evidence", text="x")).status_code == 404
    line = (await rows(world, Evidence))[1]
    for name in ("mara", *EVERYBODY_ELSE):
        away = await post(await world.browser(name), f"/actions/{action_id}/evidence/{line.id}/remove")
        assert away.status_code == 404
    for _ in range(2):
        assert (await post(ann, f"/actions/{action_id}/evidence/{line.id}/remove")).status_code == 303
    assert len(await rows(world, Evidence)) == 1


async def test_what_came_of_it_stands_at_the_day_of_its_readers_clock(world: Any) -> None:
    action_id, ann = await an_action(world), await world.browser("ann")
    await post(ann, f"/actions/{action_id}/done")
    world.clock.at = world.clock.at.replace(hour=23, minute=30)
    await post(ann, f"/actions/{action_id}/evidence", text="They ask for me now.")
    await world.lives_in("ann", "Pacific/Guadalcanal")
    await world.lives_in("mara", "America/New_York")
    assert "5 March" in (await text_of(world, "ann", f"/actions/{action_id}")).split("<figcaption")[1].split("</")[0]
    assert "4 March" in (await text_of(world, "mara", f"/actions/{action_id}")).split("<figcaption")[1].split("</")[0]


# Supporters


@pytest.mark.parametrize("kind", ["goal", "action"])
async def test_a_mentor_sees_one_item_from_the_yes_until_the_end_and_nothing_else(world: Any, kind: str) -> None:
    goal_id, other_goal = await a_goal(world), await a_goal(world, title="Say no earlier")
    action_id = await an_action(world, "Join two calls", goal=goal_id)
    other_action = await an_action(world, "Read a book", goal=goal_id)
    path, words = (
        (f"/goals/{goal_id}", GOAL["title"]) if kind == "goal" else (f"/actions/{action_id}", "Join two calls")
    )
    support_id = await invited(world, path)
    otto = await world.browser("otto")
    before = (await otto.get(f"/supporting/{support_id}")).text
    assert "Dear you" in before
    assert words not in before, "nothing of it before the yes"
    invitation = ("otto", "ann", f"invitation/{support_id}")
    assert await readings(world) == {invitation}
    assert (await post(otto, f"/supporting/{support_id}/accept")).status_code == 303
    page = (await otto.get(f"/supporting/{support_id}")).text
    assert words in page
    for hidden in {GOAL["title"], "Say no earlier", "Join two calls", "Read a book"} - {words}:
        assert hidden not in page
    subject = goal_id if kind == "goal" else action_id
    assert await readings(world) == {invitation, ("otto", "ann", f"{kind}/{subject}")}
    plan = (await rows(world, Plan))[0]
    for closed in (
        f"/goals/{goal_id}",
        f"/goals/{other_goal}",
        f"/actions/{action_id}",
        f"/actions/{other_action}",
        f"/plans/{plan.id}",
    ):
        assert (await otto.get(closed)).status_code == 404
    assert words not in (await otto.get("/plan")).text
    assert (await post(await world.browser("ann"), f"/supporting/{support_id}/withdraw")).status_code == 303
    assert (await otto.get(f"/supporting/{support_id}")).status_code == 404, "from that moment on"
    assert (await post(otto, f"/supporting/{support_id}/words", text="Still here?")).status_code == 404
    assert (await post(otto, f"/supporting/{support_id}/accept")).status_code == 422


async def test_an_invitation_is_answered_by_the_invited_alone(world: Any) -> None:
    action_id = await an_action(world)
    support_id = await invited(world, f"/actions/{action_id}")
    for name in ("ann", "mara", "hale", "ira"):
        browser = await world.browser(name)
        assert (await browser.get(f"/supporting/{support_id}")).status_code == 404
        for what in ("accept", "decline", "step-back", "words"):
            answer = await post(browser, f"/supporting/{support_id}/{what}", text="x")
            assert answer.status_code == 404, (name, what)
    for name in ("otto", "mara"):
        assert (await post(await world.browser(name), f"/supporting/{support_id}/withdraw")).status_code == 404
    assert (await rows(world, Supporter))[0].state == "invited"
    otto = await world.browser("otto")
    assert f"/supporting/{support_id}" in (await otto.get("/")).text
    assert "An action of Ann Berg" in (await otto.get("/plan")).text
    await post(otto, f"/supporting/{support_id}/decline")
    assert "Ann Berg" not in (await otto.get("/plan")).text
    assert "not this time" in await text_of(world, "ann", f"/actions/{action_id}")
    assert "not this time" not in await text_of(world, "mara", f"/actions/{action_id}")


async def test_the_invited_hears_of_it_by_one_letter_and_nothing_of_it_is_in_its_key(world: Any) -> None:
    goal_id = await a_goal(world)
    form_token = token_in(await text_of(world, "ann", f"/goals/{goal_id}"))
    typed = {"who": "Otto Kern", "role": "peer", "note": "Dear you", "form_token": form_token}
    for _ in range(2):
        await post(await world.browser("ann"), f"/goals/{goal_id}/supporters", **typed)
    support = (await rows(world, Supporter))[0]
    async with world.database.reading() as session:
        items = (await session.scalars(select(LetterItem))).all()
    assert [(item.key, item.recipient_id, item.kind, item.state) for item in items] == [
        (f"supporter/{support.id}/person-otto", "person-otto", "supporter_invitation", "waiting")
    ]
    assert items[0].due_at == world.clock.at
    assert ("Postbox", "person-otto") in world.pokes.made


async def test_an_invitation_that_was_refused_sends_no_letter(world: Any) -> None:
    goal_id = await a_goal(world)
    for who in ("ann@example.org", "Nobody At All"):
        await post(await world.browser("ann"), f"/goals/{goal_id}/supporters", who=who, role="peer")
    async with world.database.reading() as session:
        assert (await session.scalars(select(LetterItem))).all() == []


async def test_who_steps_back_sees_nothing_any_more_and_can_be_asked_again(world: Any) -> None:
    goal_id = await a_goal(world)
    support_id = await invited(world, f"/goals/{goal_id}", "Otto Kern")
    otto = await world.browser("otto")
    await post(otto, f"/supporting/{support_id}/accept")
    await post(otto, f"/supporting/{support_id}/step-back")
    assert (await otto.get(f"/supporting/{support_id}")).status_code == 404
    again = await invited(world, f"/goals/{goal_id}", "otto@EXAMPLE.org")
    assert (await otto.get(f"/supporting/{again}")).status_code == 200


async def test_a_mentors_word_is_for_whoever_invited_and_nobody_else(world: Any) -> None:
    action_id = await an_action(world)
    support_id = await invited(world, f"/actions/{action_id}")
    otto = await world.browser("otto")
    refused = await post(otto, f"/supporting/{support_id}/words", text="Too early")
    assert refused.status_code == 404
    await post(otto, f"/supporting/{support_id}/accept")
    await post(otto, f"/supporting/{support_id}/words", text="Begin with the question.")
    assert "Begin with the question." in await text_of(world, "ann", f"/actions/{action_id}")
    assert ("ann", "otto", f"action/{action_id}") in await readings(world)
    assert "Begin with the question." not in await text_of(world, "mara", f"/actions/{action_id}")
    line = (await rows(world, Evidence))[0]
    assert (
        await post(await world.browser("ann"), f"/actions/{action_id}/evidence/{line.id}/remove")
    ).status_code == 404
    assert (await post(otto, f"/supporting/{support_id}/words/{line.id}/remove")).status_code == 303
    assert await rows(world, Evidence) == []


@pytest.mark.parametrize("who", ["", "Nobody At All", "ann@example.org", "gone@example.org"])
async def test_who_cannot_be_invited_is_said_beside_the_form(world: Any, who: str) -> None:
    action_id = await an_action(world)
    async with world.database.transaction() as session:
        session.add(
            Person(oid="oid-gone", mail="gone@example.org", name="Gone", zone="UTC", away=[], left_at=world.clock.at)
        )
    typed = {"who": who, "role": "peer", "note": "Keep me"}
    answer = await post(await world.browser("ann"), f"/actions/{action_id}/supporters", **typed)
    assert answer.status_code == 422
    assert "Keep me" in answer.text
    assert await rows(world, Supporter) == []


async def test_two_of_one_name_are_told_apart_by_their_address(world: Any) -> None:
    action_id = await an_action(world)
    async with world.database.transaction() as session:
        session.add(Person(oid="oid-2", mail="otto2@example.org", name="Otto Kern", zone="UTC", away=[]))
    ann = await world.browser("ann")
    answer = await post(ann, f"/actions/{action_id}/supporters", who="Otto Kern", role="peer")
    assert answer.status_code == 422
    assert "work address" in answer.text


async def test_the_partners_own_action_is_theirs_to_share_not_anns(world: Any) -> None:
    await a_goal(world)
    plan = (await rows(world, Plan))[0]
    typed = {"title": "Introduce Ann", "due_on": "2030-03-25", "owner": "me"}
    await post(await world.browser("mara"), f"/plans/{plan.id}/actions", **typed)
    row = (await rows(world, ActionRow))[0]
    answer = await post(await world.browser("ann"), f"/actions/{row.id}/supporters", who="Otto Kern", role="peer")
    assert answer.status_code == 404


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_of_a_plan_speaks_its_readers_language(world: Any, language: str) -> None:
    goal_id = await a_goal(world)
    action_id = await an_action(world, goal=goal_id)
    support_id = await invited(world, f"/actions/{action_id}")
    for name, path, german in (
        ("ann", "/plan", "Mein Plan"),
        ("ann", f"/goals/{goal_id}", "Warum es wichtig ist"),
        ("ann", f"/actions/{action_id}?choose=done", "Ist es erledigt?"),
        ("otto", f"/supporting/{support_id}", "Diesmal nicht"),
    ):
        browser = await world.browser(name)
        await post(browser, "/language", language=language)
        page = (await browser.get(path)).text
        assert (german in page) is (language == "de")


async def test_an_action_with_a_first_step_is_not_undone_as_if_it_had_never_been(world: Any) -> None:
    ann = await world.browser("ann")
    await post(ann, f"/check-ins/{world.check_in_id}/actions", title="Join two calls", due_on="in two weeks")
    action_id = (await rows(world, ActionRow))[0].id
    await post(ann, f"/actions/{action_id}/milestones", step="Ask Finn")
    assert (await post(ann, f"/check-ins/{world.check_in_id}/actions/{action_id}/undo")).status_code == 422
    assert len(await rows(world, ActionRow)) == 1


async def test_what_another_wrote_into_a_plan_counts_as_read_wherever_it_is_shown(world: Any) -> None:
    goal_id = await a_goal(world)
    (plan,) = await rows(world, Plan)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await post(mara, f"/plans/{plan.id}/actions", title="Ask Otto", due_on="in two weeks", owner="me", goal=goal_id)
    (action,) = await rows(world, ActionRow)
    for path in ("/", "/plan", f"/goals/{goal_id}", f"/actions/{action.id}"):
        async with world.database.transaction() as session:
            await session.execute(delete(Reading))
        assert "Ask Otto" in (await ann.get(path)).text, path
        assert ("ann", "mara", f"action/{action.id}") in await readings(world), path
    for path in ("/", "/plan"):
        await mara.get(path)
        assert not [each for each in await readings(world) if each[0] == "mara"], "her own words are nobody's reading"


async def test_what_ann_wrote_down_for_mara_counts_as_read_by_her(world: Any) -> None:
    await world_talk(world, "ann", "mara", "Introduce Ann")
    (action,) = await rows(world, ActionRow)
    await (await world.browser("mara")).post(f"/actions/{action.id}/accept")
    page = await text_of(world, "mara", "/")
    assert "Introduce Ann" in page
    assert "The people whose words you read here" in page
    assert ("mara", "ann", f"action/{action.id}") in await readings(world)


async def world_talk(world: Any, by: str, owner: str, title: str) -> None:
    data = {"title": title, "owner": f"person-{owner}", "due_on": "2030-05-01", "form_token": title}
    assert (await (await world.browser(by)).post("/check-ins/check-in-1/actions", data=data)).status_code == 303
