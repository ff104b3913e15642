"""Days of homes that nobody attacks, lived faster than real time: what does the service tell that is not there?

In: seeds of the lab; needs root. Out: false alerts for each day of home with Garwood's intervals, and each alert.

1. Each home lives for --hours of its own time while its bridge is captured, pauses skipped (`redshank lab record
   --benign --fast`); its capture is kept in --folder, and one that is there is taken as it is.
2. The service reads each capture at the packets' own times, with the detectors and settings of a service's defaults
   (bench/lab_service.py --quiet). Every alert is false.
3. With --learn-hours the detector `anomaly` joins in. It judges what comes after that time: once with the bundle that
   ships, which knows other homes, and once with one that `redshank learn` made of the time before, screened by the
   classifier, not declared clean.

    python bench/day.py --folder out/day --seeds 1201 1202 1203 1204 --hours 6 --learn-hours 1
"""

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from redshank.capture.pcap_records import HEADER_BYTES
from redshank.capture.sources.pcap import Pcap
from redshank.core.files import replacing
from redshank.lab.per_day import per_day
from redshank.lab.record import ABOUT, CAPTURE

HERE = Path(__file__).resolve().parent
PROGRAM = "from redshank.commands import main; import sys; sys.argv[0] = 'redshank'; main()"
DEFAULTS = ("classifier", "signatures")
INTERIM = "[sensor]\ninterim_s = 1.0\n"
RECORD_BYTES = 16
HOUR_S = 3_600.0


def redshank(*words: str) -> None:
    """Run a command of ours; its words are for standard error."""
    subprocess.run([sys.executable, "-c", PROGRAM, *words], check=True, stdout=sys.stderr)


def lived(seed: int, hours: float, folder: Path) -> Path:
    """Return the recording of a home, made if it is not there."""
    home = folder / str(seed)
    if not (home / ABOUT).exists():
        words = ("--seed", str(seed), "--seconds", f"{hours * HOUR_S:g}", "--benign", "--fast", "-o", str(home))
        redshank("lab", "record", *words)
    return home


def stretch(recording: Path, begin_s: float, end_s: float, folder: Path) -> Path:
    """Write a part of a recording as a recording without labels, unless it is there.

    Args:
        recording: The whole.
        begin_s: From so many seconds after its first frame.
        end_s: Until so many; that moment itself is the next part's.
        folder: For the part.
    """
    if (folder / ABOUT).exists():
        return folder
    about = json.loads((recording / ABOUT).read_text())
    about["seconds"] = min(end_s, about["seconds"]) - begin_s
    with replacing(folder) as part:
        part.mkdir(parents=True)
        with gzip.open(part / CAPTURE, "wb", compresslevel=1) as packed:
            packed.writelines(_between(recording / CAPTURE, begin_s * 1e9, end_s * 1e9))
        (part / ABOUT).write_text(json.dumps(about))
    return folder


def _between(capture: Path, begin_ns: float, end_ns: float) -> Iterator[bytes]:
    """Give the bytes of a capture with the frames of a stretch of time, some thousands at a time."""
    with gzip.open(capture, "rb") as file:
        yield file.read(HEADER_BYTES)
    first_ns = None
    for block in Pcap(capture).blocks():
        first_ns = int(block.ts_ns[0]) if first_ns is None else first_ns
        after_ns = block.ts_ns - first_ns
        begin = block.offset - RECORD_BYTES
        end = block.offset + block.captured
        for row in np.flatnonzero((after_ns >= begin_ns) & (after_ns < end_ns)):
            yield block.data[begin[row] : end[row]].tobytes()


def learned(quiet: Path, folder: Path) -> Path:
    """Return a bundle of what is usual in a home, made of a stretch of it if it is not there."""
    if not (folder / "bundle").exists():
        redshank("learn", "-r", str(quiet / CAPTURE), "-o", str(folder))
    return folder / "bundle"


def judged(home: Path, detectors: tuple[str, ...], settings: str, place: Path) -> dict[str, Any]:
    """Return what a service tells of a home; kept in `place`, and not asked twice."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        toml = place.with_suffix(".toml")
        toml.write_text(settings)
        argv = [sys.executable, str(HERE / "lab_service.py"), "--json", "--seeds", "--quiet", str(home)]
        argv += ["--detectors", *detectors, "--settings", str(toml)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True)
        place.write_text(json.dumps(json.loads(done.stdout)["quiet"][0]))
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def told(name: str, homes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a row of the table, and its alerts."""
    alerts = [{"home": home["seed"], **alert} for home in homes for alert in home["alerts"]]
    hours, flows = (sum(home[what] for home in homes) for what in ("hours", "flows"))
    return {
        "judged_with": name,
        "homes": len(homes),
        "hours": hours,
        "flows": flows,
        "alarms": sum(home["alarms"] for home in homes),
        "per_day": per_day(len(alerts), hours),
        "alerts": alerts,
    }


def with_anomaly(homes: list[Path], answers: list[Path], until_s: float) -> list[dict[str, Any]]:
    """Judge what comes after `until_s` with `anomaly` too: as it ships, and taught by what came before."""
    more, ships, own = (*DEFAULTS, "anomaly"), [], []
    for home, place in zip(homes, answers, strict=True):
        rest = stretch(home, until_s, np.inf, place / "rest")
        ships.append(judged(rest, more, INTERIM, place / "ships.json"))
        bundle = learned(stretch(home, 0.0, until_s, place / "quiet"), place / "habits")
        settings = f"{INTERIM}[detectors.anomaly]\nbundle = '{bundle}'\n"
        own.append(judged(rest, more, settings, place / "learned.json"))
    name = "+".join(more)
    return [told(f"{name}, the bundle that ships", ships), told(f"{name}, learnt at home", own)]


def main() -> None:
    """Live, judge, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("out/day"), help="where homes and answers are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1201, 1209)), help="homes")
    parser.add_argument("--hours", type=float, default=3.0, help="how long each lives")
    parser.add_argument("--learn-hours", type=float, default=0.0, help="with `anomaly`, taught by so many hours")
    parser.add_argument("--at-once", type=int, default=2, help="homes that live side by side, 1 to 8")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    asked = parser.parse_args()
    folder: Path = asked.folder.resolve()
    with ThreadPoolExecutor(max(1, min(8, asked.at_once))) as pool:
        homes = list(pool.map(lambda seed: lived(seed, asked.hours, folder), asked.seeds))
    answers = [folder / "judged" / home.name for home in homes]
    found = [
        judged(home, DEFAULTS, INTERIM, place / "defaults.json") for home, place in zip(homes, answers, strict=True)
    ]
    rows = [told("+".join(DEFAULTS), found)]
    if asked.learn_hours:
        rows += with_anomaly(homes, answers, asked.learn_hours * HOUR_S)
    for row in rows:
        if asked.json:
            print(json.dumps(row))
            continue
        rate, low, high = row["per_day"]
        count = len(row["alerts"])
        print(f"{row['judged_with']}: {count} false alerts in {row['hours']:.1f} h of {row['homes']} homes: "
              f"{rate:.2f} a day ({low:.2f} to {high:.2f}); "
              f"{row['alarms'] / row['flows']:.2%} of {row['flows']:,} flows raised an alarm")  # fmt: skip
        for alert in row["alerts"]:
            print(f"  {alert}")


if __name__ == "__main__":
    main()
