from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from records import alert
from redshank.core.records import Evidence
from redshank.store.migrations.to_3 import upgrade as to_3
from redshank.store.migrations.to_4 import upgrade

ROW = "insert into alerts values ('a', 1, {0}, '10.0.0.7', 'dos', 'low', 0, 0, 0, 1, 0.5, 1, 0, 'open', '', null)"


def test_alerts_that_are_there_are_found_by_their_rules_ports_and_names() -> None:
    flow = Evidence("C1", 1.0, "10.0.0.7", 1, "10.0.0.1", 23, "tcp", None, 0.9, None, "www.example.org")
    record = alert(id="a", rules=("telnet-sweep",), evidence=(flow,), revision=1).to_json()
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table questions (id varchar, uid varchar)")
        op = Operations(MigrationContext.configure(sql))
        to_3(op)
        sql.exec_driver_sql(ROW.format(1))
        sql.exec_driver_sql("insert into revisions values ('a', 1, ?)", (record,))
        sql.exec_driver_sql("insert into revisions values ('a', 0, ?)", (alert(id="a", rules=("old",)).to_json(),))
        sql.exec_driver_sql("insert into allowances values ('x', 1, '{}', 0)")
        upgrade(op)
        terms = sql.exec_driver_sql("select kind, term from terms order by kind, term").all()
        assert terms == [
            ("domain", "example.org"), ("domain", "www.example.org"), ("port", "23"), ("rule", "telnet-sweep"),
        ]  # fmt: skip
        assert sql.exec_driver_sql("select flows, alerts, last_s from allowances").all() == [(0, 0, None)]
        assert sql.exec_driver_sql("select count(*) from comments").all() == [(0,)]
