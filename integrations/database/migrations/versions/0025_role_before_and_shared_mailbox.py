"""Which role somebody had before, and whether others open a manager's mailbox"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("roles_of_people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role_before", sa.String(), nullable=True))
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mailbox_shared", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("mailbox_shared")
    with op.batch_alter_table("roles_of_people", schema=None) as batch_op:
        batch_op.drop_column("role_before")
