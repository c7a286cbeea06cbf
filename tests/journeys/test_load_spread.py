"""Many people who are due at once stay under every limit. `perennial bench load` lives it with five hundred."""

import os
from pathlib import Path

from cli.bench import live_through
from cli.load_figures import LETTERS_A_MINUTE

PEOPLE = 150
"""Far more than fit into a minute of the service mailbox, of bookings (60) and of letters (30)."""


async def test_many_people_who_are_due_at_once_cross_no_limit(tmp_path: Path) -> None:
    """Two processes share the work. All are booked on day 0, and whoever may talk in the due week gets the form."""
    found = await live_through(PEOPLE, 1, tmp_path, os.environ, workers=2)
    assert (found.people, found.bookings, found.doubled, found.refused) == (PEOPLE, PEOPLE, 0, 0)
    assert found.letters > LETTERS_A_MINUTE, "there are letters to spread"
    assert list(found.troubles()) == []
