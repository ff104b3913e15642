from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_3 import upgrade as to_3
from redshank.store.migrations.to_8 import upgrade


def test_groups_are_counted_from_an_index() -> None:
    with create_engine("sqlite://").begin() as sql:
        op = Operations(MigrationContext.configure(sql))
        to_3(op)
        upgrade(op)
        found = {one["name"]: one["column_names"] for one in inspect(sql).get_indexes("alerts")}
        assert found["alerts_by_device"] == ["device", "last_seen_s", "id", "state", "severity"]
        assert found["alerts_by_hour"] == ["hour", "family", "last_seen_s", "state", "severity"]
