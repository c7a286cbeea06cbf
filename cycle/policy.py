"""The cycle policy: HR's rules for a population, each with its unit, its range and when an edit bites."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

Bites = Literal["NOW", "NEXT_CHECK_IN"]
InterestVisibleTo = Literal["nobody", "partner", "hr_from_five", "partner_and_hr"]


def _number(default: int, low: int, high: int, unit: str, says: str, bites: Bites) -> Any:
    """A whole number of `unit` from `low` to `high`; strict, so that "3", 3.5 and true are refused."""
    return Field(
        default=default,
        ge=low,
        le=high,
        strict=True,
        description=f"{says} ({unit})",
        json_schema_extra={"bites": bites, "unit": unit, "allowed": f"from {low} to {high} {unit}"},
    )


def _other(default: object, allowed: str, says: str, bites: Bites, **limits: Any) -> Any:
    """Anything but a single number; `allowed` completes "it must be ..."."""
    return Field(
        default=default,
        description=says,
        json_schema_extra={"bites": bites, "allowed": allowed},
        **limits,
    )


def _written_date(given: object) -> object:
    """Only dates and their ISO text pass; pydantic alone would take the number 5 for a day in 1970."""
    if type(given) is date:
        return given
    if isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
        return given
    raise ValueError("not a date")


WrittenDate = Annotated[date, BeforeValidator(_written_date)]
Week = Annotated[int, Field(strict=True, ge=1, le=52)]
ReturnWorkdays = Annotated[int, Field(strict=True, ge=1, le=60)]
ReminderDay = Annotated[int, Field(strict=True, ge=-30, le=30)]
SnoozeDays = Annotated[int, Field(strict=True, ge=1, le=30)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rhythm(_Section):
    """How often people talk, how long, and what may shift the date."""

    every_months: int = _number(3, 1, 12, "months", "length of a period, one check-in in each", "NEXT_CHECK_IN")
    conversation_minutes: int = _number(45, 15, 120, "minutes", "length of a conversation", "NEXT_CHECK_IN")
    may_slip_days: int = _number(21, 0, 90, "days", "how far after its due date a check-in may be", "NEXT_CHECK_IN")
    weeks_of_period: tuple[Week, Week] = _other(
        (3, 10),
        "two week numbers, the first and the last, each from 1 to 52",
        "a manager's check-ins are spread over these weeks of the period (first and last week)",
        "NEXT_CHECK_IN",
    )
    no_check_in_dates: tuple[WrittenDate, ...] = _other(
        (),
        "a list of dates written YYYY-MM-DD",
        "days on which no check-in falls due or takes place, such as quarter close or pay review (dates)",
        "NEXT_CHECK_IN",
    )
    new_joiner_on_day: int = _number(
        60, 14, 120, "days", "a new joiner's first check-in, after their start", "NEXT_CHECK_IN"
    )
    new_manager_within_days: int = _number(
        21, 5, 60, "days", "the handover check-in, after a change of manager", "NEXT_CHECK_IN"
    )
    return_from_leave_workdays: tuple[ReturnWorkdays, ReturnWorkdays] = _other(
        (10, 20),
        "two numbers of workdays, the earliest and the latest, each from 1 to 60",
        "the check-in after a long leave, counted from the return (earliest and latest workday)",
        "NEXT_CHECK_IN",
    )


class Booking(_Section):
    """When a check-in is put into the calendars, with how much notice, and how many a manager gets."""

    weeks_ahead: int = _number(6, 1, 12, "weeks", "how long before its due date a check-in is booked", "NEXT_CHECK_IN")
    notice_workdays: int = _number(10, 2, 30, "workdays", "least notice of an invitation", "NEXT_CHECK_IN")
    notice_workdays_when_moved: int = _number(2, 1, 10, "workdays", "least notice of a new time", "NEXT_CHECK_IN")
    per_manager_per_day: int = _number(2, 1, 2, "check-ins", "most check-ins of a manager in a day", "NEXT_CHECK_IN")
    per_manager_per_week: int = _number(3, 1, 6, "check-ins", "most check-ins of a manager in a week", "NEXT_CHECK_IN")
    minutes_between: int = _number(15, 0, 60, "minutes", "pause between two check-ins of a manager", "NEXT_CHECK_IN")
    organizer: Literal["service_mailbox", "manager"] = _other(
        "service_mailbox",
        "service_mailbox or manager",
        "whose calendar the event is created in",
        "NEXT_CHECK_IN",
    )


class Reflection(_Section):
    """The form before a check-in."""

    workdays_before: int = _number(5, 2, 15, "workdays", "when the form goes out", "NEXT_CHECK_IN")
    reminder_workdays_before: int = _number(2, 1, 10, "workdays", "when the one reminder goes out", "NEXT_CHECK_IN")
    questions: int = _number(4, 1, 6, "questions", "how many questions are asked", "NEXT_CHECK_IN")
    minutes: int = _number(8, 1, 30, "minutes", "how long we say that the form takes", "NEXT_CHECK_IN")
    reorganized_on: WrittenDate | None = _other(
        None,
        "a date written YYYY-MM-DD, or nothing",
        "the day of a reorganization: everybody's first talk from then on asks about it (date)",
        # At once, since the talks that are booked already are the first ones after it.
        "NOW",
    )


class PreRead(_Section):
    """The one-page summary that both get before they talk. Whole answers enter it by their writer's yes for each."""

    workdays_before: int = _number(1, 1, 5, "workdays", "when the pre-read goes out", "NEXT_CHECK_IN")
    words_at_most: int = _number(300, 100, 300, "words", "length of the pre-read", "NEXT_CHECK_IN")
    letter_contains: Literal["shared_lines", "link_only", "whole_answers"] = _other(
        "shared_lines",
        "shared_lines, link_only or whole_answers",
        "what of the shared answers stands in the letter itself",
        "NEXT_CHECK_IN",
    )


