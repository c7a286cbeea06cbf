"""Letter items (what to tell somebody, once a key) and letters (the messages they leave in)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.minutes import Place, minute_of, next_minute
from integrations.database.connection import poke
from integrations.database.locks import Lock, one_at_a_time
from integrations.database.minutes import place
from integrations.database.once import insert_once
from integrations.database.tables import ActionRow, Letter, LetterItem

LETTERS_A_MINUTE = 15
"""Exchange Online sends at most 30 messages in any minute for a mailbox and queues the rest silently; sixty seconds can
touch two of our minutes, at whatever second of each the letters leave.
"""

# Which workflow waits for a letter of this kind to have been sent.
WAITING_FOR = {"check_in_id": "CheckIn", "action_id": "ActionChase", "plan_id": "PlanWatch"}


async def owe_letter(
    session: AsyncSession,
    key: str,
    recipient_id: str,
    kind: str,
    due_at: datetime,
    now: datetime,
    **facts: Any,
) -> bool:
    """Adds the item unless its key is known, and pokes the recipient's Postbox. True if it is new.

    `due_at` counts in whole minutes; `facts` are the columns of LetterItem that say what it is about.
    """
    due_at = due_at.replace(second=0, microsecond=0)
    new = await insert_once(session, LetterItem, key=key, recipient_id=recipient_id, kind=kind, due_at=due_at, **facts)
    if new:
        poke(session, "Postbox", recipient_id, kind, now)
    return new


async def add_overtaken(
    session: AsyncSession, key: str, recipient_id: str, kind: str, at: datetime, because: str, **facts: Any
) -> None:
    """Books an item that will never be sent, so that its ladder goes on."""
    await insert_once(
        session,
        LetterItem,
        key=key,
        recipient_id=recipient_id,
        kind=kind,
        due_at=at,
        state="dropped",
        dropped_because=because,
        **facts,
    )


async def items_about(session: AsyncSession, **about: Any) -> dict[str, LetterItem]:
    """key -> item, of those whose columns have these values."""
    rows = await session.scalars(select(LetterItem).filter_by(**about))
    return {row.key: row for row in rows}


async def waiting_items(session: AsyncSession, recipient_id: str) -> Sequence[LetterItem]:
    return (
        await session.scalars(
            select(LetterItem)
            .where(LetterItem.recipient_id == recipient_id, LetterItem.state == "waiting")
            .order_by(LetterItem.key)
        )
    ).all()


async def unfinished_letter(session: AsyncSession, recipient_id: str) -> Letter | None:
    """The oldest letter of this person that has begun and not been sent."""
    return await session.scalar(
        select(Letter)
        .where(Letter.recipient_id == recipient_id, Letter.state.in_(("planned", "drafted")))
        .order_by(Letter.id)
        .limit(1)
    )


async def counted_since(session: AsyncSession, recipient_id: str, since: datetime) -> tuple[datetime, ...]:
    """When this person's counted messages went out."""
    rows = await session.scalars(
        select(Letter.minute).where(
            Letter.recipient_id == recipient_id,
            Letter.counted,
            Letter.state != "dropped",
            Letter.minute >= since,
        )
    )
    return tuple(rows)


async def plan_letter(
    session: AsyncSession,
    recipient_id: str,
    items: Sequence[LetterItem],
    counted: bool,
    senders: Sequence[str],
    now: datetime,
) -> Letter:
    """Takes the items into one letter with a place in a sender's minute, the first that has room."""
    sender, minute = await _place(session, senders, next_minute(now))
    letter = Letter(recipient_id=recipient_id, counted=counted, sender=sender, minute=minute, made_at=now)
    session.add(letter)
    await session.flush()
    for item in items:
        item.state, item.letter_id = "taken", letter.id
    return letter


async def move_letter(session: AsyncSession, letter: Letter, senders: Sequence[str], to: datetime) -> None:
    """Gives a letter that has not left a place from `to` on. One that is written stays with its sender, which may have
    its draft.
    """
    own = [letter.sender] if letter.subject is not None else senders
    letter.sender, letter.minute = await _place(session, own, next_minute(to))


async def pass_on(session: AsyncSession, letter: Letter, senders: Sequence[str], now: datetime) -> None:
    """Gives a letter that cannot leave where it is to other senders. A draft of it counts no more."""
    letter.graph_id, letter.state = None, "planned"
    letter.sender, letter.minute = await _place(session, senders, next_minute(now))


async def keep_to_minute(session: AsyncSession, letter: Letter, now: datetime) -> bool:
    """Whether a letter may leave now: in the minute where it has its place, and no other.

    One that was held up gets another place, in this minute if there is room.
    """
    minute = minute_of(now)
    if letter.minute < minute:
        letter.sender, letter.minute = await _place(session, [letter.sender], minute)
    return letter.minute == minute


async def _place(session: AsyncSession, senders: Sequence[str], begin: datetime) -> Place:
    await one_at_a_time(session, Lock.LETTERS)
    return await place(session, Letter.sender, Letter.minute, senders, begin, LETTERS_A_MINUTE)


async def items_of(session: AsyncSession, letter_id: str) -> Sequence[LetterItem]:
    return (
        await session.scalars(
            select(LetterItem).where(LetterItem.letter_id == letter_id).order_by(LetterItem.due_at, LetterItem.key)
        )
    ).all()


async def note_sent(session: AsyncSession, letter: Letter, now: datetime) -> None:
    """Books the letter and its items as sent, and wakes what waits for that."""
    letter.state, letter.sent_at = "sent", now
    for item in await items_of(session, letter.id):
        item.state, item.sent_at = "sent", now
        _tell(session, item, now)


def drop(session: AsyncSession, item: LetterItem, because: str, now: datetime) -> None:
    """Overtaken: it will not be sent."""
    item.state, item.dropped_because, item.letter_id = "dropped", because, None
    _tell(session, item, now)


def _tell(session: AsyncSession, item: LetterItem, now: datetime) -> None:
    for column, workflow in WAITING_FOR.items():
        target = getattr(item, column)
        if target:
            poke(session, workflow, target, "a letter left or was dropped", now)


async def open_actions_of(session: AsyncSession, owner_id: str) -> int:
    count = await session.scalar(
        select(func.count()).where(
            ActionRow.owner_id == owner_id, ActionRow.state == "open", ActionRow.accepted_at.is_not(None)
        )
    )
    return count or 0
