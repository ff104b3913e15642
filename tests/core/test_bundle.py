import json
from dataclasses import replace
from pathlib import Path

import pytest

from redshank.core.bundle import Bundle, Manifest
from redshank.core.errors import BundleError

MANIFEST = Manifest(
    name="tiny",
    feature_set="conn",
    feature_version=1,
    fingerprint="abc",
    columns=["duration", "src_bytes"],
    task="binary",
    classes=["benign", "attack"],
    model="fnn",
    settings={"seed": 0},
    calibration={"temperature": 1.0},
    provenance={"dataset": "lab"},
)


def test_a_bundle_survives_a_round_trip(tmp_path: Path) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    back = Bundle.load(tmp_path / "tiny")
    assert back.model == b"graph"
    assert replace(back.manifest, sha256="") == MANIFEST


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nothing: not a folder with model.onnx and manifest.json"):
        Bundle.load(tmp_path / "nothing")


def test_a_changed_graph_is_refused(tmp_path: Path) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    (tmp_path / "tiny" / "model.onnx").write_bytes(b"other")
    with pytest.raises(BundleError, match="bundle tiny: model.onnx has sha256 d9298a10d1b0"):
        Bundle.load(tmp_path / "tiny")


def test_a_manifest_of_another_format_is_refused(tmp_path: Path) -> None:
    Bundle(replace(MANIFEST, format=7), b"graph").save(tmp_path / "tiny")
    with pytest.raises(BundleError, match="format 7, this version reads 1"):
        Bundle.load(tmp_path / "tiny")


def test_a_manifest_with_a_missing_key_is_refused_by_name(tmp_path: Path) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    path = tmp_path / "tiny" / "manifest.json"
    values = json.loads(path.read_text())
    del values["classes"]
    path.write_text(json.dumps(values))
    with pytest.raises(BundleError, match="first difference: 'classes'"):
        Bundle.load(tmp_path / "tiny")


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    (tmp_path / "tiny" / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match="manifest.json is not JSON"):
        Bundle.load(tmp_path / "tiny")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("name", None, "'name' is None, it must be text"),
        ("sha256", 5, "'sha256' is 5, it must be text"),
        ("feature_set", ["conn"], r"'feature_set' is \['conn'\], it must be text"),
        ("feature_version", True, "'feature_version' is True, it must be a whole number"),
        ("classes", "benign", "'classes' is 'benign', it must be a list of different texts"),
        ("classes", ["benign", 1], r"'classes' is \['benign', 1\], it must be"),
        ("classes", ["benign", "benign"], r"'classes' is \['benign', 'benign'\], it must be"),
        ("columns", [[]], r"'columns' is \[\[\]\], it must be"),
        ("calibration", [0.5] * 999, r"'calibration' is \[0\.5, .{50,56}, it must be an object"),
        ("provenance", 1e308, r"'provenance' is 1e\+308, it must be an object"),
    ],
)
def test_a_value_of_another_type_is_named(tmp_path: Path, key: str, value: object, message: str) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    path = tmp_path / "tiny" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(BundleError, match=f"tiny: manifest.json: {message}"):
        Bundle.load(tmp_path / "tiny")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"figures": NaN}', "NaN is no number"),
        ('{"figures": -Infinity}', "-Infinity is no number"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_manifest_that_only_looks_like_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    Bundle(MANIFEST, b"graph").save(tmp_path / "tiny")
    (tmp_path / "tiny" / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=f"manifest.json is not JSON .*{message}"):
        Bundle.load(tmp_path / "tiny")


def test_other_features_are_refused_with_the_first_difference() -> None:
    bundle = Bundle(MANIFEST, b"")
    bundle.require("conn", 1, "abc", ["duration", "src_bytes"])
    with pytest.raises(
        BundleError, match=r"conn v1 \(2 columns\), but conn v2 \(3 columns\).*column 1 'src_bytes', running is 'gap'"
    ):
        bundle.require("conn", 2, "abd", ["duration", "gap", "src_bytes"])
    with pytest.raises(BundleError, match="the columns mean other things"):
        bundle.require("conn", 2, "abd", ["duration", "src_bytes"])
