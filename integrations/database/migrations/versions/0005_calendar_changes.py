"""Three hours to choose from"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("check_ins", sa.Column("not_before", sa.Date(), nullable=True))
    op.create_table(
        "offers",
        sa.Column("check_in_id", sa.String(length=36), nullable=False),
        sa.Column("booking_no", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("keeps_hour", sa.Boolean(), nullable=False),
        sa.Column("for_person_id", sa.String(length=36), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=True),
        sa.Column("picked_by_id", sa.String(length=36), nullable=True),
        sa.Column("picked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"]),
        sa.ForeignKeyConstraint(["for_person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["picked_by_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("check_in_id", "booking_no", "round"),
    )


def downgrade() -> None:
    op.drop_table("offers")
    op.drop_column("check_ins", "not_before")
