"""Forms that add something, each sent once: the same form sent again, also days later, adds nothing."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.once import insert_once
from integrations.database.tables import PostedForm

LONGEST = 100


async def first_posted(session: AsyncSession, person_id: str, form_token: str | None, now: datetime) -> bool:
    """Whether this person sends this form for the first time; one without a token always counts as new.

    What is refused is rolled back with the rest of its transaction, and so can be corrected and sent again.
    """
    if not form_token:
        return True
    return await insert_once(session, PostedForm, person_id=person_id, form_token=form_token[:LONGEST], at=now)
