"""Everybody's history: which talks they were part of or were shown, and what of each they may still read."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import OPEN
from cycle.privacy import Access, access_to_check_in
from integrations.database.people import local_day, partners_of
from integrations.database.successors import HandoverView, handover_for
from integrations.database.tables import (
    ActionRow,
    Answer,
    Booking,
    CheckInRow,
    Handover,
    HeardLine,
    Note,
    Person,
    PreRead,
    ReflectionRow,
    Topic,
)

Kind = Literal["pre-read", "answer", "note", "heard", "topic", "action"]
KINDS: tuple[Kind, ...] = ("pre-read", "answer", "note", "heard", "topic", "action")


@dataclass(frozen=True, slots=True)
class Talk:
    """A check-in as it stands in one person's history.

    Of a talk with a former employee of theirs, `state` is None and `day` that of their own last word; of one that
    they were shown at a handover, `handover` is set.
    """

    row: CheckInRow
    other: Person
    access: Access
    state: str | None
    day: date
    start_at: datetime | None
    over: bool
    given_out: bool
    """What was shared before it could be read by both."""
    holds: tuple[Kind, ...]
    handover: HandoverView | None = None

    @property
    def path(self) -> str:
        return f"/handovers/{self.handover.row.id}" if self.handover else f"/check-ins/{self.row.id}"


async def talks_of(session: AsyncSession, reader: Person, now: datetime) -> list[Talk]:
    """Every check-in of this person's, and what others chose to show them of earlier ones, the newest first; each on
    its day as their own clock has it.

    Asked in a few queries however many there are, and no text is opened but of what was chosen at a handover.
    """
    reader_id = reader.id
    either = or_(CheckInRow.person_id == reader_id, CheckInRow.partner_id == reader_id)
    rows = (await session.scalars(select(CheckInRow).where(either))).all()
    ids = [row.id for row in rows]
    bookings = await _bookings(session, ids)
    partners = await partners_of(session, {row.person_id for row in rows}, now.date())
    people = await _people(session, {each for row in rows for each in (row.person_id, row.partner_id)})
    written = await _written(session, ids, reader_id)
    talks = []
    for row in rows:
        access = access_to_check_in(reader_id, row.person_id, row.partner_id, partners.get(row.person_id))
        other = people[row.partner_id if reader_id == row.person_id else row.person_id]
        if access == "everything":
            talks.append(_whole(row, other, bookings.get(row.id), written[row.id], reader, now))
        elif mine := [each for each in written[row.id] if each.writer_id == reader_id and each.kind in OWN_WORDS]:
            day = local_day(reader, max(each.at for each in mine))
            talks.append(Talk(row, other, access, None, day, None, True, False, _kinds(mine)))
    talks += await _shown(session, reader_id, now)
    return sorted(talks, key=lambda each: (each.day, each.row.id), reverse=True)


def is_past(talk: Talk) -> bool:
    return talk.state is None or talk.over or talk.row.state not in OPEN


OWN_WORDS: tuple[Kind, ...] = ("note", "heard", "topic")
"""What somebody keeps of talks that they no longer hold: what stands on the page that they still see."""


@dataclass(frozen=True, slots=True)
class _Written:
    kind: Kind
    writer_id: str
    at: datetime
    hidden: bool = False
    """From everybody but its writer."""


def _whole(
    row: CheckInRow, other: Person, newest: Booking | None, written: Sequence[_Written], reader: Person, now: datetime
) -> Talk:
    booking = newest if newest and newest.state == "booked" else None
    given_out = any(each.kind == "pre-read" for each in written) or (booking is not None and booking.start_at <= now)
    seen = [
        each
        for each in written
        if each.writer_id == reader.id or not (each.hidden or (each.kind == "answer" and not given_out))
    ]
    return Talk(
        row=row,
        other=other,
        access="everything",
        state=row.state,
        day=local_day(reader, booking.start_at) if booking else row.due_on,
        start_at=booking.start_at if booking else None,
        over=booking is not None and booking.end_at <= now,
        given_out=given_out,
        holds=_kinds(seen),
    )


def _kinds(written: Iterable[_Written]) -> tuple[Kind, ...]:
    there = {each.kind for each in written}
    return tuple(kind for kind in KINDS if kind in there)


async def _bookings(session: AsyncSession, ids: Sequence[str]) -> dict[str, Booking]:
    rows = await session.scalars(select(Booking).where(Booking.check_in_id.in_(ids)).order_by(Booking.no))
    return {row.check_in_id: row for row in rows}


async def _people(session: AsyncSession, ids: Collection[str]) -> dict[str, Person]:
    return {each.id: each for each in await session.scalars(select(Person).where(Person.id.in_(ids)))}


async def _written(session: AsyncSession, ids: Sequence[str], reader_id: str) -> dict[str, list[_Written]]:
    """check-in id -> what there is, by whom and since when; never the words."""
    found: dict[str, list[_Written]] = defaultdict(list)
    notes = select(Note.check_in_id, Note.writer_id, Note.made_at, Note.withdrawn_at).where(Note.check_in_id.in_(ids))
    for check_in_id, writer_id, at, withdrawn_at in await session.execute(notes):
        found[check_in_id].append(_Written("note", writer_id, at, hidden=withdrawn_at is not None))
    heard = select(HeardLine.check_in_id, HeardLine.writer_id, HeardLine.written_at)
    for check_in_id, writer_id, at in await session.execute(heard.where(HeardLine.check_in_id.in_(ids))):
        found[check_in_id].append(_Written("heard", writer_id, at))
    topics = select(Topic.check_in_id, Topic.writer_id, Topic.made_at).where(Topic.check_in_id.in_(ids))
    for check_in_id, writer_id, at in await session.execute(topics):
        found[check_in_id].append(_Written("topic", writer_id, at))
    pre_reads = select(PreRead.check_in_id, PreRead.made_at).where(PreRead.check_in_id.in_(ids))
    for check_in_id, at in await session.execute(pre_reads):
        found[check_in_id].append(_Written("pre-read", "", at))
    actions = select(ActionRow.check_in_id, ActionRow.made_by_id, ActionRow.made_at).where(
        ActionRow.check_in_id.in_(ids), or_(ActionRow.private.is_(False), ActionRow.owner_id == reader_id)
    )
    for action_of, writer_id, at in await session.execute(actions):
        found[action_of or ""].append(_Written("action", writer_id, at))
    answers = (
        select(ReflectionRow.check_in_id, ReflectionRow.writer_id, Answer.changed_at, Answer.shared_at)
        .join(Answer, Answer.reflection_id == ReflectionRow.id)
        .where(
            ReflectionRow.check_in_id.in_(ids),
            or_(
                ReflectionRow.writer_id == reader_id,
                Answer.shared_at.is_not(None) & Answer.withdrawn_at.is_(None),
            ),
        )
    )
    for check_in_id, writer_id, at, shared_at in await session.execute(answers):
        found[check_in_id].append(_Written("answer", writer_id, at, hidden=shared_at is None))
    return found


async def _shown(session: AsyncSession, reader_id: str, now: datetime) -> list[Talk]:
    """Talks with a former partner, of which their person chose to show something to this one."""
    newest: dict[str, Handover] = {}
    for row in await session.scalars(
        select(Handover).where(Handover.successor_id == reader_id).order_by(Handover.at, Handover.id)
    ):
        newest[row.person_id] = row
    found = []
    for handover in newest.values():
        view = await handover_for(session, handover.id, reader_id, now)
        if view is None:
            continue
        by_talk: dict[str, set[Kind]] = defaultdict(set)
        for each in view.items:
            if each.item.kind in ("topic", "heard", "note", "answer", "pre-read"):
                by_talk[each.about.partition("/")[2]].add(each.item.kind)
        for check_in_id, kinds in by_talk.items():
            talk = await session.get_one(CheckInRow, check_in_id)
            holds = tuple(kind for kind in KINDS if kind in kinds)
            found.append(Talk(talk, view.person, "nothing", None, talk.due_on, None, True, True, holds, handover=view))
    return found
