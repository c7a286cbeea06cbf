"""Turns an item that is due into the part of a letter: the facts, in its reader's language, and the links."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.letters import catalogue
from activities.letters.catalogue import Part
from activities.letters.wanted import open_past_due
from activities.letters.wording import Wording
from config.languages import DEFAULT, Words, words_in
from cycle.check_in import OPEN
from cycle.feedback import closes_at
from cycle.policy import Policy
from cycle.pre_read import PathwayStep, Promise, Snapshot, is_link_only
from cycle.sentences import Sentence
from cycle.support import REASON_WORDS, REASONS, step_days, three_repairs
from integrations.database.check_ins import Pair, check_in, count_moves, next_check_in
from integrations.database.offers import open_offer
from integrations.database.people import leaves_of, locale_of, partner_of
from integrations.database.plans import rules_of
from integrations.database.policies import hr_partner_of, policy_of_check_in
from integrations.database.reflections import lines_leave_at, questions_of
from integrations.database.stalls import reason_for_hr, steps_sent
from integrations.database.supporters import subject_of
from integrations.database.tables import (
    ActionRow,
    CheckInRow,
    FeedbackRequest,
    Handover,
    LetterItem,
    Person,
    Plan,
    PreRead,
    Stall,
    Supporter,
)

MINUTES_FOR_A_LEARNING_MOMENT = 3

# Where each of the repairs of `cycle.support.three_repairs` is done.
REPAIR_PAGES = {
    "new_date": "/actions/{action}?choose=new-date",
    "smaller": "/stalls/{stall}",
    "help": "/actions/{action}?choose=help",
    "another_hour": "/check-ins/{check_in}/another-time",
    "not_this_time": "/check-ins/{check_in}/not-this-time",
    "pause": "/stalls/{stall}",
}


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes parts for letters whose links lead to `public_url`."""

    public_url: str
    locale: str = DEFAULT
    """Of those whose own is not known."""

    def locale_of(self, person: Person) -> str:
        return locale_of(person, self.locale)

    async def part(self, session: AsyncSession, item: LetterItem, now: datetime) -> Part:
        recipient = await session.get_one(Person, item.recipient_id)
        match item.kind:
            case "reflection_request" | "reflection_reminder" | "pre_read" | "outcome_question" | "slots" | "moves":
                return await self._about_a_talk(session, item, recipient, now)
            case "action_ahead" | "action_tomorrow" | "action_passed" | "action_still_open":
                return await self._action(session, item, recipient)
            case "support_note" | "support_repairs" | "support_request" | "support_rest":
                return await self._support(session, item, recipient, now)
            case "handover":
                return await self._handover(session, item)
            case "action_without_owner":
                return await self._without_owner(session, item, recipient, now)
            case "feedback_request":
                return await self._feedback(session, item, recipient)
            case "supporter_invitation":
                return await self._invitation(session, item)
            case "help_asked":
                return await self._help_asked(session, item)
            case "learning_moment":
                return catalogue.LearningMoment(
                    url=self._link("/learning-moment"), minutes=MINUTES_FOR_A_LEARNING_MOMENT
                )
            case "weekly":
                count = await open_past_due(session, recipient.id, now.date())
                return catalogue.Weekly(open_count=count, url=self._link("/plan"))
        raise ValueError(f"{item.kind} is no letter of the catalogue.")

    async def _about_a_talk(self, session: AsyncSession, item: LetterItem, recipient: Person, now: datetime) -> Part:
        assert item.check_in_id is not None
        pair = await check_in(session, item.check_in_id)
        assert pair.booking is not None, "an item about a talk has a booking, or it was overtaken"
        policy = await policy_of_check_in(session, pair.row)
        start = _local(pair.booking.start_at, recipient)
        words = self._words(recipient)
        other = pair.partner if recipient.id == pair.person.id else pair.person
        page = f"/check-ins/{pair.row.id}"
        form = f"/reflections/{pair.row.id}"
        match item.kind:
            case "reflection_request":
                leaves_at = await lines_leave_at(session, pair.row.id) or now
                leaves = _local(max(leaves_at, now), recipient)
                return catalogue.ReflectionRequest(
                    partner_name=other.first_name,
                    day=words.weekday_and_day(start),
                    hour=words.clock(start.time()),
                    questions=len(await questions_of(session, pair.row)),
                    minutes=policy.reflection.minutes,
                    form_url=self._link(form),
                    talk_url=self._link(f"{form}?do=talk"),
                    another_time_url=self._link(f"{page}/another-time"),
                    not_this_time_url=self._link(f"{page}/not-this-time"),
                    leaves_day=words.weekday(leaves),
                    leaves_hour=words.clock(leaves.time()),
                )
            case "reflection_reminder":
                return catalogue.ReflectionReminder(
                    partner_name=other.first_name,
                    day=words.weekday(start),
                    form_url=self._link(form),
                    talk_url=self._link(f"{form}?do=talk"),
                )
            case "slots":
                return await self._slots(session, pair, other, start, recipient)
            case "moves":
                return catalogue.Moves(
                    partner_name=other.first_name,
                    day=words.weekday_and_day(start),
                    hour=words.clock(start.time()),
                    another_time_url=self._link(f"{page}/another-time"),
                    not_this_time_url=self._link(f"{page}/not-this-time"),
                )
            case "pre_read":
                return await self._pre_read(session, pair, policy, recipient, now)
            case _:
                return catalogue.OutcomeQuestion(
                    partner_name=other.first_name,
                    day=words.weekday_and_day(start),
                    page_url=self._link(page),
                    held_url=self._link(f"{page}?said=held"),
                    moved_url=self._link(f"{page}?said=moved"),
                    not_held_url=self._link(f"{page}?said=did_not_happen"),
                    second=item.step == "2",
                )

    async def _slots(
        self, session: AsyncSession, pair: Pair, other: Person, start: datetime, recipient: Person
    ) -> Part:
        offer = await open_offer(session, pair.row.id)
        assert offer is not None, "a letter about hours that are offered no more was overtaken"
        words = self._words(recipient)
        page = f"/check-ins/{pair.row.id}"
        return catalogue.Slots(
            partner_name=other.first_name,
            assisted_name=pair.partner.first_name if recipient not in pair.people else None,
            until_day=words.weekday_and_day(_local(offer.until, recipient)),
            kept_day=words.weekday_and_day(start) if offer.keeps_hour else None,
            kept_hour=words.clock(start.time()) if offer.keeps_hour else None,
            moves=await count_moves(session, pair.row.id),
            slots_url=self._link(f"{page}/slots"),
            not_this_time_url=self._link(f"{page}/not-this-time"),
        )

    async def _pre_read(
        self, session: AsyncSession, pair: Pair, policy: Policy, recipient: Person, now: datetime
    ) -> Part:
        assert pair.booking is not None
        row = await session.scalar(
            select(PreRead).where(PreRead.check_in_id == pair.row.id, PreRead.booking_no == pair.booking.no)
        )
        assert row is not None, "the snapshot is made before its letters are owed"
        snapshot = Snapshot.model_validate_json(row.content)
        link_only = is_link_only(policy.pre_read, pair.partner.mailbox_shared)
        words = self._words(recipient)
        return catalogue.PreRead(
            names=Wording(words).listed([person.first_name for person in pair.people]),
            when=Wording(words).when(_local(pair.booking.start_at, recipient), _local(now, recipient)),
            manager_name=pair.partner.first_name,
            employee_name=pair.person.first_name,
            promises=()
            if link_only
            else tuple(
                (name, tuple(_promise_in_words(each, words) for each in theirs)) for name, theirs in snapshot.promises
            ),
            learning=None if link_only else snapshot.learning,
            # What we ask is in their language, and what somebody wrote as it was written.
            lines=() if link_only else tuple((words.say(label), line) for label, line in snapshot.lines),
            pathway=() if link_only else tuple(_step_in_words(step, words) for step in snapshot.pathway),
            celebrating=None if link_only else snapshot.celebrating,
            ask=() if link_only else tuple(map(words.say, snapshot.ask)),
            # The pre-read has a page of its own; the full answers stand on the check-in's.
            page_url=self._link(f"/check-ins/{pair.row.id}{'/pre-read' if link_only else ''}"),
            link_only=link_only,
        )

    async def _action(self, session: AsyncSession, item: LetterItem, recipient: Person) -> Part:
        action = await session.get_one(ActionRow, item.action_id)
        plan = await session.get_one(Plan, action.plan_id)
        kind = catalogue.KINDS[item.kind]
        assert issubclass(kind, catalogue.ActionStep)
        partner_id = await partner_of(session, plan.person_id, action.agreed_on)
        of_plan = {plan.person_id, partner_id} - {None, recipient.id}
        others = [await session.get_one(Person, each) for each in sorted(each for each in of_plan if each)]
        names = () if action.private else tuple(person.first_name for person in others)
        page = f"/actions/{action.id}"
        words = self._words(recipient)
        return kind(
            title=action.title,
            with_name=names[0] if names else None,
            agreed_day=words.short_day(action.agreed_on),
            due_day=words.short_day(action.due_on),
            day_before_leave=words.short_day(action.due_before_leave) if action.due_before_leave else None,
            done_url=self._link(f"{page}?choose=done"),
            new_date_url=self._link(f"{page}?choose=new-date"),
            help_url=self._link(f"{page}?choose=help"),
            drop_url=self._link(f"{page}?choose=drop"),
            snooze_url=self._link(f"{page}?choose=snooze"),
            time_url=self._link(f"{page}?choose=time"),
            page_url=self._link(page),
            others=names,
        )

    async def _handover(self, session: AsyncSession, item: LetterItem) -> Part:
        handover = await session.get_one(Handover, item.key.split("/")[1])
        return catalogue.Handover(
            former_name=(await session.get_one(Person, handover.former_id)).first_name,
            successor_name=(await session.get_one(Person, handover.successor_id)).first_name,
            choose_url=self._link(f"/handovers/{handover.id}"),
        )

    async def _without_owner(self, session: AsyncSession, item: LetterItem, recipient: Person, now: datetime) -> Part:
        action = await session.get_one(ActionRow, item.action_id)
        partner_id = await partner_of(session, recipient.id, now.date())
        partner = await session.get(Person, partner_id) if partner_id else None
        words = self._words(recipient)
        return catalogue.ActionWithoutOwner(
            title=action.title,
            owner_name=(await session.get_one(Person, action.owner_id)).first_name,
            due_day=words.short_day(action.due_on),
            partner_name=partner.first_name if partner else None,
            page_url=self._link(f"/actions/{action.id}"),
        )

    async def _support(self, session: AsyncSession, item: LetterItem, recipient: Person, now: datetime) -> Part:
        stall = await session.get_one(Stall, item.stall_id)
        plan = await session.get_one(Plan, stall.plan_id)
        person = await session.get_one(Person, plan.person_id)
        partner_id = await partner_of(session, person.id, now.date())
        partner = await session.get(Person, partner_id) if partner_id else None
        other = (person if recipient.id == partner_id else partner) or person
        policy = await rules_of(session, person.id)
        hr = await hr_partner_of(session, person.id)
        page = f"/stalls/{stall.id}"
        words = self._words(recipient)
        can_keep_out = policy.stalled_plan.owner_can_keep_hr_out and recipient.id == person.id
        keep_hr_out_url = self._link(f"{page}?choose=keep-hr-out") if can_keep_out else None
        # All days count from when the note reached the first of its readers, also in the letters to the other.
        noted_at = (await steps_sent(session, stall.id)).get("note")
        match item.kind:
            case "support_note":
                days = step_days(noted_at or now, policy.stalled_plan, leaves_of(person))
                # After the #, so that which one was clicked reaches no server and no log.
                urls = {reason: self._link(f"{page}#{reason}") for reason in REASONS}
                return catalogue.SupportNote(
                    about=_about(stall, plan, recipient),
                    partner_name=other.first_name,
                    time_url=urls["time"],
                    goal_url=urls["goal"],
                    access_url=urls["access"],
                    help_url=urls["help"],
                    rather_not_say_url=urls["rather_not_say"],
                    smaller_url=self._link(f"{page}?choose=smaller"),
                    pause_url=self._link(f"{page}?choose=pause"),
                    leave_url=self._link(f"{page}?choose=leave"),
                    keep_hr_out_url=keep_hr_out_url,
                    repairs_day=words.short_day(_local(days["repairs"], recipient)),
                    hr_day=words.short_day(_local(days["hr"], recipient)),
                    hr_name=hr.first_name if hr else words.say(Sentence("someone")),
                    pause_day=words.short_day(_local(days["rest"], recipient)),
                )
            case "support_repairs":
                noted_at = noted_at or now - timedelta(days=policy.stalled_plan.repairs_to_both_day)
                days = step_days(noted_at, policy.stalled_plan, leaves_of(person))
                talk = await _talk_to_repair(session, stall, plan)
                return catalogue.SupportRepairs(
                    partner_name=other.first_name,
                    repairs=tuple(
                        (words.say(repair.text), self._link(_repair_page(repair.key, stall, plan, recipient, talk)))
                        for repair in three_repairs(stall.cause)
                    ),
                    hr_day=words.short_day(_local(days["hr"], recipient)),
                    hr_name=hr.first_name if hr else words.say(Sentence("someone")),
                    kept_out=stall.hr_kept_out,
                    keep_hr_out_url=keep_hr_out_url,
                )
            case "support_request":
                reason = await reason_for_hr(session, stall.id)
                names = Wording(words).listed([each.name for each in (person, partner) if each])
                return catalogue.SupportRequest(
                    names=names,
                    stage=words.say(Sentence("Both have had a note and three simple repairs.")),
                    reason=words.say(REASON_WORDS[reason]) if reason else None,
                    url=self._link("/hr"),
                )
            case _:
                return catalogue.SupportRest(url=self._link("/plan"))

    async def _feedback(self, session: AsyncSession, item: LetterItem, recipient: Person) -> Part:
        row = await session.get_one(FeedbackRequest, item.key.split("/")[1])
        return catalogue.FeedbackRequest(
            asker_name=(await session.get_one(Person, row.asker_id)).name,
            about=row.about,
            until_day=self._words(recipient).weekday_and_day(_local(closes_at(row.asked_at), recipient)),
            url=self._link(f"/feedback/{row.id}"),
        )

    async def _invitation(self, session: AsyncSession, item: LetterItem) -> Part:
        row = await session.get_one(Supporter, item.key.split("/")[1])
        asker = await session.get_one(Person, row.person_id)
        return catalogue.SupporterInvitation(
            asker_name=asker.name,
            about=subject_of(row).kind,
            url=self._link(f"/supporting/{row.id}"),
        )

    async def _help_asked(self, session: AsyncSession, item: LetterItem) -> Part:
        if item.action_id:
            asker_id, path = (await session.get_one(ActionRow, item.action_id)).owner_id, f"/actions/{item.action_id}"
        else:
            asker_id, path = (await session.get_one(Plan, item.plan_id)).person_id, f"/plans/{item.plan_id}"
        return catalogue.HelpAsked(
            asker_name=(await session.get_one(Person, asker_id)).first_name,
            about="action" if item.action_id else "plan",
            url=self._link(path),
        )

    def _words(self, reader: Person) -> Words:
        return words_in(self.locale_of(reader))

    def _link(self, path: str) -> str:
        return f"{self.public_url}{path}"


