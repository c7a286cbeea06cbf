"""After a change of manager: Ann chooses what Otto sees of her time with Mara, and Mara sees nothing new at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from activities.pre_reads import make_snapshot
from cycle.policy import Policy
from cycle.pre_read import Promise, SharedLine, build_snapshot
from integrations.database.check_ins import check_in
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Answer,
    CheckInRow,
    Goal,
    Handover,
    HeardLine,
    Note,
    Plan,
    PreRead,
    Reading,
    ReflectionRow,
    Reporting,
    Topic,
)

PAGE = "/handovers/handover-1"
GOAL, OPEN, DONE, PRIVATE = "Explain numbers", "Join two calls", "Presented once", "Learn to say no"
NOTE, MARAS_NOTE, SHARED, UNSHARED = "we met under the lime", "she was calm", "customers call me", "my secret fear"
WITHDRAWN = "taken back since"
PROMISED = "open the door to pricing"
BEFORE_ONLY = {NOTE, MARAS_NOTE, SHARED, DONE}
EVERYTHING = {GOAL, OPEN, DONE, NOTE, MARAS_NOTE, SHARED}
TOPIC, MARAS_TOPIC = "a desk by the window", "who trains the new ones"
HEARD, MARA_HEARD, NOT_QUITE = "you want fewer meetings", "you would like Graz", "I said maybe Graz"
OF_THE_PAIR = {TOPIC, MARAS_TOPIC, HEARD, MARA_HEARD, NOT_QUITE}
LATER_TOPIC = "written after the change"
NEVER = {PRIVATE, UNSHARED, WITHDRAWN}


@pytest.fixture
async def changed(world: Any) -> Any:
    """Ann and Mara talked last week; since this morning Otto holds Ann's check-ins."""
    now = world.clock.at
    before = now - timedelta(days=5)
    action = {"plan_id": "plan", "made_by_id": "person-ann", "agreed_on": date(2030, 2, 1), "made_at": before}
    rows: list[Any] = [
        Plan(id="plan", person_id="person-ann", opened_at=before),
        Goal(id="goal", plan_id="plan", title=GOAL, made_at=before),
        *(
            ActionRow(
                id=f"action-{number}",
                owner_id="person-ann",
                title=title,
                due_on=date(2030, 4, number),
                chased_from=date(2030, 2, 1),
                accepted_at=before,
                state="done" if title == DONE else "open",
                private=title == PRIVATE,
                **action,
            )
            for number, title in ((1, OPEN), (2, DONE), (3, PRIVATE))
        ),
        ActionEvent(action_id="action-2", person_id="person-ann", what="done", at=before),
        Note(id="note-1", check_in_id="check-in-1", writer_id="person-ann", text=NOTE, made_at=before),
        Note(id="note-2", check_in_id="check-in-1", writer_id="person-mara", text=MARAS_NOTE, made_at=before),
        ReflectionRow(id="reflection", check_in_id="check-in-1", writer_id="person-ann", answered_at=before),
        *(
            Answer(
                id=f"answer-{question}",
                reflection_id="reflection",
                question=question,
                text=text,
                line=text,
                shared_at=before if text != UNSHARED else None,
                withdrawn_at=now if text == WITHDRAWN else None,
                changed_at=before,
            )
            for question, text in (("learned", SHARED), ("surprised", UNSHARED), ("next", WITHDRAWN))
        ),
        PreRead(
            id="pre-read",
            check_in_id="check-in-1",
            booking_no=1,
            content=build_snapshot(
                made_at=before,
                promises=[("Mara", [Promise(what=PROMISED, due_on=date(2030, 2, 19)), Promise(what="Call Ira")])],
                learning=None,
                shared=[SharedLine(question="learned", line=SHARED), SharedLine(question="next", line=WITHDRAWN)],
                celebrating=None,
                words_at_most=300,
            ).model_dump_json(),
            made_at=before,
        ),
        Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=now.date()),
        Handover(id="handover-1", person_id="person-ann", former_id="person-mara", successor_id="person-otto", at=now),
        CheckInRow(
            id="check-in-2",
            person_id="person-ann",
            partner_id="person-otto",
            kind="handover",
            period=1,
            due_on=date(2030, 3, 18),
            policy_id="policy",
            policy_revision=1,
            opened_at=now,
        ),
    ]
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).where(Reporting.partner_id == "person-mara").values(until=now.date()))
        for row in rows:
            session.add(row)
            await session.flush()
    return world


