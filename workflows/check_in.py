"""One career conversation, from the hour that is found for it to what became of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow

from workflows.patience import MICROSOFT, OUR_TABLES
from workflows.routing import along
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.check_ins import CheckIns
    from activities.meeting_changes import MeetingChanges
    from activities.moment import Moment
    from activities.offers import Offers
    from activities.route import Route
    from activities.team_plans import TeamPlans
    from activities.zones import Zones
    from cycle.check_in import Step


@workflow.defn
class CheckIn(Pokable):
    """`CheckIn/<check-in>`. Asks what comes next, waits for its instant, does it, and asks again."""

    @workflow.run
    async def run(self, check_in_id: str) -> None:
        self.check_in_id = check_in_id
        await self.look_until_done(self._take_what_is_due)

    async def _take_what_is_due(self) -> datetime | None:
        """Takes steps as long as one is due; returns the instant of the next, None when nothing is left."""
        while True:
            upcoming = await workflow.execute_activity_method(
                CheckIns.look, Moment(self.check_in_id, workflow.now()), **OUR_TABLES
            )
            if upcoming is None:
                return None
            if upcoming.at > workflow.now():
                return upcoming.at
            await self._take(upcoming.step, upcoming.route)

    async def _take(self, step: Step, route: Route) -> None:
        about = Moment(self.check_in_id, workflow.now())
        doing: dict[Step, Callable[..., Awaitable[None]]] = {
            Step.PLAN: TeamPlans.plan_team,
            Step.CLEAR_AWAY: Calendar.clear_away,
            Step.BOOK: Calendar.book,
            Step.REREAD: MeetingChanges.reread,
            Step.CALL_OFF: Calendar.call_off,
            Step.ASK_WHERE_THEY_LIVE: Zones.ask_where_they_live,
            Step.OFFER_SLOTS: Offers.offer_slots,
            Step.TAKE_SLOT: Offers.take_slot,
            Step.PAUSE: Calendar.pause,
            Step.ASK_FOR_REFLECTION: CheckIns.ask_for_reflection,
            Step.REMIND_OF_REFLECTION: CheckIns.remind_of_reflection,
            Step.SEND_PRE_READ: CheckIns.send_pre_read,
            Step.ASK_FOR_OUTCOME: CheckIns.ask_for_outcome,
            Step.CONCLUDE: CheckIns.conclude,
        }
        await workflow.execute_activity_method(doing[step], about, **MICROSOFT, **along(route))
