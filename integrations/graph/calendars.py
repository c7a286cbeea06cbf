"""Calendars in Exchange: who is busy when, and the events that we organize."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgraph.generated.models.attendee import Attendee as GraphAttendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.free_busy_status import FreeBusyStatus
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
from msgraph.generated.models.schedule_information import ScheduleInformation
from msgraph.generated.models.sensitivity import Sensitivity
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder

from cycle.sentences import Sentence
from integrations.graph.client import Graph, asking
from integrations.graph.errors import BadRequest, Gone
from integrations.graph.keys import KEY, has_key
from integrations.graph.times import instant, wall_time

# What one getSchedule call takes (calendar-getschedule in Graph's reference): 20 addresses, under 62 days.
ADDRESSES = 20
SPAN = timedelta(days=61)
NOT_BUSY = frozenset({"free", "workingElsewhere"})
FIELDS = ["id", "changeKey", "start", "end", "isCancelled", "attendees", "onlineMeeting", "body"]

WRITE = "Calendars.ReadWrite"
READ = "Calendars.Read"


@dataclass(frozen=True, slots=True)
class BusySpan:
    """A taken time, UTC instants, end exclusive. status: busy, tentative, oof or unknown."""

    start: datetime
    end: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """One person's taken times in order; `trouble` is a sentence when Exchange could not tell."""

    mail: str
    busy: tuple[BusySpan, ...]
    trouble: Sentence | None


@dataclass(frozen=True, slots=True)
class Attendee:
    mail: str
    name: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to book. `key` finds it again, `transaction_id` makes Exchange create it once.

    `start` and `end` are UTC instants, written as wall times of the IANA `zone`.
    """

    key: str
    transaction_id: str
    subject: str
    body_html: str
    start: datetime
    end: datetime
    zone: str
    attendees: tuple[Attendee, ...]
    online: bool


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event as the organizer's calendar has it now. `attendees`: response by mail address, lower case.

    `answered` and `proposals` are by mail address too: when they responded, and the hour they proposed instead.
    """

    event_id: str
    change_key: str
    etag: str
    start: datetime
    end: datetime
    cancelled: bool
    attendees: dict[str, str] = field(hash=False)
    join_url: str | None
    answered: dict[str, datetime] = field(default_factory=dict, hash=False)
    proposals: dict[str, tuple[datetime, datetime]] = field(default_factory=dict, hash=False)
    body: str = field(default="", repr=False)


