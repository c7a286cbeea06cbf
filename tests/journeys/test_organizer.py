"""The manager organizes: the whole journey in Mara's calendar, with the grant that is asked for that and no more."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from cycle.check_in import State
from cycle.policy import Booking as BookingRules
from cycle.policy import Policy
from integrations.database.tables import CheckInRow, NeedsAHand
from tests.journeys.life import Life, Living

BY_MANAGERS = Policy(name="Quarterly check-ins", booking=BookingRules(organizer="manager"))


async def with_a_key(life: Life, mailbox: str) -> list[Any]:
    """What a calendar has of ours, cancelled or not."""
    state = (await life.http.get(f"{life.tenant.url}/_sandbox/state", params={"mailbox": mailbox})).raise_for_status()
    (found,) = state.json()["mailboxes"].values()
    return [each for each in found["calendar"] if "booking/" in str(each["extendedProperties"])]


async def standing(life: Life, name: str) -> list[str]:
    """When somebody's check-ins stand in their own calendar."""
    return [
        each["start"]
        for each in await life.calendar(name)
        if each["subject"].startswith("Check-in:") and not each["isCancelled"]
    ]


async def open_hands(life: Life) -> list[str]:
    return [row.key for row in await life.rows(select(NeedsAHand)) if row.mended_at is None]


async def test_the_whole_journey_in_the_managers_calendar(living: Living) -> None:
    async with living(BY_MANAGERS) as life:
        life.organizer = "Mara"
        await life.live(days=1)
        (talk,) = await life.talks()
        assert talk.attendees == (life.mail("Ann"),), "Mara has the event itself"
        assert await with_a_key(life, life.tenant.service_mailbox) == []
        assert len(await standing(life, "Ann")) == len(await standing(life, "Mara")) == 1

        event = await life.event(talk.check_in)
        dragged = talk.start + timedelta(days=1)
        span = {"start": dragged.isoformat(), "end": (dragged + (talk.end - talk.start)).isoformat()}
        await life.act("Mara", "drag", iCalUId=event["iCalUId"], **span)
        await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
        (form,) = await life.letters("Ann", "form/")
        assert f"{dragged:%-d %B}" in form.body, "the form speaks of the hour that Mara dragged it to"

        page, slots = f"/check-ins/{talk.check_in}/another-time", f"/check-ins/{talk.check_in}/slots"
        await life.post("Ann", page, page)
        await life.live(hours=1)
        assert [each.start for each in await life.talks()] == [dragged], "it stands until another hour is chosen"
        await life.post("Ann", slots, slots, slot="0")
        await life.live(hours=1)
        (moved,) = await life.talks()
        assert moved.start != dragged
        assert (await life.event(talk.check_in))["iCalUId"] == event["iCalUId"]

        await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=40)
        for name in ("Ann", "Mara"):
            await life.say(name, talk.check_in, "held")
        await life.live(hours=1)
        assert (await life.check_ins("Ann"))[0].state == State.HELD
        assert await life.talks() == [moved]
        assert await with_a_key(life, life.tenant.service_mailbox) == []
        assert await open_hands(life) == []
        await life.assert_sound()


async def test_called_off_it_leaves_the_managers_calendar_and_the_employees(living: Living) -> None:
    async with living(BY_MANAGERS) as life:
        life.organizer = "Mara"
        await life.live(days=1)
        (talk,) = await life.talks()
        page = f"/check-ins/{talk.check_in}/not-this-time"
        await life.post("Ann", page, page)
        await life.live(hours=1)
        assert [each.cancelled for each in await life.talks()] in ([], [True])
        assert await standing(life, "Ann") == await standing(life, "Mara") == []
        assert await open_hands(life) == []


async def test_with_another_manager_the_former_ones_event_is_cancelled_in_their_own_mailbox(living: Living) -> None:
    async with living(BY_MANAGERS, people=3) as life:
        life.organizer = "Mara"
        await life.live(days=1)
        (ann_with_mara,) = [each for each in await life.talks() if life.mail("Ann") in each.attendees]
        successor = life.first_name(life.people[life.mail("Otto")].manager or "")
        changed_at = await life.now()
        await life.act("Ann", "change_manager", manager=life.mail(successor))
        await life.live(hours=8)
        left = [each for each in await life.talks() if each.check_in == ann_with_mara.check_in]
        assert all(each.cancelled for each in left)
        assert await standing(life, "Mara") == []

        life.organizer = successor
        ids = [await life.id_of(name) for name in ("Ann", successor)]
        mine = select(CheckInRow).where(CheckInRow.person_id == ids[0], CheckInRow.partner_id == ids[1])
        (handover,) = await life.rows(mine)
        assert (handover.kind, handover.state) == ("handover", State.BOOKED)
        (event,) = [each for each in await life.talks() if each.check_in == handover.id]
        assert event.attendees == (life.mail("Ann"),)
        assert timedelta(0) < event.start - changed_at <= timedelta(days=22)
        assert len(await standing(life, "Ann")) == 1, "the former one's is gone from her calendar too"
        assert await with_a_key(life, life.tenant.service_mailbox) == []
        assert await open_hands(life) == []
