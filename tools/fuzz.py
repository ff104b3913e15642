"""Feed spoiled bytes to every decoder, reader, service and to the meter: `make fuzz`.

In: seeds (tests/fuzz/corpus, the lab's recordings, and captures of $REDSHANK_DATA where there are any). Out: one line
for each target, and for each failure the smallest input that still fails, as a line of tests/fuzz/corpus/found-*.jsonl:
mend the code, keep the line. Ends with 1 if anything failed. The same seed gives the same cases.

Each target runs in processes of its own, one on each core: one that dies, hangs for --limit seconds or takes more than
--memory MiB is a failure, and the batch that did it is named. How far they are is told on standard error. With
NUMBA_BOUNDSCHECK=1 kernels raise where they would read outside of an array; their compiled form is kept apart.
"""

import argparse
import faulthandler
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from peak import peak_mib

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
RECORDINGS = ROOT / "src" / "redshank" / "lab" / "recordings"
SHARED = ("odd", "malformed", "benign-iot", "attacks")
FRAMES_OF_A_FILE = 40
BYTES_OF_A_FILE = 20_000
TELL_S = 20.0
"""How often to say how far a target is."""

Case = dict[str, Any]


def main() -> int:
    """Run a campaign, or one target of it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases of the whole campaign")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", help="only this one, in this process, with all cases")
    parser.add_argument("--batch", type=int, help="with --target: only this batch")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="with --target: every Nth batch, from the Kth on")
    parser.add_argument("--limit", type=float, default=120, help="seconds that a batch may take")
    parser.add_argument("--memory", type=int, default=1500, help="MiB that a process may take")
    parser.add_argument("--found", type=Path, default=CORPUS, help="folder for inputs that fail")
    chosen = parser.parse_args()
    sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]
    if os.environ.get("NUMBA_BOUNDSCHECK") == "1":
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"redshank-fuzz-{os.getuid()}"))
    if chosen.target:
        return one_target(chosen)
    from fuzz_targets import TARGETS  # noqa: PLC0415  after sys.path and the environment are set

    cores = len(os.sched_getaffinity(0))

    def one_part(name: str, part: int) -> str | None:
        cases = max(int(chosen.cases * TARGETS[name].share), 1)
        command = [sys.executable, __file__, "--target", name, "--cases", str(cases), "--seed", str(chosen.seed)]
        command += ["--limit", str(chosen.limit), "--memory", str(chosen.memory), "--found", str(chosen.found)]
        code = subprocess.run([*command, "--part", f"{part}/{cores}"], check=False).returncode
        return f"{name} (part {part} of {cores} ended with {code})" if code else None

    with ThreadPoolExecutor(cores) as pool:
        parts = [(name, part) for name in TARGETS for part in range(1, cores + 1)]
        failed = [problem for problem in pool.map(one_part, *zip(*parts, strict=True)) if problem]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "nothing failed\n")
    return 1 if failed else 0


def batches(cases: int, size: int, part: str) -> list[tuple[int, int]]:
    """Return the number of each batch of a part, and how many cases are in it.

    Args:
        cases: Of all parts.
        size: Cases of a batch.
        part: K/N: every Nth batch, from the Kth on.
    """
    first, step = map(int, part.split("/"))
    return [(number, min(size, cases - number * size)) for number in range(first - 1, -(-cases // size), step)]


def one_target(chosen: argparse.Namespace) -> int:
    """Run one target in this process."""
    from fuzz_targets import TARGETS  # noqa: PLC0415  as above

    target = TARGETS[chosen.target]
    seeds = seeds_of(chosen.target, shared_captures())
    problem = failure(target.run, seeds)  # compiles the kernels, too
    if problem is not None:
        sys.stdout.write(f"{chosen.target}: its seeds: {problem}\n")
        return 1
    begin = told = time.monotonic()
    done = failures = 0
    chosen_batches = batches(chosen.cases, target.batch, chosen.part)
    for number, count in chosen_batches:
        if chosen.batch not in {None, number}:
            continue
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            share = done / sum(cases for _, cases in chosen_batches)
            sys.stderr.write(f"{chosen.target}, part {chosen.part}: {share:.0%}, {failures} failed\n")
        faulthandler.dump_traceback_later(chosen.limit, exit=True)
        cases = target.make(random.Random(f"{chosen.seed} {chosen.target} {number}"), seeds, count)  # noqa: S311  no secret
        problem = failure(target.run, cases)
        if problem is not None:
            failures += 1
            keep(chosen.found / f"found-{chosen.target}.jsonl", smallest(target.run, cases), problem)
            sys.stdout.write(f"\n{chosen.target}: batch {number}: {problem}\n")
        faulthandler.cancel_dump_traceback_later()
        done += count
        if peak_mib() > chosen.memory:
            sys.stdout.write(f"\n{chosen.target}: batch {number}: {peak_mib():.0f} MiB, more than {chosen.memory}\n")
            return 1
    seconds = time.monotonic() - begin
    took = f"{seconds:.0f} s, {peak_mib():.0f} MiB, {len(seeds)} seeds"
    sys.stdout.write(f"{chosen.target}, part {chosen.part}: {done} cases, {failures} failed, {took}\n")
    return 1 if failures else 0


def failure(run: Callable[[list[Case]], None], cases: list[Case]) -> str | None:
    """Try cases; return what went wrong, None if nothing did."""
    try:
        run(cases)
    except Exception as error:  # noqa: BLE001  whatever a parser raises is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    return None


def smallest(run: Callable[[list[Case]], None], cases: list[Case], tries: int = 400) -> list[Case]:
    """Return few cases that fail still, with few bytes: halves are left out as long as that works.

    Args:
        run: What fails.
        cases: With what it fails.
        tries: How often it may be called.
    """
    part = max(len(cases) // 2, 1)
    while part and tries > 0:
        at = 0
        while at < len(cases) and len(cases) > 1 and tries > 0:
            fewer = cases[:at] + cases[at + part :]
            tries -= 1
            if fewer and failure(run, fewer) is not None:
                cases = fewer
            else:
                at += part
        part //= 2
    for number, case in enumerate(cases):
        for name in [name for name, value in case.items() if name in {"hex", "client", "server"} and value]:
            part = len(case[name]) // 4 * 2
            while part >= 2 and tries > 0:
                shorter = {**cases[number], name: cases[number][name][:-part]}
                tries -= 1
                if failure(run, [*cases[:number], shorter, *cases[number + 1 :]]) is not None:
                    cases = [*cases[:number], shorter, *cases[number + 1 :]]
                    part = min(part, len(shorter[name]) // 4 * 2)
                else:
                    part = part // 4 * 2
    return cases


def keep(path: Path, cases: list[Case], problem: str) -> None:
    """Add a failing input to a file: one line of JSON, all its cases and what was wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write(json.dumps({"problem": problem, "cases": cases}) + "\n")


