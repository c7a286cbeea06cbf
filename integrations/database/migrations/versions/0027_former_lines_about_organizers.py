"""Lines on HR's list about organizers' mailboxes are found under the mailbox's own name now"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    strike_out()


def strike_out() -> None:
    # Nothing looks for them under that name any more; what still is so is said again, as mailbox/<person>.
    op.execute("UPDATE needs_a_hand SET mended_at = since WHERE key LIKE 'organizer/%' AND mended_at IS NULL")


def downgrade() -> None:
    pass
