"""Alembic's entry: runs the revisions on the connection that `integrations.database.migrate` hands over."""

from typing import Literal

from alembic import context

from integrations.database.columns import EncryptedText, Instant
from integrations.database.tables import Table


def plain(_kind: str, column_type: object, _context: object) -> str | Literal[False]:
    """Migrations name the database's own types, so that they outlive ours."""
    if isinstance(column_type, Instant):
        return "sa.DateTime(timezone=True)"
    return "sa.LargeBinary()" if isinstance(column_type, EncryptedText) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # SQLite cannot alter a column in place.
    render_as_batch=True,
    compare_type=True,
    render_item=plain,
)
with context.begin_transaction():
    context.run_migrations()
