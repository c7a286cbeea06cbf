"""Feedback as stored: asking colleagues by one letter each, answering, and whom the asker shows an answer to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.feedback import (
    MOST_OPEN,
    Answer,
    Colleague,
    Seen,
    State,
    can_answer,
    closes_at,
    found_by,
    is_open,
    seen_by_asker,
)
from cycle.sentences import Sentence
from integrations.database.actions import NotYours
from integrations.database.check_ins import lock_people
from integrations.database.columns import new_id
from integrations.database.letters import drop, owe_letter
from integrations.database.people import partner_of
from integrations.database.readings import note_reading, note_readings
from integrations.database.remembered import MustNote, only_reads
from integrations.database.tables import FeedbackRequest, LetterItem, Person

As = Literal["asker", "giver", "partner"]


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """A request as one reader sees it; `answer` only for whoever may read it on the request's own page.

    `can_take_back`: its letter has not left. `can_write`: the colleague may still write or change.
    """

    row: FeedbackRequest
    asker: Person
    giver: Person
    reader: As
    seen: Seen
    is_open: bool
    can_take_back: bool
    can_write: bool

    @property
    def answer(self) -> Answer | None:
        row = self.row
        if row.state != "answered":
            return None
        return Answer(row.behaviour or "", row.impact or "", row.next_step or "")

    @property
    def shared(self) -> bool:
        return self.row.shared_with_id is not None


async def ask_colleagues(
    session: AsyncSession, asker_id: str, names: Sequence[str], about: str | None, now: datetime
) -> None:
    """Asks each colleague named, with one letter. Asks all or nobody; who has been asked the same is not asked twice.

    Raises Refused.
    """
    # Two forms sent at the same moment queue here.
    await lock_people(session, [asker_id])
    here = [
        Colleague(each.id, each.name, each.mail)
        for each in await session.scalars(select(Person).where(Person.left_at.is_(None)))
    ]
    found = {each.id: each for each in (found_by(name, here) for name in names)}
    if asker_id in found:
        raise Refused(Sentence("That is you. Ask somebody who works with you."))
    open_ones = {each.giver_id: each for each in await _open_requests(session, asker_id, now)}
    fresh = [each for each in found.values() if each.id not in open_ones or open_ones[each.id].about != about]
    for each in fresh:
        if each.id in open_ones:
            raise Refused(Sentence("You have asked {name} already. There is no hurry.", name=each.name))
    if not found:
        raise Refused(Sentence("Write the name of at least one colleague."))
    if len(open_ones) + len(fresh) > MOST_OPEN:
        raise Refused(
            Sentence(
                "You can have asked {most} colleagues at a time; {open} are asked now.",
                most=MOST_OPEN,
                open=len(open_ones),
            )
        )
    for each in fresh:
        row = FeedbackRequest(id=new_id(), asker_id=asker_id, giver_id=each.id, about=about, asked_at=now)
        session.add(row)
        await session.flush()
        key = letter_key(row)
        await owe_letter(session, key, each.id, "feedback_request", now, now, expires_at=closes_at(now))


def letter_key(row: FeedbackRequest) -> str:
    return f"feedback/{row.id}/{row.giver_id}"


async def feedback_for(session: AsyncSession, request_id: str, reader_id: str, now: datetime) -> FeedbackView | None:
    """The request for its asker, for its colleague once the letter is on its way, and for whom it is shown to."""
    row = await session.get(FeedbackRequest, request_id)
    return await _view(session, row, reader_id, now) if row else None


async def feedback_of(session: AsyncSession, reader_id: str, now: datetime) -> Sequence[FeedbackView]:
    """Everything of this person's, as asker, colleague or partner, the newest first."""
    rows = await session.scalars(
        select(FeedbackRequest)
        .where(
            or_(
                FeedbackRequest.asker_id == reader_id,
                FeedbackRequest.giver_id == reader_id,
                FeedbackRequest.shared_with_id == reader_id,
            )
        )
        .order_by(FeedbackRequest.id.desc())
    )
    return await _views(session, rows.all(), reader_id, now)


async def shown_to_partner(
    session: AsyncSession, person_id: str, reader_id: str, now: datetime
) -> Sequence[FeedbackView]:
    """What somebody shows to their partner of today, for the two of them."""
    partner_id = await partner_of(session, person_id, now.date())
    if partner_id is None or reader_id not in (person_id, partner_id):
        return []
    rows = await session.scalars(
        select(FeedbackRequest)
        .where(FeedbackRequest.asker_id == person_id, FeedbackRequest.shared_with_id == partner_id)
        .order_by(FeedbackRequest.id.desc())
    )
    return [each for each in await _views(session, rows.all(), reader_id, now) if each.answer]


async def read_feedback(session: AsyncSession, view: FeedbackView, reader: Person, now: datetime) -> bool:
    """Notes that the answer is about to be shown: for who wrote it, and for the asker when it is their partner; of the
    colleague who is asked, that they read about what. Returns whether anybody learns of it.
    """
    what = f"feedback/{view.row.id}"
    if view.reader == "giver":
        return bool(view.row.about) and await note_reading(session, reader, view.asker.id, what, now)
    if view.answer is None:
        return False
    row = await session.get_one(FeedbackRequest, view.row.id)
    if view.reader == "asker" and row.read_at is None:
        if only_reads(session):
            raise MustNote
        row.read_at = now
    return await note_readings(session, reader, [(row.giver_id, what), (row.asker_id, what)], now)


# What its colleague does


