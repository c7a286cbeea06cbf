"""The limits of a mailbox, in virtual time."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.errors import GraphError
from sandbox.limits import Limits

MOST_IN_TEN_MINUTES = 10_000
NOW = datetime(2030, 2, 4, 9, tzinfo=UTC)
ANN, MARA = "ann@meadow.example", "mara@meadow.example"


def fill(limits: Limits, now: datetime, times: int) -> None:
    for _ in range(times):
        limits.check("app", ANN, now, 1)


def test_the_fifth_request_at_once_is_too_many() -> None:
    limits = Limits()
    limits.check("app", ANN, NOW, 4)
    with pytest.raises(GraphError) as refused:
        limits.check("app", ANN, NOW, 5)
    assert (refused.value.status, refused.value.code) == (429, "ApplicationThrottled")


def test_ten_thousand_in_ten_minutes_is_the_most_for_one_app_and_mailbox() -> None:
    limits = Limits()
    fill(limits, NOW, MOST_IN_TEN_MINUTES)
    with pytest.raises(GraphError) as refused:
        limits.check("app", ANN, NOW + timedelta(minutes=4), 1)
    assert (refused.value.code, refused.value.headers) == ("ApplicationThrottled", {"Retry-After": "360"})
    limits.check("app", MARA, NOW, 1)
    limits.check("mail-client", ANN, NOW, 1)
    limits.check("app", ANN, NOW + timedelta(minutes=10), 1)


def test_a_clock_that_is_set_back_does_not_lock_anybody_out() -> None:
    limits = Limits()
    fill(limits, NOW, MOST_IN_TEN_MINUTES)
    limits.check("app", ANN, NOW - timedelta(days=30), 1)
