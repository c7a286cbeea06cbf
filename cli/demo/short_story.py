"""A short story by the machine's own clock, nearly all of it waiting: what the full Temporal server goes through in it
is drawn from a seed, and its end must be that of its calm twin.

A talk is booked, its form and a word about an action go out, it is moved in Outlook, and then left out.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cli.demo.browser import Lost
from cli.demo.evidence import Evidence, Page, Talk
from cli.demo.gather import HR, Told, ask_tenant, written
from cli.demo.keys import keys_of
from cli.demo.outages import Outage, Outages
from cli.demo.promises import Flaw
from cli.demo.real_life import RealLife, StillAwaited, a_real_life, where_it_is_noon
from cli.demo.runner import Lived
from cli.demo.tenant_state import read_languages, read_letters, read_people, read_received, read_talks
from cli.people import enrol_people
from cycle.policy import Booking, Policy, Reflection, Rhythm
from integrations.database.connection import poke
from integrations.database.history import History, PastAction, PastGoal, PastPlan, PersonHistory, save_history
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.tables import Booking as BookingRow
from integrations.database.tables import Letter, LetterItem, WakeUp

# Due in a week, whichever day is today: the form's day has passed already, and those of the reminder and of the
# pre-read have not come.
SOON = Policy(
    name="Quarterly check-ins",
    rhythm=Rhythm(weeks_of_period=(1, 2)),
    booking=Booking(notice_workdays=2),
    reflection=Reflection(workdays_before=15),
)
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
# What becomes of the story in letters, and which of them wait for company.
TOLD = frozenset({"form", "action", "learning"})
WORD = "action_tomorrow"
SETTLING = frozenset({WORD, "learning_moment"})
# On this day nothing more is to come: whatever is missing is missed.
LONG_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Cast:
    """Mail addresses."""

    ann: str
    mara: str
    hale: str


async def live_short_story(drawn: Iterable[Outage], began: datetime, data: Path, env: Mapping[str, str]) -> Lived:
    """What the story leaves behind; `data` is an empty folder or none yet.

    Lives that are to be compared have one `began`, some hours ago at most: its date, and the zone where it was noon
    then, stand for theirs. Where something never comes, the story ends. Raises ProcessEnded, Lost, and what the tenant
    or Temporal answer with.
    """
    async with a_real_life(data, env, began.date()) as life:
        outages, in_vain = Outages(life, drawn), list[Flaw]()
        began_here = await life.installation.now()
        cast = await settle_in(life, began)
        try:
            await _live(life, cast, outages, began)
        except StillAwaited as error:
            in_vain.append(Flaw(str(error), await life.installation.now()))
        evidence, told = await _gather(life, cast, began_here, data)
        return Lived(evidence, told, outages.struck, in_vain)


async def settle_in(life: RealLife, began: datetime) -> Cast:
    """Ann, her manager Mara and Hale of HR are in the books, and so is the policy; nobody lives under it yet."""
    organization = await life.ask("organization")
    told = {each["name"].split()[0]: each for each in organization["people"]}
    cast = Cast(*(told[name]["mail"].lower() for name in ("Ann", "Mara", "Hale")))
    now, zone = await life.installation.now(), where_it_is_noon(began)
    people = [_person(told[name], zone, cast.mara if name == "Ann" else None) for name in ("Ann", "Mara", "Hale")]
    async with life.installation.database.transaction() as session:
        await save_people(session, people, now)
        await save_policy(session, SOON, began.date(), cast.hale, now)
    return cast


def _person(told: Mapping[str, Any], zone: str, manager: str | None) -> NewPerson:
    """Somebody who works every day and at all hours, so that it does not matter when this is."""
    return NewPerson(
        oid=told["id"],
        mail=told["mail"],
        name=told["name"],
        zone=zone,
        country=None,
        hired_on=None,
        weekdays=frozenset(range(7)),
        opens=time(0),
        closes=time(23, 59),
        away=(),
        manager_mail=manager,
    )


async def _live(life: RealLife, cast: Cast, outages: Outages, began: datetime) -> None:
    # In the next minute after the booking, which may be this very moment.
    await outages.expect("asked")
    async with outages.during("booked"):
        await enrol_people(life.installation, SOON.name, [cast.ann])
    talk, *_ = await life.until("a talk stands in the calendar", life.talks)
    async with outages.during("asked"):
        pass
    await _until_told(life, {"form"})

    await _take_over_history(life, cast, began)
    items = await life.until("a word about the action waits for company", lambda: _with_company(life))
    async with outages.during("told"):
        await _let_settle(life, items, began)
    await _until_told(life, TOLD)

    later = talk.start + A_DAY
    (event_id,) = await life.rows(select(BookingRow.event_id))
    async with outages.during("moved"):
        await _drag(life, event_id, later, talk.end + A_DAY)
    await life.until("it is known that the talk was moved", lambda: _is(life, "booked", later))

    async with outages.during("called_off"):
        await _leave_out(life, cast, talk)
    await life.until("the talk is called off", lambda: _is(life, "cancelled", later))
    await life.until("nothing is under way any more", lambda: _at_rest(life))


async def _until_told(life: RealLife, kinds: Set[str]) -> None:
    async def all_told() -> bool:
        return {key.kind for letter in await life.letters() for key in keys_of(letter.keys)} >= kinds

    await life.until(f"letters went out about each of these: {', '.join(sorted(kinds))}", all_told)


async def _take_over_history(life: RealLife, cast: Cast, began: datetime) -> None:
    """Something that Ann took on a month ago and is due tomorrow, as if it were imported when the story `began`."""
    day = began.date()
    action = PastAction(
        title="Join two customer calls",
        owner=cast.ann,
        agreed_on=day - 30 * A_DAY,
        quiet_since=day - 3 * A_DAY,
        due_on=day + A_DAY,
    )
    plan = PastPlan(goals=(PastGoal(title="Explain numbers", why="Customers ask"),), actions=(action,))
    async with life.installation.database.transaction() as session:
        await save_history(session, History(people=(PersonHistory(person=cast.ann, plan=plan),)), began)


async def _with_company(life: RealLife) -> Sequence[LetterItem]:
    """The word about the action and what else waits, once it does."""
    found = await life.rows(select(LetterItem).where(LetterItem.kind.in_(SETTLING), LetterItem.state == "waiting"))
    return found if WORD in {row.kind for row in found} else []


async def _let_settle(life: RealLife, items: Sequence[LetterItem], began: datetime) -> None:
    """What does not travel alone waits five minutes for what else falls due; here it has waited for an hour, but not
    since yesterday.
    """
    midnight = datetime.combine(began.date(), time(), began.tzinfo)
    async with life.installation.database.transaction() as session:
        for row in items:
            item = await session.get_one(LetterItem, row.key)
            item.due_at = max(item.due_at - AN_HOUR, midnight)
            poke(session, "Postbox", row.recipient_id, "it has settled", await life.installation.now())


async def _drag(life: RealLife, event_id: str, start: datetime, end: datetime) -> None:
    """Somebody moves the event in the organizer's calendar."""
    hour = {"start": start.isoformat(), "end": end.isoformat()}
    order = {"person": life.tenant.service_mailbox, "act": "drag", "event": event_id, **hour}
    await life.tenant.control(life.http, "POST", "act", order)


