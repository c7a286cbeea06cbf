"""Clocks: aware UTC always, virtual time asked for afresh, and a sentence when nobody serves it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integrations.clock import ClockUnreachable, RealClock, ServedClock, open_clock


def served(*answers: str) -> ServedClock:
    left = list(answers)
    clock = ServedClock("http://127.0.0.1:9/now")
    clock._http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, text=left.pop(0)))
    )
    return clock


async def test_virtual_time_is_asked_for_each_time() -> None:
    clock = served('{"now": "2030-02-04T00:00:00Z"}', '{"now": "2030-03-31T03:00:30+02:00"}')
    assert await clock.now() == datetime(2030, 2, 4, tzinfo=UTC)
    later = await clock.now()
    assert later == datetime(2030, 3, 31, 1, 0, 30, tzinfo=UTC)
    assert later.utcoffset() == timedelta(0)
    await clock.aclose()


@pytest.mark.parametrize("answer", ["{}", "<html>", '{"now": "soon"}'])
async def test_a_clock_that_talks_nonsense_is_no_clock(answer: str) -> None:
    clock = served(answer)
    with pytest.raises(ClockUnreachable, match="PERENNIAL_CLOCK_URL"):
        await clock.now()
    await clock.aclose()


async def test_a_clock_that_nobody_serves_is_one_sentence() -> None:
    clock = open_clock("http://127.0.0.1:1/now")
    with pytest.raises(ClockUnreachable, match=r"http://127\.0\.0\.1:1/now does not tell the time"):
        await clock.now()
    await clock.aclose()


async def test_without_a_url_time_is_the_machines() -> None:
    clock = open_clock(None)
    assert isinstance(clock, RealClock)
    assert (await clock.now()).utcoffset() == timedelta(0)
