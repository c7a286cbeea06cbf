"""The oracle's own sums, checked against days and hours counted by hand."""

import ast
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cli.demo.evidence import Evidence, Stretch
from cli.demo.oracle import dues, mail_window, outside_minutes, shared_minutes, windows_from
from cli.demo.pursuits import promises, pursuits, stuck_plans

ANN, MARA, OTTO = (f"{name}@meadow.example" for name in ("ann", "mara", "otto"))
POLICY = "Quarterly check-ins"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_one_person_is_due_in_the_middle_of_the_weeks_of_the_period(quarter: Evidence) -> None:
    # Weeks 3 to 10 of the period from Monday 4 February are 18 February to 14 April; the 21st of 40 weekdays.
    first, second = dues(quarter)
    assert (first.on, first.horizon, first.last) == (date(2030, 3, 18), date(2030, 2, 4), date(2030, 4, 8))
    assert (second.period, second.on) == (2, date(2030, 6, 17))
    assert not first.excused


def test_two_of_a_team_are_spread_over_the_weeks(quarter: Evidence) -> None:
    both = replace(quarter, policy_of={ANN: POLICY, OTTO: POLICY})
    first_period = sorted(due.on for due in dues(both) if due.period == 1)
    assert first_period == [date(2030, 3, 4), date(2030, 4, 1)]


def test_a_joiner_is_due_on_day_60_and_not_in_a_period_before(quarter: Evidence) -> None:
    def hired(on: date) -> Evidence:
        people = dict(quarter.people) | {ANN: replace(quarter.people[ANN], hired=on)}
        return replace(quarter, people=people, until=moment("2030-08-01 00:00"))

    # Saturday 23 March rolls forward to Monday.
    assert dues(hired(date(2030, 1, 22)))[0].on == date(2030, 3, 25)
    late = dues(hired(date(2030, 3, 15)))
    assert [(due.period, due.on) for due in late][:1] == [(2, date(2030, 5, 14))]


def test_who_is_on_leave_for_most_of_the_period_is_excused(quarter: Evidence) -> None:
    away = replace(quarter.people[ANN], leave=((date(2030, 2, 10), date(2030, 4, 10)),))
    assert dues(replace(quarter, people=dict(quarter.people) | {ANN: away}))[0].excused


def test_a_mail_window_keeps_its_wall_clock_hours_across_a_clock_change(quarter: Evidence) -> None:
    before = mail_window(quarter, ANN, date(2030, 3, 29))
    after = mail_window(quarter, ANN, date(2030, 4, 1))
    assert before == Stretch(moment("2030-03-29 08:30"), moment("2030-03-29 15:00"))
    assert after == Stretch(moment("2030-04-01 07:30"), moment("2030-04-01 14:00"))
    assert mail_window(quarter, ANN, date(2030, 3, 30)) is None


def test_the_next_window_is_the_rest_of_today_or_the_whole_of_the_next_workday(quarter: Evidence) -> None:
    windows = windows_from(quarter, ANN, moment("2030-04-18 13:00"))
    assert next(windows) == Stretch(moment("2030-04-18 13:00"), moment("2030-04-18 14:00"))
    # Good Friday and Easter Monday are days off.
    assert next(windows).start == moment("2030-04-23 07:30")


def test_hours_shared_and_hours_outside_are_counted_in_each_zone(quarter: Evidence) -> None:
    ann = quarter.people[ANN]
    mara = replace(quarter.people[MARA], zone=ZoneInfo("America/New_York"))
    # In winter six hours lie between them, and five between the two clock changes.
    assert shared_minutes(ann, mara, date(2030, 2, 12)) == 120
    assert shared_minutes(ann, mara, date(2030, 3, 12)) == 180
    assert shared_minutes(ann, replace(mara, zone=ZoneInfo("Asia/Singapore")), date(2030, 2, 12)) == 60
    talk = Stretch(moment("2030-02-12 15:30"), moment("2030-02-12 16:15"))
    assert (outside_minutes(ann, talk), outside_minutes(mara, talk)) == (15, 0)


def test_a_new_date_ends_one_pursuit_and_begins_the_next(quarter: Evidence) -> None:
    moved = replace(
        quarter.diary[-1],
        did="set_new_date",
        link="/actions/A1/new-date",
        at=moment("2030-04-04 09:00"),
        fields={"due_on": "2030-05-02"},
    )
    own = next(each for each in promises(replace(quarter, diary=(*quarter.diary, moved))) if each.owner == ANN)
    first, second = pursuits(quarter, own)
    assert (first.due_on, first.ended) == (date(2030, 4, 10), moved.at)
    assert (second.due_on, second.agreed_on, second.ended) == (
        date(2030, 5, 2),
        date(2030, 4, 4),
        quarter.diary[-1].at,
    )


def test_a_plan_is_stuck_14_days_overdue_and_30_quiet_days_after_whatever_happened(quarter: Evidence) -> None:
    every = promises(quarter)
    assert [(stuck.plan_of, stuck.on) for stuck in stuck_plans(quarter, every)] == [(OTTO, date(2030, 2, 9))]
    stirred = replace(
        quarter.diary[0], at=moment("2030-02-08 10:00"), person=OTTO, did="noted_progress", link="/actions/A2/progress"
    )
    later = replace(quarter, diary=(*quarter.diary, stirred))
    assert [stuck.on for stuck in stuck_plans(later, promises(later))] == [date(2030, 3, 10)]
    done = replace(stirred, did="finished_action")
    never = replace(quarter, diary=(*quarter.diary, done))
    assert stuck_plans(never, promises(never)) == []


def test_the_oracle_shares_nothing_with_what_it_checks() -> None:
    folder = Path(__file__).parents[3] / "cli" / "demo"
    names = ("days.py", "diary.py", "evidence.py", "keys.py", "oracle.py", "page.py", "pursuits.py", "tenant_state.py")
    imported = set()
    for path in [*(folder / name for name in names), *sorted((folder / "invariants").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    ours = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    allowed = {name.removesuffix(".py") for name in names} | {"invariants"}
    assert {name.split(".")[2] for name in ours if name.startswith("cli.demo.")} <= allowed
    assert {name for name in ours if not name.startswith("cli.demo.")} == set()