class Afterwards(_Section):
    """The question whether the check-in was held."""

    ask_hours_after: int = _number(2, 1, 48, "hours", "when both are asked, after the end", "NEXT_CHECK_IN")
    ask_again_workdays: int = _number(3, 1, 10, "workdays", "when whoever was silent is asked again", "NEXT_CHECK_IN")


class Actions(_Section):
    """The reminder ladder of an action, and what its owner may do about it."""

    remind_on_days: tuple[ReminderDay, ...] = _other(
        (-7, -1, 2, 9),
        "a list of 1 to 4 days, each from -30 to 30",
        "when an owner hears of an action, counted from its due date: negative is before it (days)",
        "NOW",
        min_length=1,
        max_length=4,
    )
    first_reminder_if_over_days: int = _number(14, 7, 60, "days", "shorter actions get no first reminder", "NOW")
    open_per_owner: int = _number(5, 1, 10, "actions", "most open actions of an owner in a plan", "NOW")
    right_goal_question_at_extension: int = _number(
        3, 2, 6, "extensions", "which new date asks whether it is still the right goal", "NOW"
    )
    snooze_days: tuple[SnoozeDays, ...] = _other(
        (3, 7, 14),
        "a list of 1 to 4 lengths in days, each from 1 to 30",
        "the lengths of a snooze that are offered (days)",
        "NOW",
        min_length=1,
        max_length=4,
    )
    snoozes: int = _number(2, 0, 5, "snoozes", "most snoozes for a due date", "NOW")


class StalledPlan(_Section):
    """When a plan counts as stalled, and the support ladder that follows, once."""

    quiet_days: int = _number(30, 14, 120, "days", "how long nothing happened in the plan", "NOW")
    overdue_days: int = _number(14, 7, 90, "days", "how long an action is past its due date", "NOW")
    check_ins_not_held: int = _number(2, 1, 6, "check-ins", "how many in a row did not happen", "NOW")
    moves: int = _number(3, 2, 6, "moves", "how many moves make a check-in's scheduling stalled", "NOW")
    note_to_owner_day: int = _number(0, 0, 30, "days", "the note that asks what is in the way, after the stall", "NOW")
    repairs_to_both_day: int = _number(7, 1, 60, "days", "three simple repairs go to both, after the stall", "NOW")
    hr_partner_day: int = _number(21, 7, 90, "days", "HR gets a request for support, after the stall", "NOW")
    owner_can_keep_hr_out: bool = _other(True, "true or false", "whether the owner can keep HR out", "NOW", strict=True)
    pause_day: int = _number(35, 14, 180, "days", "the plan rests, after the stall", "NOW")


class Mail(_Section):
    """How much mail a person gets, and at what hours of their working day."""

    letters_per_day: int = _number(1, 1, 2, "letters", "most messages a person gets in a day", "NOW")
    letters_per_week: int = _number(3, 1, 5, "letters", "most messages a person gets in a week", "NOW")
    after_start_minutes: int = _number(30, 0, 120, "minutes", "no mail so long after the working day starts", "NOW")
    before_end_minutes: int = _number(60, 0, 180, "minutes", "no mail so long before the working day ends", "NOW")


class Privacy(_Section):
    """The smallest groups that are shown as numbers, and when texts and logs are deleted."""

    smallest_group: int = _number(5, 5, 50, "people", "smallest group whose rates are shown", "NOW")
    smallest_group_comments: int = _number(10, 10, 100, "people", "smallest group whose comments are shown", "NOW")
    delete_unshared_days: int = _number(90, 7, 90, "days", "unshared drafts are deleted, after the talk", "NOW")
    delete_notes_months: int = _number(24, 3, 24, "months", "shared notes are deleted", "NOW")
    delete_logs_months: int = _number(12, 1, 12, "months", "logs are deleted", "NOW")


