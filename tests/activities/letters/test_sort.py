"""What goes to one person now, in one message, and when to look again."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from integrations.database.tables import ActionRow, Letter, LetterItem, Person

# 10:00 in Berlin; Ann's mail window is 09:30 to 16:00 there, in March an hour ahead of UTC.
MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
SETTLED = MONDAY + timedelta(minutes=5)
TUESDAY = datetime(2030, 3, 5, 8, 35, tzinfo=UTC)
NEXT_MONDAY = datetime(2030, 3, 11, 8, 35, tzinfo=UTC)


async def an_ask(home: Any, due_at: datetime = MONDAY) -> str:
    """Something that expires: the first ask after an action's day."""
    return await a_mention(home, "action_passed", "2", date(2030, 3, 2), due_at)


async def a_mention(home: Any, kind: str, step: str, due_on: date, due_at: datetime = MONDAY) -> str:
    action_id = await home.an_action(due_on)
    key = f"action/{action_id}/{due_on}/{step}"
    await home.an_item(key, kind, due_at=due_at, action_id=action_id, plan_id="plan", step=step, subject_day=due_on)
    return key


async def sent_letters(home: Any, *minutes: datetime, counted: bool = True) -> None:
    for minute in minutes:
        letter = Letter(
            recipient_id="ann", counted=counted, sender=home.tenant.service, minute=minute, made_at=minute, state="sent"
        )
        await home.add(letter)


async def keys_in(home: Any, letter_id: str) -> set[str]:
    return {row.key for row in await home.all(LetterItem, letter_id=letter_id)}


@pytest.fixture
async def away(home: Any) -> AsyncIterator[Any]:
    """Sets Ann's automatic replies; they are off again afterwards."""
    mail = home.tenant.person("Ann")["mail"]
    yield lambda **span: home.tenant.act(mail, "set_automatic_replies", **span)
    home.tenant.act(mail, "set_automatic_replies", status="disabled")


async def test_an_empty_box_has_nothing_to_look_for(home: Any) -> None:
    found = await home.do("sort", "ann")
    assert (found.letter_id, found.at) == (None, None)


async def test_what_falls_due_in_the_morning_leaves_in_one_message(home: Any) -> None:
    first = await an_ask(home)
    found = await home.do("sort", "ann")
    assert (found.letter_id, found.at) == (None, SETTLED), "it waits a moment for others"
    second = await a_mention(home, "action_ahead", "-7", date(2030, 3, 11), MONDAY + timedelta(minutes=2))
    found = await home.do("sort", "ann", SETTLED + timedelta(minutes=2))
    assert await keys_in(home, found.letter_id) == {first, second}
    letter = await home.get(Letter, found.letter_id)
    assert (letter.counted, letter.state, letter.sender) == (True, "planned", home.tenant.service)
    assert await home.waiting() == set()
    again = await home.do("sort", "ann", SETTLED + timedelta(minutes=2))
    assert again == found, "what has begun is finished first"
    assert len(await home.all(Letter)) == 1


async def test_one_message_a_day_so_the_next_leaves_tomorrow(home: Any) -> None:
    await sent_letters(home, MONDAY - timedelta(minutes=25))
    await an_ask(home)
    found = await home.do("sort", "ann", SETTLED)
    assert (found.letter_id, found.at) == (None, TUESDAY)


async def test_what_travels_alone_leaves_at_once_uncounted_and_is_not_held_by_the_days_message(home: Any) -> None:
    await sent_letters(home, MONDAY - timedelta(minutes=25))
    check_in_id = await home.a_booked_check_in(datetime(2030, 5, 8, 12, 0, tzinfo=UTC))
    waits = await an_ask(home)
    facts = {"check_in_id": check_in_id, "booking_no": 1}
    await home.an_item(f"form/{check_in_id}", "reflection_request", **facts)
    found = await home.do("sort", "ann")
    assert await keys_in(home, found.letter_id) == {f"form/{check_in_id}"}
    assert found.at == MONDAY
    assert not (await home.get(Letter, found.letter_id)).counted
    assert await home.waiting() == {waits}
    await home.change(Letter, found.letter_id, state="sent")
    assert (await home.do("sort", "ann")).at == TUESDAY


