"""Leave, holidays of a part of a country, and what a new partner is shown"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaves",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("leaves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leaves_person_id"), ["person_id"], unique=False)
    op.create_table(
        "shown_to_successor",
        sa.Column("handover_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["handover_id"], ["handovers.id"]),
        sa.PrimaryKeyConstraint("handover_id", "kind", "item_id"),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subdivision", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("leave", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("leave_read_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.alter_column("leave", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_before_leave", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_column("due_before_leave")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("leave_read_at")
        batch_op.drop_column("leave")
        batch_op.drop_column("subdivision")
    op.drop_table("shown_to_successor")
    op.drop_table("leaves")
