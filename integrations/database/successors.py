"""Whose words from before a change of conversation partner the new one may see, and what their person chose."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.pre_read import Snapshot
from cycle.reflection import BY_KEY
from cycle.sentences import Sentence
from cycle.successors import Change, Item, Key, may_see_from_before
from integrations.database.check_ins import newest_booking
from integrations.database.notes import mark_notes_read
from integrations.database.people import partner_of
from integrations.database.plans import plan_of
from integrations.database.readings import note_frozen_actions_read, note_readings
from integrations.database.remembered import once_a_reading
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Answer,
    Audit,
    CheckInRow,
    Goal,
    Handover,
    HeardLine,
    Note,
    Person,
    Plan,
    PreRead,
    ReflectionRow,
    ShownToSuccessor,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other one answered to a line of what was heard: yes or not_quite, and their words."""

    writer: Person
    answer: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PastItem:
    """Something shared before a change: what to choose by. `when` is the day of the talk it belongs to, if any."""

    item: Item
    title: str = field(repr=False)
    text: str = field(repr=False)
    writer_id: str
    about: str
    """What a reading of it is called: "notes/<check-in>"."""
    when: date | None = None
    closed: bool = False
    shown: bool = False
    snapshot: Snapshot | None = field(default=None, repr=False)
    lines: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Of a pre-read: (label, line) of the answers that are still shared."""
    reply: Reply | None = None
    others: frozenset[str] = frozenset()
    """Whose words stand in it beside the writer's: of an action its owner's, of a page both read the partner's."""

    @property
    def told(self) -> set[str]:
        """Who learns that it was read, beside the person whose check-ins these are."""
        return {self.writer_id, *self.others}


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A change of partner for its person (`mine`) or for the new partner, with what each of them sees."""

    row: Handover
    person: Person
    former: Person
    successor: Person
    mine: bool
    items: tuple[PastItem, ...]


async def changes_to(session: AsyncSession, person_id: str, partner_id: str) -> list[Change]:
    """The changes of partner up to the newest one to `partner_id`, oldest first; empty for somebody's first partner."""
    return await once_a_reading(
        session, ("changes", person_id, partner_id), lambda: _changes_to(session, person_id, partner_id)
    )


async def _changes_to(session: AsyncSession, person_id: str, partner_id: str) -> list[Change]:
    rows = await session.scalars(select(Handover).where(Handover.person_id == person_id).order_by(Handover.id))
    handovers = list(rows)
    while handovers and handovers[-1].successor_id != partner_id:
        handovers.pop()
    return [Change(each.at, await _chosen(session, each)) for each in handovers]


async def _chosen(session: AsyncSession, row: Handover) -> Collection[Key] | None:
    if row.answered_at is None:
        return None
    rows = await session.scalars(select(ShownToSuccessor).where(ShownToSuccessor.handover_id == row.id))
    return {(each.kind, each.item_id) for each in rows}  # type: ignore[misc]


def goal_item(row: Goal) -> Item:
    return Item("goal", row.id, row.made_at)


async def action_item(session: AsyncSession, row: ActionRow, at: datetime) -> Item:
    """The action as it was at a change: what was open then and has been done since counts as open."""
    return _item_closed_at(row, (await _closings(session, [row])).get(row.id), at)


async def may_see_action(session: AsyncSession, row: ActionRow, reader_id: str, changes: Sequence[Change]) -> bool:
    """Whether today's partner may see a shared action of the plan; what they own or wrote themselves in any case."""
    return may_see_action_closed_at(row, (await _closings(session, [row])).get(row.id), reader_id, changes)


def may_see_action_closed_at(
    row: ActionRow, closed_at: datetime | None, reader_id: str, changes: Sequence[Change]
) -> bool:
    """`may_see_action` for whoever knows when the action was last closed."""
    if not changes or reader_id in (row.owner_id, row.made_by_id):
        return True
    return may_see_from_before(_item_closed_at(row, closed_at, changes[-1].at), changes)


def _item_closed_at(row: ActionRow, closed_at: datetime | None, at: datetime) -> Item:
    was_open = row.state == "open" or (closed_at is not None and closed_at >= at)
    return Item("action", row.id, row.made_at, was_open)


async def _closings(session: AsyncSession, rows: Sequence[ActionRow]) -> dict[str, datetime]:
    """When each of these was last done or let go."""
    ids = [row.id for row in rows if row.state != "open"]
    if not ids:
        return {}
    closing = (ActionEvent.action_id.in_(ids), ActionEvent.what.in_(("done", "dropped")))
    found = await session.execute(
        select(ActionEvent.action_id, func.max(ActionEvent.at).label("at"))
        .where(*closing)
        .group_by(ActionEvent.action_id)
    )
    return {each.action_id: each.at for each in found}