async def test_once_the_week_is_full_what_may_wait_waits_for_the_digest_and_what_expires_does_not(home: Any) -> None:
    friday = MONDAY + timedelta(days=4)
    await sent_letters(home, *(MONDAY + timedelta(days=day) for day in (0, 1, 2)))
    expires = await an_ask(home, due_at=friday)
    waits = await a_mention(home, "action_ahead", "-7", date(2030, 3, 15), friday)
    found = await home.do("sort", "ann", friday + timedelta(minutes=5))
    assert await keys_in(home, found.letter_id) == {expires}
    await home.change(Letter, found.letter_id, state="sent")
    assert await home.waiting() == {waits}
    found = await home.do("sort", "ann", friday + timedelta(minutes=6))
    assert (found.letter_id, found.at) == (None, NEXT_MONDAY)
    found = await home.do("sort", "ann", NEXT_MONDAY)
    assert await keys_in(home, found.letter_id) == {waits}


async def test_with_many_open_actions_the_softer_mentions_wait_for_the_digest(home: Any) -> None:
    tuesday = MONDAY + timedelta(days=1)
    for day in (20, 21, 22):
        await home.an_action(date(2030, 3, day))
    tomorrow = await a_mention(home, "action_tomorrow", "-1", date(2030, 3, 12), tuesday)
    found = await home.do("sort", "ann", tuesday + timedelta(minutes=5))
    assert (found.letter_id, found.at) == (None, NEXT_MONDAY)
    ask = await an_ask(home, due_at=tuesday)
    found = await home.do("sort", "ann", tuesday + timedelta(minutes=5))
    assert await keys_in(home, found.letter_id) == {ask}
    assert await home.waiting() == {tomorrow}


@pytest.mark.parametrize(
    "due_at",
    [
        pytest.param(datetime(2030, 3, 8, 15, 0, tzinfo=UTC), id="after the window on Friday"),
        pytest.param(datetime(2030, 3, 9, 10, 0, tzinfo=UTC), id="on Saturday"),
        pytest.param(datetime(2030, 3, 11, 8, 29, tzinfo=UTC), id="a minute before it opens on Monday"),
    ],
)
async def test_nothing_leaves_outside_the_mail_window(home: Any, due_at: datetime) -> None:
    await an_ask(home, due_at=due_at)
    found = await home.do("sort", "ann", due_at)
    assert (found.letter_id, found.at) == (None, NEXT_MONDAY)
    assert await home.all(Letter) == []


async def test_what_was_overtaken_is_dropped_with_its_reason_and_its_ladder_is_woken(home: Any) -> None:
    done, wanted = await an_ask(home), await an_ask(home)
    action_id = done.split("/")[1]
    await home.change(ActionRow, action_id, state="done")
    home.pokes.made.clear()
    found = await home.do("sort", "ann", SETTLED)
    assert await keys_in(home, found.letter_id) == {wanted}
    item = await home.get(LetterItem, done)
    assert (item.state, item.dropped_because, item.sent_at) == ("dropped", "done", None)
    assert {f"ActionChase/{action_id}", "PlanWatch/plan"} <= set(home.pokes.made)
    assert f"ActionChase/{wanted.split('/')[1]}" not in home.pokes.made


async def test_a_box_of_overtaken_things_is_empty(home: Any) -> None:
    key = await an_ask(home)
    await home.change(LetterItem, key, expires_at=MONDAY)
    found = await home.do("sort", "ann")
    assert (found.letter_id, found.at) == (None, None)
    assert (await home.get(LetterItem, key)).dropped_because == "its time has passed"


