"""Whom somebody asked for help, as that is for no other reader; what a manager has typed and not saved"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0018"
branch_labels = None
depends_on = None

ASKED = {"action_events": "asked_id", "plans": "help_asked_id"}

PLANS = sa.table("plans", *map(sa.column, ("id", "person_id", "help_asked_at", "help_asked_id")))
ACTIONS = sa.table("actions", *map(sa.column, ("id", "plan_id")))
EVENTS = sa.table("action_events", *map(sa.column, ("action_id", "person_id", "what", "whom", "asked_id", "at")))
TALKS = sa.table("check_ins", *map(sa.column, ("person_id", "partner_id", "state", "due_on")))
LINES = sa.table("reporting", *map(sa.column, ("person_id", "partner_id", "source", "since", "until")))


def upgrade() -> None:
    for table, column in ASKED.items():
        # SQLite would else make the table anew, which it refuses for one that others point to.
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(36) REFERENCES people (id)")
        op.create_index(f"ix_{table}_{column}", table, [column])
    fill_in()
    op.add_column("learning_moments", sa.Column("draft", sa.LargeBinary(), nullable=True))


def fill_in() -> None:
    """What was asked of a partner or a plan's person, as far as the lines of reporting say who that was."""
    # Where nobody is found, it stays with whoever wrote it.
    of_plan = (
        sa.select(PLANS.c.person_id)
        .join_from(PLANS, ACTIONS, ACTIONS.c.plan_id == PLANS.c.id)
        .where(ACTIONS.c.id == EVENTS.c.action_id)
        .scalar_subquery()
    )
    theirs = sa.case(
        (EVENTS.c.person_id == of_plan, _partner(EVENTS.c.person_id, EVENTS.c.at)),
        else_=of_plan,
    )
    asked = (EVENTS.c.what == "asked_help", EVENTS.c.whom == "partner")
    op.execute(sa.update(EVENTS).where(*asked).values(asked_id=theirs))
    at = PLANS.c.help_asked_at
    op.execute(sa.update(PLANS).where(at.is_not(None)).values(help_asked_id=_partner(PLANS.c.person_id, at)))
    # Nothing ended such a call until now: those who have talked since have had the chance.
    talked = (TALKS.c.partner_id == PLANS.c.help_asked_id, TALKS.c.state == "held", TALKS.c.due_on > sa.func.date(at))
    since = sa.exists().where(TALKS.c.person_id == PLANS.c.person_id, *talked)
    op.execute(sa.update(PLANS).where(since).values(help_asked_at=None, help_asked_id=None))


def _partner(person_id: Any, at: Any) -> Any:
    """Who held this person's check-ins on the day of `at`; an override comes before the directory's line."""
    day = sa.func.date(at)
    return (
        sa.select(LINES.c.partner_id)
        .where(LINES.c.person_id == person_id, LINES.c.since <= day)
        .where(sa.or_(LINES.c.until.is_(None), LINES.c.until > day))
        .order_by(LINES.c.source.desc())
        .limit(1)
        .scalar_subquery()
    )


def downgrade() -> None:
    op.drop_column("learning_moments", "draft")
    for table, column in ASKED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{table}_{column}")
            batch_op.drop_column(column)
