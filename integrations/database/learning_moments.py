"""What managers learned lately, a text a quarter, shown first in each pre-read of that quarter."""

from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.reflection import both, version_of
from integrations.database.columns import new_id
from integrations.database.once import insert_once
from integrations.database.tables import LearningMoment, Reporting


async def learning_moment_of(session: AsyncSession, person_id: str, period: str) -> LearningMoment | None:
    """This person's learning moment of a quarter ("2030-Q1"); None when there is none or it was emptied."""
    row = await _row(session, person_id, period)
    return row if row and row.text else None


async def save_moment(
    session: AsyncSession, person_id: str, period: str, text: str, now: datetime, seen: str | None = None
) -> None:
    """Keeps the text for that quarter. An empty one leaves no row, but empties one that is there.

    `seen` is the `version` that the form showed: an old form takes nothing away. None: not told.
    """
    row = await _row(session, person_id, period)
    if row is None and text:
        facts = {"id": new_id(), "person_id": person_id, "period": period, "text": text, "changed_at": now}
        if await insert_once(session, LearningMoment, **facts):
            return
        row = await _row(session, person_id, period)
    if row and seen is not None and seen != version(row):
        text = both(row.text, text)
    if row and row.text != text:
        row.text, row.changed_at = text, now


def version(row: LearningMoment | None) -> str:
    """Changes with the text; "" before there is one."""
    return version_of(row.text, row.changed_at) if row else ""


async def holds_check_ins(session: AsyncSession, person_id: str, day: date) -> bool:
    """Whether somebody has their check-ins with this person on `day`."""
    held = exists().where(Reporting.partner_id == person_id, or_(Reporting.until.is_(None), Reporting.until > day))
    return bool(await session.scalar(select(held)))


async def _row(session: AsyncSession, person_id: str, period: str) -> LearningMoment | None:
    return await session.scalar(
        select(LearningMoment).where(LearningMoment.person_id == person_id, LearningMoment.period == period)
    )
