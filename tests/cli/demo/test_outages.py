"""What befalls the full server: drawn so that a few seeds see all of it, and counted only when it was met."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.demo import outages
from cli.demo.outages import CHAPTERS, KINDS, LONGEST_AWAY_SECONDS, MOMENTS, NAMES, Outage, Outages, draw_outages
from cli.demo.real_life import RealLife, where_it_is_noon
from cli.processes import children, without_settings
from cli.sandbox import start_sandbox

SEEDS = st.integers(min_value=0, max_value=10**9)


def drawn_by(seeds: Iterable[int]) -> list[Outage]:
    return [outage for seed in seeds for outage in draw_outages(seed)]


@given(SEEDS)
def test_a_seed_always_draws_the_same_and_one_outage_a_chapter_at_most(seed: int) -> None:
    drawn = draw_outages(seed)
    assert drawn == draw_outages(seed)
    assert max(Counter(each.chapter for each in drawn).values()) == 1
    assert {each.kind for each in drawn} == set(KINDS)
    assert all(1 <= each.seconds <= LONGEST_AWAY_SECONDS for each in drawn)


@given(SEEDS)
def test_three_neighbouring_seeds_have_every_kind_at_every_moment(seed: int) -> None:
    assert draw_outages(seed) != draw_outages(seed + 1)
    assert {each.name for each in drawn_by(range(seed, seed + 3))} == NAMES


@given(SEEDS)
def test_fifteen_neighbouring_seeds_have_all_of_it_in_every_chapter(seed: int) -> None:
    met = {(each.chapter, each.kind, each.moment) for each in drawn_by(range(seed, seed + 15))}
    assert met == {(chapter, kind, moment) for chapter in CHAPTERS for kind in KINDS for moment in MOMENTS}


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)))  # noqa: DTZ001 - UTC is added
def test_where_it_is_noon_it_is_the_same_day_as_in_greenwich(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    there = now.astimezone(ZoneInfo(where_it_is_noon(now)))
    assert (there.date(), there.hour) == (now.date(), 12)


@dataclass
class Server:
    """Where a real one would go and come back, and what happens meanwhile."""

    told: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def kill(self) -> None:
        self.told.append("killed")

    async def stop(self) -> None:
        self.told.append("stopped")

    async def start(self) -> None:
        if self.meanwhile:
            await self.meanwhile()
        self.told.append("started")


@dataclass
class House:
    """A real tenant, and a server that is none."""

    life: RealLife
    server: Server
    headers: dict[str, str]

    def make_draft(self) -> asyncio.Task[httpx.Response]:
        """A call that belongs to the chapter "asked", made by our app."""
        url = f"{self.life.tenant.graph_url}/users/{self.life.tenant.service_mailbox}/messages"
        return asyncio.create_task(self.life.http.post(url, json={"subject": "Hello"}, headers=self.headers))

    async def nobody_waits(self) -> None:
        while any(each["waiting"] for each in (await self.life.ask("faults"))["faults"]):
            continue


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(outages, "STILL_UNDER_WAY_SECONDS", 0)
    async with (
        children(tmp_path, without_settings(os.environ)) as started,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        site = "http://127.0.0.1/sign-in/done"
        tenant = await start_sandbox(started, seed=1, people=1, day0=date(2030, 2, 4), redirect_uri=site)
        asked = {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        token = await http.post(f"{tenant.url}/{tenant.tenant_id}/oauth2/v2.0/token", data=asked)
        bearer = f"Bearer {token.raise_for_status().json()['access_token']}"
        server, nobody = Server(), SimpleNamespace()
        life = RealLife(server, started, tenant, http, nobody, nobody, nobody)  # type: ignore[arg-type]
        yield House(life, server, {"Authorization": bearer})


async def test_a_call_is_under_way_until_the_server_is_back_or_ends_while_it_is_gone(house: House) -> None:
    under_way, ended = Outage("asked", "killed", "under_way", 0), Outage("asked", "away", "ended", 0)
    drawn = Outages(house.life, [under_way])
    async with drawn.during("asked"):
        call = house.make_draft()
    assert house.server.told == ["killed", "started"]
    assert (await call).status_code == 201
    assert drawn.struck == {under_way.name: 1}

    drawn, house.server.told = Outages(house.life, [ended]), []
    # Would wait for ever if the call did not end by itself.
    house.server.meanwhile = lambda: call
    await drawn.expect("asked")
    call = house.make_draft()
    async with drawn.during("asked"):
        assert house.server.told == []
    assert house.server.told == ["stopped", "started"]
    assert call.result().status_code == 201
    assert drawn.struck == {ended.name: 1}


async def test_a_call_of_another_that_came_and_went_before_the_chapter_is_not_the_one_that_is_struck(
    house: House,
) -> None:
    under_way = Outage("asked", "killed", "under_way", 0)
    drawn = Outages(house.life, [under_way])
    await drawn.expect("asked")
    another = house.make_draft()
    while not any(each["waiting"] for each in (await house.life.ask("faults"))["faults"]):
        continue
    another.cancel()
    await house.nobody_waits()
    async with drawn.during("asked"):
        call = house.make_draft()
    assert (await call).status_code == 201
    assert drawn.struck == {under_way.name: 1}


async def test_an_outage_does_not_count_whose_call_was_over_before_it_should_be(house: House) -> None:
    async def caller_goes() -> None:
        call.cancel()
        await house.nobody_waits()

    house.server.meanwhile = caller_goes
    drawn = Outages(house.life, [Outage("asked", "away", "under_way", 0)])
    async with drawn.during("asked"):
        call = house.make_draft()
    assert house.server.told == ["stopped", "started"]
    assert not +drawn.struck


async def test_between_two_things_the_server_is_gone_while_the_next_is_done(house: House) -> None:
    between = Outage("moved", "away", "between", 0)
    drawn = Outages(house.life, [between])
    async with drawn.during("asked"):
        assert house.server.told == []
    async with drawn.during("moved"):
        assert house.server.told == ["stopped"]
    assert house.server.told == ["stopped", "started"]
    assert drawn.struck == {between.name: 1}
    assert (await house.life.ask("faults"))["faults"] == [], "nothing was held up"
