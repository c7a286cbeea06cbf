"""Reflections: what a person writes before a check-in, and which of it others may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.anchors import opening_before
from cycle.check_in import State
from cycle.mail_window import NoOpening
from cycle.policy import Policy
from cycle.pre_read import SharedLine, is_link_only
from cycle.privacy import is_shared, may_write_reflection
from cycle.reflection import BY_KEY, QUESTIONS, Question, both, proposed_line, questions_for, situation_of, version_of
from integrations.database.check_ins import check_in as pair_of
from integrations.database.check_ins import newest_booking
from integrations.database.columns import new_id
from integrations.database.connection import poke
from integrations.database.once import insert_once
from integrations.database.people import reader
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Answer, Booking, CheckInRow, Person, PreRead, ReflectionRow, RoleOfPerson


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """One answer as a form sends it.

    `line` is None when its writer left alone what the form proposed; "" when they removed it. `seen` is the
    answer's `version` that the form showed, so that an old form takes nothing away; None: not told. `whole` is
    None where the form did not ask.
    """

    text: str
    shared: bool = False
    line: str | None = None
    seen: str | None = None
    whole: bool | None = None


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """One question with what its writer has so far; `line` is what the pre-read would take, `own_line` if they
    worded it themselves, and `whole` their yes that all of the answer stands there in its place.
    """

    question: Question
    text: str = ""
    shared: bool = False
    line: str = ""
    version: str = ""
    own_line: bool = False
    whole: bool = False

    def line_of(self, typed: TypedAnswer) -> str:
        """The line that the pre-read would take, were this typed answer saved and shared."""
        if typed.line is not None:
            return " ".join(typed.line.split())
        return self.line if self.own_line else proposed_line(typed.text.strip())


@dataclass(frozen=True, slots=True)
class ReflectionForm:
    """Everything that a writer's form shows."""

    check_in: CheckInRow
    partner: Person
    booking: Booking | None
    """Where it is in the calendar now."""
    policy: Policy
    answers: tuple[FormAnswer, ...]
    just_talk: bool
    answered: bool
    left_at: datetime | None
    """When the newest pre-read was made; None before the first."""
    leaves_again: bool
    """The talk was moved since: another pre-read will be made."""

    @property
    def link_only(self) -> bool:
        """Whether the letter with the pre-read holds a link, and none of its writer's words."""
        return is_link_only(self.policy.pre_read, self.partner.mailbox_shared)

    @property
    def may_be_whole(self) -> bool:
        """Whether its writer is asked, for each shared answer, if all of it may stand in the pre-read."""
        return self.policy.pre_read.letter_contains == "whole_answers" and not self.link_only

    @property
    def situation(self) -> str:
        return next(name for name, asked in QUESTIONS.items() if self.answers[0].question in asked)


async def questions_of(session: AsyncSession, check_in: CheckInRow) -> tuple[Question, ...]:
    """What the form of this check-in asks, by the situation of its person and its policy."""
    policy = await policy_of_check_in(session, check_in)
    talks = await session.execute(
        select(CheckInRow.partner_id, func.max(CheckInRow.due_on))
        .where(
            CheckInRow.person_id == check_in.person_id,
            CheckInRow.due_on < check_in.due_on,
            CheckInRow.state.in_((State.HELD, State.UNCONFIRMED)),
        )
        .group_by(CheckInRow.partner_id)
    )
    talked_on = dict(talks.all())
    role = await session.get(RoleOfPerson, check_in.person_id)
    situation = situation_of(
        check_in.kind,
        met_before=check_in.partner_id in talked_on,
        new_role=role is not None and role.role_before is not None and _is_first_since(role.since, check_in, talked_on),
        reorganized=_is_first_since(policy.reflection.reorganized_on, check_in, talked_on),
    )
    return questions_for(situation, policy.reflection.questions, check_in.period)


def _is_first_since(day: date | None, check_in: CheckInRow, talked_on: Mapping[str, date]) -> bool:
    """Whether this is the first talk of its person that is due on that day or later."""
    return day is not None and max(talked_on.values(), default=date.min) < day <= check_in.due_on


