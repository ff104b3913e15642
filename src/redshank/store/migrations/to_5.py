"""What a running service tells of itself: how it is, what traffic it sees and judges, whether that has moved.

In: tables of version 4. Out: those of version 5; the new ones are empty.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Text


def upgrade(op: Operations) -> None:
    """Add three tables."""
    op.create_table(
        "runs",
        Column("id", String, primary_key=True),
        Column("started_at_s", Float, nullable=False),
        Column("told_at_s", Float, nullable=False),
        Column("record", Text, nullable=False),
    )
    op.create_index("ix_runs_started_at_s", "runs", ["started_at_s"])
    op.create_index("ix_runs_told_at_s", "runs", ["told_at_s"])
    op.create_table(
        "traffic",
        Column("span_s", Integer, primary_key=True, autoincrement=False),
        Column("start_s", BigInteger, primary_key=True, autoincrement=False),
        Column("group", String, primary_key=True),
        Column("service", String, primary_key=True),
        Column("proto", String, primary_key=True),
        Column("verdict", String, primary_key=True),
        Column("family", String, primary_key=True),
        Column("flows", BigInteger, nullable=False),
        Column("ip_bytes", BigInteger, nullable=False),
        Column("told_at_s", Float, nullable=False),
    )
    op.create_index("ix_traffic_told_at_s", "traffic", ["told_at_s"])
    op.create_table(
        "drift",
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("group", String, nullable=False),
        Column("bundle", String, nullable=False),
        Column("at_s", Float, nullable=False),
        Column("told_at_s", Float, nullable=False),
        Column("p_value", Float, nullable=False),
        Column("moved", Boolean, nullable=False),
        Column("score_psi", Float, nullable=False),
        Column("input_psi", Float, nullable=False),
        Column("worst", Text, nullable=False),
    )
    op.create_index("drift_by_group", "drift", ["group", "place"])
