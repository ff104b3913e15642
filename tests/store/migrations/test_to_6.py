from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_6 import upgrade


def test_version_6_knows_who_may_use_the_console() -> None:
    with create_engine("sqlite://").begin() as sql:
        upgrade(Operations(MigrationContext.configure(sql)))
        assert set(inspect(sql).get_table_names()) == {"accounts", "sessions", "tokens", "attempts"}
