"""Calls for help: to HR a name on their list and no content, until they have talked; to a partner one letter a day."""

from collections.abc import Set
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from integrations.database.letters import owe_letter
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.tables import NeedsAHand, Person

CALLS = "help/"
"""What the keys of these lines begin with."""

NOBODY_BUT_HR = Sentence("There is nobody else in this plan at the moment. HR can help.")


def calls_of(person_id: str) -> dict[str, str]:
    """The keys of this person's lines by what they ask for: help with a plan, or another conversation partner."""
    return {"plan": f"{CALLS}{person_id}", "partner": f"{CALLS}partner/{person_id}"}


async def call_partner(session: AsyncSession, asked_id: str, day: date, now: datetime, **about: str) -> None:
    """Owes whoever is asked a letter that says who asks. `about` is an action_id or a plan_id, `day` the asker's."""
    (about_id,) = about.values()
    await owe_letter(session, f"help/{about_id}/{day}/{asked_id}", asked_id, "help_asked", now, now, **about)


async def call_hr(session: AsyncSession, person_id: str, now: datetime, *, about: str = "plan") -> None:
    """Puts a name on HR's list, and no content; asking again keeps it there. `about` is a key of `calls_of`."""
    name, key = (await session.get_one(Person, person_id)).name, calls_of(person_id)[about]
    sentence = (
        Sentence(
            "{name} asks for another conversation partner. Please get in touch; nobody else was told. Whom you agree "
            "on is entered in the column “manager” of a file for perennial people import.",
            name=name,
        )
        if about == "partner"
        else Sentence("{name} asks HR for help with a plan. Please get in touch; nobody else was told.", name=name)
    )
    before = await _line(session, key)
    if before is not None and before.mended_at is not None:
        # No trouble that comes back, however soon: somebody asks again after a talk.
        before.since = now
    await ask_for_a_hand(session, key, sentence, now, person_id)


async def calls_by(session: AsyncSession, person_id: str) -> Set[str]:
    """What this person asks HR for at the moment."""
    about = {key: what for what, key in calls_of(person_id).items()}
    lines = select(NeedsAHand.key).where(NeedsAHand.key.in_(about), NeedsAHand.mended_at.is_(None))
    return {about[key] for key in await session.scalars(lines)}


async def take_call_back(session: AsyncSession, person_id: str, about: str, now: datetime) -> None:
    """The caller takes it back, and HR sees it no more; what does not stand there stays as it is."""
    row = await _line(session, calls_of(person_id).get(about, ""))
    if row is not None and row.mended_at is None:
        row.mended_at = now


async def end_call(session: AsyncSession, person_id: str, about: str, seen: str, now: datetime) -> bool:
    """HR has talked with them. `seen` is since when the call stood on the page: a later one stays.

    Returns whether that person ever called.
    """
    row = await _line(session, calls_of(person_id).get(about, ""))
    if row is not None and row.mended_at is None and row.since.isoformat() == seen:
        row.mended_at = now
    return row is not None


async def _line(session: AsyncSession, key: str) -> NeedsAHand | None:
    return await session.get(NeedsAHand, key, with_for_update=True)
