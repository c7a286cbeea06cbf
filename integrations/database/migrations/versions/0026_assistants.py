"""Whom somebody named to choose the hours of the check-ins that they hold"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite would else make the table anew, which it refuses for one that others point to.
    op.execute("ALTER TABLE people ADD COLUMN assistant_id VARCHAR(36) REFERENCES people (id)")
    op.create_index("ix_people_assistant_id", "people", ["assistant_id"])


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index("ix_people_assistant_id")
        batch_op.drop_column("assistant_id")
