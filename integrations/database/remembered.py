"""What a reading session was told once, and that it must not write: so pages ask little and lock nothing."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


class MustNote(Exception):
    """Something is about to be shown for the first time, which is to be noted: ask again in a transaction."""


def remembering(session: AsyncSession) -> None:
    """From now on this session only reads; nothing that it sees changes while it lasts."""
    session.info["remembered"] = {}


def only_reads(session: AsyncSession) -> bool:
    return "remembered" in session.info


async def once_a_reading(session: AsyncSession, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` finds; in a session that only reads it is asked once for each `key`. Nobody changes what it gives."""
    remembered: dict[Hashable, Any] | None = session.info.get("remembered")
    if remembered is None:
        return await ask()
    if key not in remembered:
        remembered[key] = await ask()
    found: T = remembered[key]
    return found
