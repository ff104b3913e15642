from pathlib import Path

import homes
import numpy as np

from data.datasets.test_lab import example
from redshank.data.datasets.lab import Lab
from redshank.features.feature_sets.conn import Conn


def test_the_flows_of_a_recording_say_what_its_capture_says(tmp_path: Path) -> None:
    recording, out = tmp_path / "recording", tmp_path / "homes"
    recording.mkdir()
    example(recording)
    told = '"seconds": 9, "lab_version": "0", "frames": 7, "flows": 4, "families": {}, '
    about = recording / "recording.json"
    about.write_text(about.read_text().replace("{", "{" + told, 1))
    assert homes.main([str(recording), "-o", str(out)]) == 0
    assert sorted(file.name for file in out.iterdir()) == ["recording.json", "seed-1.parquet"]
    captured, tabled = Lab().load(recording), Lab("homes").load(out)
    assert tabled.family.tolist() == captured.family.tolist()
    np.testing.assert_array_equal(Conn().encode(tabled.flows), Conn().encode(captured.flows))
