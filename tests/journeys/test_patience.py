"""Trouble that only a person can mend, in the middle of a life: it is said once, waits, and goes on by itself."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from integrations.database.stuck import try_again
from integrations.database.tables import NeedsAHand, Stuck
from tests.journeys.life import Life


async def consent(life: Life, *, given: bool) -> None:
    url = f"{life.tenant.url}/_sandbox/faults"
    refused = {"fault": "consent", "rate": 1, "path": "^/v1.0/"}
    answer = await (life.http.delete(url) if given else life.http.post(url, json=refused))
    assert answer.is_success, answer.text


async def lines(life: Life) -> list[NeedsAHand]:
    return await life.rows(select(NeedsAHand).where(NeedsAHand.mended_at.is_(None)))


async def people_wait(life: Life) -> bool:
    """Whether what waits is not only what watches the tenant: nobody's own work could be done either."""
    return any(
        "MailboxSettings.Read" in each.sentence or "Calendars.ReadWrite" in each.sentence for each in await lines(life)
    )


async def a_form_is_due_in(life: Life, **span: float) -> None:
    """Lives until so long before the form leaves: nothing of it has been asked of the tenant."""
    check_in = (await life.live_until_true(lambda: life.check_ins("Ann"), days=60))[0]
    await life.live_until_true(life.talks, days=2)
    (talk,) = await life.talks()
    assert check_in.id == talk.check_in
    await life.live_until(talk.start - timedelta(days=7) - timedelta(**span))


@pytest.mark.parametrize("how", ["by itself", "at the button"])
async def test_consent_revoked_for_a_while_is_one_line_and_everything_goes_on(life: Life, how: str) -> None:
    await a_form_is_due_in(life, hours=30)
    await consent(life, given=False)
    (first,) = await life.live_until_true(lambda: lines(life), days=5)
    assert "Calendars.Read for " in first.sentence, "the calendar's watch meets it first"
    assert "User.Read.All for the directory" in first.sentence
    await life.live_until_true(lambda: people_wait(life), days=5)
    began = await life.now()
    await life.live(minutes=40)
    (line,) = await lines(life)
    assert (line.key, line.since) == ("stuck/not-allowed", first.since)
    await life.live(minutes=15)
    since = [each for each in await life.ledger() if datetime.fromisoformat(each["at"]) >= began]
    asked = Counter(f"{each['method']} {each['path']}" for each in since)
    assert asked
    assert max(asked.values()) == 1, "between two hourly looks nothing is asked again and again"

    await consent(life, given=True)
    if how == "at the button":
        async with life.installation.database.transaction() as session:
            await try_again(session, await life.installation.now())
        await life.live(minutes=10)
    else:
        await life.live_until(began + timedelta(hours=2))
    assert await lines(life) == []
    assert await life.rows(select(Stuck)) == []
    await life.live(days=3)
    assert len(await life.letters("Ann", "form/")) == 1
    await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=20)
    await life.assert_sound()
    told = await life.told()
    assert len([each for each in told if each == ("pre-read", "Ann")]) == 1


async def test_a_lost_grant_stays_one_line_as_old_as_it_is_however_long_it_lasts(life: Life) -> None:
    await a_form_is_due_in(life, hours=30)
    await consent(life, given=False)
    (first,) = await life.live_until_true(lambda: lines(life), days=5)
    await life.live(days=3)
    (line,) = await lines(life)
    assert (line.key, line.since) == (first.key, first.since)
    await consent(life, given=True)
    await life.live(hours=2)
    assert await lines(life) == []
    await life.live(days=3)
    assert len(await life.letters("Ann", "form/")) == 1, "late, and once"
