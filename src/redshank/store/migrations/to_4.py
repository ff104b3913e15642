"""Alerts are found by rules, ports and names, people comment on them, and allowances tell what they kept quiet.

In: tables of version 3. Out: those of version 4. Alerts that are there already are read once, and found as new ones
are. Of allowances nobody knows what they kept quiet before: they begin at 0.
"""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Float, ForeignKey, MetaData, String, Table, Text, insert, select

from redshank.store.reading import read_alert
from redshank.store.terms import terms as found_by

ORDERED = String().with_variant(String(collation="C"), "postgresql")
AT_ONCE = 500


def upgrade(op: Operations) -> None:
    """Add two tables, three columns and an index, and read the alerts."""
    terms = op.create_table(
        "terms",
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
        Column("kind", String, primary_key=True),
        Column("term", ORDERED, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("terms_by_term", "terms", ["kind", "term", "alert"])
    op.create_table(
        "comments",
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("alert", String, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        Column("at_s", Float, nullable=False),
        Column("who", String, nullable=False),
        Column("text", Text, nullable=False),
    )
    op.create_index("ix_comments_alert", "comments", ["alert"])
    op.add_column("allowances", Column("flows", BigInteger, nullable=False, server_default="0"))
    op.add_column("allowances", Column("alerts", BigInteger, nullable=False, server_default="0"))
    op.add_column("allowances", Column("last_s", Float))
    op.create_index("questions_by_uid", "questions", ["uid"])
    _fill(op, terms)


def _fill(op: Operations, terms: Table) -> None:
    """Write down what the latest revision of each alert is found by."""
    sql = op.get_bind()
    there = MetaData()
    alerts, revisions = (Table(name, there, autoload_with=sql) for name in ("alerts", "revisions"))
    latest = (revisions.c.alert == alerts.c.id) & (revisions.c.revision == alerts.c.revision)
    wanted = select(alerts.c.id, revisions.c.record).join(revisions, latest).order_by(alerts.c.id).limit(AT_ONCE)
    last = ""
    while page := sql.execute(wanted.where(alerts.c.id > last)).all():
        rows = [
            {"alert": row.id, "kind": kind, "term": term}
            for row in page for kind, term in found_by(read_alert(row.record))
        ]  # fmt: skip
        if rows:
            sql.execute(insert(terms), rows)
        last = page[-1].id