async def answer_request(session: AsyncSession, request_id: str, giver_id: str, answer: Answer, now: datetime) -> None:
    """Keeps what the colleague wrote, in place of what they wrote before. Raises NotYours or Refused."""
    row = await _to_write(session, request_id, giver_id, now)
    row.state, row.answered_at = "answered", now
    row.behaviour, row.impact, row.next_step = (text or None for _, text in answer.parts())


async def decline(session: AsyncSession, request_id: str, giver_id: str, now: datetime) -> None:
    """ "Not this time": nobody is told. Raises NotYours or Refused."""
    row = await _to_write(session, request_id, giver_id, now)
    if row.state == "asked":
        row.state = "declined"


async def withdraw_answer(session: AsyncSession, request_id: str, giver_id: str, now: datetime) -> None:
    """Takes the answer away as if it had never been there. Raises NotYours or Refused."""
    row = await _to_write(session, request_id, giver_id, now)
    if row.state == "answered":
        row.state, row.answered_at = "asked", None
        row.behaviour = row.impact = row.next_step = None


async def _to_write(session: AsyncSession, request_id: str, giver_id: str, now: datetime) -> FeedbackRequest:
    row = await session.get(FeedbackRequest, request_id, with_for_update=True)
    view = await _view(session, row, giver_id, now) if row else None
    if row is None or view is None or view.reader != "giver":
        raise NotYours
    if not view.can_write:
        raise Refused(
            Sentence("{name} has read it: it stays as it is.", name=view.asker.first_name)
            if row.read_at
            else Sentence("This question is closed. Thank you for looking.")
        )
    return row


# What its asker does


async def take_back_request(session: AsyncSession, request_id: str, asker_id: str, now: datetime) -> None:
    """Undoes a request whose letter has not left: its colleague learns nothing. Raises NotYours or Refused."""
    row = await _asked_by(session, request_id, asker_id)
    item = await session.get(LetterItem, letter_key(row), with_for_update=True)
    if row.state == "taken_back":
        return
    if item is None or item.state != "waiting":
        raise Refused(Sentence("The letter has left already, so this cannot be undone."))
    row.state = "taken_back"
    drop(session, item, "taken back", now)


async def share_feedback(session: AsyncSession, request_id: str, asker_id: str, now: datetime) -> None:
    """Shows an answer that its asker has read to their conversation partner of today. Raises NotYours or Refused."""
    row = await _asked_by(session, request_id, asker_id)
    partner_id = await partner_of(session, asker_id, now.date())
    if row.state != "answered" or row.read_at is None:
        raise NotYours
    if partner_id is None:
        raise Refused(Sentence("Nobody holds your check-ins just now, so there is nobody to show it to."))
    # They wrote it: there is nothing to show.
    row.shared_with_id = partner_id if partner_id != row.giver_id else None


async def stop_sharing(session: AsyncSession, request_id: str, asker_id: str) -> None:
    """From now on nobody but its asker reads it. Raises NotYours."""
    (await _asked_by(session, request_id, asker_id)).shared_with_id = None


async def _asked_by(session: AsyncSession, request_id: str, asker_id: str) -> FeedbackRequest:
    row = await session.get(FeedbackRequest, request_id, with_for_update=True)
    if row is None or row.asker_id != asker_id:
        raise NotYours
    return row


async def _open_requests(session: AsyncSession, asker_id: str, now: datetime) -> Sequence[FeedbackRequest]:
    rows = await session.scalars(select(FeedbackRequest).where(FeedbackRequest.asker_id == asker_id))
    return [row for row in rows if is_open(_state(row), row.asked_at, now)]


async def _views(
    session: AsyncSession, rows: Sequence[FeedbackRequest], reader_id: str, now: datetime
) -> list[FeedbackView]:
    # Held while the views are made, so that the session asks for none of them one by one.
    items, people = [letter_key(row) for row in rows], {each for row in rows for each in (row.asker_id, row.giver_id)}
    held = [
        *await session.scalars(select(LetterItem).where(LetterItem.key.in_(items))),
        *await session.scalars(select(Person).where(Person.id.in_(people))),
    ]
    views = [await _view(session, row, reader_id, now) for row in rows]
    del held
    return [each for each in views if each is not None]


async def _view(session: AsyncSession, row: FeedbackRequest, reader_id: str, now: datetime) -> FeedbackView | None:
    item = await session.get(LetterItem, letter_key(row))
    reader = await _reader(session, row, reader_id, item, now)
    if reader is None:
        return None
    asker = await session.get_one(Person, row.asker_id)
    giver = await session.get_one(Person, row.giver_id)
    writable = can_answer(_state(row), row.asked_at, now, row.read_at is not None)
    return FeedbackView(
        row=row,
        asker=asker,
        giver=giver,
        reader=reader,
        seen=seen_by_asker(_state(row), row.asked_at, now),
        is_open=is_open(_state(row), row.asked_at, now),
        can_take_back=reader == "asker" and item is not None and item.state == "waiting",
        can_write=reader == "giver" and asker.left_at is None and writable,
    )


async def _reader(
    session: AsyncSession, row: FeedbackRequest, reader_id: str, item: LetterItem | None, now: datetime
) -> As | None:
    if row.state == "taken_back":
        return None
    if reader_id == row.asker_id:
        return "asker"
    if reader_id == row.giver_id:
        # Until the letter is on its way the request can be undone, and nobody has heard of it.
        return "giver" if item is not None and item.state in ("taken", "sent") else None
    if reader_id == row.shared_with_id and await partner_of(session, row.asker_id, now.date()) == reader_id:
        return "partner"
    return None


def _state(row: FeedbackRequest) -> State:
    return cast(State, row.state)
