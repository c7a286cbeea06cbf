"""What people do to an hour in Outlook, and the three hours that they choose from instead."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody

from activities.letters.catalogue import Slots
from activities.letters.compose import Composer
from activities.letters.wanted import overtaken
from cycle.actions import Refused
from cycle.check_in import Step
from integrations.database.offers import choose, none_suits
from integrations.database.outcomes import answer_outcome
from integrations.database.tables import (
    Booking,
    CalendarWatchRow,
    CheckInRow,
    LetterItem,
    NeedsAHand,
    Offer,
    Person,
    PreRead,
    Stall,
)
from integrations.graph.errors import Transient

pytestmark = pytest.mark.usefixtures("quiet_calendars")

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
# A Monday, 10:00 in Berlin; neither Ann nor Mara has anything until noon.
START = datetime(2030, 5, 27, 8, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)
THE_DAY_BEFORE = START - timedelta(days=1)


def mail(home: Any, name: str) -> str:
    return str(home.tenant.person(name)["mail"])


def the_event(home: Any, check_in_id: str, no: int = 1) -> dict[str, Any]:
    (event,) = home.tenant.events(f"booking/{check_in_id}/{no}")
    found: dict[str, Any] = event
    return found


def act(home: Any, who: str, what: str, check_in_id: str, **others: Any) -> None:
    home.tenant.act(who, what, iCalUId=the_event(home, check_in_id)["iCalUId"], **others)


def starts(event: dict[str, Any], at: datetime) -> bool:
    return bool(event["start"] == f"{at:%Y-%m-%dT%H:%M:%SZ}" and not event["isCancelled"])


def propose(home: Any, check_in_id: str, start: datetime, how: str = "tentative", who: str = "Ann") -> None:
    span = {"start": start.isoformat(), "end": (start + TALK).isoformat()}
    act(home, mail(home, who), "propose", check_in_id, **span, **{"with": how})


async def state(home: Any, check_in_id: str) -> str:
    return str((await home.get(CheckInRow, check_in_id)).state)


async def steps(home: Any, check_in_id: str, now: datetime = MONDAY) -> list[str]:
    """Takes every step that is due at `now`, as the workflow does; their names."""
    taken: list[str] = []
    while (upcoming := await home.do("look", check_in_id, now)) and upcoming.at <= now:
        assert len(taken) < 10, taken
        taken.append(upcoming.step.value)
        await home.do({"plan": "plan_team"}.get(upcoming.step.value, upcoming.step.value), check_in_id, now)
    return taken


async def noticed(home: Any, check_in_id: str, step: str = "ask_for_reflection", now: datetime = MONDAY) -> list[str]:
    await home.do(step, check_in_id, now)
    return await steps(home, check_in_id, now)


async def offered(home: Any) -> Offer:
    """The newest round."""
    offers: list[Offer] = await home.all(Offer)
    return max(offers, key=lambda each: (each.booking_no, each.round))


async def click(home: Any, offer: Offer, slot: int, who: str = "ann") -> bool:
    async with home.database.transaction() as session:
        return await choose(session, offer.check_in_id, offer.booking_no, offer.round, slot, who, MONDAY)


async def given_up(home: Any) -> str:
    """A check-in whose hour Ann declined, and for which three others are offered."""
    check_in_id: str = await home.a_booked_check_in(START)
    act(home, mail(home, "Ann"), "decline", check_in_id)
    assert await noticed(home, check_in_id) == ["offer_slots"]
    return check_in_id


def span_of(slot: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"])


# What is noticed, and the answer


async def test_a_declined_hour_is_given_up_for_three_others_and_both_hear_of_them_once(home: Any) -> None:
    check_in_id = await given_up(home)
    assert (await state(home, check_in_id), (await home.booking(check_in_id)).state) == ("due", "moved")
    assert not the_event(home, check_in_id)["isCancelled"], "it stands until there is another hour"
    for name in ("ann", "mara"):
        assert await home.waiting(name) == {f"slots/{check_in_id}/1/{name}"}
    offer = await offered(home)
    starts = [span_of(each)[0] for each in offer.slots]
    assert len({each.date() for each in starts}) == 3
    assert START not in starts
    assert all(each["reasons"] for each in offer.slots)
    await home.do("offer_slots", check_in_id)
    assert len(await home.all(LetterItem)) == 2
    assert await home.all(PreRead) == []


async def test_whoever_assists_the_manager_gets_the_hours_too_until_somebody_else_does(home: Any) -> None:
    await home.change(Person, "mara", assistant_id="hale")
    check_in_id = await given_up(home)
    for name in ("ann", "mara", "hale"):
        assert await home.waiting(name) == {f"slots/{check_in_id}/1/{name}"}
    (item,) = await home.all(LetterItem, recipient_id="hale")
    async with home.database.reading() as session:
        assert await overtaken(session, item, MONDAY) is None
        part = await Composer("https://perennial.example").part(session, item, MONDAY)
        assert isinstance(part, Slots)
        assert (part.assisted_name, part.partner_name) == ("Mara", "Ann")
        (to_ann,) = await home.all(LetterItem, recipient_id="ann")
        for_ann = await Composer("https://perennial.example").part(session, to_ann, MONDAY)
        assert isinstance(for_ann, Slots)
        assert (for_ann.assisted_name, for_ann.partner_name) == (None, "Mara")
    await home.change(Person, "mara", assistant_id="kai")
    async with home.database.reading() as session:
        assert await overtaken(session, item, MONDAY) is not None


async def test_a_refusal_of_a_dragged_hour_counts_also_when_the_drag_is_noticed_later(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    dragged, noticed_at = START + timedelta(days=1), MONDAY + timedelta(days=2)
    act(home, home.tenant.service, "drag", check_in_id, start=dragged.isoformat(), end=(dragged + TALK).isoformat())
    act(home, mail(home, "Ann"), "decline", check_in_id)
    await home.do("remind_of_reflection", check_in_id, noticed_at)
    second = await home.booking(check_in_id, 2)
    assert (second.state, second.start_at, second.made_at) == ("booked", dragged, noticed_at)
    await home.do("remind_of_reflection", check_in_id, noticed_at)
    assert ((await home.booking(check_in_id, 2)).state, await state(home, check_in_id)) == ("moved", "due")
    assert await home.all(LetterItem, kind="reflection_reminder") == []


async def test_what_was_said_before_the_drag_is_not_said_of_the_dragged_hour(home: Any) -> None:
    check_in_id = await given_up(home)
    dragged = START + timedelta(days=1)
    act(home, home.tenant.service, "drag", check_in_id, start=dragged.isoformat(), end=(dragged + TALK).isoformat())
    changes = home.activities["reread"].__self__
    assert await changes.changed(check_in_id, MONDAY)
    assert not await changes.changed(check_in_id, MONDAY)
    assert (await home.booking(check_in_id, 2)).state == "booked"


@pytest.mark.parametrize("what", ["accept", "tentatively_accept"])
async def test_a_yes_or_a_perhaps_changes_nothing(home: Any, what: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    act(home, mail(home, "Ann"), what, check_in_id)
    assert await noticed(home, check_in_id) == []
    assert await home.waiting("ann") == {f"form/{check_in_id}"}
    assert await home.all(Offer) == []
    event = the_event(home, check_in_id)
    read = await home.activities["book"].__self__._calendars.get_event(
        home.tenant.service, (await home.booking(check_in_id)).event_id
    )
    assert event["start"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
    assert (await home.booking(check_in_id)).change_key == read.change_key, "what we have seen is no news again"


async def test_a_proposed_hour_that_is_free_for_both_is_moved_to_at_once(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    at = START + timedelta(minutes=30)
    propose(home, check_in_id, at)
    assert await noticed(home, check_in_id) == ["book"]
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (second.state, second.start_at, second.event_id) == ("booked", at, first.event_id)
    assert the_event(home, check_in_id)["start"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert await home.all(Offer) == []
    assert await home.all(LetterItem) == []


@pytest.mark.parametrize("how", ["tentative", "decline"])
@pytest.mark.parametrize("why", ["busy", "outside the day", "our own booking", "too late"])
async def test_a_proposed_hour_that_does_not_fit_leads_to_three_others(home: Any, how: str, why: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    at = START + timedelta(days=1)
    if why == "busy":
        home.tenant.busy(mail(home, "Mara"), at, at + TALK)
    elif why == "outside the day":
        at = START + timedelta(hours=6)
    elif why == "our own booking":
        await home.an_intended_booking(await home.a_check_in(at.date(), "kai"), at)
    else:
        at = START + timedelta(days=22)
    propose(home, check_in_id, at, how)
    assert "offer_slots" in await noticed(home, check_in_id)
    offer = await offered(home)
    assert (offer.state, offer.keeps_hour) == ("open", how == "tentative")
    assert at not in [span_of(each)[0] for each in offer.slots]
    booking = await home.booking(check_in_id)
    assert booking.state == ("booked" if how == "tentative" else "moved"), "whoever still comes keeps the hour"
    assert len(await home.all(Booking, check_in_id=check_in_id)) == 1


async def a_proposal_that_does_not_fit(home: Any) -> str:
    """A check-in whose hour Ann keeps until another is chosen; the one that she proposed is none for Mara."""
    check_in_id: str = await home.a_booked_check_in(START)
    at = START + timedelta(days=1)
    home.tenant.busy(mail(home, "Mara"), at, at + TALK)
    propose(home, check_in_id, at)
    assert "offer_slots" in await noticed(home, check_in_id)
    assert (await offered(home)).keeps_hour
    return check_in_id


async def test_beside_a_proposal_that_does_not_fit_the_others_refusal_still_gives_the_hour_up(home: Any) -> None:
    check_in_id = await a_proposal_that_does_not_fit(home)
    act(home, mail(home, "Mara"), "decline", check_in_id)
    await home.do("remind_of_reflection", check_in_id)
    assert ((await home.booking(check_in_id)).state, await state(home, check_in_id)) == ("moved", "due")
    offer = await offered(home)
    assert (offer.state, offer.keeps_hour) == ("open", False)
    assert {key for who in ("ann", "mara") for key in await home.waiting(who) if key.startswith("slots/")} == {
        f"slots/{check_in_id}/1/{who}" for who in ("ann", "mara")
    }, "once each"
    assert (await home.do("look", check_in_id)).step == Step.PLAN


@pytest.mark.parametrize("organizer", ["the service mailbox", "the manager"])
@pytest.mark.parametrize("what", ["leave", "something else"])
async def test_beside_a_proposal_that_does_not_fit_the_calendars_are_looked_at_all_the_same(
    home: Any, what: str, organizer: str
) -> None:
    if organizer == "the manager":
        check_in_id = await home.a_check_in(START.date())
        await home.an_intended_booking(check_in_id, START, organizer=home.tenant.person("Mara")["id"])
        await home.do("book", check_in_id)
        event = next(each for each in home.tenant.mailbox(mail(home, "Mara"))["calendar"] if starts(each, START))
        at = START + timedelta(days=1)
        span = {"start": at.isoformat(), "end": (at + TALK).isoformat(), "with": "tentative"}
        home.tenant.act(mail(home, "Ann"), "propose", iCalUId=event["iCalUId"], **span)
        await home.do("ask_for_reflection", check_in_id)
    else:
        check_in_id = await a_proposal_that_does_not_fit(home)
    if what == "leave":
        away = [[(START - timedelta(days=2)).isoformat(), (START + timedelta(days=2)).isoformat()]]
        await home.change(Person, "mara", away=away)
    else:
        home.tenant.busy(mail(home, "Mara"), START, START + timedelta(hours=1))
    await home.do("send_pre_read", check_in_id, THE_DAY_BEFORE)
    gone = what == "leave"
    assert (await home.booking(check_in_id)).state == ("moved" if gone else "booked")
    assert len(await home.all(PreRead)) == (0 if gone else 1)
    (offer,) = await home.all(Offer)
    assert (offer.keeps_hour, offer.for_person_id) == (not gone, None)


async def test_an_attendee_who_was_taken_off_the_event_is_invited_again_with_the_new_hour(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    act(home, home.tenant.service, "remove_attendee", check_in_id, attendee=mail(home, "Ann"))
    act(home, home.tenant.service, "add_attendee", check_in_id, attendee=mail(home, "Otto"))
    assert await noticed(home, check_in_id) == ["offer_slots"]
    assert await click(home, await offered(home), 0)
    assert await steps(home, check_in_id) == ["take_slot", "book"]
    event = the_event(home, check_in_id)
    for name in ("Ann", "Mara", "Otto"):
        copies = home.tenant.invited(mail(home, name), event)
        assert [each["start"] for each in copies if not each["isCancelled"]] == [event["start"]], name


async def test_a_copy_that_was_deleted_without_a_word_is_noticed_before_the_pre_read(home: Any) -> None:
    # An hour at which no other test left a cancelled copy: one that is shown as free may be ours.
    check_in_id = await home.a_booked_check_in(START + timedelta(minutes=25))
    act(home, mail(home, "Ann"), "decline", check_in_id, sendResponse=False)
    assert await noticed(home, check_in_id) == [], "five workdays ahead nobody looks for it"
    await home.do("send_pre_read", check_in_id, THE_DAY_BEFORE)
    assert await home.all(PreRead) == []
    assert await state(home, check_in_id) == "due"
    assert (await offered(home)).state == "wanted"


async def test_something_booked_over_the_hour_keeps_it_and_offers_others_to_whom_it_concerns(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START + timedelta(minutes=15), START + timedelta(hours=2))
    assert "offer_slots" in await noticed(home, check_in_id)
    assert f"form/{check_in_id}" in await home.waiting("ann"), "the hour stands, and so does what leads up to it"
    assert await home.waiting("mara") >= {f"slots/{check_in_id}/1/mara"}
    assert f"slots/{check_in_id}/1/ann" not in await home.waiting("ann")
    assert (await home.booking(check_in_id)).state == "booked"
    await home.do("send_pre_read", check_in_id, THE_DAY_BEFORE)
    assert len(await home.all(PreRead)) == 1
    assert len(await home.all(Offer)) == 1, "a second ask is not sent"


async def test_hours_that_stand_beside_for_one_are_for_both_once_the_hour_is_given_up(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START + timedelta(minutes=15), START + timedelta(hours=2))
    await noticed(home, check_in_id)
    slots = (await offered(home)).slots
    act(home, mail(home, "Mara"), "decline", check_in_id)
    await home.do("remind_of_reflection", check_in_id)
    for name in ("ann", "mara"):
        assert f"slots/{check_in_id}/1/{name}" in await home.waiting(name)
    (offer,) = await home.all(Offer)
    assert (offer.state, offer.keeps_hour, offer.for_person_id) == ("open", False, None)
    assert offer.slots == slots, "whoever has the page before them chooses what they see"
    assert len(await home.all(LetterItem, kind="slots")) == 2, "once each"


@pytest.mark.parametrize("how", ["leave", "automatic replies", "a day that is worked no more"])
async def test_an_hour_that_came_to_lie_outside_somebodys_day_is_given_up(home: Any, how: str) -> None:
    check_in_id = await home.a_booked_check_in(START, person="kai" if how == "leave" else "ann")
    if how == "leave":
        home.tenant.act(mail(home, "Kai"), "go_on_leave", first="2030-05-27", last="2030-05-31")
    elif how == "automatic replies":
        away = [[(START - timedelta(days=2)).isoformat(), (START + timedelta(days=2)).isoformat()]]
        await home.change(Person, "ann", away=away)
    else:
        await home.change(Person, "ann", weekdays=[2, 3, 4])
    assert (await noticed(home, check_in_id))[0] == "offer_slots"
    assert await state(home, check_in_id) == "due"
    assert not {each.kind for each in await home.all(LetterItem)} & {"reflection_request", "pre_read"}


async def test_automatic_replies_that_are_simply_on_take_nobodys_hour(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    always = [["2000-01-01T00:00:00+00:00", "3000-01-01T00:00:00+00:00"]]
    await home.change(Person, "ann", away=always)
    assert "offer_slots" not in await noticed(home, check_in_id)
    assert await state(home, check_in_id) == "booked"


async def test_a_rewritten_body_a_teams_link_and_guests_outlive_a_move_and_nobody_is_asked(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    booking = await home.booking(check_in_id)
    calendars = home.activities["book"].__self__._calendars
    body = "<p>See you at the lake.</p><div>Join the Teams meeting</div>"
    rewritten = Event(body=ItemBody(content_type=BodyType.Html, content=body))
    await calendars._event(home.tenant.service, booking.event_id).patch(rewritten)
    act(home, home.tenant.service, "add_attendee", check_in_id, attendee=mail(home, "Otto"))
    before = await calendars.get_event(home.tenant.service, booking.event_id)
    assert await noticed(home, check_in_id) == []
    assert await home.all(Offer) == []
    propose(home, check_in_id, START + timedelta(minutes=30))
    assert await noticed(home, check_in_id, "remind_of_reflection") == ["book"]
    after = await calendars.get_event(home.tenant.service, booking.event_id)
    assert after.start == START + timedelta(minutes=30)
    assert (after.join_url, "See you at the lake." in after.body) == (before.join_url, True)
    assert before.join_url
    assert "Join the Teams meeting" in after.body
    assert set(after.attendees) == {mail(home, name) for name in ("Ann", "Mara", "Otto")}


async def test_an_event_that_somebody_drags_while_we_move_it_stays_where_they_put_it(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    propose(home, check_in_id, START + timedelta(minutes=30))
    await home.do("ask_for_reflection", check_in_id)
    calendars = home.activities["book"].__self__._calendars
    read = calendars.get_event
    dragged = START + timedelta(hours=1)

    async def dragged_meanwhile(*asked: Any) -> Any:
        facts = await read(*asked)
        span = {"start": dragged.isoformat(), "end": (dragged + TALK).isoformat()}
        act(home, home.tenant.service, "drag", check_in_id, **span)
        calendars.get_event = read
        return facts

    calendars.get_event = dragged_meanwhile
    with pytest.raises(Transient):
        await home.do("book", check_in_id)
    assert (await home.booking(check_in_id, 2)).state == "intended"
    await home.do("book", check_in_id)
    second = await home.booking(check_in_id, 2)
    assert (second.state, second.start_at, second.reasons) == ("booked", dragged, ["moved in Outlook"])
    assert the_event(home, check_in_id)["start"] == f"{dragged:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
async def watch_id(home: Any) -> str:
    """The service mailbox is watched, and its calendar has been read."""
    row = CalendarWatchRow(mailbox=home.tenant.service, opened_at=MONDAY)
    await home.add(row)
    await home.do("read_changes", row.id)
    return row.id


@pytest.mark.parametrize("told", ["read_changes", "compare"])
async def test_an_event_that_is_dragged_while_they_choose_is_followed(home: Any, watch_id: str, told: str) -> None:
    check_in_id = await given_up(home)
    await home.do(told, watch_id)
    assert (await home.booking(check_in_id)).heard_change_key is None, "what was declined is known"
    dragged = START + timedelta(days=2)
    act(home, home.tenant.service, "drag", check_in_id, start=dragged.isoformat(), end=(dragged + TALK).isoformat())
    home.pokes.made.clear()
    await home.do(told, watch_id)
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    assert await steps(home, check_in_id) == ["reread"]
    old, new = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (old.state, new.state, new.start_at, new.event_id) == ("moved", "booked", dragged, old.event_id)
    assert await state(home, check_in_id) == "booked"
    assert (await offered(home)).state == "over"
    assert not await click(home, await offered(home), 0)
    act(home, mail(home, "Ann"), "accept", check_in_id)
    await home.do("read_changes", watch_id)
    heard = [(await home.booking(check_in_id, no)).heard_change_key for no in (1, 2)]
    assert (heard[0], heard[1] is None) == (None, False), "of the hour that counts, and no other"


@pytest.mark.parametrize("told", ["read_changes", "read_changes from the beginning", "compare"])
async def test_an_event_that_is_deleted_while_they_choose_leaves_them_their_choice(
    home: Any, watch_id: str, told: str
) -> None:
    check_in_id = await given_up(home)
    await home.do("read_changes", watch_id)
    act(home, home.tenant.service, "delete", check_in_id)
    if told.endswith("beginning"):
        await home.change(CalendarWatchRow, watch_id, delta_link=None)
    await home.do(told.partition(" ")[0], watch_id)
    assert await steps(home, check_in_id) == ["reread"]
    assert ((await home.booking(check_in_id)).state, await state(home, check_in_id)) == ("cancelled", "due")
    assert await click(home, await offered(home), 0)
    assert await steps(home, check_in_id) == ["take_slot", "book"]
    assert not the_event(home, check_in_id, no=2)["isCancelled"]


async def test_an_answer_to_the_hour_that_is_given_up_changes_nothing(home: Any, watch_id: str) -> None:
    check_in_id = await given_up(home)
    act(home, mail(home, "Mara"), "decline", check_in_id)
    await home.do("read_changes", watch_id)
    assert await steps(home, check_in_id) == ["reread"]
    assert (await home.booking(check_in_id)).heard_change_key is None
    assert ((await offered(home)).state, len(await home.all(Booking))) == ("open", 1)


# The choice


@pytest.mark.parametrize("slot", [0, 2])
async def test_one_click_moves_the_same_event_to_the_chosen_hour(home: Any, slot: int) -> None:
    check_in_id = await given_up(home)
    offer = await offered(home)
    assert await click(home, offer, slot, "mara")
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    assert not await click(home, offer, 1, "ann"), "the first click counts"
    assert await steps(home, check_in_id) == ["take_slot", "book"]
    second = await home.booking(check_in_id, 2)
    assert (second.start_at, second.end_at) == span_of(offer.slots[slot])
    assert (second.state, second.reasons) == ("booked", offer.slots[slot]["reasons"])
    event = the_event(home, check_in_id)
    assert event["start"] == f"{second.start_at:%Y-%m-%dT%H:%M:%SZ}"
    for name in ("Ann", "Mara"):
        assert event["start"] in [each["start"] for each in home.tenant.invited(mail(home, name), event)]
    row = await home.get(CheckInRow, check_in_id)
    assert (row.state, row.plan_again_at) == ("booked", None)
    assert home.tenant.events(f"booking/{check_in_id}/2") == []


@pytest.mark.parametrize("how", ["calendar", "our own booking"])
async def test_a_chosen_hour_that_was_taken_meanwhile_gives_way_to_three_fresh_ones_without_another_letter(
    home: Any, how: str
) -> None:
    check_in_id = await given_up(home)
    offer = await offered(home)
    start, end = span_of(offer.slots[0])
    if how == "calendar":
        home.tenant.busy(mail(home, "Mara"), start, end)
    else:
        await home.an_intended_booking(await home.a_check_in(start.date(), "kai"), start)
    letters = len(await home.all(LetterItem))
    assert await click(home, offer, 0)
    assert await steps(home, check_in_id) == ["take_slot", "offer_slots"]
    fresh = await offered(home)
    assert (fresh.round, fresh.state, len(fresh.slots)) == (2, "open", 3)
    assert (start, end) not in [span_of(each) for each in fresh.slots]
    assert (await home.all(Offer, round=1))[0].state == "gone"
    assert len(await home.all(Booking, check_in_id=check_in_id)) == 1
    assert len(await home.all(LetterItem)) == letters
    assert await click(home, fresh, 0)
    assert await steps(home, check_in_id) == ["take_slot", "book"]


async def test_when_none_suits_an_hour_on_a_later_day_is_found(home: Any) -> None:
    check_in_id = await given_up(home)
    offer = await offered(home)
    async with home.database.transaction() as session:
        assert await none_suits(session, check_in_id, 1, 1, MONDAY)
        assert not await none_suits(session, check_in_id, 1, 1, MONDAY)
    assert await steps(home, check_in_id) == ["plan", "book"]
    second = await home.booking(check_in_id, 2)
    assert second.start_at.date() > max(span_of(each)[0].date() for each in offer.slots)
    assert (await home.get(CheckInRow, check_in_id)).not_before is None


async def test_when_nobody_chooses_an_hour_is_found_without_them(home: Any) -> None:
    check_in_id = await given_up(home)
    upcoming = await home.do("look", check_in_id)
    assert upcoming.step == Step.PLAN
    assert upcoming.at == (await offered(home)).until
    assert upcoming.at - MONDAY > timedelta(days=3)
    await home.do("plan_team", check_in_id, upcoming.at - timedelta(minutes=1))
    assert len(await home.all(Booking)) == 1
    assert await steps(home, check_in_id, upcoming.at) == ["plan", "book"]
    assert (await home.booking(check_in_id, 2)).state == "booked"
    assert (await offered(home)).state == "over"


async def test_another_hour_beside_one_that_stands_is_taken_too(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START, START + timedelta(hours=1))
    await noticed(home, check_in_id)
    assert await click(home, await offered(home), 0, "mara")
    assert (await steps(home, check_in_id))[:2] == ["take_slot", "book"]
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (first.state, second.state, second.event_id) == ("moved", "booked", first.event_id)
    assert await state(home, check_in_id) == "booked"


@pytest.mark.parametrize(("minutes", "taken"), [(11, True), (10, False), (0, False), (-1, False)])
async def test_beside_an_hour_that_is_about_to_begin_another_is_refused_and_never_left_lying(
    home: Any, minutes: int, taken: bool
) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START, START + timedelta(hours=1))
    await noticed(home, check_in_id)
    offer, now = await offered(home), START - timedelta(minutes=minutes)
    async with home.database.transaction() as session:
        if taken:
            assert await choose(session, check_in_id, 1, 1, 0, "ann", now)
        else:
            with pytest.raises(Refused):
                await choose(session, check_in_id, 1, 1, 0, "ann", now)
    assert (await offered(home)).state == ("picked" if taken else offer.state)
    if taken:
        assert "take_slot" in await steps(home, check_in_id, now)


async def test_minutes_before_an_hour_begins_none_is_offered_beside_it(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START, START + timedelta(hours=1))
    await home.do("send_pre_read", check_in_id, START - timedelta(minutes=9))
    assert await home.all(Offer) == []


async def test_leaving_the_hour_as_it_is_leaves_it(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START, START + timedelta(hours=1))
    await noticed(home, check_in_id)
    async with home.database.transaction() as session:
        assert await none_suits(session, check_in_id, 1, 1, MONDAY)
    assert await steps(home, check_in_id) == []
    assert ((await home.booking(check_in_id)).state, await state(home, check_in_id)) == ("booked", "booked")


async def test_near_the_last_day_nobody_is_asked_and_an_hour_is_found_at_once(home: Any) -> None:
    check_in_id = await home.a_check_in(date(2030, 3, 1))
    await home.an_intended_booking(check_in_id, datetime(2030, 3, 22, 9, 0, tzinfo=UTC))
    await home.do("book", check_in_id)
    act(home, mail(home, "Ann"), "decline", check_in_id)
    late = datetime(2030, 3, 21, 9, 0, tzinfo=UTC)
    await home.do("send_pre_read", check_in_id, late)
    assert await home.all(Offer) == []
    assert (await home.do("look", check_in_id, late)).step == Step.PLAN


async def test_without_any_hour_to_offer_the_search_goes_on_as_ever_and_hr_hears(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.busy(mail(home, "Mara"), START - timedelta(days=10), START + timedelta(days=40))
    act(home, mail(home, "Ann"), "decline", check_in_id)
    assert await noticed(home, check_in_id) == ["offer_slots", "plan"]
    assert await home.all(LetterItem) == []
    assert [row.key for row in await home.all(NeedsAHand)] == [f"no-hour/{check_in_id}"]


# After some moves


async def test_after_the_second_move_both_hear_it_kindly_once(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    for n in (1, 2, 3):
        start = START + timedelta(days=n)
        act(home, home.tenant.service, "drag", check_in_id, start=start.isoformat(), end=(start + TALK).isoformat())
        await home.do("remind_of_reflection", check_in_id)
        told = {each.key for each in await home.all(LetterItem, kind="moves")}
        assert told == ({f"moves/{check_in_id}/ann", f"moves/{check_in_id}/mara"} if n >= 2 else set())


async def test_each_move_wakes_the_plan_and_the_third_stalls_its_scheduling(home: Any) -> None:
    await home.ensure_plan()
    check_in_id = await home.a_booked_check_in(START)
    for n in (1, 2, 3):
        home.pokes.made.clear()
        start = START + timedelta(days=n)
        act(home, home.tenant.service, "drag", check_in_id, start=start.isoformat(), end=(start + TALK).isoformat())
        await home.do("remind_of_reflection", check_in_id)
        assert "PlanWatch/plan" in home.pokes.made
        await home.do("watch", "plan")
        stalled = [each.cause for each in await home.all(Stall)]
        assert stalled == ([f"scheduling/{check_in_id}"] if n == 3 else [])


async def test_another_time_leads_to_three_hours_too(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "ann", "moved", MONDAY)
    assert await steps(home, check_in_id) == ["conclude", "offer_slots"]
    assert (await home.booking(check_in_id)).state == "moved"
    assert len((await offered(home)).slots) == 3
