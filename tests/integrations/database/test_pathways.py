"""What an import of pathways says, saves and leaves alone, on both kinds of database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from cycle.pathways import Catalogue, Holder, Role
from integrations.database.connection import Database
from integrations.database.pathways import choose_role, pathways_now, plan_import, role_of, save_import
from integrations.database.tables import PathwaysRevision, RoleOfPerson

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
WAYS = Catalogue(roles=(Role(key="analyst", name="Analyst"), Role(key="advisor", name="Advisor")))


async def bring_in(
    company: Database, catalogue: Catalogue, holders: Sequence[Holder] | None = None, *, save: bool = True
) -> tuple[str, ...]:
    async with company.transaction() as session:
        planned = await plan_import(session, catalogue, holders)
        if save:
            await save_import(session, planned, MONDAY)
    return planned.sentences


async def role(company: Database, person_id: str) -> str | None:
    async with company.reading() as session:
        return await role_of(session, person_id, await pathways_now(session))


async def test_before_the_first_import_there_is_nothing(company: Database) -> None:
    async with company.reading() as session:
        assert await pathways_now(session) == Catalogue()


async def test_an_import_is_a_revision_and_the_same_again_is_none(company: Database) -> None:
    assert await bring_in(company, WAYS) == ("2 roles come in: Analyst; Advisor.",)
    assert await bring_in(company, WAYS) == ()
    async with company.reading() as session:
        assert await pathways_now(session) == WAYS
        assert (await session.scalars(select(PathwaysRevision.number))).all() == [1]


async def test_a_dry_run_says_the_same_and_saves_nothing(company: Database) -> None:
    holders = (Holder(mail="ann@meadow.example", role="analyst"),)
    said = await bring_in(company, WAYS, holders, save=False)
    assert said == ("2 roles come in: Analyst; Advisor.", "1 person gets a role.")
    async with company.reading() as session:
        assert await pathways_now(session) == Catalogue()
    assert await bring_in(company, WAYS, holders) == said
    assert await role(company, "ann") == "analyst"


async def test_what_people_said_themselves_stays_and_who_is_not_here_is_left_out(company: Database) -> None:
    await bring_in(company, WAYS)
    async with company.transaction() as session:
        await choose_role(session, "ann", "advisor", MONDAY)
    said = await bring_in(
        company,
        WAYS,
        (
            Holder(mail="ann@meadow.example", role="analyst"),
            Holder(mail="otto@meadow.example", role="analyst"),
            Holder(mail="nobody@meadow.example", role="analyst"),
        ),
    )
    assert said == (
        "1 person gets a role.",
        "1 person has said their role themselves and keeps it.",
        "1 person of the file is not here and is left out.",
    )
    assert (await role(company, "ann"), await role(company, "otto")) == ("advisor", "analyst")


async def test_another_role_remembers_the_one_before_and_the_same_one_is_no_new_one(company: Database) -> None:
    await bring_in(company, WAYS, (Holder(mail="ann@meadow.example", role="analyst"),))
    for number, (key, before, since) in enumerate(
        (("analyst", None, MONDAY), ("advisor", "analyst", MONDAY + timedelta(days=2)), ("advisor", "analyst", None))
    ):
        async with company.transaction() as session:
            await choose_role(session, "ann", key, MONDAY + timedelta(days=number + 1))
        async with company.reading() as session:
            row = await session.get_one(RoleOfPerson, "ann")
        assert (row.role, row.role_before, row.source) == (key, before, "own")
        assert row.since == (since or MONDAY + timedelta(days=2)).date()


async def test_a_role_that_went_from_the_catalogue_is_nobodys(company: Database) -> None:
    await bring_in(company, WAYS, (Holder(mail="ann@meadow.example", role="analyst"),))
    await bring_in(company, Catalogue(roles=WAYS.roles[1:]))
    assert await role(company, "ann") is None
