"""What a load did wrong is said and is the exit code; figures alone never hide it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import bench
from cli.load_figures import CAPS, Figures, most_within, most_without_a_pause

NINE = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
ONE, TWO = "checkins@meadow.example", "checkins-2@meadow.example"
WELL = Figures(
    people=500,
    requests=9000,
    refused=0,
    bookings=500,
    sent={ONE: 400, TWO: 300},
    apart=0,
    rush=60,
    rush_minutes=2,
    in_flight=4,
    in_ten_minutes=10_000,
    letters_a_minute=30,
    waiting_letters=0,
    bookings_a_minute=60,
    a_manager_a_day=CAPS.per_manager_per_day,
    a_manager_a_week=CAPS.per_manager_per_week,
    doubled=0,
    seconds=60,
)


def ended(monkeypatch: pytest.MonkeyPatch, found: Figures) -> tuple[int, str, str]:
    async def lived(*_: Any) -> Figures:
        return found

    monkeypatch.setattr(bench, "_load", lived)
    result = CliRunner().invoke(bench.app, ["load"])
    return result.exit_code, result.stdout, result.stderr


def test_a_load_at_every_limit_and_over_none_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, wrong = ended(monkeypatch, WELL)
    assert (code, wrong) == (0, "")
    assert "500 people due in one week: 500 booked, 700 letters" in said
    assert f"{TWO} sent 300 of them" in said
    assert "at most 60 letters left without a pause, in 2 minutes (one sender takes 4)" in said


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"bookings": 499}, "People without a booking: 1."),
        ({"doubled": 2}, "Bookings or letters that are there twice: 2."),
        ({"refused": 3}, "Requests that were refused as too many: 3."),
        ({"waiting_letters": 1}, "Letters that waited in a sender's post queue: 1."),
        ({"in_flight": 5}, "There were 5 requests in flight in a mailbox, where 4 is the most."),
        (
            {"in_ten_minutes": 10_001},
            "There were 10,001 requests in 10 minutes in a mailbox, where 10,000 is the most.",
        ),
        ({"letters_a_minute": 31}, "There were 31 letters in a minute from a sender, where 30 is the most."),
        ({"apart": 1}, "Letters of which two senders have something: 1."),
        (
            {"sent": {ONE: 700, TWO: 0}},
            f"Nothing was sent by {TWO}: let more people be due, or fewer mailboxes send.",
        ),
        ({"rush_minutes": 4}, "2 senders took 4 minutes for what one could have sent as soon."),
        ({"bookings_a_minute": 61}, "There were 61 bookings a minute in a calendar, where 60 is the most."),
        ({"a_manager_a_day": 9}, "There were 9 check-ins of a manager in a day, where 2 is the most."),
        ({"a_manager_a_week": 9}, "There were 9 check-ins of a manager in a week, where 3 is the most."),
    ],
)
def test_whatever_was_crossed_doubled_or_is_missing_is_a_sentence_and_fails(
    found: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said, wrong = ended(monkeypatch, replace(WELL, **found))
    assert (code, wrong.splitlines()) == (1, [sentence])
    assert "people due in one week" in said, "the figures are shown all the same"


def test_one_sender_alone_may_take_its_time_and_a_pool_two_minutes_for_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, replace(WELL, sent={ONE: 700}, rush_minutes=4))[0] == 0
    assert ended(monkeypatch, replace(WELL, rush=20, rush_minutes=2))[0] == 0


def test_what_lies_on_both_sides_of_a_full_minute_counts_together() -> None:
    times = [NINE + timedelta(seconds=each) for each in (0, 40, 59, 61, 80, 100, 160)]
    assert most_within(timedelta(minutes=1), times) == 4


def test_the_most_without_a_pause_is_that_of_the_fullest_minutes_in_a_row() -> None:
    at = [(0, 3), (1, 2), (3, 9), (60, 4), (61, 4), (62, 2)]
    times = [NINE + timedelta(minutes=minute, seconds=5) for minute, count in at for _ in range(count)]
    assert most_without_a_pause(times) == (10, 3)
    assert most_without_a_pause([]) == (0, 0)
