from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_11 import upgrade


def test_version_11_tells_whose_comparison_it_was() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql('create table drift (place integer, "group" text)')
        sql.exec_driver_sql('create index drift_by_group on drift ("group", place)')
        sql.exec_driver_sql("insert into drift values (1, 'cameras')")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert sql.exec_driver_sql("select detector from drift").scalars().all() == ["anomaly"]
        (index,) = inspect(sql).get_indexes("drift")
        assert (index["name"], index["column_names"]) == ("drift_by_group", ["group", "detector", "place"])
