"""The same on the full Temporal server and the real clock: booked, asked, answered, with a restart, a death and the
loss of everything in between.
"""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from temporalio.client import WorkflowExecutionStatus

from cli.people import enrol_people
from cli.recover import recover_everything
from cycle.policy import Booking, Policy, Reflection, Rhythm
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.reflections import shared_lines
from integrations.database.tables import CheckInRow, ReflectionRow, WakeUp
from integrations.temporal.connect import connect
from tests.journeys.real_life import RealLife, where_it_is_noon

# Due in a week, whichever day is today: the form's day has passed already, and those of the reminder and of the
# pre-read have not come.
SOON = Policy(
    name="Quarterly check-ins",
    rhythm=Rhythm(weeks_of_period=(1, 2)),
    booking=Booking(notice_workdays=2),
    reflection=Reflection(workdays_before=15),
)
# A letter waits for the next minute, and a wake-up that could not be delivered for the next look at what is owed.
SECONDS = 150
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


async def enrol_ann_and_mara(life: RealLife) -> tuple[str, str]:
    organization = (await life.http.get(f"{life.tenant.url}/_sandbox/organization")).raise_for_status().json()
    told = {each["name"].split()[0]: each for each in organization["people"]}
    ann, mara = told["Ann"]["mail"], told["Mara"]["mail"]
    now = await life.installation.now()
    zone = where_it_is_noon(now)
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


async def test_a_server_that_is_killed_and_then_loses_its_file_costs_nothing_and_repeats_nothing(
    real_life: RealLife,
) -> None:
    life = real_life
    booking = await life.holds_up("/events$", HELD_UP_SECONDS)
    ann, mara = await enrol_ann_and_mara(life)

    # Killed while the event is being made, and started again with its file: it knows what was under way.
    await life.until_true(booking, 60)
    drafting = await life.holds_up("/messages$", HELD_UP_SECONDS)
    await life.server.kill()
    await life.server.start()
    (talk,) = await life.until_true(life.talks, SECONDS)
    assert set(talk.attendees) == {ann, mara}

    # Killed while the letter is being drafted, and all is lost: rebuilt from the database.
    await life.until_true(drafting, SECONDS)
    await life.server.kill()
    life.server.forget_everything()
    await life.server.start()
    assert await recover_everything(life.installation) > 1

    async def form() -> list[Any]:
        return [letter for letter in await life.letters() if letter.keys == (f"form/{talk.check_in}",)]

    await life.until_true(form, SECONDS)

    # What happens after it is heard of too: the talk is left out, and its event called off.
    page = f"/check-ins/{talk.check_in}/not-this-time"
    browser = life.browser(ann)
    shown = (await browser.visit(page)).page
    form_to_leave_out = shown.form(page)
    assert form_to_leave_out
    await browser.submit(shown, form_to_leave_out, {})

    async def called_off() -> bool:
        return all(each.cancelled for each in await life.talks())

    await life.until_true(called_off, SECONDS)
    assert [(each.check_in, each.no) for each in await life.talks()] == [(talk.check_in, 1)]
    keys = Counter(key for letter in await life.letters() for key in letter.keys)
    assert f"form/{talk.check_in}" in keys
    assert [key for key, count in keys.items() if count > 1] == []
    for mail in (ann, mara):
        inbox = (await life.mailbox(mail))["folders"]["inbox"]
        told = Counter(each["meetingMessageType"] for each in inbox if each["meetingMessageType"])
        assert told == {"meetingRequest": 1, "meetingCancelled": 1}, "each heard once of it, and once of its end"
