"""What a run left behind, as plain records: the tenant's own state, the diaries, and every place to search.

Nothing here comes from the database or the workflows; only their files are named, to be searched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cli.demo.diary import Act, Entry


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, [start, end), aware UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Stretch") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Colleague:
    """One person of the seed file. `busy` is what blocks a calendar; `days_off` are holidays and leave."""

    oid: str
    mail: str
    name: str
    manager: str | None
    zone: ZoneInfo
    weekdays: frozenset[int]
    opens: time
    closes: time
    hired: date
    leave: tuple[tuple[date, date], ...]
    holidays: frozenset[date]
    busy: tuple[Stretch, ...]
    told: Mapping[date, date] = field(default_factory=dict)
    """By the first day of a leave: on which day it was put into the calendar, if that was during the run."""
    moves: tuple[tuple[datetime, str], ...] = ()
    """From when on somebody else than `manager` was it, and who."""
    left: datetime | None = None
    """When their account was closed, if that was during the run."""

    @cached_property
    def days_off(self) -> frozenset[date]:
        days = set(self.holidays)
        for first, last in self.leave:
            days.update(first + timedelta(days=i) for i in range((last - first).days + 1))
        return frozenset(days)

    @property
    def managers(self) -> tuple[str, ...]:
        """Whoever was their manager during the run, the first one first."""
        return (*([self.manager] if self.manager else []), *(mail for _, mail in self.moves))

    def manager_at(self, instant: datetime) -> str | None:
        return next((mail for at, mail in reversed(self.moves) if at <= instant), self.manager)

    def here_at(self, instant: datetime) -> bool:
        return self.left is None or instant < self.left

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.days_off


@dataclass(frozen=True, slots=True)
class Talk:
    """The organizer's copy of an event with a booking key; `zone` as it was written, `booked` when."""

    check_in: str
    start: datetime
    end: datetime
    zone: str
    attendees: tuple[str, ...]
    cancelled: bool
    booked: datetime
    no: int = 1
    """The how many-th hour of its check-in, as the booking's key says."""

    @property
    def time(self) -> Stretch:
        return Stretch(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message in a sender's Sent Items."""

    keys: tuple[str, ...]
    to: str
    at: datetime
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Mailed:
    """The words of a message or an event as one mailbox holds them."""

    mailbox: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the web face as one signed-in person saw it after the run."""

    viewer: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class SeededAction:
    """An action of the imported history. `quiet_since` is the day of the last thing that happened to it."""

    title: str
    plan_of: str
    owner: str
    agreed_on: date
    due_on: date
    quiet_since: date
    open: bool = True
    private: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that the invariants look at. `policies` are the YAML documents by name (see `merged_policies`)."""

    day0: date
    began: datetime
    until: datetime
    people: Mapping[str, Colleague]
    senders: Sequence[str]
    hr_partner: str
    policies: Mapping[str, Mapping[str, Any]]
    starts_on: Mapping[str, date]
    policy_of: Mapping[str, str]
    talks: Sequence[Talk] = ()
    letters: Sequence[Sent] = ()
    received: Sequence[tuple[str, str, datetime]] = ()
    """(mailbox, subject, instant) of what people got from the senders, invitations left out."""
    called_off: Sequence[tuple[str, str, datetime]] = ()
    """(mailbox, subject, instant) of what Outlook told people of meetings that will not be."""
    mailed: Sequence[Mailed] = ()
    addresses: Sequence[str] = ()
    """Each path and query that anybody asked the tenant or the web face for."""
    diary: Sequence[Entry] = ()
    history: Sequence[SeededAction] = ()
    pages: Sequence[Page] = ()
    logs: Sequence[Path] = ()
    metrics: Sequence[Path] = ()
    histories: Sequence[Path] = ()
    """Temporal's histories as JSON, with each payload replaced by what it says once decrypted."""
    databases: Sequence[Path] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    """What each mailbox is set to: a tag such as de-DE."""
    secret_texts: Sequence[str] = ()
    """What the imported history says in people's own words: titles, goals, what success looks like."""

    @cached_property
    def letters_to(self) -> dict[str, list[Sent]]:
        """Each person's letters in the order of sending."""
        found: dict[str, list[Sent]] = {mail: [] for mail in self.people}
        for letter in sorted(self.letters, key=lambda each: each.at):
            found.setdefault(letter.to, []).append(letter)
        return found

    @cached_property
    def standing(self) -> list[Talk]:
        """The uncancelled talks, earliest first."""
        return sorted((talk for talk in self.talks if not talk.cancelled), key=lambda talk: (talk.start, talk.check_in))

    @cached_property
    def _by_act(self) -> dict[Act, list[Entry]]:
        found: dict[Act, list[Entry]] = {}
        for entry in sorted(self.diary, key=lambda each: each.at):
            if entry.took_effect:
                found.setdefault(entry.did, []).append(entry)
        return found

    def acts(self, *kinds: Act) -> list[Entry]:
        """What people did of these kinds and the pages took, in the order of time."""
        found = [entry for kind in kinds for entry in self._by_act.get(kind, ())]
        return sorted(found, key=lambda entry: entry.at) if len(kinds) > 1 else found

    def two_of(self, talk: Talk) -> tuple[str, str] | None:
        """(employee, manager) of a talk; None unless one of its two attendees reports, or did, to the other."""
        here = [mail for mail in talk.attendees if mail in self.people]
        for employee, other in (here, here[::-1]) if len(here) == 2 else ():
            if other in self.people[employee].managers:
                return employee, other
        return None

    def ended(self, talk: Talk) -> datetime | None:
        """When these two ceased to have talks, because one of them left or there was another manager; None: never."""
        two = self.two_of(talk)
        if two is None:
            return None
        employee, manager = (self.people[mail] for mail in two)
        ends = [person.left for person in (employee, manager) if person.left]
        ends += [at for at, _ in employee.moves if employee.manager_at(at) != manager.mail and at > talk.booked]
        return min(ends, default=None)

    @cached_property
    def fell_away(self) -> dict[str, datetime]:
        """The check-ins that were still to come when their two ceased to have talks, and when that was."""
        ends = [(talk, self.ended(talk)) for talk in self.talks]
        return {talk.check_in: end for talk, end in ends if end and end < talk.start}

    def policy_for(self, mail: str) -> Mapping[str, Any]:
        """The policy of somebody; of those not enrolled the first one, whose mail rules hold for all."""
        return self.policies[self.policy_of.get(mail) or next(iter(self.policies))]

    def margins(self, mail: str) -> tuple[int, int]:
        """How many minutes after the start and before the end of working hours nobody is mailed."""
        rules = self.policy_for(mail)["mail"]
        return rules["after_start_minutes"], rules["before_end_minutes"]
