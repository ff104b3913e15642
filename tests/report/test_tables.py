import pytest

from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow
from redshank.report.page import page
from redshank.report.summary import to_json, to_text
from redshank.report.tables import chapters, document, markdown, sections

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
        "### Ten | families\n\n"
        "| row | macro-F1 | false-alarm rate at 1 % false alarms | labels | seeds | seconds a run |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| bilstm | 0.940 (0.930 to 0.950) | - | 12,660 | 5 | 62 |\n"
        "| <b> (one / seed) | - | 1.2 % (1 to 2 %) | - | 0 | - |\n\n"
        "data: drawn sha256 00.\n"
    )


def test_a_document_has_words_tables_and_notes_in_that_order() -> None:
    text = document("T", "what it is", ["It is so."], [TABLE], ["done so"], level=2)
    order = [text.index(part) for part in ("## T\n", "what it is", "It is so.", "### Ten", "- done so")]
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
