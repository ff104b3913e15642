"""The tables of the store, and which version of them this is.

In: nothing. Out: SQLAlchemy tables. Types are those that SQLite and PostgreSQL have alike. What a person said is only
ever appended; of a question nothing changes but who holds it, and since when its label is in doubt.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

VERSION = 2
"""Of all tables together; changes whenever one does."""

METADATA = MetaData()

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
)
"""As `store/question.py` describes; then who looks at it now, and until when."""

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
