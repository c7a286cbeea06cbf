"""Somebody's plan in the showcase: two goals, what several people took on for them, and who helps along."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cli.showcase import words
from cli.showcase.cast import Member
from cli.showcase.times import Times
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Evidence,
    Goal,
    Milestone,
    Person,
    Plan,
    Supporter,
)


@dataclass(frozen=True, slots=True)
class _Action:
    """`made` and `due` are days after the talk, `done` too."""

    name: str
    owner: Person
    made: int
    due: int
    goal: int | None
    modality: str = "stretch"
    done: int | None = None
    accepted: bool = True


def plan_rows(member: Member, times: Times) -> Iterator[Any]:
    person, partner = member.person, member.partner
    mentor = member.colleagues[0] if member.colleagues else partner
    yield Plan(id=member.key("plan"), person_id=person.id, opened_at=times.past_talk(3))
    for number, (title, why, priority) in enumerate(words.GOALS):
        yield Goal(
            id=member.key(f"goal-{number}"),
            plan_id=member.key("plan"),
            title=title,
            why=why,
            priority=priority,
            made_at=times.past_talk(2),
        )
    quiet = member.place == 1
    for place, action in enumerate(
        (
            _Action("calls", person, -91, 12, 0),
            _Action("course", person, -182, -46 if quiet else 40, 0, "training"),
            _Action("intro", partner, -91, 5, 1, "mentoring"),
            _Action("handbook", person, -91, -9, 1, "reading", done=-8),
            _Action("mentor", mentor, -40, 33, 0, "mentoring"),
            _Action("private", person, -20, 48, None, "training"),
            _Action("later", person, -9, 61, 1, "rotation", accepted=False),
        ),
        1,
    ):
        yield from _action(member, action, place, times)
    for title, day, done in zip(words.STEPS, (-30, -14, 10), (True, True, False), strict=True):
        yield Milestone(
            action_id=member.key("calls"),
            writer_id=person.id,
            title=title,
            due_on=times.day(day),
            done_at=times.before(-day) if done else None,
            made_at=times.before(80),
        )
    yield from _supporters(member, mentor, times)


def _action(member: Member, action: _Action, place: int, times: Times) -> Iterator[Any]:
    key, title, success = member.key(action.name), *words.ACTIONS[action.name]
    made, done = times.before(-action.made), times.before(-action.done) if action.done else None
    maker = member.partner if action.name == "later" else member.person
    yield ActionRow(
        id=key,
        plan_id=member.key("plan"),
        goal_id=member.key(f"goal-{action.goal}") if action.goal is not None else None,
        check_in_id=member.key("past-1") if action.made == -91 else None,
        owner_id=action.owner.id,
        made_by_id=maker.id,
        title=title.format(name=member.person.first_name),
        success=success,
        modality=action.modality,
        needs="Four hours a month" if action.name == "calls" else None,
        granted_by=member.partner.first_name if action.name == "calls" else None,
        place=place,
        due_on=times.day(action.due),
        agreed_on=made.date(),
        accepted_at=made if action.accepted else None,
        state="done" if done else "open",
        private=action.name == "private",
        extensions=1 if action.name == "course" else 0,
        chased_from=made.date(),
        made_at=made,
    )
    events: list[tuple[str, Person, datetime, str | None, str | None]] = [("made", maker, made, None, None)]
    if action.owner is not maker and action.accepted:
        events.append(("accepted", action.owner, made + timedelta(hours=20), None, None))
    if action.name == "calls":
        events.append(("progress", action.owner, times.before(14), None, None))
        events.append(("asked_help", action.owner, times.before(10), "partner", words.CALL_FOR_HELP))
    if done:
        events.append(("done", action.owner, done, None, None))
    for what, who, at, whom, note in events:
        yield ActionEvent(
            id=f"{key}-{len(what)}-{what}",
            action_id=key,
            person_id=who.id,
            what=what,
            whom=whom,
            asked_id=member.partner.id if whom else None,
            note=note,
            at=at,
        )
    if done:
        yield Evidence(
            id=f"{key}-outcome",
            action_id=key,
            writer_id=action.owner.id,
            kind="outcome",
            text=words.OUTCOME,
            made_at=done,
        )


def _supporters(member: Member, mentor: Person, times: Times) -> Iterator[Any]:
    goal = member.key("goal-0")
    for name, person, role, state, about in (
        ("mentor-of", mentor, "mentor", "accepted", {"goal_id": goal}),
        ("peer-of", member.colleagues[-1], "peer", "invited", {"action_id": member.key("calls")}),
    ):
        yield Supporter(
            id=member.key(name),
            person_id=member.person.id,
            supporter_id=person.id,
            role=role,
            state=state,
            note=words.INVITATION,
            invited_at=times.before(40),
            answered_at=times.before(39) if state == "accepted" else None,
            **about,
        )
    yield Evidence(
        id=member.key("word"),
        goal_id=goal,
        writer_id=mentor.id,
        kind="word",
        text=words.MENTORS_WORD,
        made_at=times.before(13),
    )
