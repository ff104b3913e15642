import shutil
from contextlib import closing
from pathlib import Path

import pytest

from program import ended
from redshank.store.hold import FileHold
from redshank.store.tables import VERSION
from sites import Place

OLD = Path(__file__).parents[1] / "store" / "version_1.db"


def test_an_old_store_is_brought_up_to_date_and_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "s"
    shutil.copy(OLD, copy)
    assert ended(monkeypatch, "upgrade", "--store", copy) == 0
    assert capsys.readouterr().out == f"{copy}: version 1 became {VERSION}\n"
    assert ended(monkeypatch, "upgrade", "--store", copy) == 0
    assert capsys.readouterr().out == f"{copy}: version {VERSION}, as this program has it\n"
    assert ended(monkeypatch, "labels", "list", "--store", copy) == 0


def test_while_a_service_works_on_a_store_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    config = place.settings()
    place.store.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(OLD, place.store)
    with closing(FileHold(place.store)):
        assert ended(monkeypatch, "upgrade", "-c", config) == 2
    assert f"store '{place.store}': another process holds" in capsys.readouterr().err
    assert place.store.read_bytes() == OLD.read_bytes()
    assert ended(monkeypatch, "upgrade", "-c", config) == 0


def test_a_store_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "upgrade", "--store", tmp_path / "none") == 2
    assert "no file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
