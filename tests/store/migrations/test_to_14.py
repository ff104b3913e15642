from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from redshank.store.migrations.to_14 import upgrade


def test_what_was_owed_before_version_14_is_not_in_doubt() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table outbox (key varchar)")
        sql.exec_driver_sql("insert into outbox values ('a-0-eve')")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert sql.exec_driver_sql("select * from outbox").all() == [("a-0-eve", False)]
