"""What the migrations make is what the tables are, on both kinds of database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from integrations.database.connection import Database, DatabaseUnreachable, open_database
from integrations.database.migrate import (
    MIGRATIONS,
    TablesOutdated,
    check_current,
    differences,
    upgrade_async,
)
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    CheckInRow,
    Milestone,
    NeedsAHand,
    Person,
    Plan,
    PolicyRow,
    Reporting,
    Table,
)


def table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def step_of(revision: str, step: str) -> Callable[[Connection], None]:
    """What a migration does to rows that are there, done again."""

    def take(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            getattr(ScriptDirectory(str(MIGRATIONS)).get_revision(revision).module, step)()

    return take


async def says(database: Database) -> str:
    with pytest.raises(DatabaseUnreachable) as refused:
        await check_current(database)
    await database.close()
    return str(refused.value)


async def test_the_migrations_make_exactly_the_tables(any_database_url: str, keys: tuple[str, ...]) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(table_names) == {*Table.metadata.tables, "alembic_version"}
    await database.close()
    assert await differences(any_database_url) == []


async def test_what_the_migrations_forgot_is_noticed(any_database_url: str, keys: tuple[str, ...]) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE people DROP COLUMN country"))
    await database.close()
    assert "country" in str(await differences(any_database_url))


async def test_a_second_upgrade_changes_nothing_and_keeps_what_is_there(
    any_database_url: str, keys: tuple[str, ...]
) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    async with database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO needs_a_hand (key, sentence, since) VALUES ('k', 's', '2030-02-04 09:00:00')")
        )
    await upgrade_async(any_database_url)
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT sentence FROM needs_a_hand"))).scalars().all() == ["s"]
    await check_current(database)
    await database.close()


async def test_a_call_for_help_from_before_is_for_whom_it_was_asked_of(
    any_database_url: str, keys: tuple[str, ...]
) -> None:
    """Ann asked Mara, whom Otto followed; Otto, who does something in her plan, asked Ann, and Mara for his own plan
    before they talked.
    """
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    then, change = datetime(2030, 3, 4, 9, tzinfo=UTC), date(2030, 3, 14)
    async with database.transaction() as session:
        for name in ("ann", "mara", "otto"):
            session.add(Person(id=name, oid=name, mail=name, name=name, zone="Europe/Berlin", away=[]))
        await session.flush()
        for owner in ("ann", "otto"):
            session.add(Plan(id=f"plan-{owner}", person_id=owner, opened_at=then, help_asked_at=then))
        session.add(PolicyRow(id="policy", name="Quarterly check-ins", starts_on=date(2030, 1, 7)))
        session.add(Reporting(person_id="otto", partner_id="mara", source="directory", since=date(2030, 1, 1)))
        await session.flush()
        facts = {"partner_id": "mara", "period": 1, "policy_id": "policy", "policy_revision": 1, "opened_at": then}
        for owner, state in (("ann", "cancelled"), ("otto", "held")):
            session.add(CheckInRow(id=owner, person_id=owner, state=state, due_on=change, **facts))
        for partner, since, until in (("mara", date(2030, 1, 1), change), ("otto", change, None)):
            session.add(Reporting(person_id="ann", partner_id=partner, source="directory", since=since, until=until))
        await session.flush()
        for owner in ("ann", "otto"):
            facts = {"title": "Call", "modality": "stretch", "due_on": change, "agreed_on": change}
            facts |= {"chased_from": change, "made_at": then}
            session.add(ActionRow(id=f"of-{owner}", plan_id="plan-ann", owner_id=owner, made_by_id="ann", **facts))
            await session.flush()
            for whom in ("partner", "hr"):
                facts = {"action_id": f"of-{owner}", "person_id": owner, "what": "asked_help", "at": then}
                session.add(ActionEvent(**facts, id=f"{owner}-{whom}", whom=whom))
    async with database.engine.begin() as connection:
        await connection.run_sync(step_of("0024", "fill_in"))
    async with database.reading() as session:
        asked = {each.id: each.asked_id for each in await session.scalars(select(ActionEvent))}
        assert asked == {"ann-partner": "mara", "otto-partner": "ann", "ann-hr": None, "otto-hr": None}
        assert (await session.get_one(Plan, "plan-ann")).help_asked_id == "mara"
        talked = await session.get_one(Plan, "plan-otto")
        assert (talked.help_asked_at, talked.help_asked_id) == (None, None), "nothing ended a call until then"
    await database.close()


async def test_lines_about_organizers_under_their_former_name_are_struck_out(
    any_database_url: str, keys: tuple[str, ...]
) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    then = datetime(2030, 3, 4, 9, tzinfo=UTC)
    async with database.transaction() as session:
        for key in ("organizer/mara", "mailbox/mara"):
            session.add(NeedsAHand(key=key, sentence="Give them one.", since=then))
    async with database.engine.begin() as connection:
        await connection.run_sync(step_of("0027", "strike_out"))
    async with database.reading() as session:
        left = await session.scalars(select(NeedsAHand.key).where(NeedsAHand.mended_at.is_(None)))
        assert left.all() == ["mailbox/mara"]
    await database.close()


async def test_a_step_from_before_is_its_owners_unless_the_action_changed_hands_since(
    any_database_url: str, keys: tuple[str, ...]
) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    then, day = datetime(2030, 3, 4, 9, tzinfo=UTC), date(2030, 3, 25)
    after = {"kept": ("progress", "done"), "handed": ("handed_on",), "taken": ("accepted",)}
    async with database.transaction() as session:
        session.add(Person(id="ann", oid="ann", mail="ann", name="Ann", zone="Europe/Berlin", away=[]))
        await session.flush()
        session.add(Plan(id="plan", person_id="ann", opened_at=then))
        await session.flush()
        facts: dict[str, Any] = {
            "plan_id": "plan",
            "owner_id": "ann",
            "made_by_id": "ann",
            "title": "Call",
            "modality": "stretch",
        }
        facts |= {"due_on": day, "agreed_on": day, "chased_from": day, "made_at": then}
        session.add_all(ActionRow(id=key, **facts) for key in after)
        await session.flush()
        for key, events in after.items():
            session.add(Milestone(id=key, action_id=key, title="Ask", made_at=then))
            session.add(ActionEvent(action_id=key, what="accepted", at=then))
            session.add_all(ActionEvent(action_id=key, what=what, at=then + timedelta(days=1)) for what in events)
    async with database.engine.begin() as connection:
        await connection.run_sync(step_of("0029", "fill_in"))
    async with database.reading() as session:
        found = {row.id: row.writer_id for row in await session.scalars(select(Milestone))}
    assert found == {"kept": "ann", "handed": None, "taken": None}
    await database.close()


async def test_a_database_without_our_tables_is_told_how_to_get_them(
    any_database_url: str, keys: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "perennial.db").touch()
    said = await says(open_database(any_database_url, keys))
    assert said.endswith("does not have the tables of this version: run perennial database upgrade.")


async def test_a_file_that_is_not_there_is_not_begun_by_looking_for_it(
    database_url: str, keys: tuple[str, ...], tmp_path: Path
) -> None:
    said = await says(open_database(database_url, keys))
    assert said.startswith(f"There is no database file {tmp_path / 'perennial.db'}: correct PERENNIAL_DATABASE_URL")
    assert not (tmp_path / "perennial.db").exists()


async def test_a_database_of_another_version_is_not_worked_with(any_database_url: str, keys: tuple[str, ...]) -> None:
    await upgrade_async(any_database_url)
    database = open_database(any_database_url, keys)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TablesOutdated):
        await check_current(database)
    await database.close()


async def test_a_database_that_is_not_there_is_named_without_its_password(keys: tuple[str, ...]) -> None:
    said = await says(open_database("postgresql+asyncpg://perennial:hunter2@127.0.0.1:1/perennial", keys))
    assert said.startswith("The database at postgresql+asyncpg://perennial:***@127.0.0.1:1/perennial does not answer")
    assert "hunter2" not in said


async def test_a_file_that_cannot_be_opened_is_named(keys: tuple[str, ...], database_url: str) -> None:
    said = await says(open_database(database_url.replace("perennial.db", "missing/perennial.db"), keys))
    assert "unable to open database file" in said
    assert "PERENNIAL_DATABASE_URL" in said


async def test_a_file_that_is_no_database_is_not_touched(
    keys: tuple[str, ...], database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "perennial.db").write_text("Something that somebody else keeps here. " * 50)
    before = (tmp_path / "perennial.db").read_bytes()
    said = await says(open_database(database_url, keys))
    assert "file is not a database" in said
    assert (tmp_path / "perennial.db").read_bytes() == before
