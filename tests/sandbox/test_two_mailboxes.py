"""Any sequence of what organizers and attendees may do leaves both sides of a meeting consistent, and free/busy
says what the calendar says.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import TypeAdapter

from sandbox import calendars, free_busy, responses
from sandbox.calls import Call, Reply
from sandbox.errors import GraphError
from sandbox.items import Event
from sandbox.mailboxes import Contents, Mailbox
from sandbox.organization import build_organization
from sandbox.permissions import Granted
from sandbox.routing import Handler
from sandbox.tenant import Tenant, build_tenant

DAY0 = date(2030, 2, 4)
START = datetime(2030, 3, 1, 9, tzinfo=UTC)
UNTIL = START + timedelta(days=60)
HOURS = st.integers(0, 24 * 40)
WHO = st.sampled_from(("ann", "otto"))
PATTERNS = (
    None,
    {"type": "daily", "interval": 9},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday", "friday"]},
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"},
)


@dataclass
class Asker:
    """Calls handlers as Graph does, without HTTP."""

    tenant: Tenant
    now: datetime = datetime(2030, 2, 4, 8, tzinfo=UTC)

    def ask(self, handler: Handler, mail: str, body: dict[str, Any], event: str = "", query: str = "") -> Reply:
        self.now += timedelta(minutes=1)
        app = self.tenant.app
        return handler(
            Call(
                tenant=self.tenant,
                app=app,
                granted=Granted(app, frozenset(app.roles)),
                method="POST",
                path=f"/users/{mail}",
                query_string=query,
                headers={"content-type": "application/json"},
                raw_body=json.dumps(body).encode(),
                now=self.now,
                base="http://127.0.0.1/v1.0",
                names={"user": mail, "event": event},
            )
        )


def span(hours: int, length: int, zone: str = "Europe/Berlin") -> dict[str, Any]:
    start = START.replace(tzinfo=None) + timedelta(hours=hours)
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": zone},
        "end": {"dateTime": (start + timedelta(minutes=length)).isoformat(), "timeZone": zone},
    }


def invited(*mails: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": mail}} for mail in mails]


def pick(data: st.DataObject, events: list[Event]) -> Event:
    return events[data.draw(st.integers(0, len(events) - 1))]


class Meetings(RuleBasedStateMachine):
    """The service mailbox organizes; Ann and Otto answer, drag and delete. `dragged` and `gone` are the copies that
    an attendee moved or removed since the organizer last asked anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tenant = build_tenant(build_organization(1, 6, DAY0))
        people = {p.given.lower(): p.mail for p in self.tenant.organization.people}
        self.mails = {"service": self.tenant.organization.service.mail, "ann": people["ann"], "otto": people["otto"]}
        self.asker = Asker(self.tenant)
        for name in self.mails:
            for event in list(self.box(name).contents.events.values()):
                self.box(name).drop_event(event)
        self.dragged: set[tuple[str, str]] = set()

    def box(self, name: str) -> Mailbox:
        account = self.tenant.account(self.mails[name])
        assert account is not None
        return self.tenant.mailbox(account.id)

    def ours(self, name: str) -> list[Event]:
        """Masters and singles that the service mailbox organizes, as `name` has them."""
        organizer = self.mails["service"]
        events = self.box(name).contents.events.values()
        return [e for e in events if e.organizer.address == organizer and e.series is None]

    def shown(self, name: str) -> list[Event]:
        organizer = self.mails["service"]
        return [e for e in self.box(name).events_between(START, UNTIL) if e.organizer.address == organizer]

    def try_to(self, handler: Handler, name: str, body: dict[str, Any], event: str = "") -> bool:
        """False if Graph refused; then nothing may have changed."""
        before = [repr(self.box(n).contents.events) for n in self.mails]
        refusal = None
        try:
            self.asker.ask(handler, self.mails[name], body, event)
        except GraphError as error:
            refusal = error
        if refusal is None:
            return True
        assert refusal.status == 400
        assert [repr(self.box(n).contents.events) for n in self.mails] == before
        return False

    @rule(hours=HOURS, length=st.integers(15, 120), pattern=st.sampled_from(PATTERNS), both=st.booleans())
    def book(self, hours: int, length: int, pattern: dict[str, Any] | None, both: bool) -> None:
        times = span(hours, length)
        body = {"subject": "Talk", **times, "attendees": invited(*(self.mails[n] for n in ("ann", "otto")[: 1 + both]))}
        if pattern:
            first = times["start"]["dateTime"][:10]
            body["recurrence"] = {
                "pattern": pattern,
                "range": {"type": "numbered", "numberOfOccurrences": 4, "startDate": first},
            }
        self.try_to(calendars.create_event, "service", body)

    @precondition(lambda self: self.shown("service"))
    @rule(data=st.data(), hours=HOURS, length=st.integers(15, 120))
    def the_organizer_moves_one(self, data: st.DataObject, hours: int, length: int) -> None:
        event = pick(data, self.shown("service"))
        before = event.start, event.end
        if self.try_to(calendars.update_event, "service", span(hours, length), event.id):
            now = self.box("service").event(event.id)
            if now is not None and (now.start, now.end) == before:
                return
            self.dragged = {each for each in self.dragged if each[1] != event.calendar_uid}

    @precondition(lambda self: self.ours("service"))
    @rule(data=st.data(), hours=HOURS, both=st.booleans(), time=st.booleans())
    def the_organizer_changes_all(self, data: st.DataObject, hours: int, both: bool, time: bool) -> None:
        event = pick(data, self.ours("service"))
        mails = [self.mails[n] for n in ("ann", "otto")[: 1 + both]]
        before = event.start, event.end, event.subject
        body: dict[str, Any] = span(hours, 30) if time else {"attendees": invited(*mails)}
        if not time and hours % 2:
            body["subject"] = "Other talk"
        self.try_to(calendars.update_event, "service", body, event.id)
        # Who is told of a single event, or of new times of a series, has the organizer's times again.
        told = (event.start, event.end) != before[:2] or (event.recurrence is None and event.subject != before[2])
        if told:
            self.dragged = {each for each in self.dragged if each[1][40:] != event.uid[40:]}

    @precondition(lambda self: self.shown("service"))
    @rule(data=st.data(), whole=st.booleans())
    def the_organizer_cancels(self, data: st.DataObject, whole: bool) -> None:
        event = pick(data, self.ours("service") if whole else self.shown("service"))
        assert self.try_to(calendars.cancel_event, "service", {}, event.id)

    @rule(data=st.data(), name=WHO, kind=st.sampled_from(("accept", "decline", "tentative")), tell=st.booleans())
    def an_attendee_answers(self, data: st.DataObject, name: str, kind: str, tell: bool) -> None:
        mine = [*self.ours(name), *self.shown(name)]
        if not mine:
            return
        event = pick(data, mine)
        handlers = {
            "accept": responses.accept,
            "decline": responses.decline,
            "tentative": responses.accept_tentatively,
        }
        answered = self.try_to(handlers[kind], name, {"sendResponse": tell}, event.id)
        assert answered != event.cancelled
        if not answered or not tell or event.recurrence is not None:
            return
        original = self.box("service").copy_of(event)
        if original is not None:
            told = {a.address.address: a.response for a in original.attendees}
            word = {"accept": "accepted", "decline": "declined", "tentative": "tentativelyAccepted"}[kind]
            assert told.get(self.mails[name], word) == word

    @rule(data=st.data(), name=WHO, hours=HOURS)
    def an_attendee_drags(self, data: st.DataObject, name: str, hours: int) -> None:
        if not self.shown(name):
            return
        event = pick(data, self.shown(name))
        theirs = repr(self.box("service").contents.events)
        if self.try_to(calendars.update_event, name, span(hours, 30), event.id):
            self.dragged.add((name, event.calendar_uid))
        assert repr(self.box("service").contents.events) == theirs

    @rule(data=st.data(), name=WHO)
    def an_attendee_deletes(self, data: st.DataObject, name: str) -> None:
        if self.shown(name):
            event = pick(data, self.shown(name))
            self.asker.ask(calendars.delete_event, self.mails[name], {}, event.id)
            assert self.box(name).event(event.id) is None

    @invariant()
    def every_copy_is_of_a_meeting_and_at_its_time(self) -> None:
        for name in ("ann", "otto"):
            for copy in self.shown(name):
                original = self.box("service").copy_of(copy)
                if copy.cancelled:
                    still = original.attendees if original is not None else []
                    assert self.mails[name] not in [a.address.address for a in still], "off, though they are invited"
                    continue
                assert original is not None, "a meeting that is off for the organizer still stands for somebody"
                listed = [a.address.address for a in original.attendees]
                assert self.mails[name] in listed
                assert not copy.is_organizer
                assert copy.subject == original.subject
                if (name, copy.calendar_uid) not in self.dragged:
                    assert (copy.start, copy.end) == (original.start, original.end)

    @invariant()
    def everybody_who_was_invited_has_it_unless_they_took_it_away(self) -> None:
        for event in self.shown("service"):
            for attendee in event.attendees:
                name = next(n for n, mail in self.mails.items() if mail == attendee.address.address)
                if self.box(name).copy_of(event) is None:
                    removed = [(e.uid, e.original) for e in self.box(name).contents.deleted_events]
                    assert (event.uid, event.original) in removed or (event.uid, None) in removed

    @invariant()
    def ids_and_indexes_hold(self) -> None:
        ids: list[str] = []
        for name in self.mails:
            box = self.box(name)
            for event in (*box.contents.events.values(), *box.events_between(START, UNTIL)):
                assert box.event(event.id) == event
            fresh = Mailbox(box.contents, box.mail)
            assert fresh.events_between(START, UNTIL) == box.events_between(START, UNTIL)
            ids += [event.id for event in box.events_between(START, UNTIL)]
        assert len(ids) == len(set(ids))

    @invariant()
    def free_busy_says_what_the_calendar_says(self) -> None:
        for name in self.mails:
            check_free_busy(self.asker, self.mails[name], START, START + timedelta(days=30), 60)


