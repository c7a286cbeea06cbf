"""What a pair wants to talk about: lines of either that go along from talk to talk until one of them ticks them off."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cycle.actions import Refused
from cycle.check_in import CALLED_OFF
from cycle.heard import checked_line
from cycle.sentences import Sentence
from integrations.database.columns import new_id
from integrations.database.conversations import Conversation
from integrations.database.once import insert_once
from integrations.database.remembered import MustNote, only_reads
from integrations.database.tables import CheckInRow, Person, Topic


@dataclass(frozen=True, slots=True)
class TopicView:
    id: str
    writer: Person
    text: str = field(repr=False)
    carried: bool
    """It comes from an earlier talk."""
    ticked: bool
    """Ticked off on this check-in's page, where that can be undone."""
    may_take_back: bool
    check_in_id: str


async def topics_for(session: AsyncSession, shown: Conversation, reader_id: str) -> list[TopicView]:
    """Those of a check-in's page: what was ticked off on it and, as long as no talk comes after it, what is open.

    Of a former pair each sees what they wrote themselves.
    """
    row = shown.pair.row
    people = {each.id: each for each in shown.pair.people}
    mine = Topic.person_id == row.person_id, Topic.partner_id == row.partner_id
    here = Topic.ticked_in_id == row.id
    if shown.access != "everything":
        wanted = select(Topic).where(*mine, Topic.writer_id == reader_id, Topic.check_in_id == row.id)
    elif await is_newest(session, row):
        wanted = select(Topic).where(*mine, or_(here, Topic.ticked_at.is_(None)))
    else:
        wanted = select(Topic).where(*mine, here)
    return [
        TopicView(
            id=each.id,
            writer=people[each.writer_id],
            text=each.text,
            carried=each.check_in_id != row.id,
            ticked=each.ticked_at is not None,
            may_take_back=each.writer_id == reader_id and each.read_at is None and shown.access == "everything",
            check_in_id=each.check_in_id,
        )
        for each in await session.scalars(wanted.order_by(Topic.made_at, Topic.id))
    ]


async def is_newest(session: AsyncSession, row: CheckInRow) -> bool:
    """Whether this pair has no later talk, but for those that were called off: open topics are on its page."""
    later = aliased(CheckInRow)
    if row.state in CALLED_OFF:
        return False
    return not await session.scalar(
        select(
            exists().where(
                later.person_id == row.person_id,
                later.partner_id == row.partner_id,
                later.id != row.id,
                later.state.not_in(CALLED_OFF),
                or_(later.due_on > row.due_on, (later.due_on == row.due_on) & (later.id > row.id)),
            )
        )
    )


async def add_topic(
    session: AsyncSession, row: CheckInRow, writer_id: str, text: str, form_token: str | None, now: datetime
) -> None:
    """Adds a line; the same form posted again adds nothing. Raises Refused."""
    line = checked_line(text)
    if not line:
        raise Refused(Sentence("Write a line first."))
    token = form_token and f"{writer_id}/{form_token}"
    there = await session.scalar(select(Topic).where(Topic.form_token == token)) if token else None
    if there and (there.text, there.check_in_id) == (line, row.id):
        return
    await insert_once(
        session,
        Topic,
        id=new_id(),
        person_id=row.person_id,
        partner_id=row.partner_id,
        check_in_id=row.id,
        writer_id=writer_id,
        text=line,
        # A form gone back to and sent with other words is another line.
        form_token=None if there else token,
        made_at=now,
    )


async def tick(session: AsyncSession, shown: Conversation, topic_id: str, reader_id: str, now: datetime) -> None:
    """Talked about: it goes along no further. Raises LookupError for what is not on this page."""
    topic = await _on(session, shown, topic_id)
    if topic.ticked_at is None:
        topic.ticked_at, topic.ticked_by_id, topic.ticked_in_id = now, reader_id, shown.pair.row.id


async def untick(session: AsyncSession, shown: Conversation, topic_id: str) -> None:
    """Still open. Raises LookupError for what is not on this page."""
    topic = await _on(session, shown, topic_id)
    topic.ticked_at = topic.ticked_by_id = topic.ticked_in_id = None


async def take_back_topic(session: AsyncSession, shown: Conversation, topic_id: str, writer_id: str) -> None:
    """Gone, as long as the other has not read it. Raises Refused; LookupError for what is not theirs."""
    topic = await _on(session, shown, topic_id)
    if topic.writer_id != writer_id:
        raise LookupError("There is no such line of this person's.")
    if topic.read_at is not None:
        raise Refused(Sentence("It has been read in the meantime. Tick it off, and it goes along no further."))
    await session.delete(topic)


async def mark_topics_read(session: AsyncSession, topic_ids: Collection[str], reader_id: str, now: datetime) -> None:
    if not topic_ids:
        return
    unread = Topic.id.in_(topic_ids) & (Topic.writer_id != reader_id) & Topic.read_at.is_(None)
    if not only_reads(session):
        await session.execute(update(Topic).where(unread).values(read_at=now))
    elif await session.scalar(select(Topic.id).where(unread).limit(1)):
        raise MustNote


async def _on(session: AsyncSession, shown: Conversation, topic_id: str) -> Topic:
    topic = await session.get(Topic, topic_id, with_for_update=True, populate_existing=True)
    row = shown.pair.row
    if topic is None or (topic.person_id, topic.partner_id) != (row.person_id, row.partner_id):
        raise LookupError("There is no such line of this pair's.")
    if topic.ticked_in_id not in (None, row.id):
        raise LookupError("It was ticked off on another page.")
    return topic
