"""Somebody of each kind around Ann, and a sentence planted in every text that a person can write.

For a new table with such a text: plant a row below, and name its sentence in `TEXTS`. For a new path parameter: an
entry in `PLACES`. For a new form: what a valid one holds, in `FORMS`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from cycle.policy import Policy
from cycle.pre_read import Promise, SharedLine, build_snapshot
from cycle.reflection import version_of
from cycle.sentences import Sentence
from cycle.stuck import Kind
from cycle.stuck import sentence as stuck_because
from integrations.database.successors import choose, handover_for
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Answer,
    Booking,
    CheckInRow,
    Enrolment,
    Evidence,
    FeedbackRequest,
    Goal,
    Handover,
    HeardLine,
    InterestRow,
    LearningMoment,
    LetterItem,
    Milestone,
    NeedsAHand,
    Note,
    Offer,
    PathwaysRevision,
    Person,
    Plan,
    PolicyRevision,
    PolicyRow,
    PreRead,
    ReflectionRow,
    Reporting,
    Stall,
    StallAnswer,
    Supporter,
    Topic,
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
    """A planted sentence: who wrote it, on whose pages it is nobody else's, and whether it is its writer's alone.

    `tells` are those who must learn that somebody else saw it, each with what the reading may be called: one of these,
    with the paths' parameters in them. `looks` is how it looks where it is no sentence of anybody's.
    """

    writer: str
    tells: Mapping[str, tuple[str, ...]]
    private: bool = False
    belongs: frozenset[str] = frozenset()
    looks: tuple[str, ...] = ()
    sole: bool = False
    """Whether no words of anybody else stand in it: who reads their own tells nobody of it."""

    @property
    def owners(self) -> frozenset[str]:
        return self.belongs | {self.writer}

    def told_of(self, viewer: str | None) -> Mapping[str, tuple[str, ...]]:
        """Who must learn that this one saw it."""
        if viewer == self.writer and self.sole:
            return {}
        return {who: whats for who, whats in self.tells.items() if who != viewer}


def _by(writer: str, *whats: str, private: bool = False, belongs: frozenset[str] = frozenset()) -> Text:
    return Text(writer, {writer: whats}, private, belongs)


def _action(action_id: str, writer: str, took_on: str, *before: str, belongs: frozenset[str] = frozenset()) -> Text:
    """Of Ann's plan, and she may learn by the plan itself; `before` are whose words it was once."""
    what = f"action/{action_id}"
    tells = {each: (what, "plan/plan") if each == "ann" else (what,) for each in ("ann", writer, took_on, *before)}
    return Text(writer, tells, belongs=belongs, sole=writer == took_on and not before)


ANNS = frozenset({"ann"})
NOW, BEFORE = "check-in-1", "before"

