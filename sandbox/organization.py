"""The seeded organization: who works where, for whom, in which hours. The same seed gives the same people
for ever.
"""

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sandbox.custom_zones import CUSTOM_ZONES
from sandbox.names import drawn_names

DOMAIN = "meadow.example"

# A manager's team lives mostly in the manager's zone; teams take these in turn.
_PLACES = (("Europe/Berlin", "DE"), ("America/New_York", "US"), ("Asia/Singapore", "SG"))
_HOURS = (("09:00", "17:00"), ("09:00", "17:00"), ("08:30", "16:30"), ("09:00", "18:00"))
_WINDOWS = {"Europe/Berlin": "W. Europe Standard Time"}
# In an organization of this size some mailboxes say less of their zone than a name, as in real ones.
_LARGE = 40
_ODD_ZONES = ("", *CUSTOM_ZONES)
_DEPARTMENTS = ("Product", "Customer Care", "Operations", "Research", "Finance", "Design")


@dataclass(slots=True)
class Person:
    """Somebody with a mailbox. `zone` is IANA; `mailbox_zone` is what the mailbox holds; `leave` spans are
    inclusive.
    """

    id: str
    given: str
    surname: str
    mail: str
    manager: str | None
    zone: str
    country: str
    mailbox_zone: str
    weekdays: tuple[int, ...]
    opens: str
    closes: str
    hired: date
    title: str
    department: str
    leave: tuple[tuple[date, date], ...] = ()
    roles: tuple[str, ...] = ()
    working: bool = True

    @property
    def name(self) -> str:
        return f"{self.given} {self.surname}".strip()


