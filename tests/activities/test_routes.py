"""Whatever is next says on which queue it is done: that of the mailbox it will talk to."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.route import COMMON, Route, routes_of
from config.settings import Settings
from cycle.check_in import Step
from cycle.shards import Shards
from integrations.database.letters import LETTERS_A_MINUTE
from integrations.database.tables import CheckInRow, Letter, Person

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 3, 18, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def queue(home: Any, mailbox: str) -> str:
    return f"perennial/{Shards((home.tenant.service,)).of(mailbox)}"


async def test_steps_of_a_check_in_are_done_where_its_event_is(home: Any) -> None:
    service = queue(home, home.tenant.service)
    check_in_id = await home.a_check_in(START.date())
    assert (await home.do("look", check_in_id)).route == Route(service, "mara")
    await home.an_intended_booking(check_in_id, START, organizer=home.tenant.person("Mara")["id"])
    upcoming = await home.do("look", check_in_id)
    assert (upcoming.step, upcoming.route) == (Step.BOOK, Route(queue(home, home.tenant.person("Mara")["id"]), "mara"))


async def test_where_managers_organize_their_own_mailbox_is_asked_from_the_first_step_on(home: Any) -> None:
    await home.set_policy(booking={"organizer": "manager"})
    check_in_id = await home.a_check_in(START.date())
    assert (await home.do("look", check_in_id)).route.queue == queue(home, home.tenant.person("Mara")["id"])


async def test_what_somebody_waits_for_goes_before_what_falls_due_by_the_clock(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    assert not (await home.do("look", check_in_id)).route.soon
    await home.change(CheckInRow, check_in_id, state="excused")
    upcoming = await home.do("look", check_in_id)
    assert (upcoming.step, upcoming.route.soon) == (Step.CALL_OFF, True)


async def test_a_booking_waits_for_its_place_in_the_minute(home: Any) -> None:
    check_in_id = await home.a_check_in(START.date())
    await home.an_intended_booking(check_in_id, START, minute=MONDAY + MINUTE)
    upcoming = await home.do("look", check_in_id)
    assert (upcoming.step, upcoming.at) == (Step.BOOK, MONDAY + MINUTE)
    assert (await home.do("look", check_in_id, MONDAY + 5 * MINUTE)).at == MONDAY + 5 * MINUTE


async def test_senders_and_those_that_were_have_queues_of_their_own(settings: Settings, tenant: Any) -> None:
    one, two, three = tenant.senders
    pool = settings.model_copy(update={"sender_mailboxes": (one, two)})
    own = [f"perennial/{Shards((each,)).of(each)}" for each in tenant.senders]
    assert set(own) & set(routes_of(pool).queues) == {*own[:2]}
    with_former = routes_of(pool, [three])
    assert with_former.of(three).queue == own[2]
    assert set(own) <= set(with_former.queues)


async def test_a_letter_is_delivered_where_its_sender_is_talked_to(home: Any) -> None:
    assert (await home.do("sort", "ann")).route == COMMON, "an empty box asks no mailbox"
    await home.an_item("learning/ann/2030-Q1", "learning_moment", step="2030-Q1", due_at=MONDAY - timedelta(days=1))
    found = await home.do("sort", "ann")
    assert found.letter_id
    assert found.route == Route(queue(home, home.tenant.service), "ann")


async def test_a_letter_that_says_nothing_any_more_is_put_away_by_its_sender_and_not_sent(home: Any) -> None:
    letter_id = await home.a_planned_letter("ann")
    await home.change(Letter, letter_id, state="drafted", graph_id="AAgone", subject="s", html="h", text="t")
    found = await home.do("sort", "ann")
    assert (found.letter_id, found.at) == (letter_id, MONDAY)
    # Cut off here, the next look finds it again; also when the window has closed meanwhile.
    assert (await home.do("sort", "ann")).letter_id == letter_id
    asked = len(home.tenant.asked())
    await home.do("deliver", letter_id, MONDAY + timedelta(hours=12))
    assert [each.split()[0] for each in home.tenant.asked()[asked:]] == ["DELETE"]
    assert (await home.get(Letter, letter_id)).state == "dropped"
    assert (await home.do("sort", "ann")).letter_id is None


async def test_a_letter_whose_minute_is_full_is_drafted_and_leaves_in_a_later_one(home: Any) -> None:
    await home.an_item("learning/ann/2030-Q1", "learning_moment", step="2030-Q1")
    letter_id = await home.a_planned_letter("ann", "learning/ann/2030-Q1")
    late = MONDAY + 10 * MINUTE
    for _ in range(LETTERS_A_MINUTE):
        await home.change(Letter, await home.a_planned_letter("otto"), minute=late)
    await home.do("deliver", letter_id, late)
    letter = await home.get(Letter, letter_id)
    assert (letter.state, letter.sending_at, letter.minute) == ("drafted", None, late + MINUTE)
    await home.do("deliver", letter_id, late + MINUTE)
    assert (await home.get(Letter, letter_id)).state == "sent"


async def test_however_many_wait_for_a_mailbox_or_a_team_it_is_asked_once(home: Any) -> None:
    for name in ("ann", "mara"):
        await home.change(Person, name, directory_read_at=None)
    check_ins = [await home.a_check_in(START.date() + timedelta(days=number)) for number in range(4)]
    asked = len(home.tenant.asked())
    await asyncio.gather(*(home.do("plan_team", each) for each in check_ins))
    read = [each for each in home.tenant.asked()[asked:] if each.endswith("/mailboxSettings")]
    assert len(read) == len(set(read)) == 2
    assert sum(each.endswith("/getSchedule") for each in home.tenant.asked()[asked:]) == 1
    assert [(await home.booking(each)).state for each in check_ins] == ["intended"] * 4


async def test_a_mailbox_that_several_ask_about_at_once_is_asked_once(home: Any) -> None:
    await home.change(Person, "mara", directory_read_at=None)
    await home.an_item("learning/mara/2030-Q1", "learning_moment", to="mara", step="2030-Q1")
    check_in_id = await home.a_check_in(START.date())
    asked = len(home.tenant.asked())
    await asyncio.gather(home.do("sort", "mara"), home.do("plan_team", check_in_id))
    assert sum(each.endswith("/mailboxSettings") for each in home.tenant.asked()[asked:]) == 1
