from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, insert, select

from questions import questions
from redshank.store.migrations.to_13 import upgrade
from redshank.store.question import to_row
from redshank.store.tables import QUESTIONS


def test_version_13_finds_the_next_question_without_sorting_all() -> None:
    with create_engine("sqlite://").begin() as sql:
        QUESTIONS.create(sql)
        for index in QUESTIONS.indexes:
            index.drop(sql) if index.name != "questions_by_uid" else None
        sql.execute(insert(QUESTIONS), [to_row(one) for one in questions(("dos", "benign"))])
        upgrade(Operations(MigrationContext.configure(sql)))
        order = "coalesce(doubted_at_s, asked_at_s) desc, place, id"
        plan = str(sql.exec_driver_sql(f"explain query plan select id from questions order by {order}").all())
        of_one = str(sql.exec_driver_sql("explain query plan select uid from questions where device = 'a'").all())
        assert len(sql.execute(select(QUESTIONS.c.id)).all()) == 2
    assert "questions_in_order" in plan
    assert "TEMP B-TREE" not in plan
    assert "questions_by_device" in of_one
