from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_10 import upgrade


def test_version_10_finds_alerts_by_address_out_of_an_index() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table evidence (alert text, dst_ip text)")
        sql.exec_driver_sql("create index ix_evidence_dst_ip on evidence (dst_ip)")
        upgrade(Operations(MigrationContext.configure(sql)))
        (index,) = inspect(sql).get_indexes("evidence")
        assert (index["name"], index["column_names"]) == ("evidence_by_address", ["dst_ip", "alert"])
