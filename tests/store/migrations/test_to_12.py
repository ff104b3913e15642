from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_12 import upgrade


def test_version_12_keeps_flows_of_alerts_with_their_features() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table alerts (id text primary key)")
        upgrade(Operations(MigrationContext.configure(sql)))
        columns = [column["name"] for column in inspect(sql).get_columns("examples")]
        (key,) = inspect(sql).get_foreign_keys("examples")
    assert columns == ["alert", "question", "place", "x", "record"]
    assert key["referred_table"] == "alerts"
