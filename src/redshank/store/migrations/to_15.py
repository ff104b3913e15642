"""Of devices it is kept what is usual: by the hour how much was judged benign, and by name on how many days.

In: tables of version 14. Out: those of version 15. Of what was seen before nobody knows what was judged benign.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, String


def upgrade(op: Operations) -> None:
    """Add two columns and a table."""
    for name in ("benign_flows", "benign_bytes"):
        op.add_column("device_hours", Column(name, BigInteger))
    op.create_table(
        "device_names",
        Column("device", String, ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
        Column("kind", String, primary_key=True),
        Column("name", String, primary_key=True),
        Column("flows", BigInteger, nullable=False),
        Column("others", BigInteger, nullable=False),
        Column("days", Integer, nullable=False),
        Column("first_s", Float),
        Column("last_s", Float),
        Column("seen_s", Float, nullable=False, index=True),
        sqlite_with_rowid=False,
    )
