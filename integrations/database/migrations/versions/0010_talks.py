"""What two people write about their talk: topics, what they heard, whether it was worth it; notes taken back"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("changed_at", "read_at", "withdrawn_at"):
        op.add_column("notes", sa.Column(name, INSTANT, nullable=True))
    # Only the day of a reading is known, and not of which note: whatever may have been read, was.
    op.execute(
        "UPDATE notes SET read_at = made_at WHERE EXISTS (SELECT 1 FROM readings"
        " WHERE readings.owner_id = notes.writer_id AND readings.what = 'notes/' || notes.check_in_id)"
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("partner_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("check_in_id", sa.String(36), sa.ForeignKey("check_ins.id"), nullable=False),
        sa.Column("writer_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("form_token", sa.String(), nullable=True, unique=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("ticked_at", INSTANT, nullable=True),
        sa.Column("ticked_by_id", sa.String(36), sa.ForeignKey("people.id"), nullable=True),
        sa.Column("ticked_in_id", sa.String(36), sa.ForeignKey("check_ins.id"), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_topics_pair", "topics", ["person_id", "partner_id"])
    op.create_index("ix_topics_check_in_id", "topics", ["check_in_id"])
    op.create_index("ix_topics_ticked_in_id", "topics", ["ticked_in_id"])
    op.create_table(
        "heard_lines",
        sa.Column("check_in_id", sa.String(36), sa.ForeignKey("check_ins.id"), nullable=False),
        sa.Column("writer_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answer_text", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("check_in_id", "writer_id"),
    )
    op.create_table(
        "worth_answers",
        sa.Column("check_in_id", sa.String(36), sa.ForeignKey("check_ins.id"), nullable=False),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("worth", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("check_in_id", "person_id"),
    )
    op.create_index("ix_readings_what", "readings", ["what"])
