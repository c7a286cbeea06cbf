"""Looks for words in what one person may read of their talks: opened here, never asked of the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.privacy import is_shared
from cycle.search import Excerpt, find
from integrations.database.action_views import actions_of_check_ins
from integrations.database.notes import has_words_for, mark_notes_read
from integrations.database.past_talks import Kind, Talk
from integrations.database.readings import note_readings, told_of_action
from integrations.database.tables import Answer, HeardLine, Note, Person, ReflectionRow, Topic
from integrations.database.topics import mark_topics_read

CHOSEN: tuple[Kind, ...] = ("topic", "heard", "note", "answer")
"""What of the time before somebody may have been shown in words of people."""

MOST = 50
"""Places shown; whoever finds more looks for something narrower."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something that the reader may read. `readings_of` are those who learn of it, and `what` what the reading is."""

    talk: Talk
    kind: Kind
    id: str
    writer_id: str
    text: str = field(repr=False)
    readings_of: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Found:
    talk: Talk
    kind: Kind
    writer: Person
    mine: bool
    excerpt: Excerpt
    path: str


@dataclass(frozen=True, slots=True)
class FoundWords:
    """`more`: there is more than is shown; `noted`: somebody learns that what they wrote was read."""

    found: tuple[Found, ...] = ()
    more: bool = False
    noted: bool = False


async def find_in_talks(
    session: AsyncSession, reader: Person, talks: Sequence[Talk], words: tuple[str, ...], now: datetime
) -> FoundWords:
    """What was found, in the order of `talks`. What is shown of others counts as read."""
    if not words:
        return FoundWords()
    texts = await readable_texts(session, reader.id, talks, now)
    hits = [(text, excerpt) for text in texts if (excerpt := find(text.text, words))]
    shown = hits[:MOST]
    noted = await _note_read(session, reader, [text for text, _ in shown], now)
    found = tuple(
        [
            Found(
                talk=text.talk,
                kind=text.kind,
                writer=await session.get_one(Person, text.writer_id),
                mine=text.writer_id == reader.id,
                excerpt=excerpt,
                path=f"/actions/{text.id}" if text.kind == "action" else text.talk.path,
            )
            for text, excerpt in shown
        ]
    )
    return FoundWords(found, len(hits) > len(shown), noted)


async def readable_texts(session: AsyncSession, reader_id: str, talks: Sequence[Talk], now: datetime) -> list[Text]:
    """Every text of these talks that the reader may read, opened; in the order of `talks`.

    Notes, answers, what was heard, topics and actions. Of talks that they hold no longer, their own words; of what
    they were shown at a handover, that and nothing else.
    """
    own = {talk.row.id: talk for talk in talks if talk.handover is None}
    texts = [
        *await _notes(session, reader_id, own, now),
        *await _answers(session, reader_id, own),
        *await _heard(session, reader_id, own),
        *await _topics(session, reader_id, own),
        *await _actions(session, reader_id, own, now),
        *(text for talk in talks if talk.handover for text in _chosen(talk)),
    ]
    order = {id(talk): place for place, talk in enumerate(talks)}
    return sorted(texts, key=lambda each: order[id(each.talk)])


async def _notes(session: AsyncSession, reader_id: str, talks: dict[str, Talk], now: datetime) -> list[Text]:
    rows = await session.scalars(select(Note).where(Note.check_in_id.in_(talks)).order_by(Note.made_at, Note.id))
    return [
        Text(talks[row.check_in_id], "note", row.id, row.writer_id, row.text, (row.writer_id,), _notes_of(row))
        for row in rows
        if has_words_for(row, reader_id, now) and (row.writer_id == reader_id or _whole(talks[row.check_in_id]))
    ]