TEXTS = {
    "answer": _by("ann", f"reflection/{NOW}"),
    "line": _by("ann", f"pre-read/{NOW}"),
    "private answer": _by("ann", f"reflection/{NOW}", private=True),
    "private line": _by("ann", f"pre-read/{NOW}", private=True),
    "withdrawn answer": _by("ann", f"reflection/{NOW}", private=True),
    "withdrawn line": _by("ann", f"pre-read/{NOW}", private=True),
    "moment": _by("mara", "learning/moment", f"pre-read/{NOW}"),
    "unsaved moment": _by("mara", "learning/moment", private=True),
    "note": _by("ann", f"notes/{NOW}"),
    "manager's note": _by("mara", f"notes/{NOW}"),
    "old answer": _by("ann", f"reflection/{BEFORE}"),
    "old line": _by("ann", f"pre-read/{BEFORE}"),
    "old moment": _by("fern", f"pre-read/{BEFORE}"),
    "former manager's moment": _by("fern", "learning/former-moment"),
    "old note": _by("ann", f"notes/{BEFORE}"),
    "former manager's note": _by("fern", f"notes/{BEFORE}"),
    "old topic": _by("ann", f"notes/{BEFORE}"),
    "former manager's topic": _by("fern", f"notes/{BEFORE}"),
    "old heard": _by("ann", f"notes/{BEFORE}"),
    "former manager heard": _by("fern", f"notes/{BEFORE}"),
    "former manager's answer": _by("fern", f"notes/{BEFORE}"),
    "topic": _by("ann", f"notes/{NOW}"),
    "manager's topic": _by("mara", f"notes/{NOW}"),
    "heard": _by("ann", "notes/over"),
    "manager heard": _by("mara", "notes/over"),
    "answer to what was heard": _by("ann", "notes/over"),
    "goal": _by("ann", "goal/goal", "plan/plan"),
    "priority": _by("ann", "goal/goal", "plan/plan"),
    "why": _by("ann", "goal/goal", "plan/plan"),
    "action": _action("action", "ann", "ann"),
    "success": _action("action", "ann", "ann"),
    "needs": _action("action", "ann", "ann"),
    "grants": _action("action", "ann", "ann"),
    "call for help": _action("action", "ann", "ann"),
    "old call for help": _action("action", "ann", "ann"),
    "mentor's call for help": _by("nora", "action/mentor-action"),
    "step": _action("action", "ann", "ann"),
    "leaver's step": _by("lena", "action/manager-action", belongs=frozenset({"mara"})),
    "outcome": _action("done-action", "ann", "ann"),
    "change": _by("ann", "goal/done-goal"),
    "invitation": _by("ann", "invitation/{support_id}", belongs=frozenset({"nora"})),
    "mentor's word": _by("nora", "goal/goal"),
    "asked about": _by("ann", "feedback/{request_id}", belongs=frozenset({"nora"})),
    "behaviour": _by("nora", "feedback/{request_id}"),
    "impact": _by("nora", "feedback/{request_id}"),
    "next step": _by("nora", "feedback/{request_id}"),
    "private action": _by("ann", "action/private-action", private=True),
    "manager's action": _action("manager-action", "mara", "mara", belongs=ANNS),
    "former manager's action": _action("former-action", "fern", "fern", belongs=ANNS),
    "mentor's action": _action("mentor-action", "ann", "nora", belongs=frozenset({"nora"})),
    "done action": _action("done-action", "ann", "ann"),
    "leaver's action": _action("leaver-action", "ann", "lena", belongs=frozenset({"lena"})),
    "proposed action": _action("proposed-action", "fern", "ann", belongs=ANNS),
    "reworded action": _action("reworded-action", "ann", "ann", "mara"),
    "promise": Text("fern", {"fern": ("action/proposed-action",), "ann": (f"pre-read/{NOW}",)}, belongs=ANNS),
    "celebration": Text("fern", {"fern": ("action/proposed-action",), "ann": (f"pre-read/{NOW}",)}, belongs=ANNS),
    "old promise": Text(
        "ann", {"nora": ("action/mentor-action",), "ann": (f"pre-read/{BEFORE}",), "fern": (f"pre-read/{BEFORE}",)}
    ),
    "reason": Text(
        "mara", {"mara": ("stall/stall",)}, looks=("Mara shared with you:", "In the way: help would be welcome")
    ),
    "interest": Text("ann", {"ann": ("interest/interest",)}, looks=("<h2>Ann Berg",)),
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
        "done": "done-action",
        "proposed": "proposed-action",
        "former manager's": "former-action",
        "reworded": "reworded-action",
    },
    "{topic_id}": {"today": "topic"},
    "{note_id}": {"today": "note", "before": "old-note"},
    "{goal_id}": {"today": "goal", "done": "done-goal", "reached": "done-goal"},
    "{milestone_id}": {"today": "step"},
    "{line_id}": {"today": "word", "done": "outcome", "reached": "change"},
    "{support_id}": {"today": "support", "invited": "invited"},
    "{request_id}": {"today": "feedback", "asked": "asked", "read": "read", "shown": "shown", "not sent": "not-sent"},
    "{interest_id}": {"today": "interest"},
    "{key}": {"today": "guide"},
    "{plan_id}": {"today": "plan"},
    "{stall_id}": {"today": "stall", "of an action": "stuck", "manager's": "manager-stuck"},
    "{handover_id}": {"today": "handover", "chosen": "handover"},
    "{person_id}": {"today": "person-ann"},
    "{path:path}": {"today": "perennial.css"},
}
"""What stands for each path parameter, by the word in the column "which" (empty is "today")."""

