import json
from dataclasses import replace
from pathlib import Path

import pytest

from redshank.alerts.dead_letters import LetterFile
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.store.outbox import Owed
from told import ALERT, HOSTILE

ROW = Owed("0123456789abcdef-1-webhook", "webhook", ALERT, 7, 1.0)


def test_a_dead_letter_holds_the_whole_alert_and_why(tmp_path: Path) -> None:
    metrics = Metrics()
    letters = LetterFile(tmp_path / "dead.jsonl", metrics)
    letters.bury(ROW, "refused", 9.5)
    letters.bury(replace(ROW, key="other", alert=replace(ALERT, device=HOSTILE)), HOSTILE, 9.5)
    text = (tmp_path / "dead.jsonl").read_text()
    one, two = map(json.loads, text.splitlines())
    assert {name: one[name] for name in ("at_s", "sink", "key", "tries", "error")} == {
        "at_s": 9.5, "sink": "webhook", "key": "0123456789abcdef-1-webhook", "tries": 7, "error": "refused"
    }  # fmt: skip
    assert Alert.from_json(json.dumps(one["alert"])) == ALERT
    assert two["alert"]["device"] == HOSTILE
    assert not set(text) & {"\x1b", "\x7f", "\u202e", "\r"}
    assert metrics.labelled("redshank_dead_letters_total") == {("webhook",): 2}


def test_a_full_file_is_set_aside_and_what_falls_off_the_end_is_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    letters = LetterFile(tmp_path / "dead.jsonl", metrics, most_bytes=2_000, kept=2)
    for number in range(12):
        letters.bury(replace(ROW, key=f"k{number}"), "refused", 9.5)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["dead.jsonl", "dead.jsonl.1", "dead.jsonl.2"]
    assert all(file.stat().st_size <= 2_000 for file in files)
    kept = [json.loads(line)["key"] for file in reversed(files) for line in file.read_text().splitlines()]
    assert kept == [f"k{number}" for number in range(12 - len(kept), 12)]
    assert metrics.total("redshank_dead_letter_files_dropped_total") > 0
    assert metrics.named("redshank_lost_total") == {"dead_letters": 12 - len(kept)}


def test_a_row_that_a_kill_had_buried_again_has_one_letter_and_one_that_it_tore_a_whole_one(tmp_path: Path) -> None:
    path, metrics = tmp_path / "dead.jsonl", Metrics()
    letters = LetterFile(path, metrics)
    for error in ("refused", "refused again"):
        letters.bury(ROW, error, 9.5)
    whole = path.read_text()
    assert whole.count("\n") == 1
    assert metrics.labelled("redshank_dead_letters_total") == {("webhook",): 1}
    path.write_text(whole[:-5])
    letters.bury(ROW, "refused", 9.5)
    assert path.read_text() == f"{whole[:-5]}\n{whole}"


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        LetterFile(tmp_path / "none" / "dead.jsonl", Metrics()).bury(ROW, "refused", 9.5)