def check_free_busy(asker: Asker, mail: str, start: datetime, end: datetime, minutes: int) -> None:
    """Compares getSchedule with calendarView of the same mailbox and window."""
    texts = [moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in (start, end)]
    body = {
        "schedules": [mail],
        "startTime": {"dateTime": texts[0], "timeZone": "UTC"},
        "endTime": {"dateTime": texts[1], "timeZone": "UTC"},
        "availabilityViewInterval": minutes,
    }
    found = asker.ask(free_busy.get_schedule, mail, body).body
    query = f"startDateTime={texts[0]}Z&endDateTime={texts[1]}Z&$top=999"
    view = asker.ask(calendars.calendar_view, mail, {}, query=query).body
    assert found is not None
    assert view is not None
    (schedule,) = found["value"]
    items = [(i["status"], i["start"], i["end"]) for i in schedule["scheduleItems"]]
    timed = [e for e in view["value"] if not e["isAllDay"] and e["end"]["dateTime"][:19] > texts[0]]
    assert sorted(map(str, items)) == sorted(str((e["showAs"], e["start"], e["end"])) for e in timed)
    busy = ["0"] * len(schedule["availabilityView"])
    step = timedelta(minutes=minutes)
    for status, digit in (("workingElsewhere", "4"), ("tentative", "1"), ("busy", "2"), ("oof", "3")):
        for first, last in (times(e) for e in timed if e["showAs"] == status):
            for slot in range(max(0, (first - start) // step), min(len(busy), -((start - last) // step))):
                busy[slot] = digit
    assert schedule["availabilityView"] == "".join(busy)


def times(event: dict[str, Any]) -> tuple[datetime, datetime]:
    first, last = (datetime.fromisoformat(event[name]["dateTime"][:19] + "+00:00") for name in ("start", "end"))
    return first, last


TestMeetings = Meetings.TestCase
TestMeetings.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("minutes", [5, 30, 1440])
def test_everybodys_seeded_free_busy_is_their_calendar(minutes: int) -> None:
    tenant = build_tenant(build_organization(3, 8, DAY0))
    asker = Asker(tenant)
    for person in tenant.organization.people:
        if not person.leave:
            start = datetime(2030, 3, 25, 1, 30, tzinfo=UTC)
            check_free_busy(asker, person.mail, start, start + timedelta(days=9), minutes)


def test_a_series_with_exceptions_survives_the_state_file() -> None:
    tenant = build_tenant(build_organization(1, 12, DAY0))
    lead = tenant.organization.people[0]
    contents = tenant.mailbox(lead.id).contents
    adapter = TypeAdapter(Contents)
    again = Mailbox(adapter.validate_json(adapter.dump_json(contents)), lead.mail)
    window = datetime(2030, 2, 1, tzinfo=UTC), datetime(2030, 7, 1, tzinfo=UTC)
    assert again.events_between(*window) == tenant.mailbox(lead.id).events_between(*window)
    assert {e.kind for e in again.contents.events.values()} >= {"seriesMaster", "exception"}
