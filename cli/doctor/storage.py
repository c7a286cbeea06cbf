"""The database, whether it has the tables of this version, and whether our keys open what is in it."""

from collections.abc import Iterator

from sqlalchemy import Column, func, or_, select
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


TRIED = 200
"""Texts of each kind: a key that closed a hundredth of them in a row is not missed."""


async def encryption_keys(installation: Installation) -> Finding:
    """Opens some of each kind of text, from the oldest to the newest, and keeps none."""
    opened = 0
    async with installation.database.reading() as session:
        for column in encrypted_columns():
            try:
                opened += await _open_some(session, column)
            except UnreadableText as error:
                return fail(KEYS, f"{column.table.name}.{column.name}: {error}")
    if not opened:
        return ok(KEYS, "nothing is stored yet that they would have to open.")
    return ok(KEYS, f"they open what is stored: {opened} texts from the oldest to the newest were tried.")


def encrypted_columns() -> Iterator[Column[str]]:
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, EncryptedText):
                yield column


async def _open_some(session: AsyncSession, column: Column[str]) -> int:
    """How many texts there were to open, at most `TRIED` and all over the table. Raises UnreadableText."""
    keys = list(column.table.primary_key.columns)
    stored = await session.scalar(select(func.count()).where(column.is_not(None))) or 0
    # Ids are made in the order of time, and a key was in use for some of it.
    every = -(-stored // TRIED) or 1
    place = func.row_number().over(order_by=keys).label("place")
    placed = select(column, place).where(column.is_not(None)).subquery()
    wanted = or_(placed.c.place % every == 1 % every, placed.c.place == stored)
    return len((await session.scalars(select(placed.c[column.name]).where(wanted))).all())
