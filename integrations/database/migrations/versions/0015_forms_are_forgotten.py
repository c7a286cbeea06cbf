"""Forms that were sent, found by their day to be forgotten"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_posted_forms_at", "posted_forms", ["at"])


def downgrade() -> None:
    op.drop_index("ix_posted_forms_at", "posted_forms")
