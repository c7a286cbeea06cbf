"""Gathers what the pre-read may hold: promises, the manager's learning moment, shared lines, something to celebrate."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.policy import Policy
from cycle.pre_read import Snapshot, build_snapshot
from cycle.reflection import quarter_of
from integrations.database.check_ins import Pair
from integrations.database.learning_moments import learning_moment_of
from integrations.database.reflections import shared_lines
from integrations.database.tables import ActionRow, Person, Plan


async def make_snapshot(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> Snapshot:
    """The one page that both will read, as of `now`."""
    learning = await learning_moment_of(session, pair.partner.id, quarter_of(now.date()))
    return build_snapshot(
        made_at=now,
        promises=[
            (person.first_name, await _open_promises(session, pair.person.id, person))
            for person in (pair.partner, pair.person)
        ],
        learning=learning.text.strip() or None if learning else None,
        shared=await shared_lines(session, pair.row.id),
        celebrating=await _newest_done(session, pair.person),
        words_at_most=policy.pre_read.words_at_most,
    )


async def _open_promises(session: AsyncSession, plan_person_id: str, owner: Person) -> list[str]:
    rows = await session.scalars(
        select(ActionRow)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .where(
            Plan.person_id == plan_person_id,
            ActionRow.owner_id == owner.id,
            ActionRow.state == "open",
            ActionRow.accepted_at.is_not(None),
            ActionRow.private.is_(False),
        )
        .order_by(ActionRow.due_on)
    )
    return [f"{row.title} (by {row.due_on.day} {row.due_on:%B})" for row in rows]


async def _newest_done(session: AsyncSession, person: Person) -> str | None:
    """What the employee last finished, as they wrote it."""
    row = await session.scalar(
        select(ActionRow)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .where(
            Plan.person_id == person.id,
            ActionRow.owner_id == person.id,
            ActionRow.state == "done",
            ActionRow.private.is_(False),
        )
        .order_by(ActionRow.due_on.desc())
        .limit(1)
    )
    return row.title if row else None
