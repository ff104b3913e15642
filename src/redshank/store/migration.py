"""A store of an older version becomes one of this version, without loss.

In: a connection that writes, and the version of the tables that it sees. Out: tables as `tables.py` describes them. The
one idea: one step for each version, `migrations/to_N.py` with `upgrade(op)`, in Alembic's operations; all steps in one
transaction, so that a store has a whole version at any time. The version is one number in a table of its own, because
history has no branches here. Wrong for a running service's store, so only a service at its start and `redshank
upgrade` ask for it; everybody else refuses.
Source: https://alembic.sqlalchemy.org/en/latest/ops.html
"""

from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, update

from redshank.store.tables import STORE, VERSION


def migrate(sql: Connection, found: int) -> None:
    """Bring the tables up to date.

    Args:
        sql: A connection that writes.
        found: The version of its tables, 1 to VERSION.
    """
    op = Operations(MigrationContext.configure(sql))
    for version in range(found + 1, VERSION + 1):
        import_module(f"redshank.store.migrations.to_{version}").upgrade(op)
    sql.execute(update(STORE).values(version=VERSION))
