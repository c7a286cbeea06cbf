"""What each of the two heard, and what the other answered; once answered, both stand as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.heard import checked_answer, checked_line
from cycle.privacy import may_read_note
from cycle.reflection import version_of
from cycle.sentences import Sentence
from integrations.database.conversations import Conversation
from integrations.database.once import insert_once
from integrations.database.people import partners_of
from integrations.database.tables import CheckInRow, HeardLine, Person


@dataclass(frozen=True, slots=True)
class Heard:
    """One line with its answer, if the reader may see that."""

    writer: Person
    other: Person
    """Whose words it is about, who answers."""
    text: str = field(repr=False)
    version: str
    answer: str | None = field(default=None, repr=False)
    answer_text: str | None = field(default=None, repr=False)


async def heard_for(session: AsyncSession, shown: Conversation, reader_id: str) -> dict[str, Heard]:
    """Writer's id -> their line, as this reader may see it. A former partner keeps their own line, nothing else."""
    people = {each.id: each for each in shown.pair.people}
    return {
        row.writer_id: Heard(
            writer=people[row.writer_id],
            other=next(each for each in shown.pair.people if each.id != row.writer_id),
            text=row.text,
            version=version_of(row.text, row.written_at),
            answer=row.answer if shown.access == "everything" else None,
            answer_text=row.answer_text if shown.access == "everything" else None,
        )
        for row in await _of(session, shown.pair.row.id)
        if row.writer_id in people and may_read_note(reader_id, row.writer_id, shown.access)
    }


async def lines_to_answer(session: AsyncSession, person_id: str, now: datetime) -> list[tuple[str, Person]]:
    """(check-in, whose line) of what the other one heard and this person has not answered; of today's pairs alone."""
    unanswered = (
        select(CheckInRow, Person)
        .join(HeardLine, HeardLine.check_in_id == CheckInRow.id)
        .join(Person, Person.id == HeardLine.writer_id)
        .where(
            or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id),
            HeardLine.writer_id != person_id,
            HeardLine.answer.is_(None),
        )
        .order_by(HeardLine.written_at, CheckInRow.id)
    )
    rows = (await session.execute(unanswered)).all()
    partners = await partners_of(session, {row.person_id for row, _ in rows}, now.date()) if rows else {}
    return [(row.id, writer) for row, writer in rows if partners.get(row.person_id) == row.partner_id]


async def say_heard(session: AsyncSession, check_in_id: str, writer_id: str, text: str, now: datetime) -> None:
    """Keeps the line, as long as it is not answered; an empty one takes it back. Raises Refused."""
    line = checked_line(text)
    row = await session.get(HeardLine, (check_in_id, writer_id), with_for_update=True, populate_existing=True)
    if row is not None and row.text == line:
        return
    if row is not None and row.answer is not None:
        raise Refused(Sentence("It has been answered in the meantime, so both stay as they are."))
    if row is None and line:
        facts = {"check_in_id": check_in_id, "writer_id": writer_id}
        await insert_once(session, HeardLine, **facts, text=line, written_at=now)
    elif row is not None and line:
        row.text, row.written_at = line, now
    elif row is not None:
        await session.delete(row)


async def answer_heard(
    session: AsyncSession,
    check_in_id: str,
    writer_id: str,
    answer: str,
    words: str,
    seen: str,
    now: datetime,
) -> None:
    """Keeps what the other says to the line of `writer_id`; their last word counts. `seen`: its version. Raises
    Refused.
    """
    given, line = checked_answer(answer, words)
    row = await session.get(HeardLine, (check_in_id, writer_id), with_for_update=True, populate_existing=True)
    if row is None or version_of(row.text, row.written_at) != seen:
        raise Refused(Sentence("The line has changed in the meantime. Here it is as it stands now."))
    row.answer, row.answer_text, row.answered_at = given, line or None, now


async def _of(session: AsyncSession, check_in_id: str) -> Sequence[HeardLine]:
    return (await session.scalars(select(HeardLine).where(HeardLine.check_in_id == check_in_id))).all()
