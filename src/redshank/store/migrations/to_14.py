"""Of what is to be delivered it stands there that it was handed over, before it is.

In: tables of version 13. Out: those of version 14; of no row it stands there yet.
"""

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, false


def upgrade(op: Operations) -> None:
    """Add a column."""
    op.add_column("outbox", Column("begun", Boolean, nullable=False, server_default=false()))
