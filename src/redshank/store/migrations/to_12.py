"""Of an alert a few flows are kept with their features, so that a person who calls it false labels them.

In: tables of version 11. Out: those of version 12; one table more, empty: what was told before has no features.
"""

from alembic.operations import Operations
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Text


def upgrade(op: Operations) -> None:
    """Add a table."""
    op.create_table(
        "examples",
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
        Column("question", String, primary_key=True),
        Column("place", Integer, nullable=False),
        Column("x", LargeBinary, nullable=False),
        Column("record", Text, nullable=False),
    )
