from dataclasses import fields

from redshank.core.records import Label
from redshank.core.schema import DEVICE
from redshank.store.question import Question
from redshank.store.tables import DEVICES, LABELS, METADATA, QUESTIONS


def test_every_field_of_a_record_has_its_column() -> None:
    assert {field.name for field in fields(Label)} | {"arrival"} == set(LABELS.c.keys())
    assert {field.name for field in fields(Question)} | {"holder", "held_until_s"} == set(QUESTIONS.c.keys())
    assert {column.name.removesuffix("_s") for column in DEVICES.c} == {*DEVICE.names, "id"}


def test_the_version_stands_in_a_table_of_its_own() -> None:
    assert "redshank" in METADATA.tables
