"""Letters go by a pool of three senders while one of them is gone, comes back, and another is taken out of the pool."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import worker
from cli.demo.evidence import Colleague, Sent
from cli.demo.mortal_worker import forgetful
from cycle.policy import Booking, Policy
from cycle.postbox import SETTLING
from integrations.database import letters
from integrations.database.letters import owe_letter
from integrations.database.tables import Letter, NeedsAHand, Person
from tests.journeys.life import Life, Living

# Nothing is booked within these days, so nothing else is mailed.
LATER = Policy(name="Later", booking=Booking(weeks_ahead=1))
A_MINUTE = timedelta(minutes=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2030, 3, day) for day in (4, 5, 6, 7))


async def owe_everybody(life: Life, period: str) -> set[str]:
    """Asks everybody for a learning moment, in the next minute of their mail window; the keys."""
    now, people = await life.now(), await life.rows(select(Person))
    keys = {each.id: f"learning/{each.id}/{period}" for each in people}
    async with life.installation.database.transaction() as session:
        for each, key in keys.items():
            await owe_letter(session, key, each, "learning_moment", now, now, step=period)
    return set(keys.values())


async def sent(life: Life, keys: set[str]) -> dict[str, list[Sent]]:
    """By whom, with all of these keys sent once, and at most one letter a sender and minute."""
    found = {
        sender: [each for each in of if keys & set(each.keys)]
        for sender, of in (await life.letters_by_sender()).items()
    }
    assert Counter(key for of in found.values() for each in of for key in each.keys if key in keys) == Counter(keys)
    places = Counter((sender, minute_of(each)) for sender, of in found.items() for each in of)
    assert set(places.values()) == {1}
    return found


def minute_of(letter: Sent) -> datetime:
    return letter.at.replace(second=0, microsecond=0)


async def lines(life: Life) -> list[str]:
    return [each.key for each in await life.rows(select(NeedsAHand).where(NeedsAHand.mended_at.is_(None)))]


def fullest_opening(life: Life, day: date) -> datetime:
    """The minute of that day at which the mail windows of the most people open."""

    def opening(person: Colleague) -> datetime:
        return datetime.combine(day, person.opens, person.zone) + timedelta(minutes=30)

    ((instant, count),) = Counter(opening(each) for each in life.people.values()).most_common(1)
    assert count >= len(life.tenant.senders)
    return instant.astimezone(UTC)


async def licensed(life: Life, sender: str, *, given: bool) -> None:
    order = {"person": sender, "act": "license", "licensed": given}
    (await life.http.post(f"{life.tenant.url}/_sandbox/act", json=order)).raise_for_status()


async def fault(life: Life, **order: Any) -> None:
    url = f"{life.tenant.url}/_sandbox/faults"
    answer = await (life.http.post(url, json=order) if order else life.http.delete(url))
    answer.raise_for_status()


async def test_letters_leave_once_while_senders_break_return_and_are_taken_out(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few people would else never need a second one.
    monkeypatch.setattr(letters, "LETTERS_A_MINUTE", 1)
    # The worker ends in between, which the test server bears only of one that keeps nothing between two steps.
    monkeypatch.setattr(worker, "Worker", forgetful)
    async with living(LATER, people=12, senders=3, day0=MONDAY) as life:
        first, second, third = life.tenant.senders

        await licensed(life, second, given=False)
        keys = await owe_everybody(life, "monday")
        await life.live_until_day(TUESDAY)
        found = await sent(life, keys)
        assert {sender for sender, of in found.items() if of} == {first, third}
        assert await lines(life) == [f"sender/{second}"]

        await licensed(life, second, given=True)
        keys = await owe_everybody(life, "tuesday")
        await life.live_until_day(WEDNESDAY)
        found = await sent(life, keys)
        assert all(found.values())
        together = set.intersection(*({minute_of(each) for each in of} for of in found.values()))
        assert together, "in some minute all three sent"
        assert await lines(life) == [], "it sends again, so there is nothing to mend"

        await fault(life, fault="status", status=503, rate=1, path=f"/{third.partition('@')[0]}(@|%40)")
        keys = await owe_everybody(life, "wednesday")
        opening = fullest_opening(life, WEDNESDAY)
        await life.live_until(opening + SETTLING + 2 * A_MINUTE)
        waiting = await life.rows(select(Letter).where(Letter.sender == third, Letter.state == "planned"))
        assert any(letter.subject for letter in waiting), "something is being tried at it, and waits for another try"
        await licensed(life, third, given=False)
        await fault(life)
        await life.restart(PERENNIAL_SENDER_MAILBOXES=f"{first},{second}")
        await life.live_until(opening + timedelta(minutes=30))
        late = await life.rows(select(Letter).where(Letter.id.in_([letter.id for letter in waiting])))
        assert {(letter.state, letter.sender == third) for letter in late} == {("sent", False)}
        await life.live_until_day(THURSDAY)
        found = await sent(life, keys)
        assert found[third] == []
        assert await lines(life) == [], "nobody is to mend what is used no more"
        await life.assert_sound()
