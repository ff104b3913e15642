"""Passwords guessed at the console's door: ten thousand at one account, and ten thousand from everywhere.

In: how many. Out: how many came in, how many passwords were really reckoned, seconds of CPU for all else, rows that are
left, whether the owner comes in afterwards; and what reckoning one costs. The door is asked in this process, with cheap
hashes, so that what it does besides is measured; its clock goes on by a second with each guess.

    python bench/logins.py
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import func, select

from redshank.console.people import ACCOUNT_PATIENCE, Door, Refused
from redshank.store.attempts import Attempts
from redshank.store.database import Database
from redshank.store.people import People
from redshank.store.tables import ATTEMPTS

PASSWORD = "four words in a row"  # noqa: S105  of a store that is thrown away
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def main() -> None:
    """Guess, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guesses", type=int, default=10_000)
    count = parser.parse_args().guesses
    begin_s = time.process_time()
    PasswordHasher().hash(PASSWORD)
    print(f"one password is reckoned in {time.process_time() - begin_s:.2f} s of CPU")
    head = f"{'guesses':>10} {'at':16} {'came in':>8} {'reckoned':>8} {'CPU s':>8} {'rows':>6} {'MiB':>5}"
    print(f"{head}  the owner, later")
    for title, guesses in (("one account", at_one(count)), ("5,000 names", at_many(count))):
        print(f"{count:10} {title:16} {guess(guesses)}")


def at_one(count: int) -> Iterator[tuple[str, str]]:
    """Give one account again and again, each time from another address."""
    return (("ada", f"10.0.{n // 250 % 250}.{n % 250}") for n in range(count))


def at_many(count: int) -> Iterator[tuple[str, str]]:
    """Give 5,000 names, each time from another address."""
    return ((f"name{n % 5_000}", f"10.{n // 65_536}.{n // 256 % 256}.{n % 256}") for n in range(count))


def guess(guesses: Iterator[tuple[str, str]]) -> str:
    """Guess; return what came of it, in columns."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "bench.db", create=True)
        door = Door(People(database), Attempts(database), CHEAP)
        door.add("ada", "admin", PASSWORD, 0.0, "bench")
        now_s, begin_s, entered, reckoned = 1_000.0, time.process_time(), 0, 0
        for place, (name, address) in enumerate(guesses):
            now_s += 1.0
            try:
                door.enter(name, f"guess number {place}", address, now_s)
                entered += 1
            except Refused as refused:
                reckoned += refused.wait_s == 0
        cpu_s = time.process_time() - begin_s
        with database.reading() as sql:
            rows = sql.execute(select(func.count()).select_from(ATTEMPTS)).scalar_one()
        after = door.enter("ada", PASSWORD, "192.0.2.1", now_s + ACCOUNT_PATIENCE.longest_s).name
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        database.close()
    return f"{entered:8} {reckoned:8} {cpu_s:8.1f} {rows:6} {used:5.0f}  {after} came in"


if __name__ == "__main__":
    main()
