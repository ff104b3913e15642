from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_15 import upgrade


def test_version_15_keeps_what_is_usual_and_says_nothing_of_hours_before() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table devices (id text primary key)")
        sql.exec_driver_sql("create table device_hours (device text, hour integer, flows integer)")
        sql.exec_driver_sql("insert into device_hours values ('a', 1, 5)")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert sql.exec_driver_sql("select * from device_hours").all() == [("a", 1, 5, None, None)]
        assert inspect(sql).get_pk_constraint("device_names")["constrained_columns"] == ["device", "kind", "name"]
