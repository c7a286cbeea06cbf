"""People's weeks in the zones that are hardest on a rule."""

from collections.abc import Callable
from datetime import date, time

import pytest

from cycle.workdays import WorkWeek

MakeWeek = Callable[..., WorkWeek]


@pytest.fixture(scope="session")
def make_week() -> MakeWeek:
    def make(
        zone: str = "Europe/Berlin",
        opens: time = time(9),
        closes: time = time(17),
        weekdays: frozenset[int] = frozenset(range(5)),
        days_off: frozenset[date] = frozenset(),
    ) -> WorkWeek:
        return WorkWeek(zone, weekdays, opens, closes, days_off)

    return make
