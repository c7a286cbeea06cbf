"""Forms that add something, each sent once: the same form sent again, also a day later, adds nothing."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.once import insert_once
from integrations.database.tables import PostedForm

KEPT_FOR = timedelta(days=2)
FORGOTTEN_AT_ONCE = 100
"""Nobody's post waits for a long clearing up: what is left goes with the next ones."""


async def first_posted(
    session: AsyncSession, person_id: str, path: str, typed: Mapping[str, str], now: datetime
) -> bool:
    """Whether this person sends this form with these words for the first time; without a token it counts as new.

    What is refused is rolled back with the rest of its transaction, and so can be corrected and sent again.
    """
    if not typed.get("form_token"):
        return True
    # Of the words too, so that a form corrected after going back counts. Nobody can guess them from this: the token
    # in it is kept nowhere.
    sent = "\0".join([path, *(f"{name}\0{typed[name]}" for name in sorted(typed))])
    form = hashlib.sha256(sent.encode()).hexdigest()
    first = await insert_once(session, PostedForm, person_id=person_id, form=form, at=now)
    if first:
        await _forget(session, now - KEPT_FOR)
    return first


async def _forget(session: AsyncSession, before: datetime) -> None:
    """Deletes the oldest rows from before this instant; of two posts at once, neither waits for the other's."""
    key = PostedForm.person_id, PostedForm.form
    old = (
        await session.execute(
            select(*key)
            .where(PostedForm.at < before)
            .order_by(PostedForm.at)
            .limit(FORGOTTEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    ).all()
    if old:
        await session.execute(delete(PostedForm).where(tuple_(*key).in_([tuple(each) for each in old])))