async def goals_for(session: AsyncSession, plan: Plan, reader_id: str) -> list[Goal]:
    """The goals of a plan for its person, or for their partner of today, in the order in which they were set."""
    of_plan = select(Goal).where(Goal.plan_id == plan.id).order_by(Goal.made_at, Goal.id)
    if reader_id == plan.person_id:
        return list(await session.scalars(of_plan))
    changes = await changes_to(session, plan.person_id, reader_id)
    rows = await session.scalars(of_plan.where(Goal.private.is_(False)))
    return [row for row in rows if may_see_from_before(goal_item(row), changes)]


async def handover_for(session: AsyncSession, handover_id: str, reader_id: str, now: datetime) -> HandoverView | None:
    """The change for its person, to choose, and for the new partner, to read what was chosen; None for anybody else.

    Nobody but today's partner reads: a change that was followed by another one opens nothing any more.
    """
    row = await session.get(Handover, handover_id)
    if row is None or reader_id not in (row.person_id, row.successor_id):
        return None
    mine = reader_id == row.person_id
    if not mine and await partner_of(session, row.person_id, now.date()) != reader_id:
        return None
    changes = await changes_to(session, row.person_id, row.successor_id)
    if mine:
        changes = [each for each in changes if each.at <= row.at]
    items = [each for each in await _shared_before(session, row) if mine or may_see_from_before(each.item, changes)]
    person, former, successor = [
        await session.get_one(Person, each) for each in (row.person_id, row.former_id, row.successor_id)
    ]
    shown = tuple(replace(each, shown=may_see_from_before(each.item, changes)) for each in items)
    return HandoverView(row, person, former, successor, mine, shown)


async def choose(
    session: AsyncSession, handover_id: str, person_id: str, chosen: Collection[str], now: datetime
) -> None:
    """Keeps what the new partner may see: exactly these of what was shared before, as "kind/id"; it can be changed.

    Raises Refused for everybody but the person.
    """
    row = await session.get(Handover, handover_id, with_for_update=True)
    if row is None or row.person_id != person_id:
        raise Refused(Sentence("Only the person whose check-ins these are chooses what is shown."))
    offered = {f"{each.item.kind}/{each.item.id}": each.item for each in await _shared_before(session, row)}
    await session.execute(delete(ShownToSuccessor).where(ShownToSuccessor.handover_id == row.id))
    session.add_all(
        ShownToSuccessor(handover_id=row.id, kind=item.kind, item_id=item.id, shown_at=now)
        for name, item in offered.items()
        if name in chosen
    )
    row.answered_at = now
    session.add(Audit(at=now, who=person_id, did="chose what a new partner sees", subject_id=row.id))


async def note_handover_read(session: AsyncSession, view: HandoverView, reader: Person, now: datetime) -> bool:
    """Notes what of the time before is about to be shown: its person learns of it, and whoever wrote it.

    Returns whether anybody does.
    """
    of = [(owner_id, each.about) for each in view.items for owner_id in {view.person.id, *each.told}]
    told = await note_readings(session, reader, of, now)
    for each in view.items:
        if each.snapshot:
            two = {view.person.id, *each.told}
            told |= await note_frozen_actions_read(session, each.snapshot, reader, now, besides=two)
    await mark_notes_read(session, [each.item.id for each in view.items if each.item.kind == "note"], reader.id, now)
    return told


async def handover_to(session: AsyncSession, person_id: str, partner_id: str | None) -> Handover | None:
    """The newest change of partner, if it was to this one."""
    row = await session.scalar(
        select(Handover).where(Handover.person_id == person_id).order_by(Handover.id.desc()).limit(1)
    )
    return row if row and row.successor_id == partner_id else None


async def _shared_before(session: AsyncSession, row: Handover) -> list[PastItem]:
    """Everything that a former partner could read when the change came, in the order of the form."""
    return [
        *await _of_plan(session, row),
        *await _of_talks(session, row),
    ]


async def _of_plan(session: AsyncSession, row: Handover) -> list[PastItem]:
    plan = await plan_of(session, row.person_id)
    if plan is None:
        return []
    about = f"plan/{plan.id}"
    goals = (
        select(Goal)
        .where(Goal.plan_id == plan.id, Goal.made_at < row.at, Goal.private.is_(False))
        .order_by(Goal.made_at, Goal.id)
    )
    of_plan = select(ActionRow).where(
        ActionRow.plan_id == plan.id,
        ActionRow.made_at < row.at,
        ActionRow.private.is_(False),
        # Their own one the new partner sees in any case.
        ActionRow.owner_id != row.successor_id,
    )
    actions = (await session.scalars(of_plan.order_by(ActionRow.due_on, ActionRow.id))).all()
    closings = await _closings(session, actions)
    return [
        *(
            PastItem(goal_item(each), each.title, each.why or "", row.person_id, about)
            for each in await session.scalars(goals)
        ),
        *[
            PastItem(
                _item_closed_at(each, closings.get(each.id), row.at),
                each.title,
                each.success or "",
                each.made_by_id,
                f"action/{each.id}",
                each.due_on,
                closed=each.state != "open",
                others=frozenset({each.owner_id}),
            )
            for each in actions
        ],
    ]