async def _is(life: RealLife, state: str, start: datetime) -> bool:
    """Whether the talk is in this state, at this hour, by what we know ourselves."""
    newest, *_ = await life.rows(select(BookingRow).order_by(BookingRow.no.desc()))
    return (newest.state, newest.start_at) == (state, start)


async def _leave_out(life: RealLife, cast: Cast, talk: Talk) -> None:
    path = f"/check-ins/{talk.check_in}/not-this-time"
    browser = life.browser(cast.ann)
    page = (await browser.visit(path)).page
    form = page.form(path)
    if form is None:
        raise Lost(f"{page.url} does not let {cast.ann} leave the talk out.")
    await browser.submit(page, form, {})


async def _at_rest(life: RealLife) -> bool:
    unfinished = await life.rows(select(Letter.id).where(Letter.state.not_in(("sent", "dropped"))))
    return not unfinished and not await life.rows(select(WakeUp.id))


async def _gather(life: RealLife, cast: Cast, began: datetime, data: Path) -> tuple[Evidence, Told]:
    organization, senders = await life.ask("organization"), life.tenant.senders
    told = await ask_tenant(life.http, life.tenant.url)
    written(data / "state.json", told.state)
    written(data / "ledger.json", told.ledger)
    evidence = Evidence(
        day0=began.date(),
        began=began,
        until=began + LONG_AFTER,
        people={mail: each for mail, each in read_people(organization).items() if mail not in senders},
        senders=senders,
        hr_partner=cast.hale,
        policies={},
        starts_on={},
        policy_of={},
        talks=read_talks(told.state, life.tenant.service_mailbox),
        letters=read_letters(told.state, senders),
        received=read_received(told.state, senders),
        pages=[Page(cast.hale, HR, (await life.browser(cast.hale).visit(HR)).html)],
        languages=read_languages(told.state),
    )
    return evidence, told