class Calendars:
    """Every call raises GraphTrouble; what is gone is None or False. Mailboxes are named by id or address."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def schedules(
        self, mailbox: str, mails: Sequence[str], start: datetime, end: datetime
    ) -> dict[str, Schedule]:
        """Taken times between two instants, as `mailbox` may see them: one entry an address asked for."""
        busy: dict[str, set[BusySpan]] = {mail: set() for mail in mails}
        trouble: dict[str, Sentence] = {}
        asked = list(busy)
        for first in range(0, len(asked), ADDRESSES):
            for since, until in _spans(start, end):
                chunk = asked[first : first + ADDRESSES]
                answers = await self._ask(mailbox, chunk, since, until)
                for mail in chunk:
                    answer = answers.get(mail.casefold())
                    if answer is None or answer.error is not None:
                        code = answer.error.response_code if answer and answer.error else "no answer"
                        trouble[mail] = Sentence("Exchange shows no calendar for this address ({code}).", code=code)
                    else:
                        busy[mail] |= set(_taken(answer))
        return {
            mail: Schedule(mail, tuple(sorted(spans, key=lambda span: (span.start, span.end))), trouble.get(mail))
            for mail, spans in busy.items()
        }

    async def _ask(
        self, mailbox: str, mails: list[str], start: datetime, end: datetime
    ) -> dict[str, ScheduleInformation]:
        body = GetSchedulePostRequestBody(
            schedules=mails,
            start_time=wall_time(start, "UTC"),
            end_time=wall_time(end, "UTC"),
            # Only the coarse availability string depends on it, which we do not read.
            availability_view_interval=60,
        )
        async with self._graph.words("read who is busy", READ, mailbox):
            calendar = self._graph.service.users.by_user_id(mailbox).calendar
            answer = await calendar.get_schedule.post(body, asking())
        return {(item.schedule_id or "").casefold(): item for item in (answer and answer.value) or ()}

    async def entries(
        self, mailbox: str, mails: Sequence[str], start: datetime, end: datetime
    ) -> dict[str, tuple[BusySpan, ...] | None]:
        """Everything that each calendar shows between two instants, what is free too, and what is there twice twice;
        None where Exchange cannot tell. At most ADDRESSES addresses and SPAN.
        """
        answers = await self._ask(mailbox, list(mails), start, end)
        found: dict[str, tuple[BusySpan, ...] | None] = {}
        for mail in mails:
            answer = answers.get(mail.casefold())
            readable = answer is not None and answer.error is None
            found[mail] = tuple(_entries(answer)) if answer is not None and readable else None
        return found

    async def create_event(self, organizer: str, new: NewEvent) -> EventFacts:
        """Book it; Exchange invites. The same transaction_id again gives the same event."""
        event = Event(
            subject=new.subject,
            body=ItemBody(content_type=BodyType.Html, content=new.body_html),
            start=wall_time(new.start, new.zone),
            end=wall_time(new.end, new.zone),
            attendees=[_required(attendee) for attendee in new.attendees],
            sensitivity=Sensitivity.Private,
            show_as=FreeBusyStatus.Busy,
            response_requested=True,
            allow_new_time_proposals=True,
            is_reminder_on=True,
            reminder_minutes_before_start=15,
            transaction_id=new.transaction_id,
            single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=KEY, value=new.key)],
        )
        if new.online:
            event.is_online_meeting = True
            event.online_meeting_provider = OnlineMeetingProviderType.TeamsForBusiness
        async with self._graph.words("book a check-in", WRITE, organizer):
            created = await self._graph.service.users.by_user_id(organizer).events.post(event, asking())
        if created is None:
            raise BadRequest("book a check-in", "Microsoft Graph answered without the event.")
        return _facts(created)

    async def find_event(self, organizer: str, key: str) -> EventFacts | None:
        """The event with our key; one that stands before one that was cancelled."""
        query = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(filter=has_key(key), select=FIELDS, top=10)
        async with self._graph.words("look a check-in up by its key", WRITE, organizer):
            page = await self._graph.service.users.by_user_id(organizer).events.get(asking(query))
        found = sorted((page and page.value) or (), key=lambda event: bool(event.is_cancelled))
        return _facts(found[0]) if found else None

    async def get_event(self, organizer: str, event_id: str) -> EventFacts | None:
        """The event as it is now; None when it is gone."""
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=FIELDS)
        try:
            async with self._graph.words("read a check-in", WRITE, organizer):
                event = await self._event(organizer, event_id).get(asking(query))
        except Gone:
            return None
        return _facts(event) if event else None

    async def move_event(
        self,
        organizer: str,
        event_id: str,
        start: datetime,
        end: datetime,
        zone: str,
        etag: str | None = None,
        also_invite: Sequence[Attendee] = (),
    ) -> EventFacts | None:
        """Give it another time; None when it is gone. With an etag, Transient when it changed since.

        `also_invite` are those who are invited no longer: a list of attendees replaces the one that is there, so
        everybody else who is on it is written again. Without them nothing but the time is written.
        """
        # A fresh Event: one that was read would send back all that it carries.
        change = Event(start=wall_time(start, zone), end=wall_time(end, zone))
        if also_invite:
            change.attendees = [*await self._invited(organizer, event_id), *map(_required, also_invite)]
        try:
            async with self._graph.words("move a check-in", WRITE, organizer):
                moved = await self._event(organizer, event_id).patch(change, asking(if_match=etag))
        except Gone:
            return None
        return _facts(moved) if moved else await self.get_event(organizer, event_id)

    async def cancel_event(self, organizer: str, event_id: str, comment: str) -> bool:
        """Cancel it; Exchange tells the attendees, with the comment. False when it was gone already."""
        try:
            async with self._graph.words("cancel a check-in", WRITE, organizer):
                body = CancelPostRequestBody(comment=comment)
                await self._event(organizer, event_id).cancel.post(body, asking())
        except Gone:
            return False
        return True

    async def _invited(self, organizer: str, event_id: str) -> list[GraphAttendee]:
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=["attendees"])
        try:
            async with self._graph.words("read who is invited", WRITE, organizer):
                event = await self._event(organizer, event_id).get(asking(query))
        except Gone:
            return []
        return [
            GraphAttendee(
                email_address=EmailAddress(address=each.email_address.address, name=each.email_address.name),
                type=each.type,
            )
            for each in (event and event.attendees) or ()
            if each.email_address
        ]

    def _event(self, organizer: str, event_id: str) -> EventItemRequestBuilder:
        return self._graph.service.users.by_user_id(organizer).events.by_event_id(event_id)


def _spans(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        until = min(start + SPAN, end)
        yield start, until
        start = until


def _required(attendee: Attendee) -> GraphAttendee:
    address = EmailAddress(address=attendee.mail, name=attendee.name)
    return GraphAttendee(email_address=address, type=AttendeeType.Required)


def _entries(answer: ScheduleInformation) -> Iterator[BusySpan]:
    for item in answer.schedule_items or ():
        if item.start and item.end:
            # A status that the SDK does not know yet counts as taken.
            status = item.status or FreeBusyStatus.Unknown
            yield BusySpan(instant(item.start), instant(item.end), str(status.value))


def _taken(answer: ScheduleInformation) -> Iterator[BusySpan]:
    return (entry for entry in _entries(answer) if entry.status not in NOT_BUSY)


def _facts(event: Event) -> EventFacts:
    if not (event.id and event.start and event.end):
        raise BadRequest("read a check-in", "Microsoft Graph answered without its id or times.")
    known = {
        attendee.email_address.address.lower(): attendee
        for attendee in event.attendees or ()
        if attendee.email_address and attendee.email_address.address
    }
    return EventFacts(
        event_id=event.id,
        change_key=event.change_key or "",
        etag=str(event.additional_data.get("@odata.etag", "")),
        start=instant(event.start),
        end=instant(event.end),
        cancelled=bool(event.is_cancelled),
        attendees={
            mail: str(attendee.status.response.value) if attendee.status and attendee.status.response else "none"
            for mail, attendee in known.items()
        },
        join_url=event.online_meeting.join_url if event.online_meeting else None,
        answered={
            mail: attendee.status.time.astimezone(UTC)
            for mail, attendee in known.items()
            # Whoever has not responded did so in the year 1.
            if attendee.status and attendee.status.time and attendee.status.time.year > 1
        },
        proposals={
            mail: (instant(attendee.proposed_new_time.start), instant(attendee.proposed_new_time.end))
            for mail, attendee in known.items()
            if attendee.proposed_new_time and attendee.proposed_new_time.start and attendee.proposed_new_time.end
        },
        body=(event.body.content or "") if event.body else "",
    )