class Pathways(_Section):
    """Who learns that somebody is interested in a role or an opening."""

    interest_visible_to: InterestVisibleTo = _other(
        "nobody",
        "nobody, partner, hr_from_five or partner_and_hr",
        "who sees an interest without its person showing it: the conversation partner by name, HR only how many, "
        "from the smallest group on; what was told under a stricter rule stays under it",
        "NOW",
    )


class Policy(_Section):
    """One revision of HR's rules for a population; its defaults are the shipped quarterly policy."""

    name: str = Field(
        min_length=1,
        max_length=80,
        description="what HR calls the policy",
        json_schema_extra={"bites": "NOW", "allowed": "a text of 1 to 80 characters"},
    )
    rhythm: Rhythm = Rhythm()
    booking: Booking = Booking()
    reflection: Reflection = Reflection()
    pre_read: PreRead = PreRead()
    afterwards: Afterwards = Afterwards()
    actions: Actions = Actions()
    stalled_plan: StalledPlan = StalledPlan()
    mail: Mail = Mail()
    privacy: Privacy = Privacy()
    pathways: Pathways = Pathways()

    def overlaid_now_by(self, newest: "Policy") -> "Policy":
        """This pinned revision with the `NOW` fields of the newest one: what binds a running check-in.

        What protects people only tightens: no smaller groups, and nothing is kept longer than was said.
        """
        sections: dict[str, Any] = {}
        for name, shape in SECTIONS.items():
            mine, theirs = getattr(self, name), getattr(newest, name)
            now = {field: getattr(theirs, field) for field in shape.model_fields if _bites(shape, field) == "NOW"}
            sections[name] = mine.model_copy(update=now)
        privacy = {
            field: (max if field.startswith("smallest") else min)(mine, getattr(newest.privacy, field))
            for field, mine in self.privacy.model_dump().items()
        }
        sections["privacy"] = Privacy(**privacy)
        return self.model_copy(update={"name": newest.name, **sections})


SECTIONS: dict[str, type[_Section]] = {
    name: field.annotation
    for name, field in Policy.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, _Section)
}


