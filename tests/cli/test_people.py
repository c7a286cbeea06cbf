"""Importing people: everything in the file can be used, or nothing is saved."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import cast

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from cli.installation import Installation
from cli.people import Ended, chosen, end_enrolments, enrol_people, import_people, send_on_leave, take_back
from cli.refusal import Refused
from config.settings import Settings
from cycle.check_in import State
from cycle.people import PeopleFileError
from cycle.policy import Policy
from integrations.database.connection import Database, open_database
from integrations.database.people import leaves_of
from integrations.database.policies import UnknownName, person_named, save_policy
from integrations.database.roster import Listed, roster
from integrations.database.tables import CheckInRow, Person, PolicyRow, Reporting, Table
from integrations.graph.directory import Directory, DirectoryUser, MailboxFacts
from integrations.graph.errors import NoMailbox
from tests.stand_ins import SettableClock

TODAY = date(2030, 2, 4)
HEADER = "name,mail,manager,zone,start_date\n"
MARA = "Mara Vassen,mara@meadow.example,,Europe/Berlin,2020-01-01\n"
ANN = "Ann Zimi,ann@meadow.example,mara@meadow.example,Europe/Berlin,2026-01-01\n"


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
    yield Installation(settings, SettableClock(datetime(2030, 2, 4, 8, tzinfo=UTC)), database)
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


async def gone(installation: Installation, *, oid: str = "oid-before") -> None:
    """Ann had left, with another account."""
    await import_people(installation, tenant(), HEADER + MARA + ANN)
    async with installation.database.transaction() as session:
        ann = await session.scalar(select(Person).where(Person.mail == "ann@meadow.example"))
        assert ann is not None
        ann.oid, ann.left_at = oid, datetime(2030, 1, 4, 8, tzinfo=UTC)


async def ann_now(installation: Installation) -> Person:
    async with installation.database.reading() as session:
        found = await session.scalar(select(Person).where(Person.name == "Ann Zimi"))
    assert found is not None
    return found


async def test_a_new_account_of_somebody_who_left_is_theirs_once_somebody_says_so(installation: Installation) -> None:
    await gone(installation)
    with pytest.raises(Refused, match="perennial people returned ann@meadow"):
        await import_people(installation, tenant(), HEADER + MARA + ANN)
    assert await take_back(installation, tenant(), "ann@meadow.example", same=True) == "Ann Zimi"
    ann = await ann_now(installation)
    assert (ann.oid, ann.left_at, ann.mail) == ("oid-ann", None, "ann@meadow.example")


async def test_somebody_else_with_the_address_gets_nothing_of_whoever_had_it(installation: Installation) -> None:
    await gone(installation)
    await take_back(installation, tenant(), "ann@meadow.example", same=False)
    ann = await ann_now(installation)
    assert (ann.oid, ann.left_at is None) == ("oid-before", False)
    await import_people(installation, tenant(), HEADER + MARA + ANN.replace("Zimi", "Second"))
    assert sorted(each.name for each in await people_in(installation)) == ["Ann Second", "Mara Vassen"]


async def test_nobody_returns_who_never_left(installation: Installation) -> None:
    await import_people(installation, tenant(), HEADER + MARA + ANN)
    with pytest.raises(Refused, match="Nobody who has left had the address"):
        await take_back(installation, tenant(), "ann@meadow.example", same=True)


async def test_a_disabled_account_is_not_imported(installation: Installation) -> None:
    class Disabled(SmallTenant):
        async def user(self, id_or_mail: str) -> DirectoryUser | None:
            found = await super().user(id_or_mail)
            return replace(found, enabled=not id_or_mail.startswith("ann")) if found else None

    with pytest.raises(Refused, match="may not sign in any more"):
        await import_people(installation, cast(Directory, Disabled()), HEADER + MARA + ANN)


async def test_a_manager_of_hrs_own_overrides_the_one_in_the_directory(installation: Installation) -> None:
    """The tenant knows no manager of Ann's; the file does."""
    await import_people(installation, tenant(), HEADER + MARA + ANN)
    async with installation.database.reading() as session:
        (line,) = (await session.scalars(select(Reporting))).all()
    assert line.source == "override"


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


async def enrolled(installation: Installation) -> str:
    """Ann is enrolled and has a check-in to come with Mara; its id."""
    await import_people(installation, tenant(), HEADER + MARA + ANN)
    now = await installation.now()
    async with installation.database.transaction() as session:
        await save_policy(session, Policy(name="Quarterly check-ins"), TODAY, None, now)
    await enrol_people(installation, "Quarterly check-ins", ["ann@meadow.example"])
    async with installation.database.transaction() as session:
        ann, mara = [await person_named(session, f"{each}@meadow.example") for each in ("ann", "mara")]
        policy = (await session.scalars(select(PolicyRow))).one()
        facts = {"due_on": TODAY, "policy_id": policy.id, "policy_revision": 1, "opened_at": now, "period": 1}
        row = CheckInRow(person_id=ann.id, partner_id=mara.id, **facts)
        session.add(row)
        await session.flush()
        return row.id


async def state_of(installation: Installation, check_in_id: str) -> str:
    async with installation.database.reading() as session:
        return (await session.get_one(CheckInRow, check_in_id)).state


async def policy_of_ann(installation: Installation) -> str | None:
    return next(each.policy for each in await people_in(installation) if each.mail == "ann@meadow.example")


async def test_an_enrolment_ends_and_begins_again_by_address(installation: Installation) -> None:
    check_in_id = await enrolled(installation)
    ended = await end_enrolments(installation, ["Ann@meadow.example", "ann@Meadow.example"])
    assert ended == [Ended("Ann Zimi", 1)]
    assert await state_of(installation, check_in_id) == State.CANCELLED
    assert await policy_of_ann(installation) is None
    assert {each.mail: each.manager for each in await people_in(installation)} == {
        "ann@meadow.example": "mara@meadow.example",
        "mara@meadow.example": None,
    }
    await import_people(installation, tenant(), HEADER + MARA + ANN)
    assert await policy_of_ann(installation) is None, "a file enrols nobody"
    await enrol_people(installation, "Quarterly check-ins", ["ann@meadow.example"])
    assert await policy_of_ann(installation) == "Quarterly check-ins"


@pytest.mark.parametrize(
    ("mail", "sentence"),
    [
        ("hale@meadow.example", "Nobody with the address hale@meadow.example is here: correct it"),
        ("mara@meadow.example", "Mara Vassen <mara@meadow.example> is not enrolled"),
    ],
)
async def test_no_enrolment_ends_when_one_of_the_addresses_cannot_be_used(
    installation: Installation, mail: str, sentence: str
) -> None:
    check_in_id = await enrolled(installation)
    with pytest.raises(Refused) as refused:
        await end_enrolments(installation, ["ann@meadow.example", mail])
    (problem,) = refused.value.problems
    assert problem.startswith(sentence)
    assert await state_of(installation, check_in_id) == State.DUE
    assert await policy_of_ann(installation) == "Quarterly check-ins"
