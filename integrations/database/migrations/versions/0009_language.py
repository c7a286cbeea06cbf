"""The language of a person's mailbox, and the one they chose"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("language", sa.String(), nullable=True))
    op.add_column("people", sa.Column("language_chosen", sa.String(), nullable=True))
