"""From questions and labels alone to the store of a service: alerts, outbox, ledger, allowances, devices, audit.

In: tables of version 2. Out: those of version 3. What is there stays as it is. The tables stand here as they were in
version 3, whatever `tables.py` says later.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Text


def upgrade(op: Operations) -> None:
    """Add what a service keeps."""
    op.create_table(
        "alerts",
        Column("id", String, primary_key=True),
        Column("arrival", BigInteger, nullable=False, unique=True),
        Column("revision", Integer, nullable=False),
        Column("device", String, nullable=False),
        Column("family", String, nullable=False),
        Column("severity", String, nullable=False),
        Column("hour", Integer, nullable=False),
        Column("first_seen_s", Float, nullable=False),
        Column("last_seen_s", Float, nullable=False),
        Column("count", BigInteger, nullable=False),
        Column("score", Float, nullable=False),
        Column("over", Boolean, nullable=False),
        Column("recorded_at_s", Float, nullable=False),
        Column("state", String, nullable=False),
        Column("state_by", String, nullable=False),
        Column("state_at_s", Float),
    )
    op.create_index("alerts_by_time", "alerts", ["last_seen_s", "id"])
    op.create_index("alerts_by_device", "alerts", ["device", "last_seen_s", "id"])
    op.create_index("alerts_by_family", "alerts", ["family", "last_seen_s", "id"])
    op.create_index("alerts_by_severity", "alerts", ["severity", "last_seen_s", "id"])
    op.create_index("alerts_by_state", "alerts", ["state", "last_seen_s", "id"])
    op.create_index("alerts_by_hour", "alerts", ["hour", "family"])
    op.create_index("alerts_by_age", "alerts", ["recorded_at_s"])
    op.create_table(
        "revisions",
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
        Column("revision", Integer, primary_key=True, autoincrement=False),
        Column("record", Text, nullable=False),
    )
    op.create_table(
        "evidence",
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
        Column("uid", String, primary_key=True),
        Column("ts_s", Float, nullable=False),
        Column("dst_ip", String, nullable=False),
        Column("score", Float, nullable=False),
        Column("record", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_evidence_dst_ip", "evidence", ["dst_ip"])
    op.create_table(
        "outbox",
        Column("key", String, primary_key=True),
        Column("place", BigInteger, nullable=False),
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        Column("revision", Integer, nullable=False),
        Column("sink", String, nullable=False),
        Column("since_s", Float, nullable=False),
        Column("at_s", Float, nullable=False),
        Column("state", String, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("error", Text, nullable=False),
    )
    op.create_index("outbox_due", "outbox", ["sink", "state", "at_s", "place"])
    op.create_index("ix_outbox_alert", "outbox", ["alert"])
    op.create_table(
        "ledger",
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("line", Text, nullable=False),
    )
    op.create_table(
        "allowances",
        Column("id", String, primary_key=True),
        Column("change", BigInteger, nullable=False, unique=True),
        Column("record", Text, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
    )
    op.create_table(
        "devices",
        Column("id", String, primary_key=True),
        Column("mac", String),
        Column("ips", Text, nullable=False),
        Column("vendor", String),
        Column("first_seen_s", Float, nullable=False),
        Column("last_seen_s", Float, nullable=False),
        Column("offers", Text, nullable=False),
        Column("uses", Text, nullable=False),
        Column("flows", BigInteger, nullable=False),
        Column("sent_bytes", BigInteger, nullable=False),
        Column("received_bytes", BigInteger, nullable=False),
    )
    op.create_index("ix_devices_last_seen_s", "devices", ["last_seen_s"])
    op.create_table(
        "bundles",
        Column("sha256", String, primary_key=True),
        Column("name", String, nullable=False),
        Column("first_used_s", Float, nullable=False),
        Column("last_used_s", Float, nullable=False),
    )
    op.create_table(
        "audit",
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("at_s", Float, nullable=False),
        Column("who", String, nullable=False),
        Column("what", String, nullable=False),
        Column("about", String, nullable=False),
        Column("detail", Text, nullable=False),
    )
    op.create_index("ix_audit_about", "audit", ["about"])
