"""How often somebody has signed out"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signed_out", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.alter_column("signed_out", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("signed_out")
