"""Goals with a priority and an end, actions in an order, milestones, evidence, supporters, forms sent once"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("goals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("goals", schema=None) as batch_op:
        batch_op.alter_column("private", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("needs", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("granted_by", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.alter_column("place", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    op.create_table(
        "milestones",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("action_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_milestones_action_id", "milestones", ["action_id"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("goal_id", sa.String(length=36), nullable=True),
        sa.Column("action_id", sa.String(length=36), nullable=True),
        sa.Column("writer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"]),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"]),
        sa.ForeignKeyConstraint(["writer_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_goal_id", "evidence", ["goal_id"])
    op.create_index("ix_evidence_action_id", "evidence", ["action_id"])
    op.create_table(
        "supporters",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("supporter_id", sa.String(length=36), nullable=False),
        sa.Column("goal_id", sa.String(length=36), nullable=True),
        sa.Column("action_id", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["supporter_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"]),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("person_id", "supporter_id", "goal_id", "action_id"):
        op.create_index(f"ix_supporters_{column}", "supporters", [column])
    op.create_table(
        "posted_forms",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("person_id", "form"),
    )


def downgrade() -> None:
    for table in ("posted_forms", "supporters", "evidence", "milestones"):
        op.drop_table(table)
    with op.batch_alter_table("actions", schema=None) as batch_op:
        for column in ("place", "granted_by", "needs"):
            batch_op.drop_column(column)
    with op.batch_alter_table("goals", schema=None) as batch_op:
        for column in ("closed_at", "private", "priority"):
            batch_op.drop_column(column)
