"""Somebody of each kind around Ann, and a sentence planted in every text that a person can write.

For a new table with such a text: plant a row below, and name its sentence in `TEXTS`. For a new path parameter: an
entry in `PLACES`. For a new form: what a valid one holds, in `FORMS`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from cycle.pre_read import SharedLine, build_snapshot
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Answer,
    Booking,
    CheckInRow,
    Enrolment,
    Goal,
    Handover,
    LearningMoment,
    Note,
    Offer,
    Person,
    Plan,
    PreRead,
    ReflectionRow,
    Reporting,
    Stall,
)

VIEWERS = {
    "employee": "ann",
    "manager": "mara",
    "former manager": "fern",
    "mentor": "nora",
    "HR ops": "hale",
    "administrator": "ira",
    "colleague": "otto",
    "not signed in": None,
}
"""The columns of the table, and who stands for each."""


@dataclass(frozen=True, slots=True)
class Text:
    """A planted sentence: who wrote it, on whose pages it is nobody else's, and whether it is its writer's alone."""

    writer: str
    private: bool = False
    belongs: frozenset[str] = frozenset()

    @property
    def owners(self) -> frozenset[str]:
        return self.belongs | {self.writer}


ANNS_PLAN = frozenset({"ann"})

TEXTS = {
    "answer": Text("ann"),
    "line": Text("ann"),
    "private answer": Text("ann", private=True),
    "private line": Text("ann", private=True),
    "withdrawn answer": Text("ann", private=True),
    "withdrawn line": Text("ann", private=True),
    "moment": Text("mara"),
    "note": Text("ann"),
    "manager's note": Text("mara"),
    "old answer": Text("ann"),
    "old line": Text("ann"),
    "old note": Text("ann"),
    "former manager's note": Text("fern"),
    "goal": Text("ann"),
    "why": Text("ann"),
    "action": Text("ann"),
    "success": Text("ann"),
    "call for help": Text("ann"),
    "private action": Text("ann", private=True),
    "manager's action": Text("mara", belongs=ANNS_PLAN),
    "mentor's action": Text("ann", belongs=frozenset({"nora"})),
    "leaver's action": Text("ann", belongs=frozenset({"lena"})),
}


def sentence(name: str) -> str:
    """What is planted under that name: markup, so that a page that does not escape is noticed too."""
    return f'<script>steal("{name}")</script> & more'


PLACES = {
    "{check_in_id}": {"today": "check-in-1", "over": "over", "before": "before"},
    "{action_id}": {
        "today": "action",
        "private": "private-action",
        "manager's": "manager-action",
        "mentor's": "mentor-action",
        "leaver's": "leaver-action",
    },
    "{plan_id}": {"today": "plan"},
    "{stall_id}": {"today": "stall"},
    "{handover_id}": {"today": "handover"},
    "{path:path}": {"today": "perennial.css"},
}
"""What stands for each path parameter, by the word in the column "which" (empty is "today")."""

FORMS: dict[str, dict[str, str]] = {
    "POST /reflections/{check_in_id}": {"text-learned": "More"},
    "POST /language": {"language": "de", "back": "/plan"},
    "POST /learning-moment": {"text": "I asked too late"},
    "POST /check-ins/{check_in_id}/notes": {"text": "A line"},
    "POST /check-ins/{check_in_id}/actions": {"title": "Call them", "due_on": "2030-04-02"},
    "POST /check-ins/{check_in_id}/outcome": {"said": "held"},
    "POST /check-ins/{check_in_id}/another-time": {"booking_no": "1"},
    "POST /check-ins/{check_in_id}/slots": {"booking_no": "1", "round": "1", "slot": "none"},
    "POST /actions/{action_id}/accept": {"due_on": "2030-04-02"},
    "POST /actions/{action_id}/new-date": {"due_on": "2030-04-02"},
    "POST /actions/{action_id}/help": {"whom": "partner"},
    "POST /actions/{action_id}/owner": {"who": "partner"},
    "POST /actions/{action_id}/snooze": {"days": "7"},
    "POST /plan/help": {"whom": "partner"},
    "POST /stalls/{stall_id}/answer": {"reason": "time"},
    "POST /handovers/{handover_id}": {"show-goal/goal": "yes"},
}
"""What a valid form holds, where it holds anything."""


async def plant(world: Any) -> None:
    """Ann talked with Fern until February; Mara holds her check-ins since. The next one has its pre-read out."""
    async with world.database.transaction() as session:
        for short, name in (("fern", "Fern Hall"), ("nora", "Nora Sand"), ("lena", "Lena Gone")):
            session.add(_person(short, name))
        await session.execute(
            update(Reporting).values(partner_id="person-mara", since=world.clock.at.date() - timedelta(days=20))
        )
        # Names come from the directory, where somebody wrote them too.
        for row in await session.scalars(Person.__table__.select().with_only_columns(Person.id)):
            named = update(Person).where(Person.id == row)
            await session.execute(named.values(name=Person.name + " " + sentence("a name")))
        await session.flush()
        for row in _rows(world):
            session.add(row)
            await session.flush()


def _person(short: str, name: str) -> Person:
    return Person(
        id=f"person-{short}",
        oid=f"oid-{short}",
        mail=f"{short}@example.org",
        name=name,
        zone="Europe/Berlin",
        country="DE",
        away=[],
    )


def _rows(world: Any) -> Iterable[Any]:
    now = world.clock.at
    long_ago, change, lately = now - timedelta(days=60), now - timedelta(days=20), now - timedelta(days=3)
    yield Enrolment(person_id="person-ann", policy_id="policy", enrolled_at=long_ago)
    yield Reporting(
        person_id="person-ann",
        partner_id="person-fern",
        source="directory",
        since=date(2029, 1, 1),
        until=change.date(),
    )
    for key, partner, state, start in (
        ("before", "fern", "held", long_ago),
        ("over", "mara", "ended", now - timedelta(hours=2)),
    ):
        yield CheckInRow(
            id=key,
            person_id="person-ann",
            partner_id=f"person-{partner}",
            period=0,
            due_on=start.date(),
            state=state,
            policy_id="policy",
            policy_revision=1,
            opened_at=long_ago - timedelta(days=30),
        )
        yield Booking(
            check_in_id=key,
            no=1,
            start_at=start,
            end_at=start + timedelta(minutes=45),
            zone="Europe/Berlin",
            organizer="check-ins@example.org",
            state="booked",
            transaction_id=f"t-{key}",
            reasons=[],
            made_at=long_ago,
        )
    yield Handover(
        id="handover", person_id="person-ann", former_id="person-fern", successor_id="person-mara", at=change
    )
    yield Offer(
        check_in_id="check-in-1",
        booking_no=1,
        round=1,
        state="open",
        keeps_hour=True,
        ask_at=lately,
        until=now + timedelta(days=2),
        slots=[],
    )
    yield from _written_for_talks(long_ago, lately)
    yield from _written_for_the_plan(long_ago, lately)


def _written_for_talks(long_ago: Any, lately: Any) -> Iterable[Any]:
    yield LearningMoment(person_id="person-mara", period="2030-Q1", text=sentence("moment"), changed_at=lately)
    answers = (
        ("check-in-1", "learned", "answer", "line", lately, None),
        ("check-in-1", "surprised", "private answer", "private line", None, None),
        ("check-in-1", "differently", "withdrawn answer", "withdrawn line", lately, lately),
        ("before", "learned", "old answer", "old line", long_ago, None),
    )
    for check_in_id in ("check-in-1", "before"):
        yield ReflectionRow(
            id=f"reflection-{check_in_id}", check_in_id=check_in_id, writer_id="person-ann", answered_at=long_ago
        )
    for check_in_id, question, text, line, shared_at, withdrawn_at in answers:
        yield Answer(
            reflection_id=f"reflection-{check_in_id}",
            question=question,
            text=sentence(text),
            line=sentence(line),
            shared_at=shared_at,
            withdrawn_at=withdrawn_at,
            changed_at=long_ago,
        )
    for check_in_id, at in (("check-in-1", lately), ("before", long_ago)):
        mine = [each for each in answers if each[0] == check_in_id and each[4]]
        yield PreRead(
            check_in_id=check_in_id,
            booking_no=1,
            content=build_snapshot(
                made_at=at,
                promises=[],
                learning=sentence("moment") if check_in_id == "check-in-1" else None,
                shared=[SharedLine(question=each[1], line=sentence(each[3])) for each in mine],
                celebrating=None,
                words_at_most=300,
            ).model_dump_json(),
            made_at=at,
        )
    for check_in_id, who, name, at in (
        ("check-in-1", "ann", "note", lately),
        ("check-in-1", "mara", "manager's note", lately),
        ("before", "ann", "old note", long_ago),
        ("before", "fern", "former manager's note", long_ago),
    ):
        yield Note(check_in_id=check_in_id, writer_id=f"person-{who}", text=sentence(name), made_at=at)


def _written_for_the_plan(long_ago: Any, lately: Any) -> Iterable[Any]:
    yield Plan(id="plan", person_id="person-ann", opened_at=long_ago)
    yield Goal(id="goal", plan_id="plan", title=sentence("goal"), why=sentence("why"), made_at=long_ago)
    for key, owner, maker, name, at in (
        ("action", "ann", "ann", "action", long_ago),
        ("private-action", "ann", "ann", "private action", long_ago),
        ("manager-action", "mara", "mara", "manager's action", lately),
        ("mentor-action", "nora", "ann", "mentor's action", lately),
        ("leaver-action", "lena", "ann", "leaver's action", lately),
    ):
        yield ActionRow(
            id=key,
            plan_id="plan",
            goal_id="goal",
            check_in_id="check-in-1" if at == lately else None,
            owner_id=f"person-{owner}",
            made_by_id=f"person-{maker}",
            title=sentence(name),
            success=sentence("success") if key == "action" else None,
            due_on=date(2030, 3, 25),
            agreed_on=long_ago.date(),
            accepted_at=at,
            private=key == "private-action",
            chased_from=long_ago.date(),
            made_at=at,
        )
    yield ActionEvent(
        action_id="action",
        person_id="person-ann",
        what="asked_help",
        whom="partner",
        note=sentence("call for help"),
        at=lately,
    )
    yield Stall(id="stall", plan_id="plan", cause="check-ins/before", began_at=lately)
