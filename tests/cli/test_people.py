"""Importing people: everything in the file can be used, or nothing is saved."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import cast

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from cli.installation import Installation
from cli.people import chosen, import_people, send_on_leave
from cli.refusal import Refused
from config.settings import Settings
from cycle.people import PeopleFileError
from integrations.database.connection import Database, open_database
from integrations.database.people import leaves_of
from integrations.database.policies import UnknownName, person_named
from integrations.database.roster import Listed, roster
from integrations.database.tables import Table
from integrations.graph.directory import Directory, DirectoryUser, MailboxFacts
from integrations.graph.errors import NoMailbox

TODAY = date(2030, 2, 4)
HEADER = "name,mail,manager,zone,start_date\n"
MARA = "Mara Vassen,mara@meadow.example,,Europe/Berlin,2020-01-01\n"
ANN = "Ann Zimi,ann@meadow.example,mara@meadow.example,Europe/Berlin,2026-01-01\n"


class StandingClock:
    async def now(self) -> datetime:
        return datetime(2030, 2, 4, 8, tzinfo=UTC)

    async def aclose(self) -> None:
        return None


class SmallTenant:
    """Knows Ann and Mara; Otto has no mailbox; Mara's mailbox is set to another zone."""

    async def user(self, id_or_mail: str) -> DirectoryUser | None:
        name = id_or_mail.split("@")[0]
        if name not in ("ann", "mara", "otto"):
            return None
        return DirectoryUser(f"oid-{name}", id_or_mail, name.title(), "DE", None, True, None)

    async def mailbox(self, oid: str) -> MailboxFacts:
        if oid == "oid-otto":
            raise NoMailbox("read a person's working hours", "there is no such mailbox")
        zone = "Asia/Singapore" if oid == "oid-mara" else "Europe/Berlin"
        return MailboxFacts(zone, frozenset(range(5)), time(9), time(17), (), None)


@pytest.fixture
async def installation(database_url: str) -> AsyncIterator[Installation]:
    key = Fernet.generate_key().decode()
    database: Database = open_database(database_url, (key,))
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    settings = Settings(
        tenant_id="11111111-1111-4111-8111-111111111111",
        client_id="22222222-2222-4222-8222-222222222222",
        client_secret=SecretStr("secret"),
        sandbox_url="http://127.0.0.1:9",
        service_mailbox="checkins@meadow.example",
        encryption_keys=(SecretStr(key),),
        session_key=SecretStr("s" * 32),
    )
    yield Installation(settings, StandingClock(), database)
    await database.close()


async def people_in(installation: Installation) -> list[Listed]:
    async with installation.database.reading() as session:
        return list(await roster(session, TODAY))


def tenant() -> Directory:
    return cast(Directory, SmallTenant())


async def test_a_manager_less_person_is_imported_and_listed(installation: Installation) -> None:
    done = await import_people(installation, tenant(), HEADER + MARA + ANN)
    assert (done.people, done.without_manager) == (2, ("mara@meadow.example",))
    assert {each.mail: each.manager for each in await people_in(installation)} == {
        "ann@meadow.example": "mara@meadow.example",
        "mara@meadow.example": None,
    }


async def test_another_zone_in_the_mailbox_is_pointed_out(installation: Installation) -> None:
    done = await import_people(installation, tenant(), HEADER + MARA + ANN)
    assert len(done.elsewhere) == 1
    assert "mara@meadow.example: the mailbox is set to Asia/Singapore" in done.elsewhere[0]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("Ira,ira@meadow.example,,Europe/Berlin,2026-01-01\n", "ira@meadow.example (Ira) is unknown in the tenant"),
        ("Otto,otto@meadow.example,,Europe/Berlin,2026-01-01\n", "otto@meadow.example (Otto) has no mailbox"),
    ],
)
async def test_somebody_the_tenant_cannot_mail_stops_the_whole_import(
    installation: Installation, row: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        await import_people(installation, tenant(), HEADER + MARA + ANN + row)
    assert any(sentence in problem for problem in refused.value.problems)
    assert await people_in(installation) == []


async def test_an_unknown_manager_stops_the_whole_import(installation: Installation) -> None:
    with pytest.raises(PeopleFileError, match="unknown"):
        await import_people(installation, tenant(), HEADER + ANN)
    assert await people_in(installation) == []


async def test_a_manager_of_an_earlier_import_is_known(installation: Installation) -> None:
    await import_people(installation, tenant(), HEADER + MARA)
    await import_people(installation, tenant(), HEADER + ANN)
    assert [each.manager for each in await people_in(installation)] == ["mara@meadow.example", None]


def test_the_reports_of_a_manager_are_chosen_and_an_unknown_manager_is_refused() -> None:
    people = [
        Listed("Ann", "ann@meadow.example", "Europe/Berlin", "Mara@meadow.example", None),
        Listed("Mara", "Mara@meadow.example", "Europe/Berlin", None, None),
    ]
    assert chosen(people, ["mara@meadow.example"]) == ["ann@meadow.example"]
    assert chosen(people, None) == ["ann@meadow.example", "Mara@meadow.example"]
    with pytest.raises(UnknownName, match=r"hale@meadow\.example"):
        chosen(people, ["hale@meadow.example"])


async def leave_of(installation: Installation, mail: str) -> list[tuple[date, date]]:
    async with installation.database.reading() as session:
        return [(each.first, each.last) for each in leaves_of(await person_named(session, mail))]


async def test_leave_in_the_file_is_kept_until_a_file_says_there_is_none(installation: Installation) -> None:
    header = HEADER.strip() + ",leave_from,leave_until\n"
    mara = MARA.strip()
    await import_people(installation, tenant(), f"{header}{mara},2030-03-04,2030-03-15\n")
    away = [(date(2030, 3, 4), date(2030, 3, 15))]
    assert await leave_of(installation, "mara@meadow.example") == away
    await import_people(installation, tenant(), HEADER + MARA)
    assert await leave_of(installation, "mara@meadow.example") == away, "a file without the columns says nothing"
    await import_people(installation, tenant(), f"{header}{mara},,\n")
    assert await leave_of(installation, "mara@meadow.example") == []


async def test_leave_is_noted_by_hand_and_taken_back(installation: Installation) -> None:
    await import_people(installation, tenant(), HEADER + MARA)
    days = date(2030, 3, 4), date(2030, 3, 15)
    for changed in (True, False):
        assert (await send_on_leave(installation, "Mara@meadow.example", *days))[1] is changed
    assert await leave_of(installation, "mara@meadow.example") == [days]
    await send_on_leave(installation, "mara@meadow.example", None, None)
    assert await leave_of(installation, "mara@meadow.example") == []
    with pytest.raises(UnknownName):
        await send_on_leave(installation, "hale@meadow.example", *days)
