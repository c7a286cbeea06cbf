"""What a load did wrong is said and is the exit code; figures alone never hide it."""

from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import bench
from cli.bench import Figures

WELL = Figures(
    people=500,
    requests=9000,
    refused=0,
    bookings=500,
    letters=700,
    in_flight=4,
    in_ten_minutes=10_000,
    letters_a_minute=30,
    waiting_letters=0,
    bookings_a_minute=60,
    a_manager_a_day=bench.POLICY.booking.per_manager_per_day,
    a_manager_a_week=bench.POLICY.booking.per_manager_per_week,
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
    assert "500 people due in one week" in said


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
        ({"letters_a_minute": 31}, "There were 31 letters a minute from a sender, where 30 is the most."),
        ({"bookings_a_minute": 61}, "There were 61 bookings a minute in a calendar, where 60 is the most."),
        ({"a_manager_a_day": 9}, "There were 9 check-ins of a manager in a day, where 2 is the most."),
        ({"a_manager_a_week": 9}, "There were 9 check-ins of a manager in a week, where 3 is the most."),
    ],
)
def test_whatever_was_crossed_doubled_or_is_missing_is_a_sentence_and_fails(
    found: dict[str, int], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said, wrong = ended(monkeypatch, replace(WELL, **found))
    assert (code, wrong.splitlines()) == (1, [sentence])
    assert "people due in one week" in said, "the figures are shown all the same"
