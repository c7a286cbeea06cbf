"""What happens to people in the directory: a new manager, a new name, a first day, a last day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.bodies import Body
from sandbox.directory_changes import DirectoryChange
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.mailboxes import Contents, Mailbox
from sandbox.organization import DOMAIN, seeded_uuid
from sandbox.tenant import Account, Tenant
from sandbox.user_view import reports_of, whole_user
from sandbox.zones import stamp, zone_named


def act_on_people(tenant: Tenant, body: Body, now: datetime) -> dict[str, Any]:
    """`{"person": mail, "act": one of PERSONNEL_ACTS, ...}`. Raises GraphError."""
    name = body.text("act")
    PERSONNEL_ACTS[name](tenant, body, now)
    return {"person": body.text("person"), "act": name, "at": stamp(now)}


def _change_manager(tenant: Tenant, body: Body, now: datetime) -> None:
    """`manager`: a mail, or nothing for nobody."""
    person = _person(tenant, body.text("person"))
    boss = _person(tenant, body.text("manager")) if body.text("manager") else None
    if boss is person:
        raise bad_request(f"{person.mail} cannot be their own manager.")
    _set_manager(tenant, person, boss.id if boss else None, now)


@evidence(
    "assumed",
    "When somebody is deleted, their reports have no manager any more.",
    "relationships of deleted objects are not shown; that of manager is nowhere mentioned",
)
def _leave_company(tenant: Tenant, body: Body, now: datetime) -> None:
    """`how`: disabled (account and mailbox stay, sign-in is blocked) or deleted; then nobody reports to them."""
    person = _person(tenant, body.text("person"))
    how = body.choice("how", ("disabled", "deleted"), "disabled")
    before = whole_user(person)
    person.enabled = False
    if how == "disabled":
        _note(tenant, person, before, now)
        return
    for report in reports_of(tenant, person):
        _set_manager(tenant, report, None, now)
    person.deleted = True
    tenant.directory.changes.append(DirectoryChange(now, person.id, "deleted"))
    tenant.changed = True


@evidence(
    "reported",
    "A disabled account keeps its mailbox; one whose licence is taken answers 404 MailboxNotEnabledForRESTAPI.",
    "msgraph-sdk-javascript #1756, microsoft/MicrosoftCloud #41",
)
def _license(tenant: Tenant, body: Body, _now: datetime) -> None:
    """`licensed`: whether Exchange gives them a mailbox (true unless said otherwise). Its contents are kept."""
    _person(tenant, body.text("person")).licensed = body.flag("licensed", True)
    tenant.changed = True


@evidence(
    "assumed",
    "A former address stays one of the mailbox's, so mail to it still arrives.",
    "what administrators do when a name changes; the service lets them take the address away too",
)
def _rename(tenant: Tenant, body: Body, now: datetime) -> None:
    """`given`, `surname`, `mail`: what is given changes. Mail to the former address still arrives."""
    person = _person(tenant, body.text("person"))
    mail = body.text("mail", person.mail).strip().lower()
    other = tenant.account(mail)
    if "@" not in mail or (other is not None and other is not person):
        raise bad_request(f"'{mail[:80]}' cannot be the new mail of {person.mail}: it is none, or somebody else's.")
    before = whole_user(person)
    person.given, person.surname = body.text("given", person.given), body.text("surname", person.surname)
    person.name = f"{person.given} {person.surname}".strip()
    if mail != person.mail.lower():
        person.aliases.append(person.mail)
        person.mail = mail
        tenant.keep_account(person)
        if person.id in tenant.mailboxes:
            tenant.mailboxes[person.id].mail = mail
    _note(tenant, person, before, now)


def _join(tenant: Tenant, body: Body, now: datetime) -> None:
    """`person` is the new mail; `given`, `surname`, `manager`, `zone`, `country`, `title`, `department`, `opens`,
    `closes` say the rest. They start today, with an empty calendar.
    """
    mail = body.text("person").strip().lower()
    if "@" not in mail or tenant.account(mail) is not None:
        raise bad_request(f"'{mail[:80]}' cannot be a new mail at {DOMAIN}: it is none, or somebody has it.")
    boss = _person(tenant, body.text("manager")) if body.text("manager") else None
    zone = body.text("zone", "Europe/Berlin")
    zone_named(zone)
    hours = [body.text("opens", "09:00"), body.text("closes", "17:00")]
    for hour in hours:
        _check_hour(hour)
    given = body.text("given") or mail.partition("@")[0].partition(".")[0].title()
    surname = body.text("surname") or mail.partition("@")[0].partition(".")[2].title()
    account = Account(
        id=seeded_uuid(tenant.organization.seed, f"joined/{len(tenant.accounts)}/{mail}"),
        mail=mail,
        given=given,
        surname=surname,
        name=f"{given} {surname}".strip(),
        title=body.text("title", "Specialist"),
        department=body.text("department", boss.department if boss else "Operations"),
        country=body.text("country", boss.country if boss else "DE"),
        hired=now.astimezone(ZoneInfo("UTC")).date(),
        manager=boss.id if boss else None,
        roles=[],
    )
    tenant.keep_account(account)
    contents = Contents(account.id, zone, [0, 1, 2, 3, 4], hours[0], hours[1])
    tenant.mailboxes[account.id] = Mailbox(contents, mail)
    tenant.mailboxes[account.id].touched = True
    fields = [name for name, value in whole_user(account).items() if value]
    tenant.directory.changes.append(DirectoryChange(now, account.id, "created", [*fields, "manager"]))
    tenant.changed = True


def _set_manager(tenant: Tenant, person: Account, boss: str | None, now: datetime) -> None:
    before, person.manager = person.manager, boss
    if before != boss:
        change = DirectoryChange(now, person.id, "updated", ["manager"], manager_before=before)
        tenant.directory.changes.append(change)
        tenant.changed = True


def _note(tenant: Tenant, person: Account, before: dict[str, Any], now: datetime) -> None:
    fields = [name for name, value in whole_user(person).items() if value != before[name]]
    if fields:
        tenant.directory.changes.append(DirectoryChange(now, person.id, "updated", fields))
        tenant.changed = True


def _person(tenant: Tenant, name: str) -> Account:
    account = tenant.account(name)
    if account is None:
        raise GraphError(404, "Request_ResourceNotFound", f"There is nobody called '{name[:80]}' in the tenant.")
    return account


def _check_hour(text: str) -> None:
    try:
        found = timedelta(hours=int(text[:2]), minutes=int(text[3:]))
    except ValueError:
        found = None
    if found is None or len(text) != 5 or text[2] != ":" or not timedelta(0) <= found <= timedelta(days=1):
        raise bad_request(f"'{text[:20]}' is no hour of the day, like 09:00.")


PERSONNEL_ACTS: dict[str, Callable[[Tenant, Body, datetime], None]] = {
    "change_manager": _change_manager,
    "leave_company": _leave_company,
    "license": _license,
    "rename": _rename,
    "join": _join,
}