FORMS: dict[str, dict[str, str]] = {
    "POST /reflections/{check_in_id}": {"text-learned": "More"},
    "GET /actions/{action_id}/time.ics": {"day": "tomorrow", "hour": "09:00", "minutes": "60"},
    "POST /language": {"language": "de", "back": "/plan"},
    "POST /reflections/{check_in_id}/draft": {"text-learned": "More"},
    "POST /reflections/{check_in_id}/preview": {},
    "POST /learning-moment/draft": {"text": "I asked too late"},
    "POST /learning-moment": {"text": "I asked too late"},
    "POST /check-ins/{check_in_id}/notes": {"text": "A line"},
    "POST /check-ins/{check_in_id}/notes/{note_id}": {"changed": "Another line"},
    "POST /check-ins/{check_in_id}/topics": {"topic": "A line"},
    "POST /check-ins/{check_in_id}/topics/{topic_id}": {"do": "tick"},
    "POST /check-ins/{check_in_id}/heard": {"heard": ""},
    "POST /check-ins/{check_in_id}/heard/answer": {
        "answer": "yes",
        "seen": version_of(sentence("manager heard"), datetime(2030, 3, 1, 9, 0, tzinfo=UTC)),
    },
    "POST /check-ins/{check_in_id}/worth": {"worth": "yes"},
    "POST /privacy/assistant": {"assistant": "otto@example.org"},
    "POST /privacy/mailbox": {"share-mailbox": "yes"},
    "POST /history": {"q": "more"},
    "POST /hr/worth": {"period": "past/1"},
    "POST /hr/calls/{person_id}/talked": {"seen": "2030-03-01T09:00:00+00:00"},
    "POST /plan/goals": {"title": "Grow"},
    "POST /plan/actions": {"title": "Call them", "due_on": "2030-04-02"},
    "POST /plans/{plan_id}/actions": {"title": "Call them", "due_on": "2030-04-02"},
    "POST /goals/{goal_id}/words": {"title": "Grow"},
    "POST /goals/{goal_id}/close": {"how": "reached"},
    "POST /goals/{goal_id}/evidence": {"text": "It worked"},
    "POST /goals/{goal_id}/supporters": {"who": "otto@example.org", "role": "peer"},
    "POST /actions/{action_id}/words": {"title": "Call", "modality": "stretch"},
    "POST /actions/{action_id}/goal": {"goal": ""},
    "POST /actions/{action_id}/step": {"way": "down"},
    "POST /actions/{action_id}/milestones": {"step": "First"},
    "POST /actions/{action_id}/evidence": {"text": "It worked"},
    "POST /actions/{action_id}/supporters": {"who": "otto@example.org", "role": "peer"},
    "POST /supporting/{support_id}/words": {"text": "Well done"},
    "POST /feedback": {"name-1": "otto@example.org", "about": "the talk"},
    "POST /feedback/{request_id}/answer": {"behaviour": "You asked", "do": "as-is"},
    "POST /pathways/role": {"role": "guide"},
    "POST /pathways/interests": {"about": "role/guide", "told": "nobody"},
    "POST /pathways/pre-read": {"about": "opening/guide-graz"},
    "POST /check-ins/{check_in_id}/actions": {"title": "Call them", "due_on": "2030-04-02"},
    "POST /check-ins/{check_in_id}/outcome": {"said": "held"},
    "POST /check-ins/{check_in_id}/another-time": {"booking_no": "1"},
    "POST /check-ins/{check_in_id}/slots": {"booking_no": "1", "round": "1", "slot": "none"},
    "POST /actions/{action_id}/accept": {"due_on": "2030-04-02"},
    "POST /actions/{action_id}/new-date": {"due_on": "2030-04-02"},
    "POST /actions/{action_id}/help": {"whom": "partner"},
    "POST /actions/{action_id}/owner": {"who": "partner"},
    "POST /actions/{action_id}/snooze": {"days": "7"},
    "POST /plan/help": {"whom": "hr"},
    "POST /plan/help/take-back": {"about": "partner"},
    "POST /plans/{plan_id}/talked": {"seen": "2030-03-01T09:00:00+00:00"},
    "POST /stalls/{stall_id}/answer": {"reason": "time"},
    "POST /handovers/{handover_id}": {"show-goal/goal": "yes"},
}
"""What a valid form holds, where it holds anything."""