@dataclass(frozen=True, slots=True)
class Organization:
    seed: int
    size: int
    day0: date
    people: tuple[Person, ...]
    senders: tuple[Person, ...]
    hr_partner: str
    administrator: str
    # What the teams meet for, by their leader's mail; worked out when somebody first asks.
    standing: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    _by_mail: dict[str, Person] = field(default_factory=dict, compare=False, repr=False)
    _teams: dict[str, list[Person]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for person in self.people:
            self._by_mail[person.mail] = person
            if person.manager:
                self._teams.setdefault(person.manager, []).append(person)

    def person(self, mail: str) -> Person | None:
        return self._by_mail.get(mail)

    def team_of(self, leader: Person) -> tuple[Person, ...]:
        """Who reports to `leader`."""
        return tuple(self._teams.get(leader.mail, ()))

    @property
    def service(self) -> Person:
        """The service mailbox, which is the first that sends."""
        return self.senders[0]

    @property
    def everyone(self) -> tuple[Person, ...]:
        """The people and the mailboxes that send."""
        return (*self.people, *self.senders)


def seeded_uuid(seed: int, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{seed}/{what}.{DOMAIN}"))


def build_organization(seed: int, size: int, day0: date, senders: int = 1) -> Organization:
    """`size` people who have a manager, and on top of them the managers without one, the HR partner and the
    administrator.

    So many mailboxes are there for `senders`; the first of them is the service mailbox.

    1. Decide how many managers; every second one reports to the one before.
    2. Name them: Mara leads the first team, Ann is first in it, Otto is first in the second.
    3. Deal the employees out to the managers in turn; the third of each team works abroad.
    4. Give single people what makes them special: leave, a short week, a Windows zone name, a recent start; in a
       large organization, a mailbox without a zone's name.
    """
    if size < 1:
        raise ValueError(f"An organization needs at least 1 person who has a manager, not {size}.")
    if senders < 1:
        raise ValueError(f"An organization needs at least 1 mailbox that sends, not {senders}.")
    rng = random.Random(seed)  # noqa: S311  nothing secret
    # Otto needs a manager who is not Ann's, so three people already make two teams.
    manager_count = max(2 if size >= 3 else 1, round(size / 4))
    employee_count = size - manager_count // 2
    names = drawn_names(rng, manager_count + employee_count + 2)

    managers: list[Person] = []
    for k in range(manager_count):
        given, surname = names[k]
        boss = managers[k - 1].mail if k % 2 else None
        managers.append(_person(rng, seed, day0, "Mara" if k == 0 else given, surname, boss, k, k, "Team lead"))

    teams: list[list[Person]] = [[] for _ in managers]
    employees: list[Person] = []
    for i in range(employee_count):
        given, surname = names[manager_count + i]
        k, place = i % manager_count, len(teams[i % manager_count])
        given = "Ann" if i == 0 else "Otto" if k == 1 and place == 0 else given
        home = k if place != 2 else {0: 2, 1: 2, 2: 0}[k % 3]
        person = _person(rng, seed, day0, given, surname, managers[k].mail, home, k, "Specialist")
        teams[k].append(person)
        employees.append(person)

    _make_special(day0, managers[0], teams, employees)
    hr = _person(rng, seed, day0, "Hale", names[-2][1], None, 0, 4, "HR partner")
    hr.department, hr.roles = "People", ("HR",)
    administrator = _person(rng, seed, day0, "Ira", names[-1][1], None, 0, 4, "Administrator")
    administrator.department, administrator.roles = "IT", ("Admin",)
    people = (*managers, *employees, hr, administrator)
    sending = tuple(_sender(seed, day0, number) for number in range(1, senders + 1))
    return Organization(seed, size, day0, people, sending, hr.mail, administrator.mail)


def _sender(seed: int, day0: date, number: int) -> Person:
    """The service mailbox is number 1."""
    name = "checkins" if number == 1 else f"checkins-{number}"
    return Person(
        id=seeded_uuid(seed, name),
        given="Check-ins",
        surname="" if number == 1 else str(number),
        mail=f"{name}@{DOMAIN}",
        manager=None,
        zone="Europe/Berlin",
        country="DE",
        mailbox_zone="Europe/Berlin",
        weekdays=(0, 1, 2, 3, 4),
        opens="08:00",
        closes="17:00",
        hired=day0 - timedelta(days=400),
        title="Service mailbox" if number == 1 else "Sender mailbox",
        department="People",
        working=False,
    )


def _person(
    rng: random.Random,
    seed: int,
    day0: date,
    given: str,
    surname: str,
    manager: str | None,
    home: int,
    team: int,
    title: str,
) -> Person:
    zone, country = _PLACES[home % len(_PLACES)]
    opens, closes = rng.choice(_HOURS)
    mail = f"{given}.{surname}@{DOMAIN}".lower()
    return Person(
        id=seeded_uuid(seed, mail),
        given=given,
        surname=surname,
        mail=mail,
        manager=manager,
        zone=zone,
        country=country,
        mailbox_zone=zone,
        weekdays=(0, 1, 2, 3, 4),
        opens=opens,
        closes=closes,
        hired=day0 - timedelta(days=rng.randint(400, 4000)),
        title=title,
        department=_DEPARTMENTS[team % len(_DEPARTMENTS)],
    )


def _make_special(day0: date, mara: Person, teams: list[list[Person]], employees: list[Person]) -> None:
    ordinary = [p for p in employees if p.given not in ("Ann", "Otto")]
    away = teams[0][1] if len(teams[0]) > 1 else None
    if away is not None:
        away.leave = (leave_of_weekdays(day0 + timedelta(days=35), 12),)
    short = [p for p in ordinary if p is not away]
    if short:
        short[min(len(short) - 1, 1)].weekdays = (0, 1, 2, 3)
    for person, days in zip(reversed(short[2:]), (20, 45), strict=False):
        person.hired = day0 - timedelta(days=days)
    berliners = [p for p in teams[0] if p.zone in _WINDOWS and p.given != "Ann"] or [mara]
    berliners[-1].mailbox_zone = _WINDOWS[berliners[-1].zone]
    if len(employees) >= _LARGE:
        # Early ones, but none who is special already.
        plain = [p for p in ordinary if p is not away and p not in berliners and p.weekdays == (0, 1, 2, 3, 4)]
        for person, zone in zip(plain[5:], _ODD_ZONES, strict=False):
            person.mailbox_zone = zone


def leave_of_weekdays(earliest: date, count: int) -> tuple[date, date]:
    """First and last day of `count` weekdays in a row, from the first weekday on or after `earliest`."""
    first = earliest
    while first.weekday() > 4:
        first += timedelta(days=1)
    last, left = first, count - 1
    while left:
        last += timedelta(days=1)
        left -= last.weekday() <= 4
    return first, last
