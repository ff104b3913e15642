"""Devices tell whom they talk to, and what they did hour by hour.

In: tables of version 6. Out: those of version 7. Of what was seen before nobody knows the hours, nor the peers.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Text


def upgrade(op: Operations) -> None:
    """Add a column and a table."""
    op.add_column("devices", Column("peers", Text, nullable=False, server_default="[]"))
    op.create_table(
        "device_hours",
        Column("device", String, ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
        Column("hour", Integer, primary_key=True, autoincrement=False),
        Column("flows", BigInteger, nullable=False),
        Column("sent_bytes", BigInteger, nullable=False),
        Column("received_bytes", BigInteger, nullable=False),
    )
    op.create_index("device_hours_by_hour", "device_hours", ["hour"])
