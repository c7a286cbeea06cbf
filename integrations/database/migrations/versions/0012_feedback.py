"""Feedback between colleagues"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXED = ("asker_id", "giver_id", "shared_with_id")


def upgrade() -> None:
    op.create_table(
        "feedback_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asker_id", sa.String(length=36), nullable=False),
        sa.Column("giver_id", sa.String(length=36), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("behaviour", sa.LargeBinary(), nullable=True),
        sa.Column("impact", sa.LargeBinary(), nullable=True),
        sa.Column("next_step", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_with_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["asker_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["giver_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["shared_with_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("feedback_requests", schema=None) as batch_op:
        for column in INDEXED:
            batch_op.create_index(batch_op.f(f"ix_feedback_requests_{column}"), [column], unique=False)


def downgrade() -> None:
    op.drop_table("feedback_requests")
