"""`perennial pathways import`: says what changes, and changes nothing in a dry run or by a file that cannot be used."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

import pytest
from cryptography.fernet import Fernet

from cli.installation import Installation
from cli.pathways import import_pathways
from config.pathway_files import EXAMPLE, PathwaysFileError
from config.settings import Settings
from cycle.pathways import Catalogue
from integrations.database.connection import open_database
from integrations.database.pathways import pathways_now
from integrations.database.tables import Table
from tests.stand_ins import SettableClock


@pytest.fixture
async def installation(database_url: str) -> AsyncIterator[Installation]:
    database = open_database(database_url, (Fernet.generate_key().decode(),))
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    yield Installation(cast(Settings, None), SettableClock(datetime(2030, 2, 4, 8, tzinfo=UTC)), database)
    await database.close()


async def there(installation: Installation) -> Catalogue:
    async with installation.database.reading() as session:
        return await pathways_now(session)


async def test_the_example_comes_in_with_a_sentence_for_each_kind(installation: Installation) -> None:
    files = [(EXAMPLE.name, EXAMPLE.read_text(encoding="utf-8"))]
    said = await import_pathways(installation, files, dry_run=True)
    assert [each.split(":")[0] for each in said] == [
        "4 competencies come in",
        "6 roles come in",
        "3 tracks come in",
        "2 openings come in",
    ]
    assert await there(installation) == Catalogue()
    assert await import_pathways(installation, files) == said
    assert await import_pathways(installation, files) == ()
    assert len((await there(installation)).roles) == 6


async def test_a_file_with_a_fault_changes_nothing(installation: Installation) -> None:
    await import_pathways(installation, [(EXAMPLE.name, EXAMPLE.read_text(encoding="utf-8"))])
    before = await there(installation)
    fault = ("openings.csv", "key,role,where,opens_on,closes_on\nx,nobody,Leeds,2030-03-04,2030-03-29\n")
    with pytest.raises(PathwaysFileError, match=r"openings\.csv line 2: the opening x is for nobody"):
        await import_pathways(installation, [fault])
    assert await there(installation) == before
