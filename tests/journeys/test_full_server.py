"""The same on the full Temporal server and the real clock: booked, asked, answered, with a restart in between.

What else befalls that server while people live is drawn from a seed: `test_convergence.py`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from temporalio.client import WorkflowExecutionStatus

from cli.demo.real_life import RealLife
from cli.demo.short_story import SOON, settle_in
from cli.people import enrol_people
from integrations.database.reflections import shared_lines
from integrations.database.tables import CheckInRow, ReflectionRow, WakeUp
from integrations.temporal.connect import connect


async def test_a_check_in_is_booked_and_its_form_answered_while_the_server_restarts(real_life: RealLife) -> None:
    life = real_life
    cast = await settle_in(life, datetime.now(UTC))
    await enrol_people(life.installation, SOON.name, [cast.ann])

    async def booked() -> list[Any]:
        calendar = (await life.mailbox(life.tenant.service_mailbox))["calendar"]
        return [each for each in calendar if "booking/" in str(each["extendedProperties"])]

    async def forms() -> list[Any]:
        inbox = (await life.mailbox(cast.ann))["folders"]["inbox"]
        return [each for each in inbox if each["subject"].startswith("Before your check-in")]

    (event,) = await life.until("a talk is booked", booked)
    assert {each["mail"] for each in event["attendees"]} == {cast.ann, cast.mara}
    assert datetime.fromisoformat(event["start"]) > datetime.now(UTC) + timedelta(days=1)

    # The letter waits for its minute; meanwhile the server goes, and comes back with what it knew.
    client = await connect(life.settings)
    (check_in,) = await life.rows(select(CheckInRow))
    before = await client.get_workflow_handle(f"CheckIn/{check_in.id}").describe()
    await life.server.stop()
    await life.server.start()
    await life.until("the form went out", forms)
    after = await client.get_workflow_handle(f"CheckIn/{check_in.id}").describe()
    assert (after.run_id, after.status) == (before.run_id, WorkflowExecutionStatus.RUNNING)

    await life.server.stop()
    page = f"/reflections/{check_in.id}"
    browser = life.browser(cast.ann)
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

    await life.until("nothing is owed", nothing_owed)
    async with life.installation.database.reading() as session:
        assert [line.line for line in await shared_lines(session, check_in.id)] == ["Customers call me."]
    assert len(await booked()) == 1
    assert len(await forms()) == 1, "no letter went twice"