async def _answers(session: AsyncSession, reader_id: str, talks: dict[str, Talk]) -> list[Text]:
    """Their own, shared or not; the other's, as long as they are shared and once they were given out."""
    whole = [check_in_id for check_in_id, talk in talks.items() if _whole(talk)]
    rows = await session.execute(
        select(Answer, ReflectionRow)
        .join(ReflectionRow, ReflectionRow.id == Answer.reflection_id)
        .where(ReflectionRow.check_in_id.in_(whole))
        .order_by(Answer.changed_at, Answer.id)
    )
    return [
        Text(
            talks[of.check_in_id],
            "answer",
            row.id,
            of.writer_id,
            row.text,
            (of.writer_id,),
            f"reflection/{of.check_in_id}",
        )
        for row, of in rows
        if of.writer_id == reader_id
        or (talks[of.check_in_id].given_out and is_shared(row.shared_at is not None, row.withdrawn_at is not None))
    ]


async def _heard(session: AsyncSession, reader_id: str, talks: dict[str, Talk]) -> list[Text]:
    rows = await session.scalars(select(HeardLine).where(HeardLine.check_in_id.in_(talks)))
    texts = []
    for row in rows:
        talk = talks[row.check_in_id]
        other_id = talk.row.partner_id if row.writer_id == talk.row.person_id else talk.row.person_id
        if _whole(talk) or row.writer_id == reader_id:
            texts.append(
                Text(talk, "heard", row.check_in_id, row.writer_id, row.text, (row.writer_id,), _notes_of(row))
            )
        if _whole(talk) and row.answer_text:
            texts.append(Text(talk, "heard", row.check_in_id, other_id, row.answer_text, (other_id,), _notes_of(row)))
    return texts


async def _topics(session: AsyncSession, reader_id: str, talks: dict[str, Talk]) -> list[Text]:
    rows = await session.scalars(select(Topic).where(Topic.check_in_id.in_(talks)).order_by(Topic.made_at, Topic.id))
    return [
        Text(talks[row.check_in_id], "topic", row.id, row.writer_id, row.text, (row.writer_id,), _notes_of(row))
        for row in rows
        if row.writer_id == reader_id or _whole(talks[row.check_in_id])
    ]


async def _actions(session: AsyncSession, reader_id: str, talks: dict[str, Talk], now: datetime) -> list[Text]:
    whole = [check_in_id for check_in_id, talk in talks.items() if _whole(talk)]
    return [
        Text(
            talks[view.row.check_in_id or ""],
            "action",
            view.row.id,
            view.row.made_by_id,
            " · ".join(filter(None, (view.row.title, view.row.success))),
            tuple(told_of_action(view.row, view.plan_person.id, reader_id)),
            f"action/{view.row.id}",
        )
        for view in await actions_of_check_ins(session, reader_id, whole, now)
    ]


def _chosen(talk: Talk) -> list[Text]:
    assert talk.handover is not None
    person_id = talk.handover.person.id
    return [
        Text(
            talk,
            each.item.kind,
            each.item.id,
            writer_id,
            text,
            tuple({person_id, *each.told}),
            each.about,
        )
        for each in talk.handover.items
        if each.item.kind in CHOSEN and each.about.endswith(f"/{talk.row.id}")
        for writer_id, text in (
            (each.writer_id, each.text),
            *([(each.reply.writer.id, each.reply.text)] if each.reply and each.reply.text else []),
        )
    ]


async def _note_read(session: AsyncSession, reader: Person, texts: Sequence[Text], now: datetime) -> bool:
    of = [(each, text.what) for text in texts for each in text.readings_of]
    told = await note_readings(session, reader, of, now)
    await mark_notes_read(session, [each.id for each in texts if each.kind == "note"], reader.id, now)
    await mark_topics_read(session, [each.id for each in texts if each.kind == "topic"], reader.id, now)
    return told


def _whole(talk: Talk) -> bool:
    return talk.access == "everything"


def _notes_of(row: Note | HeardLine | Topic) -> str:
    return f"notes/{row.check_in_id}"
