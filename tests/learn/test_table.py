from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow


def test_a_row_without_figures_is_a_row() -> None:
    table = Table("", ("macro_f1",), (TableRow("bilstm", {"macro_f1": Figure(0.5)}), TableRow("fnn", {})))
    assert [row.figures.get("macro_f1") for row in table.rows] == [Figure(0.5), None]
