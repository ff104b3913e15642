from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_9 import upgrade


def test_version_9_adds_up_risks_out_of_an_index() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table alerts (state text, severity text, device text, last_seen_s real)")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert [index["name"] for index in inspect(sql).get_indexes("alerts")] == ["alerts_at_risk"]
