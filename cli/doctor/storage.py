"""The database, whether it has the tables of this version, and whether our keys open what is in it."""

from collections.abc import Iterator

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.doctor.finding import Finding, fail, ok
from cli.installation import Installation
from integrations.database.columns import EncryptedText, UnreadableText
from integrations.database.roster import roster
from integrations.database.tables import Table

DATABASE, KEYS = "Database", "Encryption keys"


async def database(installation: Installation) -> Finding:
    async with installation.database.reading() as session:
        people = await roster(session, (await installation.now()).date())
    enrolled = sum(1 for each in people if each.policy)
    where = installation.database.where
    return ok(DATABASE, f"{where} has the tables of this version; people {len(people)}, enrolled {enrolled}.")


async def encryption_keys(installation: Installation) -> Finding:
    """Opens the oldest and the newest text of each kind, and keeps none."""
    opened = 0
    async with installation.database.reading() as session:
        for column in encrypted_columns():
            try:
                opened += await _open_both_ends(session, column)
            except UnreadableText as error:
                return fail(KEYS, f"{column.table.name}.{column.name}: {error}")
    if not opened:
        return ok(KEYS, "nothing is stored yet that they would have to open.")
    return ok(KEYS, f"they open the oldest and the newest of what is stored ({opened} texts).")


def encrypted_columns() -> Iterator[Column[str]]:
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, EncryptedText):
                yield column


async def _open_both_ends(session: AsyncSession, column: Column[str]) -> int:
    """How many texts there were to open, at most two. Raises UnreadableText."""
    # Ids are made in the order of time.
    keys = list(column.table.primary_key.columns)
    for order in ([key.asc() for key in keys], [key.desc() for key in keys]):
        found = await session.scalar(select(column).where(column.is_not(None)).order_by(*order).limit(1))
        if found is None:
            return 0
    return 2
