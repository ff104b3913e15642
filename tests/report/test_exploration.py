import json
from dataclasses import replace

from explored import surveyed, unlabelled
from redshank.report.exploration import chapters, sections, subtitle
from redshank.report.page import page
from redshank.report.summary import to_json, to_text
from report.test_page import assert_inert, outline

HOSTILE = '<script>alert("1")</script>\u202e'


def test_the_page_is_whole_and_says_the_findings_first() -> None:
    text = page("t", chapters(surveyed(), "redshank explore leaking"), subtitle=subtitle(surveyed()), contents=True)
    assert_inert(text)
    assert text.index("<b>Leak</b>") < text.index("<h2>What names the class")
    assert text.count("<h2>") == text.count('href="#part-')
    assert "1,200 rows, 8 columns: what is in them, and what in them gives the class away." in text
    assert "redshank explore leaking" in text


def test_hostile_names_and_values_arrive_inert() -> None:
    rows = surveyed().table
    fields = tuple(replace(field, name=HOSTILE) for field in rows.fields)
    table = replace(rows, name=HOSTILE, fields=fields, classes=("benign", HOSTILE, "b"))
    audit = surveyed().audit
    assert audit is not None
    spelled = tuple(replace(one, name=HOSTILE, examples=((HOSTILE, 1, 2),)) for one in audit.spelled)
    found = replace(
        surveyed(),
        table=table,
        profiles=tuple(replace(p, name=HOSTILE, top=((HOSTILE, 1),)) for p in surveyed().profiles),
        missing={HOSTILE: surveyed().missing["service"]},
        numbers=(HOSTILE,) * len(surveyed().numbers),
        audit=replace(audit, spelled=spelled),
    )
    assert_inert(page(HOSTILE, chapters(found, HOSTILE)))


def test_a_table_without_classes_has_a_page_too() -> None:
    text = page("t", chapters(unlabelled(), "c"))
    outline(text)
    assert "name the column that holds them with --label" in text
    assert "What names the class" not in text


def test_json_has_every_figure_and_the_terminal_the_findings() -> None:
    found = json.loads(to_json("t", sections(surveyed(), as_json=True)))
    assert found["single_columns"][0]["closes"] == 1
    assert found["order"]["blocks"] == 3
    assert {one["column"] for one in found["rising"]} == {"pkSeqID", "ts"}
    assert found["spellings"][0]["one_sided"] == 1
    assert [one["rows"] for one in found["classes"]] == [600, 400, 200]
    assert found["copies"][0]["columns"] == "all columns"
    assert found["columns"][0]["column"] == "pkSeqID"
    assert found["pearson"][0]["column"] == "pkSeqID"
    said = to_text("t", sections(surveyed(), as_json=False))
    assert "The file is sorted" in said
    assert "Pearson" not in said
    assert "audit" not in json.loads(to_json("t", sections(unlabelled(), as_json=True)))
