from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from redshank.store.migrations.to_2 import upgrade


def test_an_old_question_is_no_fair_sample_and_not_in_doubt() -> None:
    with create_engine("sqlite://").begin() as sql:
        sql.exec_driver_sql("create table questions (id varchar)")
        sql.exec_driver_sql("insert into questions values ('a')")
        upgrade(Operations(MigrationContext.configure(sql)))
        assert sql.exec_driver_sql("select * from questions").all() == [("a", False, None)]
