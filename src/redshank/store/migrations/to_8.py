"""Alerts are counted by device, family or hour from an index alone, with how many are open and the gravest of them.

In: tables of version 7. Out: those of version 8. No row changes.
"""

from alembic.operations import Operations

COUNTED = ("state", "severity")
INDEXES = {
    "alerts_by_device": ("device", "last_seen_s", "id", *COUNTED),
    "alerts_by_family": ("family", "last_seen_s", "id", *COUNTED),
    "alerts_by_hour": ("hour", "family", "last_seen_s", *COUNTED),
}


def upgrade(op: Operations) -> None:
    """Make three indexes anew."""
    for name, columns in INDEXES.items():
        op.drop_index(name, "alerts")
        op.create_index(name, "alerts", list(columns))