async def test_somebody_with_automatic_replies_is_mailed_once_they_end(home: Any, away: Any) -> None:
    back = datetime(2030, 3, 7, 11, 0, tzinfo=UTC)
    away(start=(MONDAY - timedelta(days=3)).isoformat(), end=back.isoformat())
    await an_ask(home)
    now = MONDAY + timedelta(hours=5)
    found = await home.do("sort", "ann", now)
    assert (found.letter_id, found.at) == (None, back + timedelta(minutes=5))
    assert await home.all(Letter) == []
    assert (await home.get(Person, "ann")).directory_read_at == now, "the mailbox was asked, it is fresh for 4 hours"


async def test_automatic_replies_without_an_end_are_looked_at_again_tomorrow(home: Any, away: Any) -> None:
    away(status="alwaysEnabled")
    key = await an_ask(home)
    now = MONDAY + timedelta(hours=5)
    found = await home.do("sort", "ann", now)
    assert (found.letter_id, found.at) == (None, now + timedelta(days=1))
    away(status="disabled")
    found = await home.do("sort", "ann", found.at)
    assert await keys_in(home, found.letter_id) == {key}


async def test_somebody_without_a_mailbox_keeps_what_waits_and_hr_is_told(home: Any) -> None:
    key = await an_ask(home)
    await home.change(Person, "ann", oid="no-such-user", directory_read_at=None)
    found = await home.do("sort", "ann")
    assert (found.letter_id, found.at) == (None, MONDAY + timedelta(days=1))
    assert await home.waiting() == {key}
    assert "Ann Zimi has no mailbox" in (await home.needs_a_hand())["mailbox/ann"]


async def test_a_sender_sends_thirty_a_minute_and_the_next_has_the_next_minute(home: Any) -> None:
    for _ in range(30):
        await sent_letters(home, SETTLED, counted=False)
    await an_ask(home)
    found = await home.do("sort", "ann", SETTLED)
    assert (await home.get(Letter, found.letter_id)).minute == found.at == SETTLED + timedelta(minutes=1)


async def test_the_week_and_hours_are_the_recipients_own(home: Any) -> None:
    """Sami works in Singapore, where it is 17:00 now; the window has closed."""
    action_id = await home.an_action(date(2030, 3, 2), owner="sami")
    await home.an_item(
        f"action/{action_id}/2030-03-02/2",
        "action_passed",
        "sami",
        action_id=action_id,
        step="2",
        subject_day=date(2030, 3, 2),
    )
    found = await home.do("sort", "sami", SETTLED)
    assert (found.letter_id, found.at) == (None, datetime(2030, 3, 5, 1, 35, tzinfo=UTC))


async def test_a_letter_that_an_outage_held_up_waits_for_the_next_opening(home: Any) -> None:
    key = await an_ask(home)
    begun = await home.do("sort", "ann", SETTLED)
    night = datetime(2030, 3, 4, 23, 0, tzinfo=UTC)
    await home.do("deliver", begun.letter_id, night)
    assert [row.state for row in await home.all(Letter)] == ["planned"], "nothing leaves at night"
    found = await home.do("sort", "ann", night)
    assert (found.letter_id, found.at) == (begun.letter_id, TUESDAY - timedelta(minutes=5))
    await home.do("deliver", begun.letter_id, found.at)
    assert [(row.key, row.state) for row in await home.all(LetterItem)] == [(key, "sent")]


async def test_a_letter_that_was_overtaken_during_an_outage_is_dropped(home: Any) -> None:
    await an_ask(home)
    await home.do("sort", "ann", SETTLED)
    for action in await home.all(ActionRow):
        await home.change(ActionRow, action.id, state="done")
    found = await home.do("sort", "ann", SETTLED + timedelta(hours=3))
    assert (found.letter_id, found.at) == (None, None)
    assert [row.state for row in await home.all(Letter)] == ["dropped"]
    assert [(row.state, row.dropped_because) for row in await home.all(LetterItem)] == [("dropped", "done")]
