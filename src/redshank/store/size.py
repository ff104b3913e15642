"""How large what a store keeps is, in all or of some tables.

In: a connection. Out: bytes: of a file the pages in use, with indexes; of a server's database our rows. The one idea:
both are of what is kept, so that they shrink as soon as rows go, before anything is given back to the disk.
Source: https://www.sqlite.org/dbstat.html; https://www.postgresql.org/docs/15/functions-admin.html
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, func, select, text

from redshank.store.tables import METADATA


def of_file(sql: Connection, tables: Sequence[Table] = ()) -> int:
    """Return the bytes of pages in use.

    Args:
        sql: A connection to the file.
        tables: Of these alone, and their indexes, all of whose pages are read; none: of all. 0 where SQLite was built
            without `dbstat`, which tells it.
    """
    if not tables:
        pages, free, size = (
            sql.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
    if not sql.execute(text("SELECT sqlite_compileoption_used('ENABLE_DBSTAT_VTAB')")).scalar_one():
        return 0
    sizes = text(
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name IN "
        "(SELECT name FROM sqlite_schema WHERE tbl_name IN :tables)"
    )
    asked = sizes.bindparams(bindparam("tables", expanding=True))
    return int(sql.execute(asked, {"tables": [table.name for table in tables]}).scalar_one())


def of_server(sql: Connection, tables: Sequence[Table] = ()) -> int:
    """Return the bytes of our rows, of these tables or of all."""
    sizes = (
        func.coalesce(func.sum(func.pg_column_size(table.table_valued())), 0)
        for table in tables or METADATA.sorted_tables
    )
    return sum(int(sql.execute(select(size)).scalar_one()) for size in sizes)
