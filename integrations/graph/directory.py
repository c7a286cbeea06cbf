"""People in Entra, and what their mailboxes say about when they work and whether they are away."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from msgraph.generated.models.automatic_replies_setting import AutomaticRepliesSetting
from msgraph.generated.models.automatic_replies_status import AutomaticRepliesStatus
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from integrations.graph.client import Graph, asking
from integrations.graph.errors import Garbled, NoMailbox
from integrations.graph.times import iana_zone, instant

FIELDS = [
    "id",
    "mail",
    "userPrincipalName",
    "displayName",
    "country",
    "usageLocation",
    "employeeHireDate",
    "accountEnabled",
]
MANAGER = ["manager($select=id)"]
# In the order of date.weekday().
DAYS = (
    DayOfWeek.Monday,
    DayOfWeek.Tuesday,
    DayOfWeek.Wednesday,
    DayOfWeek.Thursday,
    DayOfWeek.Friday,
    DayOfWeek.Saturday,
    DayOfWeek.Sunday,
)
# Automatic replies that are simply on have no dates; these bounds leave room for arithmetic on them.
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))

READ = "User.Read.All"
SETTINGS = "MailboxSettings.Read"


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A person in Entra; `country` is an ISO 3166 code of two letters."""

    oid: str
    mail: str
    name: str
    country: str | None
    hired: date | None
    enabled: bool
    manager_oid: str | None


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """What a mailbox is set to; None where it says nothing that can be used.

    `zone` is an IANA name; `weekdays` count from Monday = 0; `opens` and `closes` are wall times in it;
    `away` are UTC instants between which automatic replies are on (`ALWAYS` when they have no dates).
    """

    zone: str | None
    weekdays: frozenset[int] | None
    opens: time | None
    closes: time | None
    away: tuple[tuple[datetime, datetime], ...]
    language: str | None


class Directory:
    """Every call raises GraphTrouble."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def user(self, id_or_mail: str) -> DirectoryUser | None:
        """The person with this object id, sign-in name or mail address; None when there is none."""
        query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=FIELDS, expand=MANAGER)
        try:
            async with self._graph.words("look a person up", READ, id_or_mail):
                found = await self._graph.service.users.by_user_id(id_or_mail).get(asking(query))
        except NoMailbox:
            # Graph's word for "no such user"; the path knows ids and sign-in names only.
            found = await self._by_mail(id_or_mail) if "@" in id_or_mail else None
        return _person(found) if found else None

    async def _by_mail(self, mail: str) -> User | None:
        quoted = mail.replace("'", "''")
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            filter=f"mail eq '{quoted}'", select=FIELDS, expand=MANAGER, top=2
        )
        async with self._graph.words("look a person up by mail address", READ, mail):
            page = await self._graph.service.users.get(asking(query))
        people = (page and page.value) or []
        return people[0] if people else None

    async def mailbox(self, oid: str) -> MailboxFacts:
        """When this person works and is away.

        Raises NoMailbox where there is none, and Garbled for settings in which a date or an hour is not one.
        """
        try:
            async with self._graph.words("read a person's working hours", SETTINGS, oid):
                settings = await self._graph.service.users.by_user_id(oid).mailbox_settings.get(asking())
            return _mailbox(settings)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # What the SDK makes of settings that do not follow their own schema.
            raise Garbled("read a person's working hours", "they are not written as Exchange writes them.") from error


def _mailbox(settings: MailboxSettings | None) -> MailboxFacts:
    if settings is None:
        raise NoMailbox("read a person's working hours", "Microsoft Graph answered without them.")
    hours = settings.working_hours
    named = hours.time_zone.name if hours and hours.time_zone else None
    days = (hours.days_of_week or None) if hours else None
    return MailboxFacts(
        zone=iana_zone(settings.time_zone) or iana_zone(named),
        weekdays=frozenset(DAYS.index(day) for day in days) if days else None,
        opens=hours.start_time if hours else None,
        closes=hours.end_time if hours else None,
        away=_away(settings.automatic_replies_setting),
        language=settings.language.locale if settings.language else None,
    )


def _person(user: User) -> DirectoryUser:
    country = user.country if user.country and len(user.country) == 2 else user.usage_location
    return DirectoryUser(
        oid=user.id or "",
        mail=user.mail or user.user_principal_name or "",
        name=user.display_name or "",
        country=country.upper() if country else None,
        hired=user.employee_hire_date.astimezone(UTC).date() if user.employee_hire_date else None,
        enabled=user.account_enabled is not False,
        manager_oid=user.manager.id if user.manager else None,
    )


def _away(replies: AutomaticRepliesSetting | None) -> tuple[tuple[datetime, datetime], ...]:
    if replies is None or replies.status is AutomaticRepliesStatus.Disabled:
        return ()
    if replies.status is AutomaticRepliesStatus.AlwaysEnabled:
        return (ALWAYS,)
    start, end = replies.scheduled_start_date_time, replies.scheduled_end_date_time
    return ((instant(start), instant(end)),) if start and end else ()
