"""Packets a second of the sensor beside its peers: whole processes on one core, over the same capture, in one run.

In: captures that bench/traffic.py writes, one large and cut at 128 bytes, one of whole packets. Out: a table; with
--json one object. Fast tools take turns, so that what else the machine does hits all of them, and the median counts;
slow ones see the beginning of the large capture, once. The figure is CPU time, user and system: the wall clock of a
shared machine says little. Each tool's own count is compared with the packets written: one that skips some is an error.
The ratio is the result: our packets per second of CPU time over theirs, each with its start-up. Beside it stands the
same by the wall clock, and where a peer has a goal, whether it is met.

    python bench/sensor.py                                            # 10 M packets: some ten minutes
    python bench/sensor.py --packets 1500000 --full-packets 150000 --rounds 3

Peers: argus and racount (argus-server, argus-client), softflowd, tshark of Debian; nfstream, dpkt and scapy in a
virtual environment of their own, .venv-bench. One that is missing is left out, and the table says so.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tools"))
from peak import Used, watched  # noqa: E402  it lies there

PEERS = HERE.parent / ".venv-bench" / "bin" / "python"
TEN = 10
COLLECTOR = 19_995
PEAK_MB = 300
"""The most memory that we may have, in millions of bytes."""


@dataclass
class Run:
    """What one process took, and what it printed."""

    used: Used
    said: str


@dataclass
class Tool:
    """One program: how to call it on a capture, and how many packets it says it saw."""

    name: str
    program: str
    command: Callable[[Path, Path], list[str]]
    seen: Callable[[Run, Path], int]
    prefix: int = 0
    """Packets of the large capture that it sees; 0: all."""
    note: str = ""
    least: float = 1.0
    """Share of the packets that it must have seen."""
    goal: float | None = None
    """How many times as many packets a second we want to take, on the large capture."""
    runs: dict[str, list[Run]] = field(default_factory=dict)


def counted(pattern: str) -> Callable[[Run, Path], int]:
    """Read the packets from what a tool said."""

    def seen(run: Run, place: Path) -> int:
        del place
        found = re.search(pattern, run.said, re.MULTILINE)
        return int(found[1]) if found else -1

    return seen


def argus_seen(run: Run, place: Path) -> int:
    """Ask argus's own reader how many packets its records hold."""
    del run
    done = subprocess.run(["racount", "-r", str(place / "argus.out")], capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[1].split()[2])


def tshark_seen(run: Run, place: Path) -> int:
    """Sum up the frames of all conversations."""
    del place
    lines = [line for line in run.said.splitlines() if "<->" in line]
    return sum(int(re.findall(r"\s([\d,]+)\s+[\d,]+ (?:bytes|kB|MB)", line)[2].replace(",", "")) for line in lines)


def loop(
    name: str, python: Path, prefix: int = 0, note: str = "", least: float = 1.0, goal: float | None = None
) -> Tool:
    """Describe one of the programs in loops/."""
    command = [str(python), str(HERE / "loops" / f"{name}_loop.py")]
    seen = counted(r"^(\d+) ")
    return Tool(name, command[0], lambda path, _: [*command, str(path)], seen, prefix, note, least, goal)


def softflowd(name: str, more: list[str], note: str) -> Tool:
    """Describe softflowd, which sends NetFlow 9 to a port on which nobody reads."""
    fixed = ["-d", "-c", "none", "-p", "none", "-v", "9", "-n", f"127.0.0.1:{COLLECTOR}"]
    return Tool(
        name,
        "softflowd",
        lambda path, _: ["softflowd", "-r", str(path), *fixed, *more],
        counted(r"^Packets processed: (\d+)"),
        note=note,
        goal=3,
    )


