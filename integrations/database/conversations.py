"""A check-in as one of its two sees it: when it is, what was shared, what both wrote, what can be done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import CALLED_OFF, State
from cycle.pre_read import Snapshot
from cycle.privacy import Access, access_to_check_in, may_read_answer, may_read_note
from cycle.reflection import BY_KEY, Question
from cycle.zones import same_wall_clock
from integrations.database.action_views import ActionView, actions_of_plan, note_actions_read
from integrations.database.assistants import assistant_of
from integrations.database.check_ins import Pair, said_about
from integrations.database.check_ins import check_in as pair_of
from integrations.database.notes import NoteView, mark_notes_read, notes_of, view_of
from integrations.database.people import partner_of
from integrations.database.plans import plan_of
from integrations.database.readings import note_frozen_actions_read, note_readings
from integrations.database.reflections import newest_pre_read, shared_answers
from integrations.database.tables import Booking, CheckInRow, Person

NOT_YET = (State.DUE, State.BOOKED)
WAS_TO_BE = (State.ENDED, State.HELD, State.DID_NOT_HAPPEN, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Conversation:
    """`lines` are (label, line or None where it was withdrawn since); `said` is the reader's own word.

    `promises` are open actions from before this talk that both may see; `begun` is whether its hour has come.
    A former partner (`access` is "own_words") gets their notes and nothing else.
    """

    pair: Pair
    access: Access
    booking: Booking | None
    snapshot: Snapshot | None
    lines: tuple[tuple[str, str | None], ...]
    answers: tuple[tuple[Question, str], ...]
    given_out: bool
    notes: tuple[NoteView, ...]
    actions: tuple[ActionView, ...]
    promises: tuple[ActionView, ...]
    said: str | None
    begun: bool
    over: bool
    handed_over: bool = False
    """Whether somebody else holds these check-ins by now, so that the partner of then reads nothing new."""
    plan_id: str | None = None
    """The employee's plan, if there is one yet."""

    @property
    def can_leave_out(self) -> bool:
        return self.access == "everything" and self.pair.row.state in NOT_YET and not self.over

    @property
    def can_move(self) -> bool:
        return self.can_leave_out and self.booking is not None

    @property
    def can_say(self) -> bool:
        called_off = self.pair.row.state in CALLED_OFF
        return self.access == "everything" and self.booking is not None and self.over and not called_off

    def apart(self, at: datetime) -> bool:
        """Whether the clocks of the two show different hours at that instant, so that one is to be named."""
        return not same_wall_clock(at, self.pair.person.zone, self.pair.partner.zone)

    def other(self, reader_id: str) -> Person:
        return self.pair.partner if reader_id == self.pair.person.id else self.pair.person


async def conversation_for(
    session: AsyncSession, check_in_id: str, reader_id: str, now: datetime
) -> Conversation | None:
    """The check-in for somebody who may see its page; None for everybody else, and when there is none."""
    row = await session.get(CheckInRow, check_in_id)
    if row is None:
        return None
    partner_now = await partner_of(session, row.person_id, now.date())
    access = access_to_check_in(reader_id, row.person_id, row.partner_id, partner_now)
    if access == "nothing":
        return None
    pair = await pair_of(session, check_in_id)
    writers = {person.id: person for person in pair.people}
    notes = tuple(
        view_of(note, writers[note.writer_id], reader_id, now)
        for note in await notes_of(session, check_in_id)
        if may_read_note(reader_id, note.writer_id, access)
    )
    if access == "own_words":
        return Conversation(pair, access, None, None, (), (), False, notes, (), (), None, begun=True, over=False)
    booking = pair.booking if pair.booking and pair.booking.state == "booked" else None
    said = await said_about(session, check_in_id, booking.no) if booking else {}
    pre_read = await newest_pre_read(session, check_in_id)
    snapshot = Snapshot.model_validate_json(pre_read.content) if pre_read else None
    given_out = snapshot is not None or (booking is not None and booking.start_at <= now)
    shared = tuple(await shared_answers(session, check_in_id))
    still = {question.key for question, _ in shared}
    plan = await plan_of(session, row.person_id)
    actions = await actions_of_plan(session, reader_id, plan.id, now) if plan else []
    return Conversation(
        pair=pair,
        access=access,
        booking=booking,
        snapshot=snapshot,
        lines=_lines(snapshot, still),
        answers=tuple(
            (question, text)
            for question, text in shared
            if may_read_answer(reader_id, row.person_id, row.partner_id, shared=True, given_out=given_out)
        ),
        given_out=given_out,
        notes=notes,
        actions=tuple(each for each in actions if each.row.check_in_id == check_in_id),
        promises=tuple(each for each in actions if each.row.check_in_id != check_in_id and _promised(each)),
        said=said.get(reader_id),
        begun=row.state in WAS_TO_BE or (booking is not None and booking.start_at <= now),
        over=booking is not None and booking.end_at <= now,
        handed_over=partner_now != row.partner_id,
        plan_id=plan.id if plan else None,
    )


