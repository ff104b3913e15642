import json
from pathlib import Path

import pytest
import yaml

from program import ended
from sigma_rules import rule
from sites import Place

pytestmark = pytest.mark.timeout(120)


def test_a_site_is_tried_in_a_place_of_its_own_and_its_sinks_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    (tmp_path / "all.yml").write_text(yaml.safe_dump(rule({"proto": ["tcp", "udp"]}, level="high")))
    rules = f"rules = ['{tmp_path / 'all.yml'}']\nstarter = false\n"
    settings = place.settings(
        detect=f"[detect]\ndetectors = ['signatures']\n[detectors.signatures]\n{rules}",
        sinks=f"[sinks.eve]\npath = '{place.eve}'\n[sinks.syslog]\nhost = '127.0.0.1'\nport = 1\ntransport = 'tcp'\n",
    )
    assert ended(monkeypatch, "selftest", "-c", settings, "--sinks", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    fired = {row["part"]: row["fired"] for row in said["checks"]}
    assert said["title"] == f"{sum(word == 'yes' for word in fired.values())}/{len(fired)} detections fired"
    assert {part: row for part, row in fired.items() if row == "NO"} == {}
    assert {row["part"]: row["fired"] for row in said["sinks"]} == {"sinks eve": "yes", "sinks syslog": "NO"}
    (line,) = place.told()
    assert line["alert"]["signature"] == "REDSHANK selftest by 192.0.2.1"
    assert not (tmp_path / "state").exists()
