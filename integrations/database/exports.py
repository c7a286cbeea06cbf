"""All that is somebody's, table by table: what an export of one's own data holds, and what it leaves out and why.

Nothing is in it that its person could not read on a page; what somebody else wrote is noted as read.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.pathways import Catalogue
from cycle.privacy import Access, access_to_check_in, may_read_note
from cycle.sentences import Sentence
from cycle.supporters import STANDING
from integrations.database.action_views import action_for, events_for
from integrations.database.calls_for_help import calls_of
from integrations.database.feedback import feedback_of, read_feedback
from integrations.database.notes import has_words_for, mark_notes_read
from integrations.database.pathways import pathways_now
from integrations.database.people import partner_of
from integrations.database.readings import note_reading, note_readings, told_of_action, told_of_steps
from integrations.database.supporters import invitation
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Answer,
    Audit,
    Booking,
    CalendarWatchRow,
    CheckInRow,
    DirectoryWatchRow,
    Enrolment,
    Evidence,
    FeedbackRequest,
    Goal,
    Handover,
    HeardLine,
    InterestRow,
    LearningMoment,
    Lease,
    Leave,
    Letter,
    LetterItem,
    Milestone,
    NeedsAHand,
    Note,
    Offer,
    OutcomeAnswer,
    PathwayLine,
    PathwaysRevision,
    Person,
    Plan,
    PolicyRevision,
    PolicyRow,
    PostedForm,
    PreRead,
    Reading,
    ReflectionRow,
    Refusal,
    Reporting,
    RoleOfPerson,
    ShownToSuccessor,
    Stall,
    StallAnswer,
    Stuck,
    Supporter,
    Table,
    Topic,
    WakeUp,
    WorthAnswer,
    WorthCount,
)
from integrations.database.topics import mark_topics_read

Rows = Callable[[AsyncSession, str, datetime], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One table's share: its heading, whose rows are somebody's, and the columns left out, each with the reason."""

    table: type[Table]
    heading: Sentence
    rows: Rows
    without: Mapping[str, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Export:
    """`parts` are (the part, its rows by column); `ways` is what the keys of roles and openings in them mean."""

    person: Person
    at: datetime
    parts: tuple[tuple[Part, list[dict[str, Any]]], ...]
    ways: Catalogue

    def as_json(self) -> str:
        return json.dumps(
            {
                "exported_at": self.at.isoformat(),
                "tables": {part.table.__tablename__: rows for part, rows in self.parts},
                "left_out": {
                    **{table.__tablename__: reason for table, reason in LEFT_OUT.items()},
                    **{
                        f"{part.table.__tablename__}.{column}": reason
                        for part, _ in self.parts
                        for column, reason in part.without.items()
                    },
                },
            },
            ensure_ascii=False,
            indent=2,
            default=_iso,
        )


async def export_of(session: AsyncSession, person: Person, now: datetime) -> Export:
    """Everything that is this person's; that it was asked for is kept, and what of others' words it holds."""
    found = [(part, await part.rows(session, person.id, now)) for part in PARTS]
    for part, rows in found:
        for row in rows:
            await _note_read(session, part.table, row, person, now)
    names = {row.id: row.name for row in await session.execute(select(Person.id, Person.name))}
    session.add(Audit(at=now, who=person.id, did="exported their own data", subject_id=person.id))
    facts = tuple((part, [_as_facts(part, row, names) for row in rows]) for part, rows in found)
    return Export(person, now, facts, await pathways_now(session))


def _as_facts(part: Part, row: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """The row by column, people by their names."""
    facts: dict[str, Any] = {}
    for column in part.table.__table__.columns:
        if column.key in part.without:
            continue
        value = getattr(row, column.key)
        if any(key.column.table.name == "people" for key in column.foreign_keys):
            facts[column.key.removesuffix("_id")] = names.get(value)
        elif part.table is PreRead and column.key == "content":
            facts[column.key] = json.loads(value)
        else:
            facts[column.key] = value
    return facts


def _iso(value: object) -> str:
    """Instants and days in JSON: ISO 8601."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"JSON has nothing for a {type(value).__name__}.")


async def _note_read(session: AsyncSession, table: type[Table], row: Any, reader: Person, now: datetime) -> None:
    if table is Note:
        await note_reading(session, reader, row.writer_id, f"notes/{row.check_in_id}", now)
    elif table is ActionRow:
        plan = await session.get_one(Plan, row.plan_id)
        told = told_of_action(row, plan.person_id, reader.id)
        await note_readings(session, reader, [(each, f"action/{row.id}") for each in told], now)
    elif table is Milestone:
        await note_readings(session, reader, told_of_steps([row]), now)
    elif table is ActionEvent and row.note and row.person_id:
        await note_reading(session, reader, row.person_id, f"action/{row.action_id}", now)
    elif table is HeardLine:
        talk = await session.get_one(CheckInRow, row.check_in_id)
        # The other one's answer stands in it as well.
        told = {talk.person_id, talk.partner_id} if row.answer else {row.writer_id}
        await note_readings(session, reader, [(each, f"notes/{talk.id}") for each in told], now)
    elif table is Topic:
        await note_reading(session, reader, row.writer_id, f"notes/{row.check_in_id}", now)
    elif table is Evidence:
        about = f"goal/{row.goal_id}" if row.goal_id else f"action/{row.action_id}"
        await note_reading(session, reader, row.writer_id, about, now)
    elif table is Supporter and row.note:
        await note_reading(session, reader, row.person_id, invitation(row), now)
    elif table is PreRead:
        talk = await session.get_one(CheckInRow, row.check_in_id)
        await note_reading(session, reader, talk.partner_id, f"pre-read/{talk.id}", now)


# Whose rows are somebody's


def _where(table: type[Table], condition: Callable[[str], ColumnElement[bool]]) -> Rows:
    async def rows(session: AsyncSession, me: str, _now: datetime) -> Sequence[Any]:
        return (await session.scalars(select(table).where(condition(me)).order_by(*table.__table__.primary_key))).all()

    return rows


def _talks(me: str) -> Any:
    return select(CheckInRow.id).where(or_(CheckInRow.person_id == me, CheckInRow.partner_id == me))


def _own_talks(me: str) -> Any:
    return select(CheckInRow.id).where(CheckInRow.person_id == me)


def _own_plans(me: str) -> Any:
    return select(Plan.id).where(Plan.person_id == me)


async def _notes(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """Those that this person wrote, and those that they may read, which counts as read."""
    asked = select(Note).where(or_(Note.writer_id == me, Note.check_in_id.in_(_talks(me)))).order_by(Note.id)
    found = [
        note if has_words_for(note, me, now) else _copied(note, text="")
        for note in (await session.scalars(asked)).all()
        if may_read_note(me, note.writer_id, await _access(session, note.check_in_id, me, now))
    ]
    await mark_notes_read(session, [note.id for note in found], me, now)
    return found


async def _heard(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """What they heard, and what was heard of them, with the answers; of a former partner's talks their own line."""
    found = []
    order = HeardLine.check_in_id, HeardLine.writer_id
    asked = select(HeardLine).where(HeardLine.check_in_id.in_(_talks(me))).order_by(*order)
    for line in (await session.scalars(asked)).all():
        access = await _access(session, line.check_in_id, me, now)
        if may_read_note(me, line.writer_id, access):
            found.append(line if access == "everything" else _copied(line, answer=None, answer_text=None))
    return found


async def _topics(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """Both people's, as notes are."""
    pair = or_(Topic.person_id == me, Topic.partner_id == me)
    rows = (await session.scalars(select(Topic).where(pair).order_by(Topic.id))).all()
    found = [row for row in rows if may_read_note(me, row.writer_id, await _access(session, row.check_in_id, me, now))]
    await mark_topics_read(session, [row.id for row in found], me, now)
    return found


async def _access(session: AsyncSession, check_in_id: str, me: str, now: datetime) -> Access:
    talk = await session.get_one(CheckInRow, check_in_id)
    partner_now = await partner_of(session, talk.person_id, now.date())
    return access_to_check_in(me, talk.person_id, talk.partner_id, partner_now)


async def _feedback(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """What they asked for and gave. That somebody said "not this time" is not told here either."""
    found, person = [], await session.get_one(Person, me)
    for view in await feedback_of(session, me, now):
        if view.reader == "asker":
            await read_feedback(session, view, person, now)
            hidden = {} if view.answer else {"behaviour": None, "impact": None, "next_step": None}
            found.append(_copied(view.row, state=view.seen, **hidden))
        elif view.reader == "giver":
            await read_feedback(session, view, person, now)
            found.append(_copied(view.row, shared_with_id=None))
    return found


def _copied(row: Any, **changes: Any) -> Any:
    """The row as somebody may see it; the stored one stays as it is."""
    facts = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return type(row)(**{**facts, **changes})


async def _actions(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """Of their plan, and those that they took on or wrote down elsewhere, as far as they may see them today."""
    mine = or_(ActionRow.owner_id == me, ActionRow.made_by_id == me, ActionRow.plan_id.in_(_own_plans(me)))
    rows = (await session.scalars(select(ActionRow).where(mine).order_by(ActionRow.id))).all()
    return [row for row in rows if await action_for(session, me, row.id, now)]


async def _action_events(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    return [
        event for action in await _actions(session, me, now) for event, _person in await events_for(session, me, action)
    ]


async def _milestones(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """Of the actions that they may see, and those that they wrote before another took the action on."""
    seen = [action.id for action in await _actions(session, me, now)]
    wanted = or_(Milestone.action_id.in_(seen), Milestone.writer_id == me)
    return (await session.scalars(select(Milestone).where(wanted).order_by(Milestone.id))).all()


async def _evidence(session: AsyncSession, me: str, now: datetime) -> Sequence[Any]:
    """Their own lines, and those beside what is theirs; a supporter's word is for whoever invited them."""
    seen = [action.id for action in await _actions(session, me, now)]
    goals = select(Goal.id).where(Goal.plan_id.in_(_own_plans(me)))
    in_my_plan = select(ActionRow.id).where(ActionRow.plan_id.in_(_own_plans(me)))
    wanted = or_(
        Evidence.writer_id == me,
        Evidence.goal_id.in_(goals),
        Evidence.action_id.in_(seen) & or_(Evidence.kind != "word", Evidence.action_id.in_(in_my_plan)),
    )
    return (await session.scalars(select(Evidence).where(wanted).order_by(Evidence.id))).all()


IN_THE_MAILBOX = Sentence("The letter itself is in your mailbox.")

PARTS: tuple[Part, ...] = (
    Part(Person, Sentence("You"), _where(Person, lambda me: Person.id == me)),
    Part(
        Reporting,
        Sentence("Who holds whose check-ins"),
        _where(Reporting, lambda me: or_(Reporting.person_id == me, Reporting.partner_id == me)),
    ),
    Part(Leave, Sentence("When you are away"), _where(Leave, lambda me: Leave.person_id == me)),
    Part(
        Enrolment,
        Sentence("The rules you take part under"),
        _where(Enrolment, lambda me: Enrolment.person_id == me),
        {"held": Sentence("Whether HR pauses your check-ins is HR's own note; ask them.")},
    ),
    Part(
        CheckInRow,
        Sentence("Check-ins"),
        _where(CheckInRow, lambda me: or_(CheckInRow.person_id == me, CheckInRow.partner_id == me)),
    ),
    Part(Booking, Sentence("Hours of check-ins"), _where(Booking, lambda me: Booking.check_in_id.in_(_talks(me)))),
    Part(Offer, Sentence("Hours to choose from"), _where(Offer, lambda me: Offer.check_in_id.in_(_talks(me)))),
    Part(
        OutcomeAnswer,
        Sentence("What you said became of a check-in"),
        _where(OutcomeAnswer, lambda me: OutcomeAnswer.person_id == me),
    ),
    Part(
        ReflectionRow,
        Sentence("Your questions before check-ins"),
        _where(ReflectionRow, lambda me: ReflectionRow.writer_id == me),
    ),
    Part(
        Answer,
        Sentence("Your answers, drafts too"),
        _where(
            Answer,
            lambda me: Answer.reflection_id.in_(select(ReflectionRow.id).where(ReflectionRow.writer_id == me)),
        ),
    ),
    Part(
        LearningMoment,
        Sentence("What you learned, as you told your people"),
        _where(LearningMoment, lambda me: LearningMoment.person_id == me),
    ),
    Part(
        PreRead,
        Sentence("What you both read before your check-ins"),
        _where(PreRead, lambda me: PreRead.check_in_id.in_(_own_talks(me))),
    ),
    Part(Note, Sentence("Notes"), _notes),
    Part(Topic, Sentence("What there was to talk about"), _topics),
    Part(HeardLine, Sentence("What was heard"), _heard),
    Part(
        WorthAnswer,
        Sentence("Whether a talk was worth your time"),
        _where(WorthAnswer, lambda me: WorthAnswer.person_id == me),
    ),
    Part(Plan, Sentence("Your plan"), _where(Plan, lambda me: Plan.person_id == me)),
    Part(Goal, Sentence("Goals"), _where(Goal, lambda me: Goal.plan_id.in_(_own_plans(me)))),
    Part(ActionRow, Sentence("Actions"), _actions),
    Part(ActionEvent, Sentence("What happened to actions"), _action_events),
    Part(Milestone, Sentence("Small steps"), _milestones),
    Part(Evidence, Sentence("What came of it"), _evidence),
    Part(
        Supporter,
        Sentence("Who supports whom"),
        _where(
            Supporter,
            lambda me: or_(Supporter.person_id == me, (Supporter.supporter_id == me) & Supporter.state.in_(STANDING)),
        ),
    ),
    Part(FeedbackRequest, Sentence("Feedback"), _feedback),
    Part(RoleOfPerson, Sentence("Your role"), _where(RoleOfPerson, lambda me: RoleOfPerson.person_id == me)),
    Part(InterestRow, Sentence("What interests you"), _where(InterestRow, lambda me: InterestRow.person_id == me)),
    Part(
        PathwayLine,
        Sentence("Ways that you put into a pre-read"),
        _where(PathwayLine, lambda me: PathwayLine.check_in_id.in_(_own_talks(me))),
    ),
    Part(
        Stall,
        Sentence("When a plan was quiet"),
        _where(
            Stall,
            lambda me: or_(Stall.holder_id == me, Stall.holder_id.is_(None) & Stall.plan_id.in_(_own_plans(me))),
        ),
    ),
    Part(
        StallAnswer,
        Sentence("What you said is in the way"),
        _where(StallAnswer, lambda me: StallAnswer.person_id == me),
    ),
    Part(
        Handover,
        Sentence("Changes of your conversation partner"),
        _where(Handover, lambda me: or_(Handover.person_id == me, Handover.successor_id == me)),
    ),
    Part(
        ShownToSuccessor,
        Sentence("What you chose to show to a new one"),
        _where(
            ShownToSuccessor,
            lambda me: ShownToSuccessor.handover_id.in_(select(Handover.id).where(Handover.person_id == me)),
        ),
    ),
    Part(
        Letter,
        Sentence("Letters to you"),
        _where(Letter, lambda me: Letter.recipient_id == me),
        {"html": IN_THE_MAILBOX, "text": IN_THE_MAILBOX},
    ),
    Part(LetterItem, Sentence("What letters told you"), _where(LetterItem, lambda me: LetterItem.recipient_id == me)),
    Part(
        Reading,
        Sentence("Who read what"),
        _where(Reading, lambda me: or_(Reading.owner_id == me, Reading.reader_id == me)),
    ),
    Part(
        NeedsAHand,
        Sentence("When you asked HR for help"),
        # The rest of that list is about what does not work, in sentences for HR that can name others.
        _where(NeedsAHand, lambda me: NeedsAHand.key.in_(calls_of(me).values())),
    ),
    Part(Audit, Sentence("What you decided"), _where(Audit, lambda me: Audit.who == me)),
)

LEFT_OUT: dict[type[Table], Sentence] = {
    PolicyRow: Sentence("HR's rules, the same for everybody under them."),
    PolicyRevision: Sentence("HR's rules, the same for everybody under them."),
    PathwaysRevision: Sentence("The roles and openings that everybody here can see."),
    WorthCount: Sentence("How many found their talks worth the time: counts of many answers, and about nobody."),
    PostedForm: Sentence("A digest of each form that you sent, so that it counts once; no words."),
    CalendarWatchRow: Sentence("How calendars are followed: a subscription, and about nobody."),
    DirectoryWatchRow: Sentence("How the directory is followed: a subscription, and about nobody."),
    WakeUp: Sentence("What is to be done next, for seconds, in ids alone."),
    Stuck: Sentence("What waits to be mended, in our own words; gone once it is."),
    Lease: Sentence("Which program does what just now."),
    Refusal: Sentence("Which of our own mailboxes may not send just now, and about nobody."),
}
