import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from redshank.core.errors import SourceError
from redshank.core.schema import BENIGN
from redshank.data.dataset import read
from redshank.data.datasets.iot23 import DETAILS, HONEYPOT_COLUMNS, HONEYPOTS, HUE, LOG, MALWARE, Iot23
from redshank.data.tables import Published

MARKS = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\t" + "\t".join(LOG) + "\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\t"
    "count\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]   string   string\n"
)
VALUES = {
    **dict.fromkeys(LOG, "-"),
    "id.orig_h": "10.0.0.2",
    "id.resp_h": "10.0.0.3",
    "id.orig_p": "40000",
    "id.resp_p": "80",
    "proto": "tcp",
    "conn_state": "SF",
    "missed_bytes": "0",
    "orig_pkts": "2",
    "resp_pkts": "1",
    "duration": "0.5",
}
RENAMED = {
    "timestamp": "ts",
    "origin_address": "id.orig_h",
    "origin_port": "id.orig_p",
    "protocol": "proto",
    "response_address": "id.resp_h",
    "response_port": "id.resp_p",
}


def log(rows: list[tuple[float, str]], end: str = "\n") -> bytes:
    """Write a labelled log of rows of time and label."""
    lines = [
        "\t".join({**VALUES, "ts": f"{ts:.6f}", "uid": f"C{n}", LOG[-1]: f"-   {label}"}[name] for name in LOG)
        for n, (ts, label) in enumerate(rows)
    ]
    return (MARKS + "\n".join([*lines, "#close\t2019-01-01-00-00-00", ""])).replace("\n", end).encode()


def table(times: list[float]) -> bytes:
    """Write honeypot rows as the merged table has them."""
    told = {**VALUES, "tunnel_parents": "-", "label": "benign", "detailed_label": "-"}
    lines = [
        ",".join({**told, "ts": f"{ts:.6f}", "uid": f"C{n}"}[RENAMED.get(c, c)] for c in HONEYPOT_COLUMNS)
        for n, ts in enumerate(times)
    ]
    return "\n".join([",".join(HONEYPOT_COLUMNS), *lines, ""]).encode()


def written(place: Path, known: Published, content: bytes, counts: dict[str, int]) -> Published:
    (place / known.name).write_bytes(content)
    return replace(known, sha256=hashlib.sha256(content).hexdigest(), counts=counts)


def example(place: Path) -> Iot23:
    """Write a log of two rows and a merged table of three into the folder `place`."""
    rows = [(1547127288.026074, "Malicious   C&C-FileDownload"), (1547127289.0, "Benign   -")]
    days = [1537522822.0, 1540469302.5, 1562159819.0]
    return Iot23(
        files=(
            written(place, MALWARE[0], log(rows), {BENIGN: 1, "c2_file_download": 1}),
            written(place, HONEYPOTS, table(days), {BENIGN: 3}),
        )
    )


def test_families_are_the_detailed_labels_and_rows_know_their_scenario(tmp_path: Path) -> None:
    found = example(tmp_path).load(tmp_path)
    assert found.family.tolist() == ["c2_file_download", BENIGN, BENIGN, BENIGN, BENIGN]
    assert found.capture is not None
    assert found.capture.tolist() == ["42-1", "42-1", "honeypot-5-1", "honeypot-4-1", "honeypot-7-1"]
    assert found.flows.column("src_ip").to_pylist() == ["10.0.0.2"] * 5
    assert found.flows.column("ts").null_count == 0
    assert found.official is None
    assert found.notes == (MALWARE[0].what, HONEYPOTS.what)


def test_a_log_that_differs_is_told_by_its_rows(tmp_path: Path) -> None:
    made = written(tmp_path, MALWARE[1], log([(1.0, "Benign   -")] * 3), {BENIGN: 3})
    dataset = Iot23("20-1", files=(made,))
    (tmp_path / made.name).write_bytes(log([(1.0, "Benign   -"), (2.0, "Malicious   C&C-Torii")]))
    with pytest.raises(
        SourceError,
        match=r"^iot23/20-1: CTU.*labeled has 2 rows, the nearest release 3; other counts: benign 1 \(not 3\)",
    ):
        dataset.load(tmp_path)
    (tmp_path / made.name).write_bytes(log([(1.0, "Benign   -")] * 3, end="\r\n"))
    with pytest.raises(SourceError, match="has the class counts of a release but other content"):
        dataset.load(tmp_path)


def test_as_a_whole_every_scenario_counts_once() -> None:
    files = Iot23().files
    assert HUE not in files
    assert HONEYPOTS in files
    assert Iot23("honeypot-4-1").files == (HUE,)
    assert set(DETAILS.values()) | {BENIGN} == set(Iot23.families)


def test_the_clear_part_leaves_out_benign_attempts_that_nobody_answered(tmp_path: Path) -> None:
    rows = [(1.0, "Malicious   C&C-Torii"), (2.0, "Benign   -")]
    files = (
        written(tmp_path, MALWARE[0], log(rows).replace(b"\tSF\t", b"\tS0\t"), {BENIGN: 1, "c2_torii": 1}),
        written(tmp_path, HONEYPOTS, table([1537522822.0]), {BENIGN: 1}),
    )
    found = Iot23("clear", files=files).load(tmp_path)
    assert found.family.tolist() == ["c2", BENIGN]
    assert found.capture is not None
    assert found.capture.tolist() == ["42-1", "honeypot-5-1"]
    assert len(found.flows) == 2
    assert found.notes[-1] == "1 benign TCP attempts that nobody answered are left out"


@pytest.mark.data
def test_the_published_files_are_read_whole(data: Path) -> None:
    folder = data / "data" / "iot23"
    whole = read("iot23", folder)
    assert Counter(whole.family.tolist()) == Iot23().counts
    assert len(whole.flows) == 23_280
    assert len(set(whole.flows.column("uid").to_pylist())) == 23_280
    assert whole.capture is not None
    assert Counter(whole.capture.tolist()) == {
        "42-1": 4_426,
        "20-1": 3_209,
        "21-1": 3_286,
        "8-1": 10_403,
        "honeypot-4-1": 452,
        "honeypot-5-1": 1_374,
        "honeypot-7-1": 130,
    }
    clear = read("iot23/clear", folder)
    assert Counter(clear.family.tolist()) == Iot23("clear").counts
    hue = read("iot23/honeypot-4-1", folder)
    assert Counter(hue.family.tolist()) == HUE.counts
    merged = set(whole.flows.filter(whole.capture == "honeypot-4-1").column("uid").to_pylist())
    assert merged == set(hue.flows.column("uid").to_pylist())
