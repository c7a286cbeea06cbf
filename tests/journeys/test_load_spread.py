"""Five hundred people who are due at once stay under every limit."""

import os
from pathlib import Path

from cli.bench import POLICY, live_through

CAPS = POLICY.booking


async def test_five_hundred_people_who_are_due_at_once_cross_no_limit(tmp_path: Path) -> None:
    """Two processes share the work. All are booked on day 0, and whoever may talk in the due week gets the form."""
    found = await live_through(500, 1, tmp_path, os.environ, workers=2)
    assert (found.people, found.bookings, found.doubled, found.refused) == (500, 500, 0, 0)
    assert found.letters > 150, "there are letters to spread"
    assert found.letters_a_minute <= 30
    assert found.bookings_a_minute <= 60
    assert found.in_flight <= 4
    assert found.in_ten_minutes <= 10_000
    assert found.a_manager_a_day <= CAPS.per_manager_per_day
    assert found.a_manager_a_week <= CAPS.per_manager_per_week