async def seen_by(world: Any, name: str, words: set[str] = EVERYTHING | NEVER) -> set[str]:
    """What of `words` somebody finds on every page about Ann that there is."""
    browser = await world.browser(name)
    paths = [PAGE, "/plans/plan", "/check-ins/check-in-1", "/check-ins/check-in-2", "/", "/reflections/check-in-1"]
    pages = [await browser.get(path) for path in (*paths, *(f"/actions/action-{number}" for number in (1, 2, 3)))]
    return {word for word in words if any(word in each.text for each in pages)}


async def choose(world: Any, *items: str, name: str = "ann") -> int:
    answer = await (await world.browser(name)).post(PAGE, data={f"show-{item}": "yes" for item in items})
    return int(answer.status_code)


async def readings(world: Any) -> set[tuple[str, str, str]]:
    async with world.database.reading() as session:
        rows = (await session.scalars(select(Reading))).all()
    return {(row.reader_id, row.owner_id, row.what.partition("/")[0]) for row in rows}


async def test_with_no_answer_the_new_manager_sees_goals_and_open_actions_and_nothing_else(changed: Any) -> None:
    assert await seen_by(changed, "otto") == {GOAL, OPEN}


async def test_the_former_manager_sees_at_once_nothing_but_what_they_wrote(changed: Any) -> None:
    assert await seen_by(changed, "mara") == {MARAS_NOTE}
    await choose(changed, "goal/goal", "note/note-1", "answer/answer-learned", "pre-read/pre-read")
    assert await seen_by(changed, "mara") == {MARAS_NOTE}


@pytest.mark.parametrize("name", ["hale", "ira", "mara"])
async def test_nobody_else_opens_the_page_or_chooses(changed: Any, name: str) -> None:
    browser = await changed.browser(name)
    missing = await browser.get("/handovers/nothing")
    theirs = await browser.get(PAGE)
    assert (theirs.status_code, theirs.text) == (404, missing.text)
    assert await choose(changed, "goal/goal", name=name) == 404


async def test_the_new_manager_cannot_choose(changed: Any) -> None:
    assert await choose(changed, "note/note-1", name="otto") == 404
    assert await seen_by(changed, "otto") == {GOAL, OPEN}


async def test_what_is_chosen_is_seen_and_nothing_else(changed: Any) -> None:
    for items, seen in (
        (["note/note-2"], {MARAS_NOTE}),
        (["action/action-2", "goal/goal"], {DONE, GOAL}),
        (["answer/answer-learned"], {SHARED}),
        (["pre-read/pre-read"], {SHARED}),
        ([], set[str]()),
    ):
        assert await choose(changed, *items) == 303
        assert await seen_by(changed, "otto") == seen


@pytest.fixture
async def talked(changed: Any) -> Any:
    """The same, and the two of them had lines to talk about, and said what they had heard."""
    before = changed.clock.at - timedelta(days=5)
    pair = {"person_id": "person-ann", "partner_id": "person-mara", "check_in_id": "check-in-1"}
    async with changed.database.transaction() as session:
        for key, who, text, at in (
            ("topic-1", "ann", TOPIC, before),
            ("topic-2", "mara", MARAS_TOPIC, before),
            ("topic-3", "ann", LATER_TOPIC, changed.clock.at),
        ):
            session.add(Topic(id=key, writer_id=f"person-{who}", text=text, made_at=at, **pair))
        heard = {"check_in_id": "check-in-1", "written_at": before}
        session.add(HeardLine(writer_id="person-ann", text=HEARD, **heard))
        answer = {"answer": "not_quite", "answer_text": NOT_QUITE, "answered_at": before}
        session.add(HeardLine(writer_id="person-mara", text=MARA_HEARD, **heard, **answer))
    return changed


ANNS_LINE, MARAS_LINE = "heard/check-in-1/person-ann", "heard/check-in-1/person-mara"