def kept(name: str, folder: Path = CORPUS) -> list[list[Case]]:
    """Return the inputs that once failed."""
    path = folder / f"found-{name}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["cases"] for line in lines]


def shared_captures() -> Path:
    """Return where captures of others lie, if there are any."""
    return Path(os.environ.get("REDSHANK_DATA") or ROOT.parent / "shared") / "pcaps"


def seeds_of(name: str, shared: Path | None) -> list[Case]:
    """Return the seeds of a target: the corpus, what once failed; with `shared` captures in it, and the lab's."""
    path = CORPUS / f"{name}.jsonl"
    seeds = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for cases in kept(name):
        seeds += [{key: case[key] for key in seeds[0] if key in case} for case in cases]
    if shared is None:
        return seeds
    captures = sorted(file for folder in SHARED for file in (shared / folder).glob("*.pcap*"))
    if name == "frames":
        for file in [*RECORDINGS.glob("*/capture.pcap.gz"), *captures]:
            seeds += frames_of(file)
    elif name == "files":
        for file in captures:
            if file.stat().st_size <= BYTES_OF_A_FILE:
                seeds.append({"hex": file.read_bytes().hex()})
    elif name == "logs":
        for file in sorted((shared / "attacks" / "flow-logs").glob("*")):
            kind = kind_of(file)
            if kind:
                seeds.append({"kind": kind, "hex": b"".join(file.open("rb").readlines()[:20]).hex()})
    return seeds


def frames_of(file: Path) -> list[Case]:
    """Return some frames of a capture, evenly spread over its first block."""
    from redshank.capture.sources.pcap import Pcap  # noqa: PLC0415  as above
    from redshank.core.errors import SourceError  # noqa: PLC0415  as above

    try:
        block = next(Pcap(file).blocks(), None)
    except SourceError:
        return []
    if block is None:
        return []
    chosen = range(0, len(block.offset), -(-len(block.offset) // FRAMES_OF_A_FILE))
    return [
        {
            "link": int(block.link_type[k]),
            "hex": block.data[block.offset[k] : block.offset[k] + block.captured[k]][:2000].tobytes().hex(),
        }
        for k in chosen
    ]


def kind_of(file: Path) -> str | None:
    """Return which source of flows reads a file of records, by its name; None if it is no log of flows."""
    if "conn.log" in file.name:
        return "zeek"
    return {".json": "eve", ".binetflow": "argus", "sample1.labeled": "nfdump"}.get(
        next((end for end in (".json", ".binetflow", "sample1.labeled") if file.name.endswith(end)), "")
    )


if __name__ == "__main__":
    sys.exit(main())
