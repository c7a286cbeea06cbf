"""One side effect each, idempotent; classes whose constructor takes the clients."""

from collections.abc import Awaitable, Callable

from activities.actions import Actions
from activities.calendar import Calendar
from activities.check_ins import CheckIns
from activities.cycles import Cycles
from activities.directory import Mailboxes
from activities.letters.compose import Composer
from activities.letters.send import Letters
from activities.plans import Plans
from activities.stuck import Stuck
from activities.team_plans import TeamPlans
from config.settings import Settings
from integrations.clock import Clock
from integrations.database.connection import Database
from integrations.graph.calendars import Calendars
from integrations.graph.client import Graph
from integrations.graph.directory import Directory
from integrations.graph.mail import Mail


def every_activity(
    settings: Settings, database: Database, graph: Graph, clock: Clock
) -> list[Callable[..., Awaitable[object]]]:
    """Every activity, with its clients."""
    mailboxes = Mailboxes(database, Directory(graph))
    calendars = Calendars(graph)
    calendar = Calendar(database, calendars, settings.public_url)
    check_ins = CheckIns(database, calendar)
    letters = Letters(
        database,
        Mail(graph),
        mailboxes,
        Composer(settings.public_url),
        settings.sender_mailboxes,
        clock,
        settings.help_contact,
        settings.trial_mailbox,
    )
    return [
        Cycles(database).open_due,
        TeamPlans(database, calendars, mailboxes, settings.service_mailbox).plan_team,
        calendar.book,
        calendar.call_off,
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
        Stuck(database).unanswered,
        Stuck(database).went_on,
    ]
