from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE
from redshank.experiments.zoo import BUDGET, VARIANTS, zoo
from redshank.learn.model import MODELS
from redshank.learn.network import Network
from redshank.learn.settings import check_settings

TEMPLATE = Cell("drawn", "", table="All")


def test_every_model_has_a_row_and_those_for_comparison_come_last() -> None:
    cells = zoo(TEMPLATE)
    assert {cell.model for cell in cells} == set(MODELS.names())
    assert len({cell.row for cell in cells}) == len(cells)
    assert {cell.model for cell in cells[-len(BESIDE) :]} == set(BESIDE)
    assert {cell.row for cell in cells if cell.model == "bilstm"} == set(VARIANTS["bilstm"])


def test_networks_share_a_budget_and_every_setting_exists() -> None:
    for cell in zoo(TEMPLATE):
        check_settings(cell.model, dict(cell.settings))
        network = issubclass(MODELS.find(cell.model), Network)
        assert cell.settings.get("epochs") == (BUDGET["epochs"] if network else None)


def test_what_learns_from_benign_rows_alone_has_no_row_among_families() -> None:
    rows = {cell.model for cell in zoo(Cell("drawn", "", task="family", table="All"))}
    assert all(not MODELS.find(name).one_class for name in rows)
