"""Calls for help: to HR a name on their list and no content, until they have talked; to a partner one letter a day."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from integrations.database.letters import owe_letter
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.tables import NeedsAHand, Person

CALLS = "help/"
"""What the keys of these lines begin with; the caller's id follows."""

NOBODY_BUT_HR = Sentence("There is nobody else in this plan at the moment. HR can help.")


async def call_partner(session: AsyncSession, asked_id: str, day: date, now: datetime, **about: str) -> None:
    """Owes whoever is asked a letter that says who asks. `about` is an action_id or a plan_id, `day` the asker's."""
    (about_id,) = about.values()
    await owe_letter(session, f"help/{about_id}/{day}/{asked_id}", asked_id, "help_asked", now, now, **about)


async def call_hr(session: AsyncSession, person_id: str, now: datetime) -> None:
    """Puts a name on HR's list, and no content; asking again keeps it there."""
    person = await session.get_one(Person, person_id)
    sentence = Sentence(
        "{name} asks HR for help with a plan. Please get in touch; nobody else was told.", name=person.name
    )
    before = await _call_of(session, person_id)
    if before is not None and before.mended_at is not None:
        # No trouble that comes back, however soon: somebody asks again after a talk.
        before.since = now
    await ask_for_a_hand(session, f"{CALLS}{person_id}", sentence, now, person_id)


async def hr_is_called_by(session: AsyncSession, person_id: str) -> bool:
    row = await session.get(NeedsAHand, f"{CALLS}{person_id}")
    return row is not None and row.mended_at is None


async def end_call(session: AsyncSession, person_id: str, seen: str, now: datetime) -> bool:
    """HR has talked with them. `seen` is since when the call stood on the page: a later one stays.

    Returns whether that person ever called.
    """
    row = await _call_of(session, person_id)
    if row is not None and row.mended_at is None and row.since.isoformat() == seen:
        row.mended_at = now
    return row is not None


async def _call_of(session: AsyncSession, person_id: str) -> NeedsAHand | None:
    return await session.get(NeedsAHand, f"{CALLS}{person_id}", with_for_update=True)
