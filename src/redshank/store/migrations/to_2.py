"""Questions tell whether chance alone chose them, and since when their label is in doubt.

In: tables of version 1. Out: those of version 2. Of old questions nobody knows whether they are a fair sample, so they
count as none; none of them was doubted.
"""

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, false


def upgrade(op: Operations) -> None:
    """Add two columns."""
    op.add_column("questions", Column("at_random", Boolean, nullable=False, server_default=false()))
    op.add_column("questions", Column("doubted_at_s", Float))
