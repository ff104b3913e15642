"""What stands open against devices is added up out of an index alone.

In: tables of version 8. Out: those of version 9; one index more.
"""

from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Add an index."""
    op.create_index("alerts_at_risk", "alerts", ["state", "severity", "device", "last_seen_s"])