async def test_unasked_the_new_manager_sees_no_topic_and_nothing_that_was_heard(talked: Any) -> None:
    assert await seen_by(talked, "otto", OF_THE_PAIR | {LATER_TOPIC}) == set()


async def test_topics_and_what_was_heard_are_chosen_like_everything_else(talked: Any) -> None:
    form = (await (await talked.browser("ann")).get(PAGE)).text
    assert {word for word in OF_THE_PAIR | {LATER_TOPIC} if word in form} == OF_THE_PAIR
    assert "Not for performance or disciplinary use." in form
    for items, seen in (
        (["topic/topic-1"], {TOPIC}),
        (["topic/topic-2", ANNS_LINE], {MARAS_TOPIC, HEARD}),
        # A line and its answer stand together.
        ([MARAS_LINE], {MARA_HEARD, NOT_QUITE}),
        (["topic/topic-3", "heard/check-in-1/person-otto", "heard/check-in-2/person-ann"], set[str]()),
        ([], set[str]()),
    ):
        assert await choose(talked, *items) == 303
        assert await seen_by(talked, "otto", OF_THE_PAIR | {LATER_TOPIC}) == seen


async def test_the_former_manager_keeps_their_own_topic_and_line_and_nothing_of_anns(talked: Any) -> None:
    own = {MARAS_TOPIC, MARA_HEARD}
    assert await seen_by(talked, "mara", OF_THE_PAIR | {LATER_TOPIC}) == own
    await choose(talked, "topic/topic-1", "topic/topic-2", ANNS_LINE, MARAS_LINE)
    assert await seen_by(talked, "mara", OF_THE_PAIR | {LATER_TOPIC}) == own
    for words in (TOPIC, HEARD, NOT_QUITE):
        found = await (await talked.browser("mara")).post("/history", data={"q": words})
        assert "Nothing of what you may read" in found.text


async def test_the_new_manager_finds_what_was_chosen_in_their_history_and_nothing_else(talked: Any) -> None:
    await choose(talked, "topic/topic-1", MARAS_LINE)
    otto = await talked.browser("otto")
    found = {word for word in OF_THE_PAIR if "Found in" in (await otto.post("/history", data={"q": word})).text}
    assert found == {TOPIC, MARA_HEARD, NOT_QUITE}
    history = (await otto.get("/history")).text
    assert "topics" in history
    assert "what you heard" in history
    await choose(talked)
    assert PAGE not in (await otto.get("/history")).text


async def test_both_who_wrote_a_line_and_its_answer_learn_that_it_was_read(talked: Any) -> None:
    await choose(talked, MARAS_LINE)
    await (await talked.browser("otto")).get(PAGE)
    assert await readings(talked) == {("person-otto", "person-ann", "notes"), ("person-otto", "person-mara", "notes")}


async def test_a_topic_that_the_new_manager_has_read_is_not_taken_back(talked: Any) -> None:
    await choose(talked, "topic/topic-1")
    await (await talked.browser("otto")).get(PAGE)
    async with talked.database.reading() as session:
        assert (await session.get_one(Topic, "topic-1")).read_at == talked.clock.at
        assert (await session.get_one(Topic, "topic-2")).read_at is None


async def test_a_topic_that_was_ticked_off_says_so(talked: Any) -> None:
    ann = await talked.browser("ann")
    assert "talked about" not in (await ann.get(PAGE)).text
    async with talked.database.transaction() as session:
        topic = await session.get_one(Topic, "topic-1")
        topic.ticked_at, topic.ticked_in_id = talked.clock.at, "check-in-1"
    assert (await ann.get(PAGE)).text.count(", talked about") == 1


async def test_nothing_private_can_be_chosen_or_is_offered(changed: Any) -> None:
    form = (await (await changed.browser("ann")).get(PAGE)).text
    assert {word for word in EVERYTHING | NEVER if word in form} == EVERYTHING
    await choose(changed, "action/action-3", "answer/answer-surprised", "answer/answer-next", "note/other")
    assert await seen_by(changed, "otto") == set()


