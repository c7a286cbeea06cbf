"""Answers as stored: what a pre-read may take, who may write, and that drafts survive."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from cycle.policy import Policy, parse_policy
from integrations.database.connection import Database, open_database
from integrations.database.readings import note_reading, readings_of
from integrations.database.reflections import (
    TypedAnswer,
    has_answered,
    just_talk,
    lines_leave_at,
    questions_of,
    reflection_for_form,
    save_answers,
    shared_answers,
    shared_lines,
)
from integrations.database.tables import (
    Answer,
    Booking,
    CheckInRow,
    Person,
    PolicyRevision,
    PolicyRow,
    PreRead,
    Reading,
    RoleOfPerson,
    WakeUp,
)

NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)


def a_check_in(check_in_id: str, **changes: object) -> CheckInRow:
    facts: dict[str, object] = {
        "id": check_in_id,
        "person_id": "ann",
        "partner_id": "mara",
        "period": 1,
        "due_on": date(2030, 3, 11),
        "policy_id": "policy",
        "policy_revision": 1,
        "opened_at": NOW,
    }
    return CheckInRow(**(facts | changes))


@pytest.fixture
async def database(any_tables_url: str, keys: tuple[str, ...]) -> AsyncIterator[Database]:
    made = open_database(any_tables_url, keys)
    async with made.transaction() as session:
        for name, zone in (("ann", "Europe/Berlin"), ("mara", "America/New_York")):
            facts = {"mail": f"{name}@example.org", "name": name.title(), "zone": zone}
            session.add(Person(id=name, oid=name, **facts, away=[]))
        session.add(PolicyRow(id="policy", name="Quarterly check-ins", starts_on=date(2030, 1, 7)))
        await session.flush()
        document = Policy(name="Quarterly check-ins").model_dump(mode="json")
        session.add(PolicyRevision(policy_id="policy", number=1, document=document, made_at=NOW))
        session.add(a_check_in("c"))
    yield made
    await made.close()


async def save(database: Database, at: datetime = NOW, **answers: TypedAnswer) -> None:
    async with database.transaction() as session:
        await save_answers(session, "c", "ann", {key.replace("_", "-"): typed for key, typed in answers.items()}, at)


async def lines(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as session:
        return [(line.question, line.line) for line in await shared_lines(session, "c")]


async def test_only_what_is_shared_and_not_withdrawn_may_enter_a_pre_read(database: Database) -> None:
    await save(
        database,
        works_best=TypedAnswer("Mornings. Not evenings.", shared=True),
        proud=TypedAnswer("Private."),
        heading=TypedAnswer("", shared=True),
    )
    assert await lines(database) == [("works-best", "Mornings.")]
    await save(database, works_best=TypedAnswer("Mornings. Not evenings."))
    assert await lines(database) == []
    async with database.reading() as session:
        assert await shared_answers(session, "c") == []


@pytest.mark.parametrize("contains", ["shared_lines", "link_only", "whole_answers"])
async def test_a_whole_answer_enters_by_its_writers_yes_where_the_policy_allows_it(
    database: Database, contains: str
) -> None:
    async with database.transaction() as session:
        policy = Policy.model_validate({"name": "Whole", "pre_read": {"letter_contains": contains}})
        row = await session.get_one(PolicyRevision, ("policy", 1))
        row.document = policy.model_dump(mode="json")
    await save(
        database,
        works_best=TypedAnswer("Mornings. Not evenings.", shared=True, whole=True),
        proud=TypedAnswer("The launch. And more.", shared=True),
        heading=TypedAnswer("Private.", whole=True),
    )
    async with database.reading() as session:
        given = [(line.question, line.given) for line in await shared_lines(session, "c")]
    first = "Mornings. Not evenings." if contains == "whole_answers" else "Mornings."
    assert given == [("works-best", first), ("proud", "The launch.")]
    # A form that does not ask leaves the yes alone.
    await save(database, works_best=TypedAnswer("Mornings. Not evenings.", shared=True))
    async with database.reading() as session:
        assert (await shared_lines(session, "c"))[0].given == first
    await save(database, works_best=TypedAnswer("Mornings. Not evenings.", shared=True, whole=False))
    async with database.reading() as session:
        assert (await shared_lines(session, "c"))[0].given == "Mornings."


async def test_a_share_taken_back_before_anything_left_was_never_a_share(database: Database) -> None:
    await save(database, proud=TypedAnswer("x", shared=True))
    await save(database, proud=TypedAnswer("x"))
    async with database.transaction() as session:
        row = await session.scalar(select(Answer))
        assert row is not None
        assert (row.shared_at, row.withdrawn_at) == (None, None)
        session.add(PreRead(check_in_id="c", booking_no=1, content="{}", made_at=NOW))
    await save(database, proud=TypedAnswer("x", shared=True))
    await save(database, NOW + timedelta(hours=1), proud=TypedAnswer("x"))
    async with database.reading() as session:
        row = await session.scalar(select(Answer))
    assert row is not None
    assert (row.shared_at, row.withdrawn_at) == (NOW, NOW + timedelta(hours=1))


async def test_an_emptied_answer_is_kept_empty_and_no_longer_shared(database: Database) -> None:
    await save(database, proud=TypedAnswer("x", shared=True))
    await save(database, proud=TypedAnswer("", shared=True))
    assert await lines(database) == []
    async with database.reading() as session:
        assert (await session.scalars(select(Answer.text))).all() == [""]
        assert await has_answered(session, "c", "ann")


async def test_a_question_that_was_not_sent_keeps_its_answer(database: Database) -> None:
    await save(database, proud=TypedAnswer("first"))
    await save(database, heading=TypedAnswer("second"))
    async with database.reading() as session:
        form = await reflection_for_form(session, "c", "ann")
    assert form is not None
    assert [answer.text for answer in form.answers] == ["", "first", "second", ""]


async def test_nobody_but_the_employee_writes_and_nobody_else_gets_the_form(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(PermissionError):
            await save_answers(session, "c", "mara", {"proud": TypedAnswer("x")}, NOW)
        with pytest.raises(PermissionError):
            await just_talk(session, "c", "mara", NOW)
        assert await reflection_for_form(session, "c", "mara") is None
        assert await reflection_for_form(session, "nothing", "ann") is None
        assert not await has_answered(session, "c", "ann")


async def test_words_under_an_unknown_key_are_no_answer(database: Database) -> None:
    await save(database, salary=TypedAnswer("x", shared=True))
    async with database.reading() as session:
        assert (await session.scalars(select(Answer))).all() == []


async def test_a_change_of_what_others_may_have_owes_the_check_in_one_wake_up_and_a_draft_only_its_first(
    database: Database,
) -> None:
    async def owed() -> int:
        async with database.reading() as session:
            return len((await session.scalars(select(WakeUp))).all())

    await save(database, proud=TypedAnswer("x"))
    assert await owed() == 1
    await save(database, proud=TypedAnswer("x"))
    assert await owed() == 1
    await save(database, proud=TypedAnswer("y"))
    assert await owed() == 1
    await save(database, proud=TypedAnswer("y", shared=True))
    assert await owed() == 2
    await save(database, proud=TypedAnswer("z", shared=True))
    assert await owed() == 3
    await save(database, proud=TypedAnswer("z", shared=True), next=TypedAnswer("kept"))
    assert await owed() == 3
    await save(database, proud=TypedAnswer("z"))
    assert await owed() == 4


async def test_what_is_asked_follows_from_what_the_two_have_behind_them(database: Database) -> None:
    async with database.transaction() as session:
        check_in = await session.get_one(CheckInRow, "c")
        first = await questions_of(session, check_in)
        assert first[0].key == "works-best"
        session.add(a_check_in("before", due_on=date(2029, 12, 3), state="excused"))
        await session.flush()
        assert await questions_of(session, check_in) == first
        (await session.get_one(CheckInRow, "before")).state = "held"
        await session.flush()
        assert [question.key for question in await questions_of(session, check_in)] == [
            "learned",
            "surprised",
            "differently",
            "next",
        ]


async def asked(database: Database, check_in_id: str) -> list[str]:
    async with database.reading() as session:
        return [each.key for each in await questions_of(session, await session.get_one(CheckInRow, check_in_id))]


NEW_ROLE = ["as-expected", "strengths", "hardest", "would-help"]
REORGANIZED = ["changed", "lived-through", "goals", "opening"]


async def test_the_first_talk_in_a_new_role_asks_about_it_and_the_next_one_does_not(database: Database) -> None:
    async with database.transaction() as session:
        session.add(a_check_in("before", due_on=date(2029, 12, 3), state="held"))
        session.add(a_check_in("later", due_on=date(2030, 6, 11), state="due"))
        session.add(RoleOfPerson(person_id="ann", role="analyst", source="own", since=date(2030, 2, 1)))
    assert await asked(database, "c") not in (NEW_ROLE, REORGANIZED), "it is the first that anybody told"
    async with database.transaction() as session:
        (await session.get_one(RoleOfPerson, "ann")).role_before = "trainee"
    assert await asked(database, "c") == NEW_ROLE
    assert await asked(database, "before") != NEW_ROLE, "it lies before"
    async with database.transaction() as session:
        (await session.get_one(CheckInRow, "c")).state = "held"
    assert await asked(database, "c") == NEW_ROLE, "what was asked stays"
    assert await asked(database, "later") != NEW_ROLE


async def test_after_a_reorganization_the_first_talk_asks_about_it_also_one_that_is_booked_already(
    database: Database,
) -> None:
    async with database.transaction() as session:
        session.add(a_check_in("before", due_on=date(2029, 12, 3), state="held"))
        session.add(a_check_in("later", due_on=date(2030, 6, 11), state="due"))
    for day, now, later in (("2030-03-12", False, True), ("2030-03-11", True, True), ("2029-12-03", False, False)):
        async with database.transaction() as session:
            policy = parse_policy({"name": "x", "reflection": {"reorganized_on": day}}).policy
            number = (await session.scalar(select(func.max(PolicyRevision.number))) or 0) + 1
            document = policy.model_dump(mode="json")
            session.add(PolicyRevision(policy_id="policy", number=number, document=document, made_at=NOW))
        assert (await asked(database, "c") == REORGANIZED) is now
        assert (await asked(database, "later") == REORGANIZED) is later
    async with database.transaction() as session:
        (await session.get_one(CheckInRow, "c")).state = "held"
    assert await asked(database, "later") != REORGANIZED


async def test_an_answer_to_a_question_no_longer_asked_is_still_shown_to_its_writer(database: Database) -> None:
    await save(database, proud=TypedAnswer("kept"))
    async with database.transaction() as session:
        session.add(a_check_in("before", due_on=date(2029, 12, 3), state="held"))
    async with database.reading() as session:
        form = await reflection_for_form(session, "c", "ann")
    assert form is not None
    assert [answer.question.key for answer in form.answers][-2:] == ["next", "proud"]
    assert form.answers[-1].text == "kept"


async def test_the_lines_leave_at_the_first_opening_of_eithers_mail_window(database: Database) -> None:
    async with database.transaction() as session:
        assert await lines_leave_at(session, "c") is None
        start = datetime(2030, 3, 12, 14, 0, tzinfo=UTC)
        facts = {"zone": "Europe/Berlin", "organizer": "x@example.org", "transaction_id": "t", "reasons": []}
        session.add(
            Booking(
                check_in_id="c",
                no=1,
                start_at=start,
                end_at=start + timedelta(minutes=45),
                state="booked",
                made_at=NOW,
                **facts,
            )
        )
        await session.flush()
        # Monday 09:30 in Berlin comes before Monday 09:30 in New York.
        assert await lines_leave_at(session, "c") == datetime(2030, 3, 11, 8, 30, tzinfo=UTC)


async def test_a_reading_is_noted_once_a_day_of_its_reader_and_never_of_oneself(database: Database) -> None:
    async with database.transaction() as session:
        ann, mara = await session.get_one(Person, "ann"), await session.get_one(Person, "mara")
        # Four in the morning in Greenwich is still the evening before in New York.
        for hours, noted in ((0, 1), (19, 1), (20, 2)):
            assert await note_reading(session, mara, "ann", "notes/c", NOW + timedelta(hours=hours))
            assert len((await session.scalars(select(Reading))).all()) == noted
        assert not await note_reading(session, ann, "ann", "notes/c", NOW)
        assert len((await session.scalars(select(Reading))).all()) == 2
        assert [(each.reader, each.kind, each.day.day) for each in await readings_of(session, "ann")] == [
            ("Mara", "notes", 5),
            ("Mara", "notes", 4),
        ]
        assert await readings_of(session, "mara") == []
