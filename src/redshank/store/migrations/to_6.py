"""People: accounts of the console, their sessions and tokens, and failed logins.

In: tables of version 5. Out: those of version 6. What is there stays as it is; nobody has an account yet.
"""

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String


def upgrade(op: Operations) -> None:
    """Add four tables."""
    op.create_table(
        "accounts",
        Column("name", String, primary_key=True),
        Column("role", String, nullable=False),
        Column("password", String, nullable=False),
        Column("disabled", Boolean, nullable=False),
        Column("made_at_s", Float, nullable=False),
        Column("changed_at_s", Float, nullable=False),
        Column("seen_at_s", Float),
    )
    op.create_table(
        "sessions",
        Column("digest", String, primary_key=True),
        Column("account", String, ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
        Column("begun_at_s", Float, nullable=False),
        Column("used_at_s", Float, nullable=False),
        Column("address", String, nullable=False),
        Column("agent", String, nullable=False),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_table(
        "tokens",
        Column("id", String, primary_key=True),
        Column("digest", String, nullable=False, unique=True),
        Column("account", String, ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
        Column("name", String, nullable=False),
        Column("role", String, nullable=False),
        Column("given_at_s", Float, nullable=False),
        Column("expires_at_s", Float),
        Column("used_at_s", Float),
        Column("withdrawn_at_s", Float),
    )
    op.create_index("ix_tokens_account", "tokens", ["account"])
    op.create_table(
        "attempts",
        Column("key", String, primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("last_at_s", Float, nullable=False),
        Column("until_s", Float, nullable=False),
    )
    op.create_index("ix_attempts_last_at_s", "attempts", ["last_at_s"])
