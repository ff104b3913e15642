"""What a start costs with a long ledger: CPU time, and memory, of a process that reads all of it.

In: how many actions; each is proposed, approved, applied and expired, so it has four lines, and an address and an alert
of its own. Out: a line for each number. The ledger is made first, in a temporary folder; then a process of its own
reads it, as the service and each command do. Anonymous memory (RssAnon), so without the pages of programs and files.

    python bench/ledger.py                      # 25 and 150 thousand actions: 100 and 600 thousand lines
    python bench/ledger.py --actions 2500
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

from sqlalchemy import insert

from redshank.core.records import Action
from redshank.respond.chain import BEGIN, Event, line_of
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.tables import LEDGER

BEGIN_S, EVERY_S, HOLDS_S = 1.7e9, 6.0, 600.0
"""As many as the breaker lets be approved: ten a minute."""
REASON = "scan of 4096 targets, 2000 flows in 300 s, classifier and signatures agree; rule 'careful'"
FIRST = int(IPv4Address("10.0.0.0"))


def events(actions: int) -> Iterator[Event]:
    """Make up what became of so many actions."""
    for number in range(actions):
        at_s = BEGIN_S + EVERY_S * number
        target = str(IPv4Address(FIRST + number))
        action = Action.of("rate_limit", target, HOLDS_S, REASON, "policy", at_s, alert=f"{number:016x}")
        yield Event("proposed", at_s, "policy", action.id, action.reason, action.to_json())
        yield Event("approved", at_s, "policy", action.id)
        yield Event("applied", at_s, "kernel", action.id, until_s=at_s + HOLDS_S, backend="nftables")
        yield Event("expired", at_s + HOLDS_S, "kernel", action.id, "its time is over")


def fill(place: Path, actions: int) -> None:
    """Make a store with a ledger."""
    database, before = Database(place, create=True), BEGIN
    rows = []
    for number, event in enumerate(events(actions)):
        line = line_of(event, number, before)
        before = json.loads(line)["digest"]
        rows.append({"place": number, "line": line})
    for at in range(0, len(rows), 10_000):
        with database.writing() as sql:
            sql.execute(insert(LEDGER), rows[at : at + 10_000])
    database.close()


def memory_mib(name: str) -> float:
    """Return a figure of this process's memory from /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def read(place: Path) -> None:
    """Read a ledger, and print what it cost."""
    ledger = Ledger(Journal(Database(place, only_read=True)), Protected)
    before, begin_s = memory_mib("RssAnon"), time.process_time()
    ledger.refresh()
    taken_s, after, peak = time.process_time() - begin_s, memory_mib("RssAnon"), memory_mib("VmHWM")
    print(
        f"{ledger.read} lines: {taken_s:.1f} CPU s, {before:.0f} MiB before, {after:.0f} after, peak {peak:.0f} with "
        f"programs; {len(ledger.entries())} actions remembered"
    )


def main() -> None:
    """Make ledgers and have each read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, nargs="+", default=[25_000, 150_000])
    parser.add_argument("--read", type=Path, help="read this store, and nothing else")
    asked = parser.parse_args()
    if asked.read:
        read(asked.read)
        return
    for actions in asked.actions:
        with tempfile.TemporaryDirectory() as folder:
            fill(place := Path(folder) / "bench.db", actions)
            command = [sys.executable, __file__, "--read", str(place)]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    main()