async def _of_talks(session: AsyncSession, row: Handover) -> list[PastItem]:
    talks = (
        await session.scalars(
            select(CheckInRow)
            .where(
                CheckInRow.person_id == row.person_id,
                CheckInRow.partner_id != row.successor_id,
                CheckInRow.opened_at < row.at,
            )
            .order_by(CheckInRow.due_on, CheckInRow.id)
        )
    ).all()
    return [item for talk in talks for item in await _of_talk(session, talk, row)]


async def _of_talk(session: AsyncSession, talk: CheckInRow, row: Handover) -> Sequence[PastItem]:
    day = talk.due_on
    writers = {each: await session.get_one(Person, each) for each in (talk.person_id, talk.partner_id)}
    found = [*await _topics(session, talk, row, writers), *await _heard(session, talk, row, writers)]
    notes = (
        select(Note)
        .where(Note.check_in_id == talk.id, Note.made_at < row.at, Note.withdrawn_at.is_(None))
        .order_by(Note.made_at, Note.id)
    )
    found += [
        PastItem(
            Item("note", each.id, each.made_at),
            Sentence("A note by {name}", name=writers[each.writer_id].first_name),
            each.text,
            each.writer_id,
            f"notes/{talk.id}",
            day,
        )
        for each in await session.scalars(notes)
    ]
    pre_reads = (
        await session.scalars(
            select(PreRead).where(PreRead.check_in_id == talk.id, PreRead.made_at < row.at).order_by(PreRead.booking_no)
        )
    ).all()
    booking = await newest_booking(session, talk.id)
    if not pre_reads and not (booking and booking.state == "booked" and booking.start_at <= row.at):
        # Nothing had been given out: nobody else could read an answer.
        return found
    answers = (
        select(Answer)
        .join(ReflectionRow)
        .where(
            ReflectionRow.check_in_id == talk.id,
            ReflectionRow.writer_id == row.person_id,
            Answer.shared_at < row.at,
            Answer.withdrawn_at.is_(None),
        )
    )
    order = list(BY_KEY)
    shared = [each for each in await session.scalars(answers) if each.text and each.question in BY_KEY]
    for answer in sorted(shared, key=lambda each: order.index(each.question)):
        assert answer.shared_at is not None
        found.append(
            PastItem(
                Item("answer", answer.id, answer.shared_at),
                BY_KEY[answer.question].text,
                answer.text,
                row.person_id,
                f"reflection/{talk.id}",
                day,
            )
        )
    still = {each.question for each in shared}
    for pre_read in pre_reads[-1:]:
        snapshot = Snapshot.model_validate_json(pre_read.content)
        lines = tuple(line for key, line in zip(snapshot.questions, snapshot.lines, strict=True) if key in still)
        item = Item("pre-read", pre_read.id, pre_read.made_at)
        about = f"pre-read/{talk.id}"
        title = Sentence("The page you both read")
        both = frozenset({talk.partner_id})
        found.append(PastItem(item, title, "", row.person_id, about, day, snapshot=snapshot, lines=lines, others=both))
    return found


async def _topics(
    session: AsyncSession, talk: CheckInRow, row: Handover, writers: Mapping[str, Person]
) -> list[PastItem]:
    """What either wanted to talk about; those that were ticked off are closed."""
    rows = await session.scalars(
        select(Topic).where(Topic.check_in_id == talk.id, Topic.made_at < row.at).order_by(Topic.made_at, Topic.id)
    )
    return [
        PastItem(
            Item("topic", each.id, each.made_at),
            Sentence("A topic of {name}", name=writers[each.writer_id].first_name),
            each.text,
            each.writer_id,
            f"notes/{talk.id}",
            talk.due_on,
            closed=each.ticked_at is not None,
        )
        for each in rows
    ]


async def _heard(
    session: AsyncSession, talk: CheckInRow, row: Handover, writers: Mapping[str, Person]
) -> list[PastItem]:
    """What each heard, with what the other answered: the two are shown together or not at all."""
    rows = await session.scalars(
        select(HeardLine)
        .where(HeardLine.check_in_id == talk.id, HeardLine.written_at < row.at)
        .order_by(HeardLine.written_at, HeardLine.writer_id)
    )
    found = []
    for each in rows:
        other = next(person for person_id, person in writers.items() if person_id != each.writer_id)
        found.append(
            PastItem(
                Item("heard", f"{talk.id}/{each.writer_id}", each.written_at),
                Sentence("What {name} heard", name=writers[each.writer_id].first_name),
                each.text,
                each.writer_id,
                f"notes/{talk.id}",
                talk.due_on,
                reply=Reply(other, each.answer, each.answer_text or "") if each.answer else None,
                others=frozenset({other.id}) if each.answer else frozenset(),
            )
        )
    return found
