"""The same on the full Temporal server and the real clock: booked, asked, answered, with a restart, a death and the
loss of everything in between.
"""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from temporalio.client import WorkflowExecutionStatus

from cli.demo.convergence import differences, ending
from cli.demo.keys import keys_of
from cli.demo.promises import broken_promises
from cli.people import enrol_people, import_history
from cli.recover import recover_everything
from cycle.policy import Booking, Policy, Reflection, Rhythm
from integrations.database.connection import poke
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.reflections import shared_lines
from integrations.database.tables import Booking as BookingRow
from integrations.database.tables import CheckInRow, LetterItem, ReflectionRow, WakeUp
from integrations.temporal.connect import connect
from tests.journeys.real_life import RealLife, a_real_life, where_it_is_noon

# Due in a week, whichever day is today: the form's day has passed already, and those of the reminder and of the
# pre-read have not come.
SOON = Policy(
    name="Quarterly check-ins",
    rhythm=Rhythm(weeks_of_period=(1, 2)),
    booking=Booking(notice_workdays=2),
    reflection=Reflection(workdays_before=15),
)
HISTORY = """
people:
  - person: {ann}
    plan:
      goals: [{{title: Explain numbers, why: Customers ask}}]
      actions:
        - {{title: Join two customer calls, owner: {ann}, modality: stretch,
           agreed_on: {agreed}, due_on: {due}, state: open, quiet_since: {lately}}}
"""
# A letter waits for the next minute, and a wake-up that could not be delivered for the next look at what is owed.
SECONDS = 150
# What becomes of the story in letters, and which of them wait for company.
TOLD = {"form", "action", "learning"}
SETTLING = {"action_tomorrow", "learning_moment"}
# So long a call is under way: the server dies meanwhile, and is back when it ends, or not.
HELD_UP_SECONDS = 3


def somebody(told: dict[str, Any], zone: str, manager: str | None) -> NewPerson:
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


async def enrol_ann_and_mara(life: RealLife, zone: str = "") -> tuple[str, str]:
    organization = (await life.http.get(f"{life.tenant.url}/_sandbox/organization")).raise_for_status().json()
    told = {each["name"].split()[0]: each for each in organization["people"]}
    ann, mara = told["Ann"]["mail"], told["Mara"]["mail"]
    now = await life.installation.now()
    zone = zone or where_it_is_noon(now)
    people = [somebody(told["Mara"], zone, None), somebody(told["Ann"], zone, mara)]
    async with life.installation.database.transaction() as session:
        await save_people(session, people, now)
        await save_policy(session, SOON, now.date(), None, now)
    await enrol_people(life.installation, SOON.name, [ann])
    return ann, mara


async def test_a_check_in_is_booked_and_its_form_answered_while_the_server_restarts(real_life: RealLife) -> None:
    life = real_life
    ann, mara = await enrol_ann_and_mara(life)

    async def booked() -> list[Any]:
        calendar = (await life.mailbox(life.tenant.service_mailbox))["calendar"]
        return [each for each in calendar if "booking/" in str(each["extendedProperties"])]

    async def forms() -> list[Any]:
        inbox = (await life.mailbox(ann))["folders"]["inbox"]
        return [each for each in inbox if each["subject"].startswith("Before your check-in")]

    (event,) = await life.until_true(booked, 60)
    assert {each["mail"] for each in event["attendees"]} == {ann, mara}
    assert datetime.fromisoformat(event["start"]) > datetime.now(UTC) + timedelta(days=1)

    # The letter waits for its minute; meanwhile the server goes, and comes back with what it knew.
    client = await connect(life.settings)
    (check_in,) = await life.rows(select(CheckInRow))
    before = await client.get_workflow_handle(f"CheckIn/{check_in.id}").describe()
    await life.server.stop()
    await life.server.start()
    await life.until_true(forms, SECONDS)
    after = await client.get_workflow_handle(f"CheckIn/{check_in.id}").describe()
    assert (after.run_id, after.status) == (before.run_id, WorkflowExecutionStatus.RUNNING)

    await life.server.stop()
    page = f"/reflections/{check_in.id}"
    browser = life.browser(ann)
    shown = (await browser.visit(page)).page
    form = shown.form(page)
    assert form
    first = next(field for field in form.values if field.startswith("text-"))
    typed = {"do": "save", first: "Customers call me.", first.replace("text-", "share-"): "yes"}
    answered = await browser.submit(shown, form, typed)
    assert answered.asked_status < 400, "the web face needs no Temporal"
    assert await life.rows(select(ReflectionRow))
    assert [row.target for row in await life.rows(select(WakeUp))] == [check_in.id]

    await life.server.start()

    async def nothing_owed() -> bool:
        return not await life.rows(select(WakeUp))

    await life.until_true(nothing_owed, 60)
    async with life.installation.database.reading() as session:
        assert [line.line for line in await shared_lines(session, check_in.id)] == ["Customers call me."]
    assert len(await booked()) == 1
    assert len(await forms()) == 1, "no letter went twice"


