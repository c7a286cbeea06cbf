"""Who wrote a small step of an action, who learns when others read it"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STEPS = sa.table("milestones", *map(sa.column, ("action_id", "writer_id", "made_at")))
ACTIONS = sa.table("actions", *map(sa.column, ("id", "owner_id")))
EVENTS = sa.table("action_events", *map(sa.column, ("action_id", "what", "at")))


def upgrade() -> None:
    op.execute("ALTER TABLE milestones ADD COLUMN writer_id VARCHAR(36) REFERENCES people (id)")
    fill_in()


def fill_in() -> None:
    """Its action's owner, unless the action may have changed hands since, which is not without one of these events."""
    owner: Any = sa.select(ACTIONS.c.owner_id).where(ACTIONS.c.id == STEPS.c.action_id).scalar_subquery()
    since = sa.exists().where(
        EVENTS.c.action_id == STEPS.c.action_id,
        EVENTS.c.what.in_(("accepted", "handed_on")),
        EVENTS.c.at > STEPS.c.made_at,
    )
    op.execute(sa.update(STEPS).where(~since).values(writer_id=owner))


def downgrade() -> None:
    with op.batch_alter_table("milestones", schema=None) as batch_op:
        batch_op.drop_column("writer_id")
