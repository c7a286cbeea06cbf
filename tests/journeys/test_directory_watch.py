"""People move while their cycles run: everything follows within the day, and nobody who left hears anything more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from integrations.database.directory_watches import ensure_directory_watch
from integrations.database.tables import CheckInRow, Enrolment, Handover, Person, PolicyRow, Reporting
from tests.journeys.life import Life, Living


async def act(life: Life, name: str, what: str, **others: Any) -> None:
    body = {"person": life.mail(name), "act": what, **others}
    (await life.http.post(f"{life.tenant.url}/_sandbox/act", json=body)).raise_for_status()


async def kinds(life: Life, name: str) -> list[tuple[str, str]]:
    query = select(CheckInRow).where(CheckInRow.person_id == await life.id_of(name)).order_by(CheckInRow.id)
    return [(row.kind, row.state) for row in await life.rows(query)]


async def booked(life: Life, name: str, kind: str = "regular") -> bool:
    return (kind, "booked") in await kinds(life, name)


async def soon(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What `holds()` gives, within seconds of real time; fails otherwise."""
    async with asyncio.timeout(20):
        while not (found := await holds()):  # noqa: ASYNC110 - what is awaited happens elsewhere
            await asyncio.sleep(0.05)
    return found


async def test_another_manager_talks_with_ann_within_three_weeks_and_mara_sees_nothing_more(living: Living) -> None:
    async with living() as life:
        await life.live_until_true(lambda: booked(life, "Ann"), days=60)
        (old,) = [talk for talk in await life.talks() if not talk.cancelled]
        changed_at = await life.now()
        await act(life, "Ann", "change_manager", manager=life.mail("Hale"))
        # The tenant tells of it, so this need not wait for the next look.
        await soon(lambda: booked(life, "Ann", "handover"))
        assert await life.now() < changed_at + timedelta(minutes=10)
        assert await kinds(life, "Ann") == [("regular", "cancelled"), ("handover", "booked")]
        standing = [talk for talk in await life.talks() if not talk.cancelled]
        assert [talk.check_in for talk in standing] != [old.check_in]
        (talk,) = standing
        assert 0 < (talk.start - changed_at).days <= 22
        (handover,) = await life.rows(select(Handover))
        page = await life.visit("Mara", f"/check-ins/{old.check_in}")
        assert "Answers" not in page.page.text
        await life.live_until_true(lambda: life.letters("Ann", f"handover/{handover.id}/"), days=7)
        await life.live_until(talk.end)
        assert [each for each in await life.letters("Mara") if each.at > changed_at] == []
        assert await life.letters("Hale", "pre-read/")
        assert len(await life.letters("Ann", "handover/")) == 1
        await life.assert_sound()


async def test_nothing_is_sent_to_whoever_left_and_their_manager_is_free_again(living: Living) -> None:
    async with living() as life:
        await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
        left_at = await life.now()
        await act(life, "Ann", "leave_company", how="disabled")
        gone = select(Person).where(Person.mail == life.mail("Ann"), Person.left_at.is_not(None))
        await soon(lambda: life.rows(gone))
        await life.live(days=30)
        assert [talk for talk in await life.talks() if not talk.cancelled and talk.start > left_at] == []
        assert [each for each in await life.letters("Ann") if each.at > left_at] == []
        assert [
            key
            for each in await life.letters("Mara")
            if each.at > left_at
            for key in each.keys
            if key.startswith(("pre-read/", "outcome/"))
        ] == []
        await life.assert_sound()


async def test_a_joiner_is_taken_in_and_meets_their_manager_on_day_sixty(living: Living) -> None:
    async with living() as life:
        async with life.installation.database.transaction() as session:
            (policy,) = (await session.scalars(select(PolicyRow))).all()
            policy.population = "teams"
            await ensure_directory_watch(session, await life.now())
        await life.live(days=1)
        joined = {"person": "kim.new@meadow.example", "act": "join", "manager": life.mail("Mara")}
        (await life.http.post(f"{life.tenant.url}/_sandbox/act", json=joined)).raise_for_status()
        joined_on = (await life.now()).date()
        (kim,) = await soon(lambda: life.rows(select(Person).where(Person.mail == "kim.new@meadow.example")))
        await soon(lambda: life.rows(select(Enrolment).where(Enrolment.person_id == kim.id)))
        (line,) = await life.rows(select(Reporting).where(Reporting.person_id == kim.id))
        assert line.partner_id == await life.id_of("Mara")

        async def hers() -> list[CheckInRow]:
            return await life.rows(select(CheckInRow).where(CheckInRow.person_id == kim.id))

        (check_in,) = await life.live_until_true(hers, days=60)
        assert 60 <= (check_in.due_on - joined_on).days <= 62
