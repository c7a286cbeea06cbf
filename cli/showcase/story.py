"""A year of somebody's talks as it would stand in the database, in three acts around the next one.

In `begin` the questions have come; `send_pre_read` is the day before the talk, `end_talk` some hours after it. What
else can happen is dealt out by place: who is first in a team has the talk ahead, the second a quiet plan, the third a
new manager, the fourth three hours to choose from and a plan that is quiet where the manager has the next step.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from cli.showcase import words
from cli.showcase.cast import Cast, Member, change_partner
from cli.showcase.plan import plan_rows
from cli.showcase.times import Times
from cycle.pre_read import PathwayStep, Promise, SharedLine, build_snapshot
from cycle.reflection import moment_period
from cycle.sentences import Sentence
from cycle.stuck import Kind, line_key
from cycle.stuck import sentence as stuck_because
from integrations.database.tables import (
    Answer,
    Booking,
    CheckInRow,
    FeedbackRequest,
    Handover,
    HeardLine,
    InterestRow,
    LearningMoment,
    LetterItem,
    NeedsAHand,
    Note,
    Offer,
    OutcomeAnswer,
    PathwayLine,
    Person,
    Plan,
    PreRead,
    Reading,
    ReflectionRow,
    RoleOfPerson,
    ShownToSuccessor,
    Stall,
    StallAnswer,
    Table,
    Topic,
    WorthAnswer,
)

MINUTES = 45
PAST_TALKS = len(words.EARLIER)
PERIOD = 11
"""The number of the present one."""


def talks_with(member: Member, number: int) -> Any:
    """Who held that past talk (1 is the last): after a change of manager the former one."""
    return member.former if member.place == 2 else member.partner


async def begin(session: AsyncSession, cast: Cast, times: Times) -> None:
    for member in cast.members:
        if member.place == 2:
            await change_partner(session, member, times)
    rows = [row for member in cast.members for row in _of_member(member, cast, times)]
    rows += _of_managers(cast, times)
    rows += _of_hr(cast, times)
    await keep(session, rows)


async def send_pre_read(session: AsyncSession, cast: Cast, times: Times) -> None:
    rows: list[Any] = []
    for member in cast.members:
        if member.place in (0, 1):
            rows += [
                _pre_read(member, member.partner, times, "talk", words.LINES, times.pre_read, step=True),
                *_read_already(member, times),
            ]
    await keep(session, rows)


async def end_talk(session: AsyncSession, cast: Cast, times: Times) -> None:
    rows: list[Any] = []
    for member in cast.members:
        if member.place in (0, 1):
            rows += _after_the_talk(member, times)
        if member.place == 2:
            rows += _shown_to_successor(member, times)
        await _decide(session, member, times)
    await keep(session, rows)


async def _decide(session: AsyncSession, member: Member, times: Times) -> None:
    """What the buttons of a page would write."""
    at = times.afterwards - timedelta(hours=1)
    if member.place == 1:
        stall = update(Stall).where(Stall.id == member.key("stall"))
        await session.execute(stall.values(ended_at=at, ended="rested"))
        await session.execute(update(Plan).where(Plan.id == member.key("plan")).values(state="resting"))
    if member.place == 2:
        handover = update(Handover).where(Handover.id == member.key("handover"))
        await session.execute(handover.values(answered_at=at))
    if member.place == 3:
        offer = update(Offer).where(Offer.check_in_id == member.key("talk"))
        chosen = offer.values(state="picked", picked=1, picked_by_id=member.person.id, picked_at=at)
        await session.execute(chosen)


def _shown_to_successor(member: Member, times: Times) -> Iterator[Any]:
    last = member.key("past-1")
    shown = (
        ("goal", member.key("goal-0")),
        ("action", member.key("calls")),
        ("heard", f"{last}/{member.person.id}"),
        ("pre-read", f"{last}-p"),
    )
    for kind, item_id in shown:
        yield ShownToSuccessor(
            handover_id=member.key("handover"),
            kind=kind,
            item_id=item_id,
            shown_at=times.afterwards - timedelta(hours=1),
        )


async def keep(session: AsyncSession, rows: Iterable[Any]) -> None:
    """Adds them, those first to which others point."""
    by_table: dict[str, list[Any]] = {}
    for row in rows:
        by_table.setdefault(row.__tablename__, []).append(row)
    for table in Table.metadata.sorted_tables:
        session.add_all(by_table.get(table.name, ()))
        await session.flush()


def _of_member(member: Member, cast: Cast, times: Times) -> Iterator[Any]:
    for number in range(1, PAST_TALKS + 1):
        yield from _past_talk(member, cast, number, times)
    yield from _next_talk(member, cast, times)
    yield from plan_rows(member, times)
    yield from _feedback(member, times)
    yield from _pathways(member, times)
    yield from _readings(member, times)
    if member.place == 1:
        yield from _stall(member, member.person, "course", times)
        yield _step(member, "support_request", "hr", cast.hr, times, 8)
    if member.place == 2:
        yield Handover(
            id=member.key("handover"),
            person_id=member.person.id,
            former_id=member.former.id,
            successor_id=member.partner.id,
            at=times.before(13),
        )
    if member.place == 3:
        yield _offer(member, times)
        yield from _stall(member, member.partner, "intro", times)
        yield _step(member, "support_repairs", "repairs", member.person, times, 21)


# Talks


def _past_talk(member: Member, cast: Cast, number: int, times: Times) -> Iterator[Any]:
    start, partner = times.past_talk(number), talks_with(member, number)
    key, texts = member.key(f"past-{number}"), words.EARLIER[number - 1]
    person, soon = member.person, start + timedelta(hours=3)
    yield _check_in(key, member, partner.id, cast, start, "held", PERIOD - number)
    yield _booking(key, start)
    yield ReflectionRow(
        id=f"{key}-r", check_in_id=key, writer_id=person.id, answered_at=start - timedelta(days=5), just_talk=False
    )
    for question, text in texts.items():
        yield Answer(
            reflection_id=f"{key}-r",
            question=question,
            text=text,
            line=text,
            shared_at=start - timedelta(days=4),
            changed_at=start - timedelta(days=4),
        )
    yield _pre_read(member, partner, times, f"past-{number}", texts, start - timedelta(hours=19))
    for writer, text, heard in zip((person, partner), words.NOTES[number - 1], words.HEARD[number - 1], strict=True):
        yield Note(check_in_id=key, writer_id=writer.id, text=text, made_at=soon, read_at=soon)
        yield HeardLine(
            check_in_id=key, writer_id=writer.id, text=heard, written_at=soon, answer="yes", answered_at=soon
        )
        yield OutcomeAnswer(check_in_id=key, person_id=writer.id, booking_no=1, said="held", said_at=soon)
    yield WorthAnswer(check_in_id=key, person_id=person.id, worth="yes", answered_at=soon)


def _next_talk(member: Member, cast: Cast, times: Times) -> Iterator[Any]:
    key, person, partner = member.key("talk"), member.person, member.partner
    # A manager holds at most two on a day.
    start = times.talk + timedelta(days=member.place // 2 * 4, hours=member.place % 2)
    yield _check_in(key, member, partner.id, cast, start, "booked", PERIOD)
    yield _booking(key, start)
    yield LetterItem(
        key=f"form/{key}",
        recipient_id=person.id,
        kind="reflection_request",
        due_at=times.questions,
        state="sent",
        sent_at=times.questions,
        check_in_id=key,
    )
    for number, (writer, text) in enumerate(zip((person, partner), words.TOPICS, strict=True)):
        yield Topic(
            id=f"{key}-topic-{number}",
            person_id=person.id,
            partner_id=partner.id,
            check_in_id=key,
            writer_id=writer.id,
            text=text,
            made_at=times.before(20 - number),
            read_at=times.before(10),
        )
    if member.place != 0:
        return
    yield ReflectionRow(id=f"{key}-r", check_in_id=key, writer_id=person.id, answered_at=times.questions)
    for question, text in words.LATELY.items():
        shared = question in words.LINES
        yield Answer(
            reflection_id=f"{key}-r",
            question=question,
            text=text,
            line=words.LINES.get(question),
            shared_at=times.questions if shared else None,
            changed_at=times.questions,
        )
    yield PathwayLine(check_in_id=key, about="opening/pricing-senior-analyst", put_at=times.questions)


def _check_in(key: str, member: Member, partner_id: str, cast: Cast, start: datetime, state: str, period: int) -> Any:
    return CheckInRow(
        id=key,
        person_id=member.person.id,
        partner_id=partner_id,
        period=period,
        due_on=start.date(),
        state=state,
        policy_id=cast.policy_id,
        policy_revision=1,
        opened_at=start - timedelta(days=42),
        closed_at=start + timedelta(days=1) if state == "held" else None,
    )


def _booking(key: str, start: datetime) -> Any:
    return Booking(
        check_in_id=key,
        no=1,
        start_at=start,
        end_at=start + timedelta(minutes=MINUTES),
        zone="Europe/Berlin",
        organizer="checkins@meadow.example",
        state="booked",
        transaction_id=f"t-{key}",
        reasons=["inside both people's hours"],
        made_at=start - timedelta(days=42),
    )


def _pre_read(
    member: Member, partner: Person, times: Times, name: str, lines: dict[str, str], at: datetime, *, step: bool = False
) -> Any:
    intro = words.ACTIONS["intro"][0].format(name=member.person.first_name)
    snapshot = build_snapshot(
        made_at=at,
        promises=[
            (partner.first_name, [Promise(what=intro, due_on=times.day(5))]),
            (
                member.person.first_name,
                [
                    Promise(what=words.ACTIONS["calls"][0], due_on=times.day(12)),
                    Promise(what=words.ACTIONS["course"][0], due_on=times.day(40)),
                ],
            ),
        ],
        learning=words.MOMENT if step else None,
        shared=[SharedLine(question=question, line=line) for question, line in lines.items()],
        celebrating=words.ACTIONS["handbook"][0] if step else None,
        words_at_most=300,
        pathway=[PathwayStep(role="Senior analyst", where="Pricing, Hamburg or from anywhere", closes_on=times.day(15))]
        if step
        else (),
    )
    key = member.key(name)
    return PreRead(id=f"{key}-p", check_in_id=key, booking_no=1, content=snapshot.model_dump_json(), made_at=at)


def _read_already(member: Member, times: Times) -> Iterator[Any]:
    yield Reading(
        reader_id=member.partner.id,
        owner_id=member.person.id,
        what=f"pre-read/{member.key('talk')}",
        day=times.pre_read.date(),
    )


def _after_the_talk(member: Member, times: Times) -> Iterator[Any]:
    key, at = member.key("talk"), times.afterwards - timedelta(hours=1)
    yield Note(check_in_id=key, writer_id=member.partner.id, text=words.NOTES[0][1], made_at=at)
    yield HeardLine(check_in_id=key, writer_id=member.partner.id, text=words.HEARD[0][1], written_at=at)
    yield OutcomeAnswer(check_in_id=key, person_id=member.partner.id, booking_no=1, said="held", said_at=at)


def _offer(member: Member, times: Times) -> Any:
    hours = [times.talk + timedelta(days=days, hours=hour) for days, hour in ((5, 1), (6, -1), (7, 4))]
    why = (
        ["in the week of the due date {}".format("18 March"), "inside both people's hours"],
        ["inside both people's hours"],
        ["inside both people's hours", "same weekday and hour as last time"],
    )
    return Offer(
        check_in_id=member.key("talk"),
        booking_no=1,
        round=1,
        state="open",
        keeps_hour=True,
        ask_at=times.questions,
        until=times.talk + timedelta(days=2),
        slots=[
            {
                "start": start.isoformat(),
                "end": (start + timedelta(minutes=MINUTES)).isoformat(),
                "reasons": reasons[1:] if number == 0 else reasons,
            }
            for number, (start, reasons) in enumerate(zip(hours, why, strict=True))
        ],
    )


# Around the talks


def _feedback(member: Member, times: Times) -> Iterator[Any]:
    """One answer that waits to be read, one that was read and is shown, one that is still asked."""
    for number, giver in enumerate(member.colleagues):
        key, asked = member.key(f"feedback-{number}"), times.before(17 - number)
        answered = asked + timedelta(days=3) if number < 2 else None
        behaviour, impact, next_step = words.FEEDBACK
        yield FeedbackRequest(
            id=key,
            asker_id=member.person.id,
            giver_id=giver.id,
            about=words.ABOUT,
            state="answered" if answered else "asked",
            behaviour=behaviour if answered else None,
            impact=impact if answered else None,
            next_step=next_step if answered else None,
            asked_at=asked,
            answered_at=answered,
            read_at=times.before(9) if number == 1 else None,
            shared_with_id=member.partner.id if number == 1 else None,
        )
        yield LetterItem(
            key=f"feedback/{key}/{giver.id}",
            recipient_id=giver.id,
            kind="feedback_request",
            due_at=asked,
            state="sent",
            sent_at=asked,
        )


def _pathways(member: Member, times: Times) -> Iterator[Any]:
    yield RoleOfPerson(person_id=member.person.id, role="analyst", source="own", since=times.day(-300))
    yield InterestRow(
        id=member.key("interest"),
        person_id=member.person.id,
        about="role/senior-analyst",
        told="partner_and_hr",
        partner_id=member.partner.id,
        made_at=times.before(30),
    )


def _readings(member: Member, times: Times) -> Iterator[Any]:
    for number in range(1, PAST_TALKS + 1):
        partner, day = talks_with(member, number), times.past_talk(number).date()
        key = member.key(f"past-{number}")
        for kind in ("pre-read", "reflection", "notes"):
            what = f"{kind}/{key}"
            yield Reading(reader_id=partner.id, owner_id=member.person.id, what=what, day=day)
    what = f"plan/{member.key('plan')}"
    yield Reading(reader_id=member.partner.id, owner_id=member.person.id, what=what, day=times.day(-9))


def _stall(member: Member, holder: Person, action: str, times: Times) -> Iterator[Any]:
    key = member.key("stall")
    yield Stall(
        id=key,
        plan_id=member.key("plan"),
        cause=f"action/{member.key(action)}/{times.day(-46)}",
        holder_id=holder.id,
        began_at=times.before(30),
    )
    yield _step(member, "support_note", "note", holder, times, 29)
    yield StallAnswer(
        stall_id=key,
        person_id=member.partner.id,
        reason="time",
        to_partner=True,
        to_hr=True,
        answered_at=times.before(20),
    )


def _step(member: Member, kind: str, step: str, recipient: Person, times: Times, days: int) -> LetterItem:
    key = member.key("stall")
    return LetterItem(
        key=f"{kind}/{key}",
        recipient_id=recipient.id,
        kind=kind,
        due_at=times.before(days),
        plan_id=member.key("plan"),
        stall_id=key,
        step=step,
        state="sent",
        sent_at=times.before(days),
    )


def _of_managers(cast: Cast, times: Times) -> Iterator[Any]:
    managers = {member.partner.id: member.partner for member in cast.members}
    period = moment_period(cast.policy_id, PERIOD)
    for manager in managers.values():
        yield LearningMoment(person_id=manager.id, period=period, text=words.MOMENT, changed_at=times.questions)
        yield LetterItem(
            key=f"learning/{manager.id}/{period}",
            recipient_id=manager.id,
            kind="learning_moment",
            due_at=times.questions,
            state="sent",
            sent_at=times.questions,
        )


def _of_hr(cast: Cast, times: Times) -> Iterator[Any]:
    first, second = cast.members[2].person, cast.members[-1].person
    yield NeedsAHand(
        key=f"help/{first.id}",
        person_id=first.id,
        sentence=Sentence(
            "{name} asks HR for help with a plan. Please get in touch; nobody else was told.", name=first.name
        ),
        since=times.before(8),
    )
    yield NeedsAHand(
        key=f"partner/{second.id}",
        person_id=second.id,
        sentence=Sentence(
            "{name} has no manager: name a conversation partner, or end the enrolment with perennial people end "
            "{mail}.",
            name=second.name,
            mail=second.mail,
        ),
        since=times.before(9),
    )
    refused = "Entra gave the app no token (AADSTS7000222): the client secret has expired; make a new one and set it."
    yield NeedsAHand(
        key=line_key(Kind.NO_TOKEN, ""), sentence=stuck_because(Kind.NO_TOKEN, [refused] * 3), since=times.before(1)
    )
