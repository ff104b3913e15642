import pytest

from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow
from redshank.report.page import page
from redshank.report.summary import to_json, to_text
from redshank.report.tables import HIDDEN, chapters, document, known, markdown, origin, sections

TABLE = Table(
    "Ten | families",
    ("macro_f1", "fpr_at_0.01", "labels"),
    (
        TableRow("bilstm", {"macro_f1": Figure(0.94, 0.93, 0.95), "labels": Figure(12_660.0)}, 5, 61.5),
        TableRow("<b>", {"fpr_at_0.01": Figure(0.0123, 0.01, 0.02)}, note="one | seed"),
    ),
    {"data": "drawn sha256 00", "commit": ""},
)


def test_markdown_has_every_figure_with_its_interval_and_where_it_is_from() -> None:
    assert markdown([TABLE]) == (
        "## Ten | families\n\n"
        "| row | macro-F1 | false alarms, 1 % threshold | labels | seeds | s a run |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| bilstm | 0.940 (0.930 to 0.950) | - | 12,660 | 5 | 62 |\n"
        "| <b> (one / seed) | - | 1.2 % (1 to 2 %) | - | 0 | - |\n\n"
        "data: drawn sha256 00.\n"
    )


def test_a_document_has_words_tables_and_notes_in_that_order() -> None:
    text = document("T", "what it is", ["It is so."], [TABLE], ["done so"])
    order = [text.index(part) for part in ("# T\n", "what it is", "It is so.", "## Ten", "- done so")]
    assert order == sorted(order)


def test_the_terminal_and_json_say_the_same() -> None:
    text = to_text("t", sections([TABLE]))
    assert "0.940 (0.930 to 0.950)" in text
    assert "<b> (one | seed)" in text
    assert '"macro_f1": 0.94, "macro_f1_low": 0.93, "macro_f1_high": 0.95' in to_json(
        "t", sections([TABLE], as_json=True)
    )


def test_names_arrive_inert_on_a_page() -> None:
    text = page("t", chapters([TABLE]))
    assert '<th scope="row" class=text><b>' not in text
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize("empty", [Table("", (), ()), Table("nothing", ("fpr",), ())])
def test_a_table_without_rows_can_be_written(empty: Table) -> None:
    assert markdown([empty])
    assert to_text("t", sections([empty]))
    assert page("t", chapters([empty]))


def test_a_column_of_which_nothing_is_known_is_left_out() -> None:
    columns = ("macro_f1", "recall of mitm", "fpr_at_0.01", "labels")
    assert known(Table("t", columns, TABLE.rows)) == ["macro_f1", "fpr_at_0.01", "labels"]
    assert known(Table("t", columns, ())) == list(columns)


def test_hashes_are_cut_for_a_person_and_whole_in_json() -> None:
    facts = {"data": f"drawn sha256 {'ab' * 32}", "commit": f"{'cd' * 20}+changes"}
    assert origin(facts) == "data: drawn sha256 abababababab; commit: cdcdcdcd+changes."
    table = Table("t", ("fpr",), TABLE.rows, facts)
    assert "ab" * 32 not in to_text("t", sections([table]))
    assert "ab" * 32 in to_json("t", sections([table], as_json=True))


def test_a_wide_table_has_intervals_of_its_first_column_alone_in_a_terminal() -> None:
    columns = ("macro_f1", "accuracy", "mcc", "roc_auc", "recall")
    row = TableRow("bilstm", dict.fromkeys(columns, Figure(0.5, 0.4, 0.6)), 5)
    text = to_text("t", sections([Table("t", columns, (row,))]))
    assert text.count("0.500 (0.400 to 0.600)") == 1
    assert HIDDEN in " ".join(text.split())
    assert markdown([Table("t", columns, (row,))]).count("0.500 (0.400 to 0.600)") == len(columns)
