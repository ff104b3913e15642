from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_5 import upgrade


def test_version_5_has_what_a_running_service_tells_of_itself() -> None:
    with create_engine("sqlite://").begin() as sql:
        upgrade(Operations(MigrationContext.configure(sql)))
        assert set(inspect(sql).get_table_names()) == {"runs", "traffic", "drift"}
