"""The story of one check-in, step by step: what comes next, and doing it."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.agenda import agenda, asked_out_at, ids, outcome_asks, pre_read_at, silent
from activities.another_hour import give_up_hour
from activities.meeting_changes import MeetingChanges
from activities.moment import Moment
from activities.pre_reads import make_snapshot
from activities.route import COMMON, Route, Routes
from cycle.check_in import CALLED_OFF, Next, State, Step, conclusion, first_of
from cycle.organizer import organizing_mailbox
from cycle.policy import Policy
from cycle.reflection import moment_period
from integrations.database.check_ins import Pair, check_in, close, former_organizer, lock_check_in, said_about
from integrations.database.connection import Database
from integrations.database.learning_moments import learning_moment_of
from integrations.database.letters import items_about, owe_letter
from integrations.database.once import insert_once
from integrations.database.policies import policy_of_check_in
from integrations.database.reflections import has_answered
from integrations.database.tables import CheckInRow, PreRead

ASKS_NO_MAILBOX = frozenset({Step.CONCLUDE})
"""Steps that our tables alone decide."""

AWAITED = frozenset({Step.PLAN, Step.CLEAR_AWAY, Step.BOOK, Step.REREAD, Step.TAKE_SLOT, Step.CALL_OFF})
"""Steps that follow, once there is an event, from what somebody did; the others come by the clock."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a check-in needs next, the UTC instant from which it may be done, and where."""

    step: Step
    at: datetime
    route: Route = COMMON


class CheckIns:
    """The activities of `CheckIn`, but for those that write calendars."""

    def __init__(self, database: Database, changes: MeetingChanges, routes: Routes) -> None:
        self._database = database
        self._changes = changes
        self._routes = routes

    @activity.defn(name="check_ins.look")
    async def look(self, about: Moment) -> Turn | None:
        """What this check-in needs next and from when; None when nothing does, or only a poke can tell."""
        async with self._database.reading() as session:
            if await session.get(CheckInRow, about.id) is None:
                # Temporal outlived the database that it waited for.
                return None
            pair = await check_in(session, about.id)
            policy = await policy_of_check_in(session, pair.row)
            upcoming = first_of(await agenda(session, pair, policy, about.now))
            former = await former_organizer(session, pair.booking)
        return Turn(upcoming.step, upcoming.at, self._route(upcoming, pair, policy, former)) if upcoming else None

    def _route(self, upcoming: Next, pair: Pair, policy: Policy, former: str | None) -> Route:
        """To the mailbox that has the event, or will have it; what is cleared away, to the `former` one."""
        if upcoming.step in ASKS_NO_MAILBOX:
            return COMMON
        standing = pair.booking_in_calendar
        if standing is None or upcoming.step is Step.PLAN:
            mailbox = organizing_mailbox(policy.booking.organizer, self._routes.service_mailbox, pair.partner.oid)
        else:
            mailbox = former if former and upcoming.step is Step.CLEAR_AWAY else standing.organizer
        soon = pair.booking is not None and pair.booking.no > 1 and upcoming.step in AWAITED
        return self._routes.of(mailbox, pair.partner.id, soon=soon or upcoming.step is Step.CALL_OFF)

    @activity.defn(name="check_ins.ask_for_reflection")
    async def ask_for_reflection(self, about: Moment) -> None:
        """Owes the employee the form, and the manager, once a period, the question what they learned."""
        if await self._changes.changed(about.id, about.now, around="conflicts"):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            if pair.booking is None:
                return
            facts = {
                "check_in_id": about.id,
                "booking_no": pair.booking.no,
                "expires_at": pair.booking.start_at,
            }
            await owe_letter(
                session,
                f"form/{about.id}",
                pair.person.id,
                "reflection_request",
                about.now,
                about.now,
                **facts,
            )
            period = moment_period(pair.row.policy_id, pair.row.period)
            if await learning_moment_of(session, pair.partner.id, period) is None:
                await owe_letter(
                    session,
                    f"learning/{pair.partner.id}/{period}",
                    pair.partner.id,
                    "learning_moment",
                    about.now,
                    about.now,
                    step=period,
                )

    @activity.defn(name="check_ins.remind_of_reflection")
    async def remind_of_reflection(self, about: Moment) -> None:
        """Owes the employee the one reminder, unless they have answered."""
        if await self._changes.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            if pair.booking is None or await has_answered(session, about.id, pair.person.id):
                return
            policy = await policy_of_check_in(session, pair.row)
            await owe_letter(
                session,
                f"form-reminder/{about.id}",
                pair.person.id,
                "reflection_reminder",
                about.now,
                about.now,
                check_in_id=about.id,
                booking_no=pair.booking.no,
                expires_at=pre_read_at(pair.person, pair.booking, policy),
            )

    @activity.defn(name="check_ins.send_pre_read")
    async def send_pre_read(self, about: Moment) -> None:
        """Freezes the snapshot and owes it to both, each at the opening of their own mail window."""
        if await self._changes.changed(about.id, about.now, around="everything"):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None:
                return
            policy = await policy_of_check_in(session, pair.row)
            snapshot = await make_snapshot(session, pair, policy, about.now)
            await insert_once(
                session,
                PreRead,
                check_in_id=about.id,
                booking_no=booking.no,
                content=snapshot.model_dump_json(),
                made_at=about.now,
            )
            for person in pair.people:
                await owe_letter(
                    session,
                    f"pre-read/{about.id}/{booking.no}/1/{person.id}",
                    person.id,
                    "pre_read",
                    max(pre_read_at(person, booking, policy), about.now),
                    about.now,
                    check_in_id=about.id,
                    booking_no=booking.no,
                    expires_at=booking.start_at,
                )

    @activity.defn(name="check_ins.ask_for_outcome")
    async def ask_for_outcome(self, about: Moment) -> None:
        """Owes those who have not said so yet the question whether they talked: the first time or the second."""
        if await self._changes.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            await lock_check_in(session, about.id)
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None or pair.row.state not in (State.BOOKED, State.ENDED):
                return
            pair.row.state = State.ENDED
            policy = await policy_of_check_in(session, pair.row)
            items = await items_about(session, check_in_id=about.id, kind="outcome_question")
            for person in await silent(session, pair):
                asks = outcome_asks(pair, booking, person, policy, items)
                due = [(number, at) for number, at in asks if at <= about.now]
                for number, at in due:
                    await owe_letter(
                        session,
                        f"outcome/{about.id}/{booking.no}/{number}/{person.id}",
                        person.id,
                        "outcome_question",
                        at,
                        about.now,
                        check_in_id=about.id,
                        booking_no=booking.no,
                        step=str(number),
                    )

    @activity.defn(name="check_ins.conclude")
    async def conclude(self, about: Moment) -> None:
        """Draws the conclusion from what the two said: closes the check-in, or sends it to find another hour."""
        async with self._database.transaction() as session:
            row = await lock_check_in(session, about.id)
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None or row.state in CALLED_OFF:
                return
            policy = await policy_of_check_in(session, row)
            asked_out = await asked_out_at(session, pair, booking, policy)
            said = await said_about(session, about.id, booking.no)
            state = conclusion(said, ids(pair), asked_out is not None and asked_out <= about.now)
            if state is None:
                return
            if state == State.DUE:
                await give_up_hour(session, pair, policy, about.now, about.now)
            else:
                await close(session, pair.row, state, about.now)
