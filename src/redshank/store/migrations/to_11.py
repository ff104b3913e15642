"""Of two detectors that compare a group of devices with what they learnt, each has its own newest comparison.

In: tables of version 10. Out: those of version 11; a comparison names its detector. Those before were the anomaly
detector's: it alone looked for drift.
"""

from alembic.operations import Operations
from sqlalchemy import Column, String


def upgrade(op: Operations) -> None:
    """Add a column, and put it into the index."""
    op.add_column("drift", Column("detector", String, nullable=False, server_default="anomaly"))
    op.drop_index("drift_by_group", "drift")
    op.create_index("drift_by_group", "drift", ["group", "detector", "place"])
