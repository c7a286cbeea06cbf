"""What a load asked of a tenant, counted by the tenant itself: how near it came to each limit, and what went wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from math import ceil
from typing import Any

import httpx

from cli.demo.evidence import Talk
from cli.demo.tenant_state import read_keys, read_letters, read_people, read_talks
from cli.sandbox import Tenant
from cycle.minutes import ONE_MINUTE, minute_of
from cycle.policy import Booking
from integrations.database.letters import LETTERS_A_MINUTE as PLACES_A_MINUTE

CAPS = Booking(weeks_ahead=2)
"""What the load's policy says of bookings."""

WINDOW = timedelta(minutes=10)
# Exchange's limits for an app in a mailbox and for a sender, and what we allow ourselves in a calendar.
IN_FLIGHT = 4
IN_TEN_MINUTES = 10_000
LETTERS_A_MINUTE = 30
BOOKINGS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tenant counted; of each limit the most that was reached in any mailbox.

    `sent` has the letters of each sender. `apart` counts letters of which something lies in the mailboxes of two.
    The most letters that left without a minute's pause were `rush`, and took `rush_minutes`.
    """

    people: int
    requests: int
    refused: int
    bookings: int
    sent: Mapping[str, int]
    apart: int
    rush: int
    rush_minutes: int
    in_flight: int
    in_ten_minutes: int
    letters_a_minute: int
    waiting_letters: int
    bookings_a_minute: int
    a_manager_a_day: int
    a_manager_a_week: int
    doubled: int
    seconds: float

    @property
    def letters(self) -> int:
        return sum(self.sent.values())

    @property
    def rush_of_one_sender(self) -> int:
        """In how many minutes one sender would have sent what left without a pause."""
        return ceil(self.rush / PLACES_A_MINUTE)

    def lines(self) -> Iterable[str]:
        yield f"{self.people} people due in one week: {self.bookings} booked, {self.letters} letters"
        yield f"{self.doubled} of them twice, {self.apart} letters in the mailboxes of two senders"
        for sender, count in self.sent.items():
            yield f"{sender} sent {count} of them"
        yield (
            f"at most {self.rush} letters left without a pause, in {self.rush_minutes} minutes "
            f"(one sender takes {self.rush_of_one_sender})"
        )
        yield f"{self.requests} requests in {self.seconds:.0f} seconds, {self.refused} refused as too many"
        yield f"at most {self.in_flight} in flight in a mailbox (the limit is {IN_FLIGHT})"
        yield f"at most {self.in_ten_minutes} in 10 minutes in a mailbox (the limit is {IN_TEN_MINUTES:,})"
        yield f"at most {self.letters_a_minute} letters in any minute from a sender (the limit is {LETTERS_A_MINUTE})"
        yield f"at most {self.waiting_letters} of them at once in a sender's post queue"
        yield f"at most {self.bookings_a_minute} bookings a minute in a calendar (we allow {BOOKINGS_A_MINUTE})"
        yield (
            f"at most {self.a_manager_a_day} check-ins of a manager in a day and {self.a_manager_a_week} in a week "
            f"(the caps are {CAPS.per_manager_per_day} and {CAPS.per_manager_per_week})"
        )

    def troubles(self) -> Iterable[str]:
        """A sentence for each thing that must not be, whatever was measured."""
        if self.bookings < self.people:
            yield f"People without a booking: {self.people - self.bookings}."
        if self.doubled:
            yield f"Bookings or letters that are there twice: {self.doubled}."
        if self.refused:
            yield f"Requests that were refused as too many: {self.refused}."
        if self.apart:
            yield f"Letters of which two senders have something: {self.apart}."
        if idle := [sender for sender, count in self.sent.items() if not count]:
            yield f"Nothing was sent by {', '.join(idle)}: let more people be due, or fewer mailboxes send."
        elif len(self.sent) > 1 and self.rush_minutes >= self.rush_of_one_sender > 2:
            # What falls due together may take a minute and the next, however few it is.
            yield f"{len(self.sent)} senders took {self.rush_minutes} minutes for what one could have sent as soon."
        if self.waiting_letters:
            yield f"Letters that waited in a sender's post queue: {self.waiting_letters}."
        for what, most, limit in (
            ("requests in flight in a mailbox", self.in_flight, IN_FLIGHT),
            ("requests in 10 minutes in a mailbox", self.in_ten_minutes, IN_TEN_MINUTES),
            ("letters in a minute from a sender", self.letters_a_minute, LETTERS_A_MINUTE),
            ("bookings a minute in a calendar", self.bookings_a_minute, BOOKINGS_A_MINUTE),
            ("check-ins of a manager in a day", self.a_manager_a_day, CAPS.per_manager_per_day),
            ("check-ins of a manager in a week", self.a_manager_a_week, CAPS.per_manager_per_week),
        ):
            if most > limit:
                yield f"There were {most:,} {what}, where {limit:,} is the most."


async def count(tenant: Tenant, http: httpx.AsyncClient, organization: Mapping[str, Any], seconds: float) -> Figures:
    """What the tenant has counted so far. `organization` as it tells of itself."""
    url = tenant.url
    ledger = (await http.get(f"{url}/_sandbox/ledger")).raise_for_status().json()["entries"]
    mailboxes: dict[str, Any] = {}
    for sender in tenant.senders:
        # Real ids: the others name the same letter differently in each mailbox.
        options = {"mailbox": sender, "ids": "real"}
        answer = (await http.get(f"{url}/_sandbox/state", params=options)).raise_for_status().json()
        mailboxes |= answer["mailboxes"]
    state = {"mailboxes": mailboxes}
    talks = [each for each in read_talks(state, tenant.service_mailbox) if not each.cancelled]
    letters = {sender: read_letters(state, [sender]) for sender in tenant.senders}
    places = Counter(key for sender in tenant.senders for key in read_keys(state, sender))
    calls = [each | {"at": datetime.fromisoformat(each["at"])} for each in ledger if each["mailbox"]]
    told = Counter(key for each in chain(*letters.values()) for key in each.keys)
    keys = Counter([each.check_in for each in talks]) + told
    sends = _by_mailbox(_writes(calls, "/send"))
    rush, rush_minutes = most_without_a_pause(chain(*sends))
    per_day, per_week = _of_managers(talks, organization)
    return Figures(
        people=sum(1 for each in organization["people"] if each["manager"]),
        requests=len(ledger),
        refused=sum(each["status"] == 429 for each in ledger),
        bookings=len(talks),
        sent={sender: len(each) for sender, each in letters.items()},
        apart=sum(count > 1 for count in places.values()),
        rush=rush,
        rush_minutes=rush_minutes,
        in_flight=max((each["in_flight"] for each in calls), default=0),
        in_ten_minutes=max((most_within(WINDOW, times) for times in _by_mailbox(calls)), default=0),
        letters_a_minute=max((most_within(ONE_MINUTE, times) for times in sends), default=0),
        waiting_letters=max(each["longestPostQueue"] for each in mailboxes.values()),
        bookings_a_minute=_most_a_minute(_writes(calls, "/events")),
        a_manager_a_day=per_day,
        a_manager_a_week=per_week,
        doubled=sum(count - 1 for count in keys.values()),
        seconds=seconds,
    )


def _by_mailbox(calls: Iterable[Mapping[str, Any]]) -> list[list[datetime]]:
    """When each mailbox was asked, in order."""
    times = defaultdict[str, list[datetime]](list)
    for each in calls:
        times[each["mailbox"]].append(each["at"])
    return [sorted(each) for each in times.values()]


def most_within(window: timedelta, times: Sequence[datetime]) -> int:
    """`times` in their order."""
    most = first = 0
    for number, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, number - first + 1)
    return most


def _writes(calls: Iterable[Mapping[str, Any]], ending: str) -> list[Mapping[str, Any]]:
    """Those whose path ends so."""
    return [each for each in calls if each["method"] == "POST" and each["path"].endswith(ending)]


def _most_a_minute(writes: Iterable[Mapping[str, Any]]) -> int:
    """In one mailbox and one minute of the clock."""
    return max(Counter((each["mailbox"], minute_of(each["at"])) for each in writes).values(), default=0)


def most_without_a_pause(times: Iterable[datetime]) -> tuple[int, int]:
    """Of the minutes of the clock in a row in which something happened, those with the most: how often, and how
    many.
    """
    rows = [(0, 0)]
    before = None
    for minute, count in sorted(Counter(map(minute_of, times)).items()):
        often, minutes = rows[-1] if before == minute - ONE_MINUTE else (0, 0)
        rows.append((often + count, minutes + 1))
        before = minute
    return max(rows)


def _of_managers(talks: Iterable[Talk], organization: Mapping[str, Any]) -> tuple[int, int]:
    """The most check-ins that a manager holds in a day, and in a week, on the manager's own calendar."""
    people = read_people(organization)
    manager_of: dict[str, str] = {each["mail"]: each["manager"] or "" for each in organization["people"]}
    days: Counter[tuple[str, date]] = Counter()
    weeks: Counter[tuple[str, int, int]] = Counter()
    for talk in talks:
        (manager,) = {manager_of[mail] for mail in talk.attendees} & set(talk.attendees)
        here = people[manager].local(talk.start).date()
        days[manager, here] += 1
        weeks[manager, *here.isocalendar()[:2]] += 1
    return max(days.values(), default=0), max(weeks.values(), default=0)