def tools() -> list[Tool]:
    """Return ours first, then the peers."""
    redshank = str(Path(sys.executable).with_name("redshank"))
    return [
        Tool(
            "redshank",
            redshank,
            lambda path, place: [
                *(redshank, "flows", "-r", str(path), "--format", "parquet", "-o", str(place / "out.parquet"), "--json")
            ],
            counted(r'"packets": (\d+)'),
            note="all fields, services, interim rows, to Parquet",
        ),
        Tool(
            "argus",
            "argus",
            lambda path, place: ["argus", "-X", "-r", str(path), "-w", str(place / "argus.out")],
            argus_seen,
            note="-X -w FILE",
            goal=2.5,
        ),
        softflowd("softflowd", ["-m", "1000000"], "-m 1000000: holds as many flows as we do"),
        softflowd("softflowd-8192", [], "as it comes: 8,192 flows, the others are cut apart"),
        loop("walk", Path(sys.executable), note="lower bound: our reading, one look at each header", goal=0.5),
        loop("nfstream", PEERS, 200_000, "statistical_analysis=True, one meter; skips cut IPv6 packets", 0.9, 30),
        Tool(
            "tshark",
            "tshark",
            lambda path, _: ["tshark", "-n", "-q", "-r", str(path), "-z", "conv,ip", "-z", "conv,ipv6"],
            tshark_seen,
            200_000,
            "-q -z conv,ip -z conv,ipv6",
        ),
        loop("dpkt", PEERS, 500_000, "a dictionary of flows"),
        loop("scapy", PEERS, 20_000, "a dictionary of flows"),
    ]


def run(command: list[str], core: int) -> Run:
    """Run a program on one core and measure it and its children."""
    # An installed program has its bytecode on disk: an environment that forbids to write it would measure compiling.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], stdout=said, stderr=subprocess.STDOUT, env=environment
        )
        used = watched(process)
        said.seek(0)
        text = said.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with {process.returncode}: {text[-500:]}")
    return Run(used, text)


def measure(tool: Tool, path: Path, packets: int, core: int, place: Path) -> None:
    """Run a tool once on a capture and check that it saw every packet."""
    (place / "argus.out").unlink(missing_ok=True)  # argus appends
    done = run(tool.command(path, place), core)
    seen = tool.seen(done, place)
    if not tool.least * packets <= seen <= packets:
        raise SystemExit(f"bench: {tool.name} saw {seen} of {packets} packets of {path.name}")
    tool.runs.setdefault(path.stem, []).append(done)


def capture(place: Path, name: str, packets: int, snap_bytes: int) -> Path:
    """Write a capture, in a process of its own, unless it is there."""
    path = place / f"{name}-{packets}.pcap"
    if not path.exists():
        more = ["--packets", str(packets), "--snap-bytes", str(snap_bytes)]
        done = run([sys.executable, str(HERE / "traffic.py"), str(path), *more], min(os.sched_getaffinity(0)))
        print(f"{path.name}: {done.said.strip()}, in {done.used.wall_s:.0f} s", file=sys.stderr)
    with path.open("rb") as file:
        while file.read(1 << 24):  # into the page cache
            pass
    return path


def times(tool: Tool, stem: str) -> tuple[float, float]:
    """Return the median CPU and wall time of a tool on a capture."""
    runs = tool.runs[stem]
    return statistics.median(one.used.cpu_s for one in runs), statistics.median(one.used.wall_s for one in runs)