async def hours_for(session: AsyncSession, check_in_id: str, reader_id: str, now: datetime) -> Conversation | None:
    """The check-in for somebody who may choose its hour: its two of today, and whoever assists the partner.

    For an assistant nothing is in it but who the two are and when they meet.
    """
    shown = await conversation_for(session, check_in_id, reader_id, now)
    if shown is not None:
        return shown if shown.access == "everything" else None
    row = await session.get(CheckInRow, check_in_id)
    if row is None or await assistant_of(session, row.partner_id) != reader_id:
        return None
    if await partner_of(session, row.person_id, now.date()) != row.partner_id:
        return None
    pair = await pair_of(session, check_in_id)
    booking = pair.booking if pair.booking and pair.booking.state == "booked" else None
    return Conversation(
        pair=pair,
        access="hours",
        booking=booking,
        snapshot=None,
        lines=(),
        answers=(),
        given_out=False,
        notes=(),
        actions=(),
        promises=(),
        said=None,
        begun=booking is not None and booking.start_at <= now,
        over=booking is not None and booking.end_at <= now,
    )


async def note_pre_read_read(session: AsyncSession, shown: Conversation, reader: Person, now: datetime) -> bool:
    """Notes that the reader is about to see the page both read, if there is one. Returns whether anybody learns."""
    if shown.snapshot is None:
        return False
    two = [each.id for each in shown.pair.people]
    third = await note_frozen_actions_read(session, shown.snapshot, reader, now, besides=two)
    return await note_readings(session, reader, [(each, f"pre-read/{shown.pair.row.id}") for each in two], now) or third


async def note_conversation_read(session: AsyncSession, shown: Conversation, reader: Person, now: datetime) -> bool:
    """Notes what of others' words the reader is about to be shown. Returns whether anybody learns of it."""
    other, check_in_id = shown.other(reader.id).id, shown.pair.row.id
    told = await note_pre_read_read(session, shown, reader, now)
    of = []
    if shown.answers and reader.id != shown.pair.person.id:
        of.append((other, f"reflection/{check_in_id}"))
    if any(note.writer.id == other and not note.withdrawn for note in shown.notes):
        of.append((other, f"notes/{check_in_id}"))
        await mark_notes_read(session, [note.id for note in shown.notes], reader.id, now)
    # Of a talk that is over, the page shows only what was agreed in it.
    promises = () if shown.over else shown.promises
    told |= await note_actions_read(session, (*shown.actions, *promises), reader, now)
    return await note_readings(session, reader, of, now) or told


def _promised(action: ActionView) -> bool:
    """Open and taken on; what somebody keeps to themselves is nothing for a page that both may look at."""
    return action.row.state == "open" and action.row.accepted_at is not None and not action.row.private


def _lines(snapshot: Snapshot | None, still_shared: set[str]) -> tuple[tuple[str, str | None], ...]:
    if snapshot is None:
        return ()
    return tuple(
        (BY_KEY[key].label if key in BY_KEY else label, line if key in still_shared else None)
        for key, (label, line) in zip(snapshot.questions, snapshot.lines, strict=True)
    )
