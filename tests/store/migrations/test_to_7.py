from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_7 import upgrade


def test_version_7_has_the_hours_and_peers_of_devices() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table devices (id text primary key)")
        sql.exec_driver_sql("insert into devices values ('a')")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert sql.exec_driver_sql("select id, peers from devices").all() == [("a", "[]")]
        assert "device_hours" in inspect(sql).get_table_names()