async def _talk_to_repair(session: AsyncSession, stall: Stall, plan: Plan) -> str | None:
    """The check-in that can still be moved or left out; talks that did not happen are over, so then the next one."""
    kind, subject, *_ = stall.cause.split("/")
    if kind == "scheduling":
        row = await session.get(CheckInRow, subject)
        if row is None or row.state in OPEN:
            return subject
    return await next_check_in(session, plan.person_id)


def _repair_page(key: str, stall: Stall, plan: Plan, recipient: Person, talk: str | None) -> str:
    """Who does not hold the stuck part can help from the plan's page; without a talk ahead, from the stall's."""
    if stall.holder_id and recipient.id != stall.holder_id:
        return "/plan" if recipient.id == plan.person_id else f"/plans/{plan.id}"
    page = REPAIR_PAGES[key]
    if talk is None and "{check_in}" in page:
        page = "/stalls/{stall}"
    return page.format(action=stall.cause.split("/")[1], check_in=talk, stall=stall.id)


def _about(stall: Stall, plan: Plan, recipient: Person) -> Literal["own_plan", "their_plan", "check_ins"]:
    if stall.holder_id is None:
        return "check_ins"
    return "own_plan" if recipient.id == plan.person_id else "their_plan"


def _promise_in_words(promise: Promise, words: Words) -> str:
    """ "Introduce Ann to the pricing team (by 19 March)" """
    if promise.due_on is None:
        return promise.what
    return words.say(Sentence("{what} (by {day})", what=promise.what, day=words.short_day(promise.due_on)))


def _step_in_words(step: PathwayStep, words: Words) -> str:
    """ "Senior analyst, Pricing (until 29 March)" """
    if step.where is None or step.closes_on is None:
        return step.role
    opening = Sentence(
        "{role}, {where} (until {day})", role=step.role, where=step.where, day=words.short_day(step.closes_on)
    )
    return words.say(opening)


def _local(at: datetime, person: Person) -> datetime:
    return at.astimezone(ZoneInfo(person.zone))