def row(tool: Tool, stem: str, packets: int, ours: tuple[float, float]) -> dict[str, Any]:
    """Sum up the runs of a tool on a capture.

    Args:
        tool: Which.
        stem: Name of the capture.
        packets: In it.
        ours: Our CPU and wall time for a packet.
    """
    runs = tool.runs[stem]
    cpu, wall = times(tool, stem)
    ratio = cpu / packets / ours[0]
    goal = tool.goal if stem.startswith("large") else None
    return {
        "tool": tool.name,
        "capture": stem,
        "packets": packets,
        "runs": len(runs),
        "cpu_s": round(cpu, 3),
        "cpu_s_all": [round(one.used.cpu_s, 3) for one in runs],
        "wall_s": round(wall, 3),
        "packets_per_cpu_s": round(packets / cpu, 3),
        "ratio": round(ratio, 2),
        "wall_ratio": round(wall / packets / ours[1], 2),
        "goal": goal,
        "met": None if goal is None else ratio >= goal,
        "peak_mib": round(max(one.used.peak_mib for one in runs)),
        "note": tool.note,
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table for a person, and what came of the goals."""
    print(
        f"{'tool':15}{'capture':>16}{'packets':>12}{'CPU s':>9}{'wall s':>9}{'k packets/s':>13}"
        f"{'ours/it':>9}{'by wall':>9}{'MiB':>7}"
    )
    for one in rows:
        rate = f"{one['packets_per_cpu_s'] / 1e3:,.1f}"
        print(
            f"{one['tool']:15}{one['capture']:>16}{one['packets']:>12,}{one['cpu_s']:>9.2f}{one['wall_s']:>9.2f}"
            f"{rate:>13}{one['ratio']:>9.2f}{one['wall_ratio']:>9.2f}{one['peak_mib']:>7}  {one['note']}"
        )
    for one in rows:
        if one["goal"] is not None:
            print(f"{one['goal']:g} times as fast as {one['tool']}: {one['ratio']}, {_verdict(one['met'])}")
    mb = max(one["peak_mib"] for one in rows if one["tool"] == "redshank") * 1.048576
    print(f"under {PEAK_MB} MB on any capture: {mb:.0f} MB, {_verdict(mb < PEAK_MB)}")


def _verdict(met: bool) -> str:  # noqa: FBT001  what it says is all there is
    return "met" if met else "MISSED"


def main() -> None:
    """Write the captures, run everybody, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=10_000_000, help="of the large capture")
    parser.add_argument("--full-packets", type=int, default=1_500_000, help="of the one that is not cut")
    parser.add_argument("--rounds", type=int, default=5, help="runs of the fast tools; the median counts")
    parser.add_argument("--only", nargs="*", default=[], help="tools to run beside ours; all if absent")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder for the captures; kept, and used again")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    all_tools = [tool for tool in tools() if not asked.only or tool.name in {"redshank", *asked.only}]
    present = [tool for tool in all_tools if shutil.which(tool.program)]
    missing = [tool.name for tool in all_tools if tool not in present]
    with ExitStack() as stack:
        place = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place.mkdir(parents=True, exist_ok=True)
        collector = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        collector.bind(("127.0.0.1", COLLECTOR))
        ten = capture(place, "ten", TEN, 128)
        whole = [
            (capture(place, "large", asked.packets, 128), asked.packets),
            (capture(place, "full", asked.full_packets, 1_514), asked.full_packets),
        ]
        fast, slow = ([tool for tool in present if bool(tool.prefix) is late] for late in (False, True))
        for tool in fast:
            run(tool.command(ten, place), core)  # compiles, and fills the caches
        for path, packets in [(ten, TEN), *whole]:
            for _ in range(asked.rounds):
                for tool in fast:
                    measure(tool, path, packets, core, place)
        sizes = {tool.name: min(tool.prefix, asked.packets) for tool in slow}
        for tool in slow:
            measure(tool, capture(place, "large", sizes[tool.name], 128), sizes[tool.name], core, place)
    rows = []
    for path, packets in [(ten, TEN), *whole]:
        cpu_s, wall_s = times(present[0], path.stem)
        ours = (cpu_s / packets, wall_s / packets)
        rows += [row(tool, path.stem, packets, ours) for tool in fast]
        if path == whole[0][0]:
            rows += [row(tool, f"large-{sizes[tool.name]}", sizes[tool.name], ours) for tool in slow]
    if asked.json:
        print(json.dumps({"rows": rows, "missing": missing, "core": core}))
        return
    show(rows)
    if missing:
        print(f"not installed: {', '.join(missing)}; run `make bench-sensor`")


if __name__ == "__main__":
    main()
