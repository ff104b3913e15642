from dataclasses import replace

import pytest

from console.evaluations import measured
from console.filled import CHALLENGER, CHAMPION
from redshank.console.desk import Desk
from redshank.console.facts import models as module
from redshank.console.facts.models import (
    Shelved,
    changes,
    decided_between,
    manifest,
    manifests,
    models,
    require_shelf,
    untrained,
    without_shelf,
)
from redshank.console.request_error import RequestError
from redshank.core.bundle import MODEL_FILE
from redshank.core.errors import BundleError, ConfigError
from redshank.detect.shelf import Shelf


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


@pytest.fixture
def shelf(desk: Desk) -> Shelf:
    return require_shelf(desk)


def test_bundles_come_with_role_figures_and_last_decision(desk: Desk, shelf: Shelf) -> None:
    shelf.set_shadow(CHALLENGER)
    measured(shelf, CHALLENGER)
    found = models(desk)
    assert [(one.name, one.role) for one in found.bundles] == [(CHAMPION, "champion"), (CHALLENGER, "shadow")]
    assert found.champion is found.of(CHAMPION)
    assert found.shadow is found.of(CHALLENGER)
    plain, later = (one.figures[0] for one in found.bundles)
    assert (plain.name, plain.low) == ("macro_f1", None)
    assert (later.value, later.low, later.high) == (0.9, 0.8, 0.95)
    assert [one.entry.what for one in found.decided] == ["shadow", "keep", "promote"]
    assert found.decided[0].entry.before == found.decided[1].digest
    assert found.previous == ""
    with pytest.raises(RequestError, match="There is no bundle 'none' on the shelf"):
        found.of("none")


def test_a_shelf_that_is_damaged_shows_what_is_left(desk: Desk, shelf: Shelf) -> None:
    assert manifest(shelf, CHALLENGER).name == CHALLENGER
    made = shelf.load(CHALLENGER)
    shelf.put(replace(made, manifest=replace(made.manifest, name="third")))
    (shelf.folder / "third" / MODEL_FILE).write_bytes(b"no graph")
    found = models(desk)
    assert found.broken.startswith("bundle third: cannot be read")
    assert [name for name, _ in manifests(desk)] == [CHAMPION, CHALLENGER]
    with pytest.raises(BundleError, match="third: model.onnx has sha256"):
        manifest(shelf, "third")


def test_what_changed_between_two_bundles_is_told_and_what_did_not_is_not(shelf: Shelf) -> None:
    one = manifest(shelf, CHAMPION)
    taught = {"count": 2, "ids": ["a", "b"], "questions": ["q"]}
    other = replace(
        one,
        classes=[*one.classes[:-1], "worm"],
        settings={**one.settings, "trees": 80},
        provenance={**one.provenance, "labels": taught, "protocol": "leakfree"},
    )
    found = {change.what: (change.before, change.after) for change in changes(one, other)}
    assert found == {
        "classes gone": ("xss", ""),
        "classes new": ("", "worm"),
        "setting trees": ("40", "80"),
        "made with protocol": ("cross", "leakfree"),
        "labels of analysts": ("0", "2"),
        "labels added": ("", "2"),
    }
    assert changes(one, one) == []


def test_a_decision_that_measured_both_is_found(desk: Desk, shelf: Shelf) -> None:
    assert decided_between(models(desk), CHAMPION, "another") is None
    paired = [
        {"part": "all", "figure": "macro_f1", "champion": 0.9, "challenger": 0.8, "low": -0.2, "high": 0.0, "rows": 9}
    ]
    shelf.keep(CHALLENGER, "worse", {"paired": paired, "reasons": ["worse", "by far"], "notes": ["few rows"]})
    found = decided_between(models(desk), CHALLENGER, CHAMPION)
    assert found is not None
    assert (found.reasons, found.notes, len(found.paired)) == (("worse", "by far"), ("few rows",), 1)


def test_without_a_shelf_the_bundle_of_the_settings_is_told(desk: Desk) -> None:
    vars(desk)["shelf"] = None
    assert models(desk).bundles == ()
    assert manifests(desk) == []
    found = without_shelf(desk)
    assert isinstance(found, Shelved)
    assert found.manifest.model == "extra_trees"
    assert found.measured is not None
    assert [figure.name for figure in found.figures if figure.low is None] == ["ece"]
    settings = desk.settings.model_copy(
        update={"detect": desk.settings.detect.model_copy(update={"bundle": desk.config})}
    )
    assert "redshank.toml" in str(without_shelf(replace(desk, settings=settings)))
    with pytest.raises(ConfigError, match="detect.models: no shelf of bundles is named"):
        require_shelf(desk)


def test_a_gateway_without_what_trains_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert untrained() == ""
    monkeypatch.setattr(module, "NEEDED", ("sklearn", "not_here_at_all"))
    assert untrained().startswith("Nothing can be trained here: not_here_at_all is not installed.")
