"""What somebody shares just now and can take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.tables import Answer, CheckInRow, Person, ReflectionRow


@dataclass(frozen=True, slots=True)
class Shared:
    """Of one check-in: so many `answers` are shared with `partner`."""

    check_in_id: str
    due_on: date
    partner: str
    answers: int


async def shared_by(session: AsyncSession, writer_id: str) -> Sequence[Shared]:
    """The check-ins before which this person shared something that they have not withdrawn, the newest first."""
    rows = await session.execute(
        select(CheckInRow.id, CheckInRow.due_on, Person.name, func.count(Answer.id))
        .join(ReflectionRow, ReflectionRow.check_in_id == CheckInRow.id)
        .join(Answer, Answer.reflection_id == ReflectionRow.id)
        .join(Person, Person.id == CheckInRow.partner_id)
        .where(ReflectionRow.writer_id == writer_id, Answer.shared_at.is_not(None), Answer.withdrawn_at.is_(None))
        .group_by(CheckInRow.id, CheckInRow.due_on, Person.name)
        .order_by(CheckInRow.due_on.desc(), CheckInRow.id)
    )
    return [Shared(*row) for row in rows]
