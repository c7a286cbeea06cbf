"""Lives for the journeys: one, several, or a real one."""

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.demo.real_life import RealLife, a_real_life
from cycle.policy import Policy
from tests.journeys.life import POLICY, Life, Living, a_life


@pytest.fixture
def living(tmp_path: Path) -> Living:
    """Begins as many lives as are asked for, each with a tenant and a database of its own."""
    numbers = itertools.count(1)

    def begin(policy: Policy = POLICY, **how: Any) -> AbstractAsyncContextManager[Life]:
        return a_life(tmp_path / f"life-{next(numbers)}", policy, **how)

    return begin


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    """Ann, Mara and Hale under the quarterly policy, from Monday 4 February 2030."""
    async with a_life(tmp_path) as life:
        yield life


@pytest.fixture
async def real_life(tmp_path: Path) -> AsyncIterator[RealLife]:
    """Everything runs; nobody is here yet."""
    async with a_real_life(tmp_path, os.environ, datetime.now(UTC).date()) as life:
        yield life
