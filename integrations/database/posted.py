"""Forms that add something, each sent once: the same form sent again, also days later, adds nothing."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.once import insert_once
from integrations.database.tables import PostedForm


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
    return await insert_once(session, PostedForm, person_id=person_id, form=form, at=now)
