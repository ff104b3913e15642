"""The tables of the store, and which version of them this is.

In: nothing. Out: SQLAlchemy tables. Types are those that SQLite and PostgreSQL have alike. What a person said is only
ever appended, and so are the ledger and the audit; of a question nothing changes but who holds it, and since when its
label is in doubt.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
)

VERSION = 15
"""Of all tables together; changes whenever one does, with a step in `migrations/` that leads there."""

METADATA = MetaData()

ORDERED = String().with_variant(String(collation="C"), "postgresql")
"""Text that is looked for by its beginning: ordered by its characters everywhere, not as a language sorts."""

STORE = Table("redshank", METADATA, Column("version", Integer, nullable=False))
"""One row: what tells our file from another program's."""

QUESTIONS = Table(
    "questions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("uid", String, nullable=False),
    Column("device", String, nullable=False),
    Column("flow", Text, nullable=False),
    Column("feature_set", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("x", LargeBinary, nullable=False),
    Column("classes", Text, nullable=False),
    Column("probabilities", Text, nullable=False),
    Column("neighbors", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("strategy", String, nullable=False),
    Column("bundle", String, nullable=False),
    Column("bundle_sha256", String, nullable=False),
    Column("asked_at_s", Float, nullable=False),
    Column("place", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("at_random", Boolean, nullable=False),
    Column("doubted_at_s", Float),
    Column("holder", String, nullable=False, default=""),
    Column("held_until_s", Float, nullable=False, default=0.0),
    Index("questions_by_uid", "uid"),
    Index("questions_by_device", "device"),
)
"""As `store/question.py` describes; then who looks at it now, and until when."""

Index(
    "questions_in_order",
    func.coalesce(QUESTIONS.c.doubted_at_s, QUESTIONS.c.asked_at_s).desc(),
    *(QUESTIONS.c[name] for name in ("place", "id", "wanted", "holder", "held_until_s", "doubted_at_s")),
)
"""What the next one is told by."""

LABELS = Table(
    "labels",
    METADATA,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("question", ForeignKey("questions.id"), nullable=False, index=True),
    Column("uid", String, nullable=False),
    Column("family", String),
    Column("annotator", String, nullable=False),
    Column("given_at_s", Float, nullable=False),
    Column("origin", String, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("expires_at_s", Float),
    Column("about", String),
)
"""As `Label` in `core/records.py`, in the order in which they arrived."""

ALERTS = Table(
    "alerts",
    METADATA,
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
    Column("state", String, nullable=False, default="open"),
    Column("state_by", String, nullable=False, default=""),
    Column("state_at_s", Float),
    Index("alerts_by_time", "last_seen_s", "id"),
    Index("alerts_by_device", "device", "last_seen_s", "id", "state", "severity"),
    Index("alerts_by_family", "family", "last_seen_s", "id", "state", "severity"),
    Index("alerts_by_severity", "severity", "last_seen_s", "id"),
    Index("alerts_by_state", "state", "last_seen_s", "id"),
    Index("alerts_at_risk", "state", "severity", "device", "last_seen_s"),
    Index("alerts_by_hour", "hour", "family", "last_seen_s", "state", "severity"),
    Index("alerts_by_age", "recorded_at_s"),
)
"""What is looked for of the latest revision of each alert, then what a person made of it. `arrival` grows with every
revision that is written; `hour` is that of packet time in which it began."""

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)
"""Each alert as JSON, as often as it was told."""

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", String, primary_key=True),
    Column("ts_s", Float, nullable=False),
    Column("dst_ip", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("record", Text, nullable=False),
    Index("evidence_by_address", "dst_ip", "alert"),
    sqlite_with_rowid=False,
)
"""Some flows of each alert, of all its revisions: `Evidence` as JSON, beside it what is looked for."""

EXAMPLES = Table(
    "examples",
    METADATA,
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("question", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("x", LargeBinary, nullable=False),
    Column("record", Text, nullable=False),
)
"""A few flows of an alert's evidence as the questions that they become if a person calls the alert false: the features,
and the rest as JSON."""

TERMS = Table(
    "terms",
    METADATA,
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("term", ORDERED, primary_key=True),
    Index("terms_by_term", "kind", "term", "alert"),
    sqlite_with_rowid=False,
)
"""What an alert is found by beside its columns, as `store/terms.py` describes."""

COMMENTS = Table(
    "comments",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at_s", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("text", Text, nullable=False),
)
"""What people wrote about alerts, 1, 2, 3, ... in order."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("key", String, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("alert", ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("sink", String, nullable=False),
    Column("since_s", Float, nullable=False),
    Column("at_s", Float, nullable=False),
    Column("state", String, nullable=False, default="waiting"),
    Column("tries", Integer, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("begun", Boolean, nullable=False, default=False),
    Index("outbox_due", "sink", "state", "at_s", "place"),
)
"""Each revision of an alert for each sink. `at_s`: when it is to be tried, or, once delivered, when that was; `begun`:
it was handed over, and what became of it is not noted."""

LEDGER = Table(
    "ledger",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
)
"""The lines of the ledger, 0, 1, 2, ... as they were written."""

ALLOWANCES = Table(
    "allowances",
    METADATA,
    Column("id", String, primary_key=True),
    Column("change", BigInteger, nullable=False, unique=True),
    Column("record", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False, default=False),
    Column("flows", BigInteger, nullable=False, default=0),
    Column("alerts", BigInteger, nullable=False, default=0),
    Column("last_s", Float),
)
"""As `Allowance` in `core/allowance.py`; `change` grows whenever one is added or withdrawn. Then what it kept quiet:
flows, open alerts that were closed because of it, and the packet time of the last flow."""

DEVICES = Table(
    "devices",
    METADATA,
    Column("id", String, primary_key=True),
    Column("mac", String),
    Column("ips", Text, nullable=False),
    Column("vendor", String),
    Column("first_seen_s", Float, nullable=False),
    Column("last_seen_s", Float, nullable=False, index=True),
    Column("offers", Text, nullable=False),
    Column("uses", Text, nullable=False),
    Column("flows", BigInteger, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("peers", Text, nullable=False),
)
"""As DEVICE in `core/schema.py`, lists as JSON; by link-layer address, or else by the first IP address."""

DEVICE_HOURS = Table(
    "device_hours",
    METADATA,
    Column("device", ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("flows", BigInteger, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("benign_flows", BigInteger),
    Column("benign_bytes", BigInteger),
    Index("device_hours_by_hour", "hour"),
)
"""What a device did in an hour of packet time, and the part of it that speaks for what is usual; null: nobody told."""

DEVICE_NAMES = Table(
    "device_names",
    METADATA,
    Column("device", ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
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
"""Services that a device offers and uses, and its peers, as `store/usual.py` counts them."""

BUNDLES = Table(
    "bundles",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("first_used_s", Float, nullable=False),
    Column("last_used_s", Float, nullable=False),
)
"""Which bundles judged here, and from when to when."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("at_s", Float, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("about", String, nullable=False, index=True),
    Column("detail", Text, nullable=False),
)
"""What people and the service did to what is kept here, 1, 2, 3, ... in order."""

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("started_at_s", Float, nullable=False, index=True),
    Column("told_at_s", Float, nullable=False, index=True),
    Column("record", Text, nullable=False),
)
"""How each run of a service is, or was when it was heard of last: `Health` in `store/runs.py` as JSON."""

TRAFFIC = Table(
    "traffic",
    METADATA,
    Column("span_s", Integer, primary_key=True, autoincrement=False),
    Column("start_s", BigInteger, primary_key=True, autoincrement=False),
    Column("group", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("proto", String, primary_key=True),
    Column("verdict", String, primary_key=True),
    Column("family", String, primary_key=True),
    Column("flows", BigInteger, nullable=False),
    Column("ip_bytes", BigInteger, nullable=False),
    Column("told_at_s", Float, nullable=False, index=True),
)
"""Flows and bytes of spans of packet time, as `store/traffic.py` counts them; when each row grew last, by the clock."""

DRIFT = Table(
    "drift",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("group", String, nullable=False),
    Column("detector", String, nullable=False),
    Column("bundle", String, nullable=False),
    Column("at_s", Float, nullable=False),
    Column("told_at_s", Float, nullable=False),
    Column("p_value", Float, nullable=False),
    Column("moved", Boolean, nullable=False),
    Column("score_psi", Float, nullable=False),
    Column("input_psi", Float, nullable=False),
    Column("worst", Text, nullable=False),
    Index("drift_by_group", "group", "detector", "place"),
)
"""Comparisons of groups of devices with what was learnt, in order; as `Reading` in `store/drift.py`."""

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("made_at_s", Float, nullable=False),
    Column("changed_at_s", Float, nullable=False),
    Column("seen_at_s", Float),
)
"""Who may use the console. `password` is an Argon2 hash; `changed_at_s`: when that was set; `seen_at_s`: last login."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("account", ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("begun_at_s", Float, nullable=False),
    Column("used_at_s", Float, nullable=False),
    Column("address", String, nullable=False),
    Column("agent", String, nullable=False),
)
"""Browsers that are logged in. `digest` is the SHA-256 of what the cookie holds: who reads the store cannot log in."""

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String, primary_key=True),
    Column("digest", String, nullable=False, unique=True),
    Column("account", ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("given_at_s", Float, nullable=False),
    Column("expires_at_s", Float),
    Column("used_at_s", Float),
    Column("withdrawn_at_s", Float),
)
"""What programs show in place of a password. `digest` as in `sessions`; `id` is what people call it."""

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("key", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_s", Float, nullable=False, index=True),
    Column("until_s", Float, nullable=False),
)
"""Failed logins in a row, by account name and by address, and until when the next one must wait."""
