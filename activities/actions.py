"""Chases one action by the reminder ladder: which rung is due, and when to look again."""

from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.moment import Moment
from cycle.actions import Rung, next_rung
from cycle.mail_window import next_opening
from cycle.policy import Policy
from integrations.database.connection import Database, poke
from integrations.database.ladders import ladder_of, rung_states
from integrations.database.leaves import LOOK_AGAIN, away_until, is_held
from integrations.database.letters import drop, items_about, owe_letter
from integrations.database.people import reader
from integrations.database.plans import open_stall, rules_of
from integrations.database.tables import ActionRow, LetterItem, Person, Plan

BETWEEN_ASKS = timedelta(days=7)
""""We ask once more in a week": the least time between two asks after the due date, from the sending of the first."""


class Actions:
    """The activities of `ActionChase`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="actions.chase")
    async def chase(self, about: Moment) -> datetime | None:
        """Owes the owner the mention that is due, if one is, and returns when to look again.

        It rests while its owner is on leave, or HR holds the cycle.
        None when nothing comes by itself: the action is closed, taken back, not accepted, its plan rests, its owner has
        left, or its last mention is on its way (whose sending pokes). A mention that still waits when the next one's
        day comes is overtaken.
        """
        async with self._database.transaction() as session:
            action = await session.get(ActionRow, about.id)
            if action is None:
                return None
            plan = await session.get_one(Plan, action.plan_id)
            if action.state != "open" or action.accepted_at is None or plan.state == "resting":
                return None
            owner = await session.get_one(Person, action.owner_id)
            if owner.left_at:
                return None
            policy = await rules_of(session, plan.person_id)
            rests = away_until(owner, policy, about.now)
            if await is_held(session, plan.person_id):
                rests = about.now + LOOK_AGAIN
            if rests:
                return rests
            today = reader(owner, policy.mail, about.now.date(), planning=True)[0].local_day(about.now)
            ladder = await ladder_of(session, action)
            while True:
                items = await items_about(session, action_id=action.id, subject_day=action.due_on)
                spent, waiting = await rung_states(session, action)
                rung = next_rung(ladder, spent | waiting, today, action.snoozed_until)
                if rung is None:
                    return None if waiting else await self._weekly(session, action, owner, policy, items, about.now)
                at = _rung_opens(rung, action, owner, policy, items, about.now)
                if at > about.now:
                    return at
                for item in items.values():
                    if item.state == "waiting":
                        drop(session, item, "a later mention came", about.now)
                await self._owe(session, action, owner, rung, policy, about.now)

    async def _owe(
        self, session: AsyncSession, action: ActionRow, owner: Person, rung: Rung, policy: Policy, now: datetime
    ) -> None:
        await owe_letter(
            session,
            f"action/{action.id}/{action.due_on}/{rung.offset}",
            owner.id,
            kind_of(rung.offset, policy),
            now,
            now,
            action_id=action.id,
            plan_id=action.plan_id,
            step=str(rung.offset),
            subject_day=action.due_on,
        )

    async def _weekly(
        self,
        session: AsyncSession,
        action: ActionRow,
        owner: Person,
        policy: Policy,
        items: dict[str, LetterItem],
        now: datetime,
    ) -> datetime | None:
        """The ladder is spent: from here on only the weekly letter says, without titles, that things are open.

        While the plan walks the support ladder, even that is silent.
        """
        poke(session, "PlanWatch", action.plan_id, "a ladder is spent", now)
        if await open_stall(session, action.plan_id):
            return None
        who = reader(owner, policy.mail, now.date(), planning=True)
        week = who[0]
        spent_on = max((week.local_day(item.sent_at) for item in items.values() if item.sent_at), default=None)
        begins = week.week_of(week.local_day(now))
        opens = next_opening(*who, week.instant(begins, time()))
        if opens <= now and week.local_day(opens) == week.local_day(now):
            spent_before = max(spent_on or action.chased_from, action.due_on) < begins
            if spent_before and not _snoozed(action, week.local_day(now)):
                await owe_letter(
                    session,
                    f"weekly/{owner.id}/{begins}",
                    owner.id,
                    "weekly",
                    now,
                    now,
                    subject_day=begins,
                    expires_at=week.instant(begins + timedelta(days=7), time()),
                )
        return opens if opens > now else next_opening(*who, week.instant(begins + timedelta(days=7), time()))


def kind_of(offset: int, policy: Policy) -> str:
    """The letter for a rung: a week ahead, tomorrow, the first ask after the day, or a later one."""
    if offset < 0:
        return "action_tomorrow" if offset == -1 else "action_ahead"
    first_ask = min(each for each in policy.actions.remind_on_days if each >= 0)
    return "action_passed" if offset == first_ask else "action_still_open"


def _rung_opens(
    rung: Rung, action: ActionRow, owner: Person, policy: Policy, items: dict[str, LetterItem], now: datetime
) -> datetime:
    """The first opening of the owner's mail window on or after the rung's day; a second ask a week after the first."""
    who = reader(owner, policy.mail, now.date(), planning=True)
    at = who[0].instant(rung.day, time())
    asked = [item.sent_at for item in items.values() if item.sent_at and item.step and int(item.step) >= 0]
    if rung.offset > 0 and asked:
        at = max(at, who[0].instant(who[0].local_day(max(asked)) + BETWEEN_ASKS, time()))
    return next_opening(*who, max(at, now) if at <= now else at)


def _snoozed(action: ActionRow, today: date) -> bool:
    return action.snoozed_until is not None and today < action.snoozed_until