async def live_the_story(life: RealLife, zone: str, *, disturbed: bool) -> None:
    """A talk is booked, its form and a word about an action go out, it is moved in Outlook and then left out.

    If `disturbed`, the server is killed while the event is being made; killed again while a letter is being drafted,
    with the loss of its file; and away while the talk is moved.
    """
    booking = await life.holds_up("/events$", HELD_UP_SECONDS) if disturbed else None
    ann, _ = await enrol_ann_and_mara(life, zone)
    await import_history(life.installation, due_tomorrow(ann, datetime.now(ZoneInfo(zone)).date()))
    drafting = None
    if booking:
        # It is started again with its file, and knows what was under way.
        await life.until_true(booking, 60)
        drafting = await life.holds_up("/messages$", HELD_UP_SECONDS)
        await life.server.kill()
        await life.server.start()
    (talk,) = await life.until_true(life.talks, SECONDS)
    await let_settle(life)
    if drafting:
        # All is lost, and rebuilt from the database.
        await life.until_true(drafting, SECONDS)
        await life.server.kill()
        life.server.forget_everything()
        await life.server.start()
        assert await recover_everything(life.installation) > 1

    async def all_told() -> bool:
        return {key.kind for letter in await life.letters() for key in keys_of(letter.keys)} >= TOLD

    await life.until_true(all_told, SECONDS)

    if disturbed:
        await life.server.stop()
    moved_to = talk.start + timedelta(days=1)
    (booked,) = await life.rows(select(BookingRow))
    await life.drag(booked.event_id, moved_to, talk.end + timedelta(days=1))
    if disturbed:
        # The web face has heard of it, and the wake-up waits.
        await life.until_true(lambda: life.rows(select(WakeUp)), 60)
        await life.server.start()

    async def known() -> bool:
        newest, *_ = await life.rows(select(BookingRow).order_by(BookingRow.no.desc()))
        return (newest.state, newest.start_at, newest.heard_change_key) == ("booked", moved_to, None)

    await life.until_true(known, 60)

    page = f"/check-ins/{talk.check_in}/not-this-time"
    browser = life.browser(ann)
    shown = (await browser.visit(page)).page
    form_to_leave_out = shown.form(page)
    assert form_to_leave_out
    await browser.submit(shown, form_to_leave_out, {})

    async def called_off() -> bool:
        return all(each.cancelled for each in await life.talks())

    await life.until_true(called_off, SECONDS)


async def let_settle(life: RealLife) -> None:
    """What does not travel alone waits five minutes for what else falls due; here it has waited for an hour."""

    async def settling() -> list[LetterItem]:
        found = await life.rows(select(LetterItem).where(LetterItem.kind.in_(SETTLING)))
        return found if {row.kind for row in found} == SETTLING else []

    items = await life.until_true(settling, 60)
    async with life.installation.database.transaction() as session:
        for row in items:
            (await session.get_one(LetterItem, row.key)).due_at -= timedelta(hours=1)
            poke(session, "Postbox", row.recipient_id, "it has settled", await life.installation.now())


def due_tomorrow(ann: str, today: date) -> str:
    """Something that Ann took on a month ago, as `perennial people import-history` takes it."""
    agreed, lately, due = (today + timedelta(days=n) for n in (-30, -3, 1))
    return HISTORY.format(ann=ann, agreed=agreed, lately=lately, due=due)


async def test_a_server_that_is_killed_loses_its_file_and_is_away_leads_to_the_same_end(tmp_path: Path) -> None:
    zone = where_it_is_noon(datetime.now(UTC))
    for name in ("calm", "disturbed"):
        (tmp_path / name).mkdir()
    async with a_real_life(tmp_path / "calm") as calm, a_real_life(tmp_path / "disturbed") as life:
        await asyncio.gather(live_the_story(calm, zone, disturbed=False), live_the_story(life, zone, disturbed=True))
        expected, found = await calm.left_behind(), await life.left_behind()
        for mail in found.talks[0].attendees if found.talks else ():
            inbox = (await life.mailbox(mail))["folders"]["inbox"]
            told = Counter(each["meetingMessageType"] for each in inbox if each["meetingMessageType"])
            assert told == {"meetingRequest": 2, "meetingCancelled": 1}, (
                "the hour, the other hour, and its end: once each"
            )
    assert [each.sentence for each in differences(ending(expected), ending(found))] == []
    assert [each.sentence for each in broken_promises(found)] == []
    (talk,) = found.talks
    assert talk.cancelled
    assert {key.kind for letter in found.letters for key in keys_of(letter.keys)} == TOLD, "there is something to lose"