async def plant(world: Any) -> None:
    """Ann talked with Fern until February; Mara holds her check-ins since. The next one has its pre-read out."""
    async with world.database.transaction() as session:
        for short, name in (
            ("fern", "Fern Hall"),
            ("nora", "Nora Sand"),
            ("lena", "Lena Gone"),
            ("vera", "Vera Stone"),
        ):
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


async def choose_everything(world: Any) -> None:
    """Ann shows Mara all of the time before."""
    async with world.database.transaction() as session:
        view = await handover_for(session, "handover", "person-ann", world.clock.at)
        assert view is not None
        chosen = {f"{each.item.kind}/{each.item.id}" for each in view.items}
        await choose(session, "handover", "person-ann", chosen, world.clock.at)


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
    yield PolicyRow(id="past", name="Check-ins 2029", starts_on=date(2029, 8, 1))
    document = Policy(name="Check-ins 2029").model_dump(mode="json")
    yield PolicyRevision(policy_id="past", number=1, document=document, made_at=long_ago)
    for key, partner, state, start, policy, period in (
        ("before", "fern", "held", long_ago, "past", 1),
        ("over", "mara", "ended", now - timedelta(hours=2), "policy", 0),
    ):
        yield CheckInRow(
            id=key,
            person_id="person-ann",
            partner_id=f"person-{partner}",
            period=period,
            due_on=start.date(),
            state=state,
            policy_id=policy,
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
    for key, who, name in (("moment", "mara", "moment"), ("former-moment", "fern", "former manager's moment")):
        yield LearningMoment(
            id=key,
            person_id=f"person-{who}",
            period="policy/1",
            text=sentence(name),
            draft=sentence("unsaved moment") if who == "mara" else None,
            changed_at=lately,
        )
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
    for check_in_id, at, promised in (
        ("check-in-1", lately, Promise(what=sentence("promise"), action="proposed-action")),
        ("before", long_ago, Promise(what=sentence("old promise"), action="mentor-action")),
    ):
        mine = [each for each in answers if each[0] == check_in_id and each[4]]
        yield PreRead(
            check_in_id=check_in_id,
            booking_no=1,
            content=build_snapshot(
                made_at=at,
                promises=[("Ann", [promised])],
                learning=sentence("moment" if check_in_id == "check-in-1" else "old moment"),
                celebrated="proposed-action",
                shared=[SharedLine(question=each[1], line=sentence(each[3])) for each in mine],
                celebrating=sentence("celebration") if check_in_id == "check-in-1" else None,
                words_at_most=300,
            ).model_dump_json(),
            made_at=at,
        )
    for key, check_in_id, who, name, at in (
        ("note", "check-in-1", "ann", "note", lately),
        ("manager-note", "check-in-1", "mara", "manager's note", lately),
        ("old-note", "before", "ann", "old note", long_ago),
        ("former-note", "before", "fern", "former manager's note", long_ago),
    ):
        yield Note(id=key, check_in_id=check_in_id, writer_id=f"person-{who}", text=sentence(name), made_at=at)
    for key, who, name in (("topic", "ann", "topic"), ("manager-topic", "mara", "manager's topic")):
        yield Topic(
            id=key,
            person_id="person-ann",
            partner_id="person-mara",
            check_in_id="check-in-1",
            writer_id=f"person-{who}",
            text=sentence(name),
            made_at=lately,
        )
    for key, who, name in (("old-topic", "ann", "old topic"), ("former-topic", "fern", "former manager's topic")):
        yield Topic(
            id=key,
            person_id="person-ann",
            partner_id="person-fern",
            check_in_id="before",
            writer_id=f"person-{who}",
            text=sentence(name),
            made_at=long_ago,
        )
    yield HeardLine(
        check_in_id="before",
        writer_id="person-ann",
        text=sentence("old heard"),
        written_at=long_ago,
        answer="not_quite",
        answer_text=sentence("former manager's answer"),
        answered_at=long_ago,
    )
    yield HeardLine(
        check_in_id="before", writer_id="person-fern", text=sentence("former manager heard"), written_at=long_ago
    )
    yield HeardLine(check_in_id="over", writer_id="person-ann", text=sentence("heard"), written_at=lately)
    yield HeardLine(
        check_in_id="over",
        writer_id="person-mara",
        text=sentence("manager heard"),
        written_at=lately,
        answer="not_quite",
        answer_text=sentence("answer to what was heard"),
        answered_at=lately,
    )


AGREED_IN = {"proposed-action": "before", "reworded-action": "check-in-1", "former-action": "check-in-1"}
"""Actions that serve no goal, and in which talk they were agreed."""


def _written_for_the_plan(long_ago: Any, lately: Any) -> Iterable[Any]:
    yield Plan(id="plan", person_id="person-ann", opened_at=long_ago, help_asked_at=lately, help_asked_id="person-mara")
    yield Goal(
        id="goal",
        plan_id="plan",
        title=sentence("goal"),
        why=sentence("why"),
        priority=sentence("priority"),
        made_at=long_ago,
    )
    yield Goal(id="done-goal", plan_id="plan", title="Reached", state="reached", closed_at=lately, made_at=long_ago)
    for key, owner, maker, name, at in (
        ("action", "ann", "ann", "action", long_ago),
        ("private-action", "ann", "ann", "private action", long_ago),
        ("manager-action", "mara", "mara", "manager's action", lately),
        ("mentor-action", "nora", "ann", "mentor's action", lately),
        ("leaver-action", "lena", "ann", "leaver's action", lately),
        ("done-action", "ann", "ann", "done action", lately),
        ("former-action", "fern", "fern", "former manager's action", lately),
        ("proposed-action", "ann", "fern", "proposed action", long_ago),
        # Ann took it on and put it in other words since.
        ("reworded-action", "ann", "mara", "reworded action", lately),
    ):
        yield ActionRow(
            id=key,
            plan_id="plan",
            goal_id="goal" if key not in AGREED_IN else None,
            check_in_id=AGREED_IN.get(key, "check-in-1" if at == lately else None),
            owner_id=f"person-{owner}",
            made_by_id=f"person-{maker}",
            title=sentence(name),
            success=sentence("success") if key == "action" else None,
            needs=sentence("needs") if key == "action" else None,
            granted_by=sentence("grants") if key == "action" else None,
            state="done" if key == "done-action" else "open",
            due_on=date(2030, 3, 25),
            agreed_on=long_ago.date(),
            accepted_at=at,
            private=key == "private-action",
            chased_from=long_ago.date(),
            made_at=at,
        )
    for action, who, asked, name, at in (
        ("action", "ann", "fern", "old call for help", long_ago),
        ("action", "ann", "mara", "call for help", lately),
        ("mentor-action", "nora", "ann", "mentor's call for help", lately),
    ):
        yield ActionEvent(
            action_id=action,
            person_id=f"person-{who}",
            what="asked_help",
            whom="partner",
            asked_id=f"person-{asked}",
            note=sentence(name),
            at=at,
        )
    yield Stall(id="stall", plan_id="plan", cause="check-ins/before", began_at=lately)
    yield Stall(id="stuck", plan_id="plan", cause="action/proposed-action", holder_id="person-ann", began_at=lately)
    yield Stall(
        id="manager-stuck",
        plan_id="plan",
        cause="action/manager-action",
        holder_id="person-mara",
        began_at=long_ago,
    )
    yield LetterItem(
        key="repairs/manager-stuck/person-ann",
        recipient_id="person-ann",
        kind="support_repairs",
        stall_id="manager-stuck",
        step="repairs",
        due_at=lately,
        state="sent",
        sent_at=lately,
    )
    yield StallAnswer(
        stall_id="stall", person_id="person-mara", reason="help", to_partner=True, to_hr=True, answered_at=lately
    )
    yield LetterItem(
        key="support/stall/person-hale",
        recipient_id="person-hale",
        kind="support_request",
        stall_id="stall",
        due_at=lately,
        state="sent",
        sent_at=lately,
    )
    yield ActionEvent(action_id="done-action", person_id="person-ann", what="done", at=lately)
    call = Sentence("{name} asks HR for help with a plan. Please get in touch; nobody else was told.", name="Ann")
    yield NeedsAHand(key="help/person-ann", person_id="person-ann", sentence=call, since=lately)
    busy = stuck_because(Kind.BUSY, ["Could not book a check-in: Microsoft Graph is busy or unwell (503)."])
    yield NeedsAHand(key="stuck/busy", sentence=busy, since=lately)
    yield Milestone(id="step", action_id="action", writer_id="person-ann", title=sentence("step"), made_at=lately)
    # Lena had it before Mara, who reached the step after the last talk.
    yield Milestone(
        id="leaver-step",
        action_id="manager-action",
        writer_id="person-lena",
        title=sentence("leaver's step"),
        done_at=lately + timedelta(days=3),
        made_at=lately,
    )
    yield from _written_with_others(lately)


def _written_with_others(lately: Any) -> Iterable[Any]:
    yield Evidence(
        id="outcome",
        action_id="done-action",
        writer_id="person-ann",
        kind="outcome",
        text=sentence("outcome"),
        made_at=lately,
    )
    yield Evidence(
        id="change", goal_id="done-goal", writer_id="person-ann", kind="change", text=sentence("change"), made_at=lately
    )
    for key, subject, state in (
        ("support", {"goal_id": "goal"}, "accepted"),
        ("invited", {"action_id": "action"}, "invited"),
    ):
        yield Supporter(
            id=key,
            person_id="person-ann",
            supporter_id="person-nora",
            role="mentor",
            state=state,
            note=sentence("invitation"),
            invited_at=lately,
            answered_at=lately if state == "accepted" else None,
            **subject,
        )
    yield Evidence(
        id="word",
        goal_id="goal",
        writer_id="person-nora",
        kind="word",
        text=sentence("mentor's word"),
        made_at=lately,
    )
    for key, answered, read, letter in (
        ("feedback", True, False, "sent"),
        ("asked", False, False, "sent"),
        ("read", True, True, "sent"),
        ("shown", True, True, "sent"),
        ("not-sent", False, False, "waiting"),
    ):
        yield FeedbackRequest(
            id=key,
            asker_id="person-ann",
            giver_id="person-nora",
            about=sentence("asked about"),
            state="answered" if answered else "asked",
            behaviour=sentence("behaviour") if answered else None,
            impact=sentence("impact") if answered else None,
            next_step=sentence("next step") if answered else None,
            asked_at=lately,
            answered_at=lately if answered else None,
            read_at=lately if read else None,
            shared_with_id="person-mara" if key == "shown" else None,
        )
        yield LetterItem(
            key=f"feedback/{key}/person-nora",
            recipient_id="person-nora",
            kind="feedback_request",
            due_at=lately,
            state=letter,
            sent_at=lately if letter == "sent" else None,
        )
    yield PathwaysRevision(
        number=1,
        document={
            "roles": [{"key": "guide", "name": "Guide", "about": "Shows the way"}],
            "openings": [
                {
                    "key": "guide-graz",
                    "role": "guide",
                    "where": "Graz",
                    "opens_on": "2030-02-01",
                    "closes_on": "2030-06-30",
                }
            ],
        },
        made_at=lately,
    )
    yield InterestRow(
        id="interest",
        person_id="person-ann",
        about="role/guide",
        told="partner",
        partner_id="person-mara",
        shared=True,
        made_at=lately,
    )
    yield from _of_the_manager(lately)


def _of_the_manager(lately: Any) -> Iterable[Any]:
    """Mara talks with Vera, who is none of the eight. That page has not left, and the opening fits Mara."""
    yield Reporting(person_id="person-mara", partner_id="person-vera", source="directory", since=date(2029, 1, 1))
    yield CheckInRow(
        id="manager-check-in",
        person_id="person-mara",
        partner_id="person-vera",
        period=1,
        due_on=date(2030, 3, 28),
        state="due",
        policy_id="policy",
        policy_revision=1,
        opened_at=lately,
    )
    yield InterestRow(
        id="manager-interest",
        person_id="person-mara",
        about="role/guide",
        told="nobody",
        partner_id="person-vera",
        made_at=lately,
    )
