from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.policy import SECTIONS, Policy, PolicyError, parse_policy, warning_for_team


def problems(document: Any, base: Policy | None = None) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(document, base)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_a_name_alone_is_the_quarterly_policy_without_warnings() -> None:
    parsed = parse_policy({"name": "Ours"})
    assert parsed.policy == Policy(name="Ours")
    assert (parsed.policy.rhythm.every_months, parsed.policy.actions.remind_on_days) == (3, (-7, -1, 2, 9))
    assert parsed.warnings == ()


def test_a_value_out_of_range_is_named_with_its_range() -> None:
    assert problems({"name": "Ours", "rhythm": {"every_months": 14}}) == (
        "rhythm.every_months is 14; it must be from 1 to 12 months.",
    )


@pytest.mark.parametrize(
    ("section", "field", "value", "sentence"),
    [
        ("rhythm", "every_months", "3", 'rhythm.every_months is "3"; it must be from 1 to 12 months.'),
        ("rhythm", "every_months", True, "rhythm.every_months is true; it must be from 1 to 12 months."),
        ("rhythm", "every_months", None, "rhythm.every_months is empty; it must be from 1 to 12 months."),
        ("booking", "organizer", "ann", 'booking.organizer is "ann"; it must be service_mailbox or manager.'),
        ("privacy", "smallest_group", 4, "privacy.smallest_group is 4; it must be from 5 to 50 people."),
        (
            "stalled_plan",
            "owner_can_keep_hr_out",
            "perhaps",
            'stalled_plan.owner_can_keep_hr_out is "perhaps"; it must be true or false.',
        ),
        (
            "rhythm",
            "weeks_of_period",
            [0, 60],
            "rhythm.weeks_of_period is [0, 60]; "
            "it must be two week numbers, the first and the last, each from 1 to 52.",
        ),
        (
            "rhythm",
            "no_check_in_dates",
            [5],
            "rhythm.no_check_in_dates is [5]; it must be a list of dates written YYYY-MM-DD.",
        ),
        (
            "rhythm",
            "no_check_in_dates",
            ["2030-02-30"],
            'rhythm.no_check_in_dates is ["2030-02-30"]; it must be a list of dates written YYYY-MM-DD.',
        ),
        (
            "actions",
            "remind_on_days",
            [-7, -1, 2, 9, 12],
            "actions.remind_on_days is [-7, -1, 2, 9, 12]; it must be a list of 1 to 4 days, each from -30 to 30.",
        ),
    ],
)
def test_a_malformed_value_is_one_sentence(section: str, field: str, value: object, sentence: str) -> None:
    assert problems({"name": "Ours", section: {field: value}}) == (sentence,)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"rythm": {}}, "rythm is not a field of a policy; did you mean rhythm?"),
        (
            {"rhythm": {"every_month": 3}},
            "rhythm.every_month is not a field of a policy; did you mean rhythm.every_months?",
        ),
        ({"every_months": 3}, "every_months is not a field of a policy; did you mean rhythm.every_months?"),
        (
            {"mail": {"quiet_days": 30}},
            "mail.quiet_days is not a field of a policy; did you mean stalled_plan.quiet_days?",
        ),
        ({"booking": 4}, "booking is 4; it must be a group of fields such as weeks_ahead."),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_known_one(document: dict[str, Any], sentence: str) -> None:
    assert problems({"name": "Ours", **document}) == (sentence,)


def test_every_problem_is_told_at_once() -> None:
    found = problems({"rhythm": {"every_months": 0, "evry": 1}, "mail": {"letters_per_week": 50}})
    assert len(found) == 4
    assert "name is missing; it must be a text of 1 to 80 characters." in found


def test_a_document_that_is_no_group_of_fields_is_refused() -> None:
    assert problems([1]) == ("A policy must be a group of named fields, but this is [1].",)


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"rhythm": {"weeks_of_period": [5, 3]}}, ["rhythm.weeks_of_period"]),
        ({"rhythm": {"weeks_of_period": [3, 13]}}, ["rhythm.weeks_of_period"]),
        ({"rhythm": {"may_slip_days": 46}}, ["rhythm.may_slip_days"]),
        ({"rhythm": {"every_months": 1}}, ["rhythm.weeks_of_period", "rhythm.may_slip_days"]),
        ({"rhythm": {"return_from_leave_workdays": [20, 10]}}, ["rhythm.return_from_leave_workdays"]),
        ({"booking": {"weeks_ahead": 1}}, ["booking.notice_workdays"]),
        (
            {"booking": {"notice_workdays": 3, "notice_workdays_when_moved": 4}},
            ["booking.notice_workdays_when_moved"],
        ),
        ({"booking": {"per_manager_per_week": 1}}, ["booking.per_manager_per_day"]),
        ({"reflection": {"workdays_before": 2}}, ["reflection.reminder_workdays_before"]),
        (
            {
                "reflection": {"workdays_before": 2, "reminder_workdays_before": 1},
                "pre_read": {"workdays_before": 2},
            },
            ["pre_read.workdays_before"],
        ),
        ({"actions": {"remind_on_days": [-1, -7, 2, 9]}}, ["actions.remind_on_days"]),
        ({"actions": {"snooze_days": [3, 3]}}, ["actions.snooze_days"]),
        ({"stalled_plan": {"hr_partner_day": 7}}, ["stalled_plan.hr_partner_day"]),
    ],
)
def test_fields_that_contradict_each_other_are_refused(document: dict[str, Any], paths: list[str]) -> None:
    assert [found.partition(" is ")[0] for found in problems({"name": "Ours", **document})] == paths


