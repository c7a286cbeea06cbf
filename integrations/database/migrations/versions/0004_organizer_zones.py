"""Where the two lived when an hour was found"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("person_zone", sa.String(), nullable=True))
    op.add_column("bookings", sa.Column("partner_zone", sa.String(), nullable=True))
    op.add_column("check_ins", sa.Column("people_read_at", sa.DateTime(timezone=True), nullable=True))
