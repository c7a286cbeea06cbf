"""Gathers what the pre-read may hold: promises, the manager's learning moment, shared lines, something to celebrate."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.policy import Policy
from cycle.pre_read import PathwayStep, Promise, Snapshot, build_snapshot
from cycle.reflection import moment_period
from cycle.successors import Change
from integrations.database.check_ins import Pair
from integrations.database.last_time import last_talk_of
from integrations.database.learning_moments import learning_moment_of
from integrations.database.pathways import lines_of, pathways_now
from integrations.database.reflections import shared_lines
from integrations.database.successors import changes_to, may_see_action
from integrations.database.tables import ActionEvent, ActionRow, Person, Plan


async def make_snapshot(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> Snapshot:
    """The one page that both will read, as of `now`."""
    changes = await changes_to(session, pair.person.id, pair.partner.id)
    period = moment_period(pair.row.policy_id, pair.row.period)
    learning = await learning_moment_of(session, pair.partner.id, period)
    done = await _newest_done(session, pair, changes, now)
    return build_snapshot(
        made_at=now,
        promises=[
            (person.first_name, await _open_promises(session, pair, person, changes))
            for person in (pair.partner, pair.person)
        ],
        learning=learning.text.strip() or None if learning else None,
        shared=await shared_lines(session, pair.row.id),
        celebrating=done.title if done else None,
        celebrated=done.id if done else None,
        pathway=await _pathway(session, pair),
        words_at_most=policy.pre_read.words_at_most,
    )


async def _open_promises(session: AsyncSession, pair: Pair, owner: Person, changes: Sequence[Change]) -> list[Promise]:
    rows = await session.scalars(
        select(ActionRow)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .where(
            Plan.person_id == pair.person.id,
            ActionRow.owner_id == owner.id,
            ActionRow.state == "open",
            ActionRow.accepted_at.is_not(None),
            ActionRow.private.is_(False),
        )
        .order_by(ActionRow.due_on)
    )
    shown = [row for row in rows.all() if await may_see_action(session, row, pair.partner.id, changes)]
    return [Promise(what=row.title, due_on=row.due_on, action=row.id) for row in shown]


async def _pathway(session: AsyncSession, pair: Pair) -> list[PathwayStep]:
    """The roles and openings that the employee put into this pre-read; nothing else that interests them."""
    lines = await lines_of(session, pair.row.id, await pathways_now(session))
    return [
        PathwayStep(
            role=named.role.name,
            where=named.opening.where if named.opening else None,
            closes_on=named.opening.closes_on if named.opening else None,
        )
        for _, named in lines
    ]


async def _newest_done(session: AsyncSession, pair: Pair, changes: Sequence[Change], now: datetime) -> ActionRow | None:
    """What the employee last finished since the two last talked, as they wrote it; of what the partner may see."""
    since = await last_talk_of(session, pair.person.id, pair.partner.id, now)
    rows = await session.scalars(
        select(ActionRow)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .join(ActionEvent, ActionEvent.action_id == ActionRow.id)
        .where(
            Plan.person_id == pair.person.id,
            ActionRow.owner_id == pair.person.id,
            ActionRow.state == "done",
            ActionRow.private.is_(False),
            ActionEvent.what == "done",
            ActionEvent.at >= since,
        )
        .order_by(ActionEvent.at.desc(), ActionEvent.id.desc())
    )
    for row in rows.all():
        if await may_see_action(session, row, pair.partner.id, changes):
            return row
    return None