def test_gaps_are_filled_from_the_base_but_never_its_name() -> None:
    base = parse_policy({"name": "Base", "rhythm": {"conversation_minutes": 30, "may_slip_days": 7}}).policy
    parsed = parse_policy({"name": "Ours", "rhythm": {"may_slip_days": 8}}, base).policy
    assert (parsed.name, parsed.rhythm.conversation_minutes, parsed.rhythm.may_slip_days) == ("Ours", 30, 8)
    assert problems({}, base) == ("name is missing; it must be a text of 1 to 80 characters.",)


def test_more_than_six_months_between_check_ins_is_allowed_with_a_warning() -> None:
    assert parse_policy({"name": "Ours", "rhythm": {"every_months": 6}}).warnings == ()
    (warning,) = parse_policy({"name": "Ours", "rhythm": {"every_months": 7}}).warnings
    assert warning.startswith("rhythm.every_months is 7;")


def test_monthly_check_ins_warn_above_six_reports() -> None:
    monthly = {"every_months": 1, "may_slip_days": 10, "weeks_of_period": [1, 4]}
    policy = parse_policy({"name": "Ours", "rhythm": monthly}).policy
    assert warning_for_team(policy, 6) is None
    assert warning_for_team(policy, 7) is not None
    warning = warning_for_team(policy, 11)
    assert warning is not None
    assert "33 check-ins a quarter" in warning


def test_a_team_that_the_weeks_cannot_hold_is_warned_of() -> None:
    policy = Policy(name="Ours")
    assert warning_for_team(policy, 24) is None
    warning = warning_for_team(policy, 25)
    assert warning is not None
    assert "24 in all" in warning


def test_each_field_says_when_an_edit_bites_and_in_what_unit() -> None:
    for section, shape in SECTIONS.items():
        for name, field in shape.model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict), name
            now = section in {"mail", "privacy", "actions", "stalled_plan", "pathways"} or name == "reorganized_on"
            assert extra["bites"] == ("NOW" if now else "NEXT_CHECK_IN"), name
            assert field.description, name


def test_an_edit_bites_a_running_check_in_only_where_it_says_now() -> None:
    pinned = parse_policy({"name": "Ours", "reflection": {"questions": 3}}).policy
    edit = {"name": "Edited", "mail": {"letters_per_week": 2}, "actions": {"snoozes": 1}}
    newest = parse_policy({**edit, "reflection": {"questions": 5}, "rhythm": {"conversation_minutes": 30}}).policy
    in_force = pinned.overlaid_now_by(newest)
    assert (in_force.name, in_force.mail, in_force.actions) == ("Edited", newest.mail, newest.actions)
    assert (in_force.reflection, in_force.rhythm) == (pinned.reflection, pinned.rhythm)
    assert pinned.overlaid_now_by(pinned) == pinned


def test_what_protects_people_only_tightens() -> None:
    strict = parse_policy({"name": "S", "privacy": {"smallest_group": 8, "delete_unshared_days": 30}}).policy
    loose = Policy(name="S")
    for in_force in (strict.overlaid_now_by(loose), loose.overlaid_now_by(strict)):
        assert (in_force.privacy.smallest_group, in_force.privacy.delete_unshared_days) == (8, 30)
        assert in_force.privacy.delete_notes_months == 24


def test_a_policy_survives_the_way_through_json() -> None:
    policy = parse_policy({"name": "Ours", "rhythm": {"no_check_in_dates": ["2030-03-29"]}}).policy
    assert policy.rhythm.no_check_in_dates == (date(2030, 3, 29),)
    assert parse_policy(policy.model_dump(mode="json")).policy == policy
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "rhythm", "every_months", "x"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_document_breaks_the_reading_without_a_sentence(document: Any) -> None:
    told: tuple[str, ...] | None = None
    try:
        parse_policy(document)
    except PolicyError as error:
        told = error.problems
    assert told != ()
    assert all(problem.endswith((".", "?")) for problem in told or ())
