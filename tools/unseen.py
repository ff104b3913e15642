"""Judge bundles on everything that docs/decisions/0016 calls unseen, and print one Markdown table.

In: folders of bundles, and $REDSHANK_DATA. Out: per source and bundle the false-alarm rate and recall at the shipped
threshold for 1 %, AUC and calibration error, then the means over sources. Distinct vectors count once; of captures
whose truth is one word per file, each file counts once: one flood has more flows than all other files together.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.capture.sources.pcap import Pcap
from redshank.config import load
from redshank.core.bundle import Bundle
from redshank.core.schema import BENIGN, FLOW
from redshank.data.clean import deduplicate, groups
from redshank.data.dataset import read
from redshank.detect.calibrate import Calibration, attack_score, calibrated
from redshank.detect.graph import Graph
from redshank.features.feature_sets.conn import Conn
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.flows.sources.zeek import Zeek
from redshank.learn import measures

RATE = "0.01"
RESAMPLES = 1000
THROUGHOUT = (
    *("ddos__amp.TCP.reflection.SYNACK.pcap", "ddos__amp.UDP.snmp.src161.pcapng"),
    *("ddos__pkt.TCP.DOMINATE.syn.ecn.cwr.pcapng", "doh__wifi_19may_malicious.pcap", "packets__synscan.pcapng"),
    *("pcaphunt__hs-udpScan.pcap", "pcaphunt__ps-tcp_syn.pcap", "slips__test12-icmp-portscan.pcap"),
    *("zeek__sshguess.pcap", "zeek__vnc-scanner.pcap"),
)
"""Captures of `attacks/` that are attack from the first packet to the last, by the README beside them."""
EXPERT = "attacks/flow-logs/slips__test18-ctu-sme-11__conn.log.labeled"


@dataclass(frozen=True)
class Source:
    """Rows that no bundle has seen.

    Args:
        name: What they are.
        x: Model input. [n, c]
        attack: Which are attacks. [n]
        file: The file of each row, where each file counts once; None where each row does. [n]
    """

    name: str
    x: npt.NDArray[np.float32]
    attack: npt.NDArray[np.bool_]
    file: npt.NDArray[np.int64] | None = None


def sources(data: Path) -> Iterator[Source]:
    """Read every source."""
    for name in ("lab/unseen", "ton_iot"):
        labelled = read(name)
        yield _distinct(name, Conn().encode(labelled.flows), labelled.family != BENIGN)
    pcaps = data / "pcaps"
    attacks = [pcaps / "attacks" / name for name in THROUGHOUT]
    yield _files("captures of one kind", sorted((pcaps / "benign-iot").glob("*.pcap*")), attacks)
    testbed = sorted((pcaps / "attacks").glob("iot-testbed__*.pcap"))
    quiet = [file for file in testbed if "benign" in file.name]
    yield _files("IoT testbed", quiet, [file for file in testbed if file not in quiet])
    batches = list(Zeek(pcaps / EXPERT).labelled_batches())
    said = pa.concat_arrays([labels.column("label") for _, labels in batches]).to_numpy(zero_copy_only=False)
    x = np.concatenate([Conn().encode(flows) for flows, _ in batches])
    known = said != "Unknown"
    yield _distinct("CTU-SME-11 log", x[known], said[known] != "Benign")


def judge(bundle: Bundle, source: Source) -> dict[str, tuple[float, float, float] | float | None]:
    """Return FPR and recall with intervals, AUC and calibration error."""
    calibration = Calibration.from_dict(bundle.manifest.calibration)
    scores = attack_score(calibrated(calibration, Graph(bundle).probabilities(source.x)))
    alarm = scores >= calibration.thresholds[RATE]
    weight = np.ones(len(alarm))
    if source.file is not None:
        weight = 1 / np.bincount(source.file)[source.file]
    ranking = measures.Ranking.of(source.attack, scores).steps(weight)
    return {
        "fpr": _share(alarm, ~source.attack, source.file),
        "recall": _share(alarm, source.attack, source.file),
        "auc": measures.roc_auc(*ranking),
        "ece": measures.calibration_error(measures.reliability(source.attack, scores, weight)),
    }


def _distinct(name: str, x: npt.NDArray[np.float32], attack: npt.NDArray[np.bool_]) -> Source:
    once = deduplicate(x, attack.astype(np.int64), groups(x))
    return Source(name, once.x, once.y == 1)


def _files(name: str, benign: list[Path], attacks: list[Path]) -> Source:
    x, attack, number = [], [], []
    for at, file in enumerate([*benign, *attacks]):
        table = pa.Table.from_batches(Sensor(Pcap(file), MeterSettings(seed=0)).batches(), schema=FLOW)
        table = table.filter(pc.equal(table["part"], "final")).combine_chunks()
        for flows in table.to_batches():
            x.append(Conn().encode(flows))
            attack.append(np.full(len(flows), at >= len(benign)))
            number.append(np.full(len(flows), at))
    return Source(name, np.concatenate(x), np.concatenate(attack), np.concatenate(number))


def _share(
    alarm: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_], file: npt.NDArray[np.int64] | None
) -> tuple[float, float, float]:
    if file is None:
        low, high = measures.clopper_pearson(int(alarm[rows].sum()), int(rows.sum())) or (0.0, 1.0)
        return float(alarm[rows].mean()), low, high
    shares = np.array([alarm[file == one].mean() for one in np.unique(file[rows])])
    rng = np.random.default_rng(0)
    drawn = [float(rng.choice(shares, len(shares)).mean()) for _ in range(RESAMPLES)]
    low, high = measures.percentiles(drawn) or (0.0, 1.0)
    return float(shares.mean()), low, high


def main(words: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path, help="folders of bundles")
    chosen = parser.parse_args(words)
    bundles = [Bundle.load(folder) for folder in chosen.bundles]
    sys.stdout.write("| source | bundle | false alarms | recall | AUC | ECE |\n| --- | --- | --- | --- | --- | --- |\n")
    found: list[list[list[float]]] = [[] for _ in bundles]
    for source in sources(load().data):
        for at, bundle in enumerate(bundles):
            told = judge(bundle, source)
            cells, values = [], []
            for value in told.values():
                one = value[0] if isinstance(value, tuple) else float(value or 0.0)
                values.append(one)
                cells.append(
                    f"{one:.3f}" + (f" ({value[1]:.3f} to {value[2]:.3f})" if isinstance(value, tuple) else "")
                )
            found[at].append(values)
            sys.stdout.write(f"| {source.name} | {bundle.manifest.name} | {' | '.join(cells)} |\n")
    for bundle, rows in zip(bundles, found, strict=True):
        mean = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
        sys.stdout.write(f"| mean over sources | {bundle.manifest.name} | {mean} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
