"""Who read whose what, by day; its owner can see it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.pre_read import Snapshot
from integrations.database.once import insert_once
from integrations.database.people import local_day
from integrations.database.remembered import MustNote, once_a_reading, only_reads
from integrations.database.tables import ActionRow, Milestone, Person, Plan, Reading

MOST = 200
"""Readings on a page; an export has them all."""


@dataclass(frozen=True, slots=True)
class ReadBy:
    """One reading: by whom, of what kind ("notes") and of which one (an id), on which day."""

    reader: str
    kind: str
    about_id: str
    day: date


async def note_reading(session: AsyncSession, reader: Person, owner_id: str, what: str, now: datetime) -> bool:
    """Notes that the reader saw `what` ("notes/<id>") of the owner: once on each of the reader's days, and never of
    oneself. Returns whether the owner learns of it.

    Raises MustNote in a session that only reads, where it is not noted yet.
    """
    if reader.id == owner_id:
        return False
    day = local_day(reader, now)
    if not only_reads(session):
        await insert_once(session, Reading, reader_id=reader.id, owner_id=owner_id, what=what, day=day)
    elif (owner_id, what) not in await once_a_reading(
        session, ("noted", reader.id, day), lambda: _noted(session, reader.id, day)
    ):
        raise MustNote
    return True


def told_of_action(row: ActionRow, person_id: str, reader_id: str) -> set[str]:
    """Who learns that an action was read: who wrote it down, who took it on and perhaps put it in other words, and
    `person_id`, in whose plan it stands. Nobody, where a reader sees their own words alone.
    """
    words = {row.made_by_id, row.owner_id}
    return words | {person_id} if words != {reader_id} else set()


def told_of_steps(steps: Iterable[Milestone]) -> set[tuple[str, str]]:
    """(owner, what) for `note_readings`: who wrote a small step learns by its action, whoever has that by now."""
    return {(step.writer_id, f"action/{step.action_id}") for step in steps if step.writer_id}


async def note_readings(session: AsyncSession, reader: Person, of: Iterable[tuple[str, str]], now: datetime) -> bool:
    """Notes each (owner, what) as `note_reading` does. Returns whether anybody learns of it."""
    told = [await note_reading(session, reader, owner_id, what, now) for owner_id, what in sorted(set(of))]
    return any(told)


async def note_frozen_actions_read(
    session: AsyncSession, snapshot: Snapshot, reader: Person, now: datetime, besides: Collection[str]
) -> bool:
    """Notes that the reader is shown what a pre-read holds of actions, for all of them but `besides`, who learn by the
    pre-read itself. Returns whether anybody does.
    """
    if not snapshot.actions:
        return False
    rows = await session.execute(
        select(ActionRow, Plan.person_id)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .where(ActionRow.id.in_(snapshot.actions))
    )
    told = [(row.id, told_of_action(row, person_id, reader.id) - set(besides)) for row, person_id in rows]
    of = [(each, f"action/{action_id}") for action_id, them in told for each in them]
    return await note_readings(session, reader, of, now)


async def _noted(session: AsyncSession, reader_id: str, day: date) -> set[tuple[str, str]]:
    rows = await session.execute(
        select(Reading.owner_id, Reading.what).where(Reading.reader_id == reader_id, Reading.day == day)
    )
    return {(owner_id, what) for owner_id, what in rows}


async def readings_of(session: AsyncSession, owner_id: str, most: int = MOST) -> Sequence[ReadBy]:
    """Who read something of this person's, the newest first, and each reader's of a day together."""
    rows = await session.execute(
        select(Person.name, Reading.what, Reading.day)
        .join(Person, Person.id == Reading.reader_id)
        .where(Reading.owner_id == owner_id)
        .order_by(Reading.day.desc(), Person.name, Reading.what)
        .limit(most)
    )
    return [ReadBy(name, *_parts(what), day) for name, what, day in rows]


def _parts(what: str) -> tuple[str, str]:
    kind, _, about_id = what.partition("/")
    return kind, about_id
