"""What managers learned lately: a text for each period of a policy, in each pre-read of that period."""

from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from cycle.reflection import both, moment_period, version_of
from integrations.database.columns import new_id
from integrations.database.once import insert_once
from integrations.database.tables import CheckInRow, LearningMoment, LetterItem, Reporting


async def learning_moment_of(session: AsyncSession, person_id: str, period: str) -> LearningMoment | None:
    """This person's learning moment of a period; None when none was saved or it was emptied.

    `period` is what `cycle.reflection.moment_period` makes.
    """
    row = await moment_for_form(session, person_id, period)
    return row if row and row.text else None


async def moment_for_form(session: AsyncSession, person_id: str, period: str) -> LearningMoment | None:
    """The row with what its writer has typed, saved or not; for them alone."""
    return await session.scalar(
        select(LearningMoment).where(LearningMoment.person_id == person_id, LearningMoment.period == period)
    )


async def keep_draft(
    session: AsyncSession, person_id: str, period: str, text: str, now: datetime, seen: str | None = None
) -> None:
    """Keeps what has been typed so far; others go on seeing what was saved.

    `seen` is the `version` that the form showed: an old form takes nothing away. None: not told.
    """
    row = await moment_for_form(session, person_id, period)
    if row is None and text:
        facts = {"id": new_id(), "person_id": person_id, "period": period, "text": "", "draft": text, "changed_at": now}
        if await insert_once(session, LearningMoment, **facts):
            return
        row = await moment_for_form(session, person_id, period)
    if row is None:
        return
    if seen is not None and seen != version(row):
        text = both(as_typed(row), text)
    if as_typed(row) != text:
        row.draft, row.changed_at = text, now


async def save_moment(
    session: AsyncSession, person_id: str, period: str, text: str, now: datetime, seen: str | None = None
) -> None:
    """Makes the text the one that others get, for that period; `seen` as in `keep_draft`."""
    await keep_draft(session, person_id, period, text, now, seen)
    row = await moment_for_form(session, person_id, period)
    if row and row.draft is not None:
        row.text, row.draft, row.changed_at = row.draft, None, now


def as_typed(row: LearningMoment | None) -> str:
    """What the form shows: the draft where there is one."""
    if row is None:
        return ""
    return row.text if row.draft is None else row.draft


def version(row: LearningMoment | None) -> str:
    """Changes with what the form shows; "" before there is anything."""
    return version_of(as_typed(row), row.changed_at) if row else ""


async def period_to_tell(session: AsyncSession, person_id: str, day: date) -> str | None:
    """The period that a learning moment of this person is for on `day`; None while they have no talk to hold.

    It is that of the last talk, by its due date, whose questions have gone out; before any, of the next talk.
    """
    held = select(Reporting.person_id).where(
        Reporting.partner_id == person_id, or_(Reporting.until.is_(None), Reporting.until > day)
    )
    talks = select(CheckInRow).where(CheckInRow.person_id.in_(held)).limit(1)
    asked = exists().where(LetterItem.check_in_id == CheckInRow.id, LetterItem.kind == "reflection_request")
    row = await session.scalar(talks.where(asked).order_by(CheckInRow.due_on.desc(), CheckInRow.id.desc()))
    upcoming = talks.where(CheckInRow.state.in_((State.DUE, State.BOOKED))).order_by(CheckInRow.due_on, CheckInRow.id)
    row = row or await session.scalar(upcoming)
    return moment_period(row.policy_id, row.period) if row else None