async def reflection_for_form(session: AsyncSession, check_in_id: str, reader_id: str) -> ReflectionForm | None:
    """The form of a check-in for its employee; None for everybody else, and when there is none."""
    check_in = await session.get(CheckInRow, check_in_id)
    if check_in is None or not may_write_reflection(reader_id, check_in.person_id):
        return None
    row = await _reflection(session, check_in_id, reader_id)
    there = await _answers(session, row)
    asked = await questions_of(session, check_in)
    # A question that is no longer asked keeps its place while it has an answer.
    shown = (
        *asked,
        *(question for key, question in BY_KEY.items() if key in there and question not in asked),
    )
    pre_read = await newest_pre_read(session, check_in_id)
    booking = await newest_booking(session, check_in_id)
    return ReflectionForm(
        check_in=check_in,
        partner=await session.get_one(Person, check_in.partner_id),
        booking=booking if booking and booking.state == "booked" else None,
        policy=await policy_of_check_in(session, check_in),
        answers=tuple(_as_form(question, there.get(question.key)) for question in shown),
        just_talk=row.just_talk if row else False,
        answered=row is not None,
        left_at=pre_read.made_at if pre_read else None,
        leaves_again=bool(pre_read and booking and booking.no > pre_read.booking_no),
    )


async def save_answers(
    session: AsyncSession,
    check_in_id: str,
    writer_id: str,
    answers: Mapping[str, TypedAnswer],
    now: datetime,
) -> None:
    """Keeps every draft, shares what is to be shared, and wakes the check-in when what others may have changed.

    Keys that are no questions are left out. Nothing typed yet and nothing there: no row, so it is no answer.
    An emptied answer is kept empty, and is then not shared. Raises PermissionError for all but the employee.
    """
    check_in = await session.get_one(CheckInRow, check_in_id)
    if not may_write_reflection(writer_id, check_in.person_id):
        raise PermissionError("Only the employee of a check-in writes its reflection.")
    typed = {key: answer for key, answer in answers.items() if key in BY_KEY}
    row = await _reflection(session, check_in_id, writer_id)
    if row is None:
        if not any(answer.text.strip() for answer in typed.values()):
            return
        row = await _begun(session, check_in_id, writer_id, now)
    # Two forms sent at once take turns.
    await session.execute(select(ReflectionRow.id).where(ReflectionRow.id == row.id).with_for_update())
    there = await _answers(session, row)
    given_out = await newest_pre_read(session, check_in_id) is not None
    changed = [
        await _keep(session, row.id, key, there.get(key), answer, given_out, now) for key, answer in typed.items()
    ]
    if any(answer.text.strip() for answer in typed.values()):
        row.just_talk = False
    if any(changed):
        poke(session, "CheckIn", check_in_id, "the reflection changed", now)


async def just_talk(session: AsyncSession, check_in_id: str, writer_id: str, now: datetime) -> None:
    """ "Let's just talk" is a full answer; what was written before stays. Raises PermissionError."""
    check_in = await session.get_one(CheckInRow, check_in_id)
    if not may_write_reflection(writer_id, check_in.person_id):
        raise PermissionError("Only the employee of a check-in answers its reflection.")
    row = await _reflection(session, check_in_id, writer_id) or await _begun(session, check_in_id, writer_id, now)
    if not row.just_talk:
        row.just_talk = True
        poke(session, "CheckIn", check_in_id, "just talk", now)


async def has_answered(session: AsyncSession, check_in_id: str, person_id: str) -> bool:
    """Whether a first word was saved, or "let's just talk": from then on nobody is reminded."""
    return await _reflection(session, check_in_id, person_id) is not None


async def shared_lines(session: AsyncSession, check_in_id: str) -> tuple[SharedLine, ...]:
    """What a pre-read may take, in the order asked: the lines of answers shared and not withdrawn, and the whole of
    those of which its writer and the policy want that.
    """
    policy = await policy_of_check_in(session, await session.get_one(CheckInRow, check_in_id))
    may_be_whole = policy.pre_read.letter_contains == "whole_answers"
    lines = (
        SharedLine(question=key, line=_line(answer), whole=answer.text if may_be_whole and answer.whole else None)
        for key, answer in await _shared(session, check_in_id)
    )
    return tuple(line for line in lines if line.given)


async def shared_answers(session: AsyncSession, check_in_id: str) -> Sequence[tuple[Question, str]]:
    """The full texts of the answers that are shared at this moment, in the order asked."""
    return [(BY_KEY[key], answer.text) for key, answer in await _shared(session, check_in_id)]


async def lines_leave_at(session: AsyncSession, check_in_id: str) -> datetime | None:
    """When the shared lines go out: at the first opening of either's mail window. None while nobody knows.

    Workdays are counted with each reader's holidays and hours as they are known now.
    """
    pair = await pair_of(session, check_in_id)
    if pair.booking is None or pair.booking.state != "booked":
        return None
    policy = await policy_of_check_in(session, pair.row)
    start, workdays = pair.booking.start_at, policy.pre_read.workdays_before
    try:
        return min(
            opening_before(*reader(person, policy.mail, start.date(), planning=True), start, workdays)
            for person in pair.people
        )
    except NoOpening:
        return None


