from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from redshank.store.migrations.to_3 import upgrade


def test_version_3_has_what_a_service_keeps() -> None:
    with create_engine("sqlite://").begin() as sql:
        upgrade(Operations(MigrationContext.configure(sql)))
        wanted = {"alerts", "revisions", "evidence", "outbox", "ledger", "allowances", "devices", "bundles", "audit"}
        assert set(inspect(sql).get_table_names()) == wanted
