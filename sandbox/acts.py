"""What people do in Outlook of their own accord: answer invitations, drag meetings, go away, fill their
calendar.
"""

from datetime import datetime
from typing import Any

from sandbox.appointments import Appointment
from sandbox.bodies import Body
from sandbox.calendar_acts import CALENDAR_ACTS
from sandbox.errors import GraphError, bad_request
from sandbox.event_changes import check_span
from sandbox.mailboxes import Mailbox
from sandbox.personnel import PERSONNEL_ACTS, act_on_people
from sandbox.tenant import Tenant, own_event
from sandbox.zones import parse_moment, stamp

_STATUSES = ("free", "tentative", "busy", "oof", "workingElsewhere")


def act(tenant: Tenant, body: Body, now: datetime) -> dict[str, Any]:
    """`{"person": mail, "act": ..., ...}`. An event is named by `event`: its id in any mailbox, or its
    iCalUId; or by
    `subject`, which then must be the only one of that subject that is not over. Raises GraphError."""
    if body.text("act") in PERSONNEL_ACTS:
        return act_on_people(tenant, body, now)
    box = _box(tenant, body.text("person"))
    name = body.text("act")
    if name not in CALENDAR_ACTS:
        raise bad_request(f"Nobody can '{name[:40]}' here; there are: {', '.join((*CALENDAR_ACTS, *PERSONNEL_ACTS))}.")
    CALENDAR_ACTS[name](tenant, box, body, now)
    box.touched = True
    return {"person": box.mail, "act": name, "at": stamp(now)}


def put_appointment(tenant: Tenant, body: Body, now: datetime) -> dict[str, Any]:
    """`{"mailbox", "subject", "start", "end", "showAs"}`: somebody's own appointment, made by no client of
    ours.
    """
    box = _box(tenant, body.text("mailbox"))
    start, end = parse_moment(body.text("start")), parse_moment(body.text("end"))
    if end <= start:
        raise bad_request("The end must be after the start.")
    wanted = Appointment(start, end, body.choice("showAs", _STATUSES, "busy"), body.text("subject", "Appointment"))
    owner = tenant.accounts[box.contents.account_id].address
    event = own_event(box, owner, wanted, box.contents.zone, now)
    check_span(event, box.contents.home)
    box.keep_event(event)
    return {"id": event.id, "iCalUId": event.uid}


def _box(tenant: Tenant, name: str) -> Mailbox:
    account = tenant.account(name)
    if account is None:
        raise GraphError(404, "ErrorInvalidUser", f"There is nobody called '{name[:80]}' in the tenant.")
    return tenant.mailbox(account.id)