class PolicyError(ValueError):
    """A policy that cannot be used; `problems` are sentences, one for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ParsedPolicy:
    policy: Policy
    warnings: tuple[str, ...] = ()


def parse_policy(document: Mapping[str, Any], base: Policy | None = None) -> ParsedPolicy:
    """The policy that `document` describes, its gaps filled from `base` or else from the defaults.

    Raises PolicyError with every problem found: unknown fields, values out of range, and, once each value is
    good by itself, fields that contradict each other.
    """
    if not isinstance(document, Mapping):
        raise PolicyError((f"A policy must be a group of named fields, but this is {_shown(document)}.",))
    problems: list[str] = []
    values: dict[str, Any] = base.model_dump(exclude={"name"}) if base else {}
    for key, given in document.items():
        if key == "name":
            values["name"] = given
        elif key not in SECTIONS:
            problems.append(_unknown(str(key)))
        elif not isinstance(given, Mapping):
            example = next(iter(SECTIONS[key].model_fields))
            problems.append(f"{key} is {_shown(given)}; it must be a group of fields such as {example}.")
        else:
            known = {field: value for field, value in given.items() if field in SECTIONS[key].model_fields}
            problems += [_unknown(f"{key}.{field}") for field in given if field not in known]
            values[key] = {**values.get(key, {}), **known}
    try:
        policy = Policy.model_validate(values)
    except ValidationError as error:
        problems += dict.fromkeys(_sentence(found["loc"], values) for found in error.errors())
        raise PolicyError(tuple(problems)) from None
    problems += _contradictions(policy)
    if problems:
        raise PolicyError(tuple(problems))
    return ParsedPolicy(policy, _warnings(policy))


def warning_for_team(policy: Policy, reports: int) -> str | None:
    """A sentence for HR when a manager with so many reports would have too many conversations, else None."""
    first, last = policy.rhythm.weeks_of_period
    room = (last - first + 1) * policy.booking.per_manager_per_week
    if reports > room:
        return (
            f"A manager with {reports} reports does not fit into weeks {first} to {last} of the period at "
            f"{policy.booking.per_manager_per_week} check-ins a week, which is {room} in all; "
            "widen rhythm.weeks_of_period or raise booking.per_manager_per_week."
        )
    if policy.rhythm.every_months == 1 and reports > 6:
        return (
            f"A manager with {reports} reports would hold {3 * reports} check-ins a quarter; "
            "monthly check-ins suit managers of up to 6."
        )
    return None


def _bites(shape: type[_Section], field: str) -> object:
    extra = shape.model_fields[field].json_schema_extra
    return extra["bites"] if isinstance(extra, dict) else None


def half_a_period(every_months: int) -> int:
    """Days in half a period, taking a month as 30: the furthest a check-in may ever slip."""
    return every_months * 15


def _field(path: str) -> FieldInfo:
    section, _, field = path.partition(".")
    return SECTIONS[section].model_fields[field] if field else Policy.model_fields[section]


def _shown(value: object) -> str:
    return "empty" if value is None else json.dumps(value, default=str, ensure_ascii=False)


def _sentence(loc: tuple[int | str, ...], values: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in loc[:2])
    extra = _field(path).json_schema_extra
    allowed = extra["allowed"] if isinstance(extra, dict) else ""
    given: Any = values
    for part in loc[:2]:
        if part not in given:
            return f"{path} is missing; it must be {allowed}."
        given = given[part]
    return f"{path} is {_shown(given)}; it must be {allowed}."


def _unknown(path: str) -> str:
    fields = [f"{section}.{field}" for section, shape in SECTIONS.items() for field in shape.model_fields]
    known = ["name", *SECTIONS, *fields]
    word = path.rpartition(".")[2]
    elsewhere = [field for field in fields if field.rpartition(".")[2] == word]
    nearest = elsewhere or difflib.get_close_matches(path, known, 1)
    if nearest:
        return f"{path} is not a field of a policy; did you mean {nearest[0]}?"
    section = path.partition(".")[0]
    choice = list(SECTIONS[section].model_fields) if section in SECTIONS else ["name", *SECTIONS]
    return f"{path} is not a field of a policy; choose from {', '.join(choice)}."


def _contradictions(policy: Policy) -> list[str]:
    rhythm, booking, reflection, stalled = (
        policy.rhythm,
        policy.booking,
        policy.reflection,
        policy.stalled_plan,
    )
    problems = []
    weeks = (rhythm.every_months * 30 - 1) // 7
    first, last = rhythm.weeks_of_period
    if first > last or last > weeks:
        problems.append(
            f"rhythm.weeks_of_period is [{first}, {last}]; with rhythm.every_months {rhythm.every_months} it "
            f"must be the first and the last of weeks 1 to {weeks}."
        )
    half = half_a_period(rhythm.every_months)
    if rhythm.may_slip_days > half:
        problems.append(
            f"rhythm.may_slip_days is {rhythm.may_slip_days}; with rhythm.every_months {rhythm.every_months} "
            f"it must be from 0 to {half} days, half a period."
        )
    for path, days in (
        ("rhythm.return_from_leave_workdays", rhythm.return_from_leave_workdays),
        ("actions.remind_on_days", policy.actions.remind_on_days),
        ("actions.snooze_days", policy.actions.snooze_days),
    ):
        if any(one >= other for one, other in pairwise(days)):
            problems.append(f"{path} is {list(days)}; each number must be greater than the one before.")
    if booking.notice_workdays > booking.weeks_ahead * 5:
        problems.append(
            f"booking.notice_workdays is {booking.notice_workdays}; it must be at most "
            f"{booking.weeks_ahead * 5} workdays, for booking.weeks_ahead {booking.weeks_ahead} weeks."
        )
    if booking.notice_workdays_when_moved > booking.notice_workdays:
        problems.append(
            f"booking.notice_workdays_when_moved is {booking.notice_workdays_when_moved}; it must be at most "
            f"booking.notice_workdays, {booking.notice_workdays}."
        )
    if booking.per_manager_per_day > booking.per_manager_per_week:
        problems.append(
            f"booking.per_manager_per_day is {booking.per_manager_per_day}; it must be at most "
            f"booking.per_manager_per_week, {booking.per_manager_per_week}."
        )
    for path, workdays in (
        ("reflection.reminder_workdays_before", reflection.reminder_workdays_before),
        ("pre_read.workdays_before", policy.pre_read.workdays_before),
    ):
        if workdays >= reflection.workdays_before:
            problems.append(
                f"{path} is {workdays}; it must be less than reflection.workdays_before, {reflection.workdays_before}."
            )
    steps = ("note_to_owner_day", "repairs_to_both_day", "hr_partner_day", "pause_day")
    for earlier, later in pairwise(steps):
        if getattr(stalled, earlier) >= getattr(stalled, later):
            problems.append(
                f"stalled_plan.{later} is {getattr(stalled, later)}; it must be later than "
                f"stalled_plan.{earlier}, {getattr(stalled, earlier)}."
            )
    return problems


def _warnings(policy: Policy) -> tuple[str, ...]:
    every_months = policy.rhythm.every_months
    if every_months > 6:
        return (
            f"rhythm.every_months is {every_months}; over more than 6 months a conversation loses its "
            "thread, 1 to 6 months keep it.",
        )
    return ()
