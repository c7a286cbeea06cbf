"""What the two of a check-in wrote down together, and what its writer may still change of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.columns import new_id
from integrations.database.once import insert_once
from integrations.database.remembered import MustNote, only_reads
from integrations.database.tables import Note, Person

UNDO = timedelta(hours=1)
"""How long a note that was taken back can be put back."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as one reader may see it: of one that was taken back, only its writer has words, and for an hour."""

    id: str
    writer: Person
    text: str = field(repr=False)
    made_at: datetime
    changed_at: datetime | None
    mine: bool
    unread: bool
    """Nobody but its writer has seen it: it can be changed, or vanish."""
    withdrawn: bool

    @property
    def may_change(self) -> bool:
        return self.mine and self.unread and not self.withdrawn

    @property
    def may_put_back(self) -> bool:
        return self.mine and self.withdrawn and bool(self.text)


def has_words_for(note: Note, reader_id: str, now: datetime) -> bool:
    """Whether this reader of the two may see what it says. Once it was taken back, its writer can for an hour: nobody
    keeps words about a colleague that the colleague cannot read.
    """
    if note.withdrawn_at is None:
        return True
    return reader_id == note.writer_id and now - note.withdrawn_at <= UNDO


def view_of(note: Note, writer: Person, reader_id: str, now: datetime) -> NoteView:
    mine, withdrawn = reader_id == note.writer_id, note.withdrawn_at is not None
    return NoteView(
        id=note.id,
        writer=writer,
        text=note.text if has_words_for(note, reader_id, now) else "",
        made_at=note.made_at,
        changed_at=note.changed_at,
        mine=mine,
        unread=note.read_at is None,
        withdrawn=withdrawn,
    )


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


async def change_note(session: AsyncSession, note_id: str, writer_id: str, text: str, now: datetime) -> None:
    """Puts other words in its place, as long as nobody has read it. Raises Refused, or LookupError for others."""
    note = await _mine(session, note_id, writer_id)
    if note.text == text:
        return
    if note.read_at is not None or note.withdrawn_at is not None:
        raise Refused(Sentence("It has been read in the meantime, so it stays as it was. You can add another note."))
    note.text, note.changed_at = text, now


async def take_back_note(session: AsyncSession, note_id: str, writer_id: str, now: datetime) -> None:
    """Unread it is gone; once read, that there was one stays to be seen. Raises LookupError for others."""
    note = await _mine(session, note_id, writer_id)
    if note.read_at is None:
        await session.delete(note)
    elif note.withdrawn_at is None:
        note.withdrawn_at = now


async def put_back_note(session: AsyncSession, note_id: str, writer_id: str, now: datetime) -> None:
    """As if it had not been taken back. Raises Refused once its words are gone, or LookupError for others."""
    note = await _mine(session, note_id, writer_id)
    if not has_words_for(note, writer_id, now):
        raise Refused(Sentence("It was taken back over an hour ago, so its words are gone. You can write it anew."))
    note.withdrawn_at = None


async def mark_notes_read(session: AsyncSession, note_ids: Collection[str], reader_id: str, now: datetime) -> None:
    """From now on their writers can no longer change them unseen."""
    if not note_ids:
        return
    unread = Note.id.in_(note_ids) & (Note.writer_id != reader_id) & Note.read_at.is_(None)
    if not only_reads(session):
        await session.execute(update(Note).where(unread).values(read_at=now))
    elif await session.scalar(select(Note.id).where(unread).limit(1)):
        raise MustNote


async def notes_of(session: AsyncSession, check_in_id: str) -> Sequence[Note]:
    """Both people's notes of a check-in, the oldest first."""
    return (
        await session.scalars(select(Note).where(Note.check_in_id == check_in_id).order_by(Note.made_at, Note.id))
    ).all()


async def _mine(session: AsyncSession, note_id: str, writer_id: str) -> Note:
    note = await session.get(Note, note_id, with_for_update=True, populate_existing=True)
    if note is None or note.writer_id != writer_id:
        raise LookupError("There is no such note of this person's.")
    return note
