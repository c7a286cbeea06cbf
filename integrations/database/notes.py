"""What the two of a check-in wrote down together."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.columns import new_id
from integrations.database.once import insert_once
from integrations.database.tables import Note


async def add_note(
    session: AsyncSession, check_in_id: str, writer_id: str, text: str, form_token: str | None, now: datetime
) -> None:
    """Adds a note. The same form posted again adds nothing; with other words in it, it is another note."""
    token, again = form_token, 1
    while not await insert_once(
        session,
        Note,
        id=new_id(),
        check_in_id=check_in_id,
        writer_id=writer_id,
        text=text,
        form_token=token,
        made_at=now,
    ):
        there = await session.scalar(select(Note).where(Note.form_token == token))
        if there and (there.text, there.writer_id, there.check_in_id) == (text, writer_id, check_in_id):
            return
        again += 1
        token = f"{form_token}/{again}"


async def notes_of(session: AsyncSession, check_in_id: str) -> Sequence[Note]:
    """Both people's notes of a check-in, the oldest first."""
    return (
        await session.scalars(select(Note).where(Note.check_in_id == check_in_id).order_by(Note.made_at, Note.id))
    ).all()