async def newest_pre_read(session: AsyncSession, check_in_id: str) -> PreRead | None:
    return await session.scalar(
        select(PreRead).where(PreRead.check_in_id == check_in_id).order_by(PreRead.booking_no.desc()).limit(1)
    )


async def _shared(session: AsyncSession, check_in_id: str) -> list[tuple[str, Answer]]:
    check_in = await session.get_one(CheckInRow, check_in_id)
    answers = await _answers(session, await _reflection(session, check_in_id, check_in.person_id))
    # BY_KEY has the questions of each situation in the order in which they are asked, but for the one that
    # takes turns with the second.
    order = [question.key for question in await questions_of(session, check_in)]
    order += [key for key in BY_KEY if key not in order]
    return [(key, answers[key]) for key in order if key in answers and _open(answers[key])]


async def _keep(
    session: AsyncSession,
    reflection_id: str,
    key: str,
    row: Answer | None,
    typed: TypedAnswer,
    given_out: bool,
    now: datetime,
) -> bool:
    """Brings one answer to what was typed; returns whether that changed anything that others may have."""
    text = typed.text.strip()
    if row is None:
        if not text and not typed.line:
            return False
        row = Answer(reflection_id=reflection_id, question=key, text="", whole=False, changed_at=now)
        session.add(row)
    elif typed.seen is not None and typed.seen != _version(row):
        return _keep_from_an_old_form(row, text, now)
    before, open_before = _kept(row), _open(row)
    row.text = text
    if typed.line is not None:
        row.line = " ".join(typed.line.split())
    if typed.whole is not None:
        row.whole = typed.whole
    wanted = typed.shared and bool(text)
    if wanted and not is_shared(row.shared_at is not None, row.withdrawn_at is not None):
        row.shared_at, row.withdrawn_at = now, None
    elif not wanted and row.shared_at is not None and row.withdrawn_at is None:
        # Before anything left, nobody has seen it: then it was never shared.
        row.shared_at, row.withdrawn_at = (row.shared_at, now) if given_out else (None, None)
    changed = before != _kept(row)
    if changed:
        row.changed_at = now
    return changed and (open_before or _open(row))


def _keep_from_an_old_form(row: Answer, text: str, now: datetime) -> bool:
    """A form that was opened before the answer changed elsewhere takes nothing away and shares nothing anew.

    What only it holds is added below what is there; its writer sorts the two out.
    """
    kept = both(row.text, text)
    if kept == row.text:
        return False
    row.text, row.changed_at = kept, now
    return _open(row)


async def _reflection(session: AsyncSession, check_in_id: str, writer_id: str) -> ReflectionRow | None:
    return await session.scalar(
        select(ReflectionRow).where(ReflectionRow.check_in_id == check_in_id, ReflectionRow.writer_id == writer_id)
    )


async def _begun(session: AsyncSession, check_in_id: str, writer_id: str, now: datetime) -> ReflectionRow:
    facts = {"id": new_id(), "check_in_id": check_in_id, "writer_id": writer_id, "answered_at": now}
    if await insert_once(session, ReflectionRow, **facts, just_talk=False):
        poke(session, "CheckIn", check_in_id, "the reflection was answered", now)
    row = await _reflection(session, check_in_id, writer_id)
    assert row is not None, "it is there now, whoever inserted it"
    return row


async def _answers(session: AsyncSession, row: ReflectionRow | None) -> dict[str, Answer]:
    if row is None:
        return {}
    rows = await session.scalars(select(Answer).where(Answer.reflection_id == row.id))
    return {answer.question: answer for answer in rows}


def _open(answer: Answer) -> bool:
    return is_shared(answer.shared_at is not None, answer.withdrawn_at is not None) and bool(answer.text)


def _kept(answer: Answer) -> tuple[object, ...]:
    return answer.text, answer.line, answer.shared_at, answer.withdrawn_at, answer.whole


def _line(answer: Answer) -> str:
    return proposed_line(answer.text) if answer.line is None else answer.line


def _version(answer: Answer) -> str:
    return version_of(answer.text, answer.changed_at)


def _as_form(question: Question, answer: Answer | None) -> FormAnswer:
    if answer is None:
        return FormAnswer(question)
    shown = answer.line is not None or _open(answer)
    return FormAnswer(
        question,
        answer.text,
        _open(answer),
        _line(answer) if shown else "",
        _version(answer),
        own_line=answer.line is not None,
        whole=answer.whole,
    )
