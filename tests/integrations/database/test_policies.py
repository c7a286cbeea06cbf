"""Revisions are appended, a running check-in keeps its own, and what binds at once binds at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from cycle.policy import Mail, Policy, Privacy, Rhythm
from integrations.database.connection import Database
from integrations.database.people import set_manager
from integrations.database.policies import (
    UnknownName,
    enrol,
    policy_in_force,
    policy_of_check_in,
    policy_of_person,
    revision_number,
    save_policy,
)
from integrations.database.tables import CheckInRow, Enrolment, PolicyRevision, PolicyRow

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
START = date(2030, 1, 7)
NAME = "Quarterly check-ins"
Owed = Callable[[Database], Awaitable[list[str]]]


async def save(database: Database, policy: Policy, hr: str | None = None, starts_on: date = START) -> int:
    async with database.transaction() as session:
        return await save_policy(session, policy, starts_on, hr, NOW)


async def row(database: Database, name: str = NAME) -> PolicyRow:
    async with database.reading() as session:
        return (await session.scalars(select(PolicyRow).where(PolicyRow.name == name))).one()


async def numbers(database: Database) -> list[int]:
    async with database.reading() as session:
        return list((await session.scalars(select(PolicyRevision.number).order_by(PolicyRevision.number))).all())


async def in_force(database: Database, revision: int | None = None) -> Policy:
    policy = await row(database)
    async with database.reading() as session:
        return await policy_in_force(session, policy.id, revision)


async def test_a_change_is_a_new_revision_and_the_same_again_is_none(company: Database) -> None:
    first, second = Policy(name=NAME), Policy(name=NAME, mail=Mail(letters_per_week=2))
    assert [await save(company, each) for each in (first, first, second, second, first)] == [1, 1, 2, 2, 3]
    assert await numbers(company) == [1, 2, 3]
    assert await in_force(company) == first
    policy = await row(company)
    async with company.reading() as session:
        assert await revision_number(session, policy.id) == 3


async def test_the_first_day_of_a_policy_never_shifts(company: Database) -> None:
    await save(company, Policy(name=NAME))
    await save(company, Policy(name=NAME, mail=Mail(letters_per_week=2)), starts_on=date(2031, 1, 1))
    assert (await row(company)).starts_on == START


async def test_the_hr_partner_stays_until_another_is_named(company: Database) -> None:
    await save(company, Policy(name=NAME), hr="Hale@Meadow.Example")
    assert (await row(company)).hr_partner_id == "hale"
    await save(company, Policy(name=NAME))
    assert (await row(company)).hr_partner_id == "hale"
    await save(company, Policy(name=NAME), hr="ira@meadow.example")
    assert (await row(company)).hr_partner_id == "ira"


async def test_an_unknown_hr_partner_leaves_no_policy_behind(company: Database) -> None:
    with pytest.raises(UnknownName, match=r"Nobody with the address nobody@meadow\.example is here"):
        await save(company, Policy(name=NAME), hr="nobody@meadow.example")
    assert await numbers(company) == []


async def test_a_pinned_revision_keeps_its_rhythm_and_takes_the_newest_rules_for_mail(company: Database) -> None:
    await save(company, Policy(name=NAME, rhythm=Rhythm(conversation_minutes=45)))
    newest = Policy(
        name=NAME,
        rhythm=Rhythm(conversation_minutes=60),
        mail=Mail(letters_per_week=2),
        privacy=Privacy(delete_notes_months=12),
    )
    await save(company, newest)
    bound = await in_force(company, 1)
    assert bound.rhythm.conversation_minutes == 45
    assert bound.mail.letters_per_week == 2
    assert bound.privacy.delete_notes_months == 12
    assert await in_force(company, 2) == await in_force(company) == newest


async def test_what_protects_people_only_tightens_for_a_running_check_in(company: Database) -> None:
    await save(company, Policy(name=NAME, privacy=Privacy(smallest_group=10, delete_notes_months=6)))
    await save(company, Policy(name=NAME, privacy=Privacy(smallest_group=5, delete_notes_months=24)))
    assert (await in_force(company, 1)).privacy.smallest_group == 10
    assert (await in_force(company, 1)).privacy.delete_notes_months == 6
    assert (await in_force(company)).privacy.smallest_group == 5


async def test_a_check_in_lives_under_its_revision_and_a_person_under_the_newest(company: Database) -> None:
    await save(company, Policy(name=NAME, rhythm=Rhythm(conversation_minutes=45)))
    await save(company, Policy(name=NAME, rhythm=Rhythm(conversation_minutes=60)))
    policy = await row(company)
    check_in = CheckInRow(
        person_id="ann",
        partner_id="mara",
        period=1,
        due_on=START,
        policy_id=policy.id,
        policy_revision=1,
        opened_at=NOW,
    )
    async with company.transaction() as session:
        await set_manager(session, "ann", "mara", NOW)
        session.add(check_in)
        await session.flush()
        await enrol(session, NAME, ["ann@meadow.example"], NOW)
        await session.flush()
        assert (await policy_of_check_in(session, check_in)).rhythm.conversation_minutes == 45
        of_ann = await policy_of_person(session, "ann")
        assert of_ann is not None
        assert of_ann.rhythm.conversation_minutes == 60
        assert await policy_of_person(session, "otto") is None


async def test_whoever_is_enrolled_is_woken_and_whoever_has_no_manager_is_named(company: Database, owed: Owed) -> None:
    await save(company, Policy(name=NAME))
    async with company.transaction() as session:
        await set_manager(session, "ann", "mara", NOW)
    before = await owed(company)
    async with company.transaction() as session:
        done = await enrol(session, NAME, ["Ann@Meadow.Example", "otto@meadow.example"], NOW)
    assert done.enrolled == ("ann@meadow.example",)
    assert done.without_manager == ("otto@meadow.example",)
    assert await owed(company) == [*before, "DevelopmentCycle/ann"]


async def test_whoever_is_enrolled_elsewhere_moves_over_and_back_in(company: Database) -> None:
    await save(company, Policy(name=NAME))
    await save(company, Policy(name="Monthly check-ins"))
    async with company.transaction() as session:
        await set_manager(session, "ann", "mara", NOW)
        await session.flush()
        await enrol(session, NAME, ["ann@meadow.example"], NOW)
        await session.flush()
        (await session.get_one(Enrolment, "ann")).ended_at = NOW
    async with company.transaction() as session:
        await enrol(session, "Monthly check-ins", ["ann@meadow.example"], NOW)
    monthly = await row(company, "Monthly check-ins")
    async with company.reading() as session:
        enrolments = (await session.scalars(select(Enrolment))).all()
    assert [(each.person_id, each.policy_id, each.ended_at) for each in enrolments] == [("ann", monthly.id, None)]


@pytest.mark.parametrize(
    ("policy", "mail", "sentence"),
    [
        ("Yearly", "ann@meadow.example", 'There is no policy "Yearly": import it first'),
        (NAME, "nobody@meadow.example", "Nobody with the address nobody@meadow.example is here"),
    ],
)
async def test_nobody_is_enrolled_when_a_name_is_unknown(
    company: Database, owed: Owed, policy: str, mail: str, sentence: str
) -> None:
    await save(company, Policy(name=NAME))
    async with company.transaction() as session:
        await set_manager(session, "ann", "mara", NOW)
    before = await owed(company)

    async def enrols() -> None:
        async with company.transaction() as session:
            await enrol(session, policy, ["ann@meadow.example", mail], NOW)

    with pytest.raises(UnknownName) as refused:
        await enrols()
    assert str(refused.value).startswith(sentence)
    assert await owed(company) == before
    async with company.reading() as session:
        assert (await session.scalars(select(Enrolment))).all() == []
