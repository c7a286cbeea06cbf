"""The standing meetings of a person as events of their mailbox: masters, and the exceptions from them."""

from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.organization import Organization, Person
from sandbox.series import new_uid, occurrence_on
from sandbox.standing_meetings import StandingMeeting, standing_meetings_of


def seeded_series(box: Mailbox, person: Person, organization: Organization, made: datetime) -> list[Event]:
    """Everybody's copies agree without looking into each other's mailboxes, since all follow from the seed."""
    found: list[Event] = []
    for meeting in standing_meetings_of(person, organization):
        master = _master(box, person, meeting, made)
        found.append(master)
        if meeting.moved is not None:
            unchanged = occurrence_on(master, meeting.moved, box.contents.home)
            later = [moment + timedelta(hours=1) for moment in (unchanged.start, unchanged.end)]
            attendees = [replace(attendee) for attendee in unchanged.attendees]
            found.append(
                replace(unchanged, start=later[0], end=later[1], attendees=attendees, categories=[], is_exception=True)
            )
    return found


def _master(box: Mailbox, person: Person, meeting: StandingMeeting, made: datetime) -> Event:
    start, end = meeting.first_span()
    leads = person is meeting.leader
    return Event(
        id=box.new_id("event"),
        uid=new_uid(f"{meeting.leader.id}/{meeting.subject}"),
        subject=meeting.subject,
        start=start,
        end=end,
        start_zone=meeting.leader.zone,
        end_zone=meeting.leader.zone,
        organizer=Address(meeting.leader.name, meeting.leader.mail),
        is_organizer=leads,
        created=made,
        modified=made,
        attendees=[
            Attendee(Address(each.name, each.mail), "required", *(("accepted", made) if leads else ("none", None)))
            for each in meeting.attendees
        ],
        response="organizer" if leads else "accepted",
        responded=None if leads else made,
        recurrence=meeting.rule,
        removed=list(meeting.removed),
    )