async def test_the_form_ticks_what_is_seen_now(changed: Any) -> None:
    ann = await changed.browser("ann")

    async def ticked() -> set[str]:
        form = (await ann.get(PAGE)).text
        return {part.split('"')[0] for part in form.split('name="show-')[1:] if "checked" in part.split(">")[0]}

    assert await ticked() == {"goal/goal", "action/action-1"}
    await choose(changed, "note/note-1")
    assert await ticked() == {"note/note-1"}


async def test_whoever_wrote_what_is_read_learns_of_it(changed: Any) -> None:
    await choose(changed, "note/note-2")
    otto = await changed.browser("otto")
    await otto.get(PAGE)
    await otto.get(PAGE)
    assert await readings(changed) == {("person-otto", "person-ann", "notes"), ("person-otto", "person-mara", "notes")}
    await (await changed.browser("ann")).get(PAGE)
    others = await readings(changed) - {("person-otto", "person-ann", "notes"), ("person-otto", "person-mara", "notes")}
    of_mara = {("person-ann", "person-mara", kind) for kind in ("notes", "pre-read")}
    assert others == of_mara, "on one's own page stand the notes of another, and the page that both read"


async def test_what_is_shared_from_now_on_needs_no_choice(changed: Any) -> None:
    await choose(changed)
    async with changed.database.transaction() as session:
        session.add(Goal(plan_id="plan", title=DONE, made_at=changed.clock.at + timedelta(days=1)))
    assert await seen_by(changed, "otto") == {DONE}


async def test_an_open_action_that_is_done_later_does_not_vanish(changed: Any) -> None:
    later = changed.clock.at + timedelta(days=2)
    async with changed.database.transaction() as session:
        (await session.get_one(ActionRow, "action-1")).state = "done"
        session.add(ActionEvent(action_id="action-1", person_id="person-ann", what="done", at=later))
    assert await seen_by(changed, "otto") == {GOAL, OPEN}


async def test_the_page_before_the_next_talk_promises_only_what_the_new_manager_may_see(changed: Any) -> None:
    async def snapshot() -> Any:
        async with changed.database.reading() as session:
            pair = await check_in(session, "check-in-2")
            return await make_snapshot(session, pair, Policy(name="Quarterly check-ins"), changed.clock.at)

    assert OPEN in str((await snapshot()).promises)
    assert (await snapshot()).celebrating is None, "it was done before"
    await choose(changed, "action/action-2")
    assert OPEN not in str((await snapshot()).promises)
    assert (await snapshot()).celebrating == DONE


async def test_once_there_is_a_third_manager_the_second_one_sees_nothing(changed: Any) -> None:
    await choose(changed, "note/note-1", "goal/goal")
    tomorrow = changed.clock.at + timedelta(days=1)
    async with changed.database.transaction() as session:
        await session.execute(
            update(Reporting).where(Reporting.partner_id == "person-otto").values(until=tomorrow.date())
        )
        session.add(
            Reporting(person_id="person-ann", partner_id="person-ira", source="directory", since=tomorrow.date())
        )
        session.add(
            Handover(
                id="handover-2",
                person_id="person-ann",
                former_id="person-otto",
                successor_id="person-ira",
                at=tomorrow,
            )
        )
    changed.clock.at = tomorrow
    assert await seen_by(changed, "otto") == set()
    assert await seen_by(changed, "ira") == {GOAL}, "no more than the one before"


async def test_the_start_page_reminds_of_the_choice_until_it_is_made(changed: Any) -> None:
    ann = await changed.browser("ann")
    assert PAGE in (await ann.get("/")).text
    assert PAGE not in (await (await changed.browser("otto")).get("/")).text
    await choose(changed)
    assert PAGE not in (await ann.get("/")).text
    assert PAGE in (await ann.get("/plan")).text


@pytest.mark.parametrize(("language", "said"), [("en", "(by 19 February)"), ("de", "(bis 19. Februar)")])
async def test_promises_shown_from_before_say_their_day_as_the_new_manager_writes_it(
    changed: Any, language: str, said: str
) -> None:
    await choose(changed, "pre-read/pre-read")
    otto = await changed.browser("otto")
    await otto.post("/language", data={"language": language})
    assert f"{PROMISED} {said}; Call Ira</p>" in (await otto.get(PAGE)).text
