"""One side effect each, idempotent; classes whose constructor takes the clients."""

from collections.abc import Awaitable, Callable, Sequence

from activities.actions import Actions
from activities.calendar import Calendar
from activities.calendar_watches import CalendarWatches
from activities.check_ins import CheckIns
from activities.cycles import Cycles
from activities.directory import Mailboxes
from activities.directory_watches import DirectoryWatches
from activities.leaves import Leaves
from activities.letters.compose import Composer
from activities.letters.send import Letters
from activities.letters.senders import Senders
from activities.meeting_changes import MeetingChanges
from activities.offers import Offers
from activities.plans import Plans
from activities.reconciliation import Reconciliation
from activities.route import routes_of
from activities.stuck import Stuck
from activities.team_plans import TeamPlans
from activities.zones import Zones
from config.settings import Settings
from cycle import directory_watch
from integrations.clock import Clock
from integrations.database.connection import Database
from integrations.graph.calendar_delta import CalendarDelta
from integrations.graph.calendars import Calendars
from integrations.graph.client import Graph
from integrations.graph.directory import Directory
from integrations.graph.directory_delta import DirectoryDelta
from integrations.graph.keyed_events import KeyedEvents
from integrations.graph.mail import Mail
from integrations.graph.subscriptions import Subscriptions


def every_activity(
    settings: Settings, database: Database, graph: Graph, clock: Clock, former_senders: Sequence[str] = ()
) -> list[Callable[..., Awaitable[object]]]:
    """Every activity, with its clients. `former_senders` still have letters."""
    mailboxes = Mailboxes(database, Directory(graph))
    calendars = Calendars(graph)
    calendar = Calendar(database, calendars, settings.public_url, settings.language)
    changes = MeetingChanges(database, calendars)
    routes = routes_of(settings, former_senders)
    check_ins = CheckIns(database, changes, routes)
    team_plans = TeamPlans(database, calendars, mailboxes, settings.service_mailbox)
    offers = Offers(database, changes, team_plans)
    letters = Letters(
        database,
        Mail(graph),
        mailboxes,
        Composer(settings.public_url, settings.language),
        Senders(settings.sender_mailboxes),
        clock,
        settings.help_contact,
        settings.trial_mailbox,
        routes,
    )
    watches = CalendarWatches(
        database,
        CalendarDelta(graph),
        Subscriptions(graph),
        settings.webhook_url,
        settings.service_mailbox,
        routes,
        settings.look_every_hours,
    )
    return [
        Cycles(database).open_due,
        Leaves(database, calendars, mailboxes).find_leave,
        team_plans.plan_team,
        calendar.clear_away,
        calendar.book,
        changes.reread,
        calendar.call_off,
        Zones(database, mailboxes, changes).ask_where_they_live,
        offers.offer_slots,
        offers.take_slot,
        calendar.pause,
        check_ins.look,
        check_ins.ask_for_reflection,
        check_ins.remind_of_reflection,
        check_ins.send_pre_read,
        check_ins.ask_for_outcome,
        check_ins.conclude,
        Actions(database).chase,
        Plans(database).watch,
        letters.sort,
        letters.deliver,
        watches.find_route,
        watches.read_changes,
        reconciliation_of(settings, database, graph).compare,
        Stuck(database).unanswered,
        Stuck(database).went_on,
        DirectoryWatches(
            database,
            DirectoryDelta(graph),
            Directory(graph),
            mailboxes,
            Subscriptions(graph),
            settings.webhook_url,
            max(settings.look_every_hours, directory_watch.LOOK_EVERY_HOURS),
        ).follow_directory,
    ]


def reconciliation_of(settings: Settings, database: Database, graph: Graph) -> Reconciliation:
    """What compares the organizers' calendars with our tables: each night, and when somebody asks."""
    calendar = Calendar(database, Calendars(graph), settings.public_url, settings.language)
    return Reconciliation(database, calendar, KeyedEvents(graph), settings.service_mailbox, settings.look_every_hours)
