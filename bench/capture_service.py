"""Packets a second from a capture to alerts: the whole service as a process of its own, start and end included.

In: captures, or how many packets of our own generator (traffic.py). Out: for each capture packets and flows a second of
wall time and of CPU time, the most memory, what was told; and what the same service takes for a capture of one packet,
which is what starting costs. On the way: reading, decoding, metering, fields of applications, early rows, features,
detectors, evidence, grouping, the store (SQLite), the outbox and a line of EVE for each alert; nothing is shed, for a
file can wait. The published rates are of other machines: they tell orders of magnitude.
Source: 83 flows a second, the best-known open-source IPS that uses machine learning; 1,650 packets a second, KitNET.

    python bench/capture_service.py --packets 3000000
    python bench/capture_service.py --captures home.pcap.gz --settings "sensor.interim_s = 10"
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROGRAM = "from redshank.commands import main; import sys; sys.argv[0] = 'redshank'; main()"
HERE = Path(__file__).resolve().parent
KITNET_PER_S, IPS_FLOWS_PER_S = 1_650, 83


def make(path: Path, packets: int) -> None:
    """Write a capture of made-up traffic, cut at 128 bytes."""
    argv = [sys.executable, str(HERE / "traffic.py"), str(path), "--packets", str(packets)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def measure(capture: Path, more: str = "") -> dict[str, Any]:
    """Let a service of its own read one capture from beginning to end.

    Args:
        capture: A capture file.
        more: Further settings, as TOML: lines of its top level, then tables.
    """
    with tempfile.TemporaryDirectory(prefix="redshank-bench-") as place:
        folder = Path(place)
        (folder / "captures").mkdir()
        (folder / "captures" / capture.name).symlink_to(capture.resolve())
        (folder / "redshank.toml").write_text(
            f"{more}\n[[sources]]\ncaptures = '{folder / 'captures'}'\nfollow = false\n"
            f"[service]\nstate = '{folder / 'state'}'\nmetrics = ''\n[sinks.eve]\npath = '{folder / 'eve.json'}'\n"
        )
        argv = [sys.executable, "-c", PROGRAM, "run", "-c", str(folder / "redshank.toml"), "--json"]
        begin = time.monotonic()
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - begin
        if process.returncode:
            sys.exit(f"bench: the service ended with code {process.returncode} on '{capture}'")
        summary = json.loads(said)["summary"]
        eve = folder / "eve.json"
        lines = len(eve.read_text().splitlines()) if eve.exists() else 0
    cpu_s = used.ru_utime + used.ru_stime
    return {
        "capture": capture.name,
        "packets": summary["packets"],
        "flows": summary["flows"],
        "alerts": summary["alerts"],
        "eve_lines": lines,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "packets_per_s": round(summary["packets"] / wall_s),
        "packets_per_cpu_s": round(summary["packets"] / cpu_s),
        "flows_per_s": round(summary["flows"] / wall_s),
        "flows_per_cpu_s": round(summary["flows"] / cpu_s),
        "most_mib": round(used.ru_maxrss / 1024),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=Path, nargs="*", default=[], help="captures; else one is made")
    parser.add_argument("--packets", type=int, default=3_000_000, help="of the capture that is made")
    parser.add_argument("--rounds", type=int, default=1, help="how often each is read")
    parser.add_argument("--settings", default="", help="more settings, as TOML")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redshank-bench-") as place:
        start = Path(place, "one.pcap")
        make(start, 1)
        captures = [start, *asked.captures]
        if not asked.captures:
            made = Path(place, f"made-{asked.packets}.pcap")
            make(made, asked.packets)
            captures.append(made)
        found = [measure(capture, asked.settings) for capture in captures for _ in range(asked.rounds)]
    for row in found:
        print(
            json.dumps(row) if asked.json else "  ".join(f"{name} {value}" for name, value in row.items()), flush=True
        )
    if not asked.json:
        print(f"published, on other machines: {KITNET_PER_S:,} packets/s (KitNET), {IPS_FLOWS_PER_S} flows/s (an IPS)")


if __name__ == "__main__":
    main()
