"""Alerts are found by whom they acted on out of an index alone, on a server too.

In: tables of version 9. Out: those of version 10; an index on the address, which a file keeps with the alert anyway,
becomes one of both.
"""

from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Put an index in the place of another one."""
    op.drop_index("ix_evidence_dst_ip", "evidence")
    op.create_index("evidence_by_address", "evidence", ["dst_ip", "alert"])
