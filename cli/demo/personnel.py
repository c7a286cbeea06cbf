"""Who leaves and who gets another manager during the run, and when: by the seed, from the same facts every time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from typing import Any

from cli.demo.diary import Entry
from cli.demo.outlook import Outlook
from cli.demo.words import pick

ENOUGH_PEOPLE, ENOUGH_DAYS = 4, 35
DAYS = (23, 24, 25)
"""From day 0. The first talks of a quarter are booked by then, and the latest are still to come."""
HOUR = time(8)
"""In UTC. Whoever misses the news then looks into the directory later on the same day."""


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody gets another `manager` at an instant; None: they leave."""

    at: datetime
    person: str
    manager: str | None = None

    async def befalls(self, directory: Outlook) -> Entry:
        """Has it done in the tenant; what the diary says of it."""
        if self.manager:
            status = await directory.press(self.person, "change_manager", manager=self.manager)
            fields = {"manager": self.manager}
            return Entry(at=self.at, person=self.person, did="got_manager", link="/", fields=fields, status=status)
        status = await directory.press(self.person, "leave_company")
        return Entry(at=self.at, person=self.person, did="left_company", link="/", status=status)


def draw_moves(
    organization: Mapping[str, Any], days: int, spared: Collection[str], others: Sequence[str]
) -> list[Move]:
    """Ann gets another manager, and the last to be hired leaves, in an organization with enough people and days.

    `spared` stay. `others` are the managers whose teams have talks once a quarter.
    """
    seed, day0 = int(organization["seed"]), date.fromisoformat(organization["day0"])
    people = {each["mail"]: each["manager"] for each in organization["people"] if each["manager"]}
    managers = list(dict.fromkeys(people.values()))
    employees = [mail for mail in people if mail not in managers]
    if len(people) < ENOUGH_PEOPLE or days < ENOUGH_DAYS or not employees:
        return []
    moved = employees[0]
    bosses = [mail for mail in (*others, *managers) if mail != people[moved]]
    leavers = [mail for mail in employees if mail != moved and mail not in spared and people[mail] in others]
    on = pick(list(permutations(DAYS, 2)), seed, "days in the directory")
    instants = [datetime.combine(day0 + timedelta(days=day), HOUR, UTC) for day in on]
    found = [Move(instants[0], moved, boss) for boss in bosses[:1]]
    found += [Move(instants[1], mail) for mail in leavers[-1:]]
    return sorted(found, key=lambda move: move.at)
