"""Work that takes minutes, begun from a page: a process of its own, one at a time.

In: the words of a `redshank` command. Out: what it said so far, what came of it. The one idea: a worker outlives the
console that began it, and is known again by its number together with when it was born. So a console that was begun anew
knows whether it still runs, takes nobody's word for it, and never signals another process. The rest is in files:

    FOLDER/lock            held by the worker, so that two consoles begin one job at a time too
    FOLDER/ID/job.json     what was begun, by whom, which process
    FOLDER/ID/log          its standard error
    FOLDER/ID/result.json  its standard output
    FOLDER/ID/ended.json   its exit code, and when; absent if the console was away when it ended
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import replacing, writable_folder

PROGRAM = (sys.executable, "-m", "redshank")
KEPT = 30
"""Jobs whose files are kept, the last ones."""
MOST_DIGITS = 9
"""Of a job's id; a file cannot have any name."""
TAIL_BYTES = 65_536
"""Of a log that are looked at."""
HARD_S = 10.0
"""How long a worker that was asked to end has, before asking again kills it."""
NICE = 10
"""The sensor comes first."""
RUNNING, DONE, FAILED, CANCELLED, VANISHED = "running", "done", "failed", "cancelled", "vanished"
BOOT = Path("/proc/sys/kernel/random/boot_id")
_SAID = re.compile(rb"(step|epoch) (\d+) of (\d+)(?:: ([^\n]*))?")


@dataclass(frozen=True)
class Progress:
    """How far a job says that it is.

    Args:
        share: Of its steps, and of the epochs of one that trains in epochs, 0 to 1.
        step, steps: Which step goes on, 1, 2, ..., and of how many; 0 of a command that says none.
        what: The step in words, or "".
    """

    share: float
    step: int = 0
    steps: int = 0
    what: str = ""


@dataclass(frozen=True)
class Job:
    """A command that was begun from a page.

    Args:
        id: 1, 2, 3, ... as text.
        title: What it is for, in words.
        arguments: The words of the command, without the program.
        by: Who began it.
        began_at_s: When, s since the epoch.
        pid: The worker.
        born: When it was born, as the kernel counts it; tells it from a later process of the same number.
        asked_to_end_at_s: When somebody cancelled it.
        asked_by: Who did.
        code: Its exit code; None while it runs, and if nobody saw it end.
        ended_at_s: When it ended; if nobody saw that, when it wrote something for the last time.
        state: RUNNING, DONE, FAILED, CANCELLED, or VANISHED (it ended while the console was away, without a result).
    """

    id: str
    title: str
    arguments: tuple[str, ...]
    by: str
    began_at_s: float
    pid: int
    born: str
    asked_to_end_at_s: float | None = None
    asked_by: str = ""
    code: int | None = None
    ended_at_s: float | None = None
    state: str = RUNNING

    @property
    def seen_to_end(self) -> bool:
        """Whether the console was there when it ended."""
        return self.code is not None


class Jobs:
    """The jobs of a console.

    Args:
        folder: Where their files are; made when the first one begins.
        clock: Gives the time, s since the epoch.
        on_end: Told of each job that ends while the console is there.
        program: What runs a command.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        on_end: Callable[[Job], None] | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._folder, self._clock, self._on_end, self._program = folder, clock, on_end, tuple(program)
        self._turn = threading.Lock()
        self._watched: set[str] = set()

    def begin(self, title: str, arguments: Sequence[str], by: str, environment: Mapping[str, str] | None = None) -> Job:
        """Begin a command.

        Args:
            title: What it is for.
            arguments: The words of the command.
            by: Who wants it.
            environment: Variables beside those that there are.

        Raises:
            ActionError: If another one is running, or this one cannot be begun.
            ConfigError: If the folder cannot be written to.
        """
        with self._turn, self._lock() as lock:
            number = max((int(one.id) for one in self.jobs()), default=0) + 1
            place = writable_folder(self._folder / str(number), "console: jobs")
            with (place / "log").open("wb") as log, (place / "result.json").open("wb") as result:
                try:
                    worker = subprocess.Popen(  # noqa: S603  our own program; nobody's text is a word but as a value
                        [*self._program, *arguments],
                        stdin=subprocess.DEVNULL,
                        stdout=result,
                        stderr=log,
                        env={**os.environ, **(environment or {})},
                        pass_fds=(lock,),
                        start_new_session=True,
                    )
                except OSError as error:
                    raise ActionError(f"jobs: cannot begin '{self._program[0]}' ({error.strerror})") from None
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, worker.pid, NICE)
            job = Job(str(number), title, tuple(arguments), by, self._clock(), worker.pid, _born(worker.pid))
            self._write(job)
            self._watched.add(job.id)
        threading.Thread(target=self._watch, args=(job, worker), name=f"job-{job.id}", daemon=True).start()
        self._forget()
        return job

    def jobs(self) -> list[Job]:
        """Return the jobs, the newest first."""
        ids = [path.parent.name for path in self._folder.glob("*/job.json") if path.parent.name.isdecimal()]
        return [job for one in sorted(ids, key=int, reverse=True) if (job := self.get(one)) is not None]

    def running(self) -> Job | None:
        """Return the one that runs now."""
        return next((job for job in self.jobs()[:1] if job.state == RUNNING), None)

    def get(self, job: str) -> Job | None:
        """Return a job by its id, as it stands now."""
        place = self._folder / job
        if not job.isdecimal() or len(job) > MOST_DIGITS or not (place / "job.json").exists():
            return None
        found = _read(place / "job.json")
        if found.id in self._watched or (not (place / "ended.json").exists() and _alive(found)):
            return found
        try:
            ended = json.loads((place / "ended.json").read_text())
        except FileNotFoundError:
            last = max((place / name).stat().st_mtime for name in ("log", "result.json"))
            state = DONE if self.result(job) is not None else CANCELLED if found.asked_by else VANISHED
            return replace(found, ended_at_s=last, state=state)
        state = DONE if ended["code"] in (0, 1) and self.result(job) is not None else FAILED
        if found.asked_by and ended["code"] != 0:
            state = CANCELLED
        return replace(found, code=ended["code"], ended_at_s=ended["at_s"], state=state)

    def result(self, job: str) -> dict[str, Any] | None:
        """Return the JSON object that a job ended with; None while there is none."""
        try:
            found = json.loads((self._folder / job / "result.json").read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def log(self, job: str, most: int = 200) -> list[str]:
        """Return the last lines that a job said.

        Args:
            job: Its id.
            most: How many at most.
        """
        return self._tail(job).decode(errors="replace").splitlines()[-most:]

    def progress(self, job: str) -> Progress | None:
        """Return how far a job is; None if it does not say."""
        found, share = None, 0.0
        for kind, number, total, what in _SAID.findall(self._tail(job)):
            at, of = int(number), max(1, int(total))
            if kind == b"step":
                found, share = Progress(0.0, at, of, what.decode(errors="replace")), 0.0
            else:
                found, share = found or Progress(0.0), min(1.0, at / of)
        if found is None:
            return None
        return replace(found, share=min(1.0, (found.step - 1 + share) / found.steps) if found.steps else share)

    def cancel(self, job: str, by: str) -> Job:
        """Ask a job to end; if it was asked long enough before, kill it.

        Args:
            job: Its id.
            by: Who wants that.

        Raises:
            ActionError: If it does not run.
        """
        with self._turn:
            found = self.get(job)
            if found is None or found.state != RUNNING:
                raise ActionError(f"job {job[:20]}: does not run; nothing was done")
            now_s, before = self._clock(), found.asked_to_end_at_s
            found = replace(found, asked_to_end_at_s=before or now_s, asked_by=found.asked_by or by)
            self._write(found)
            hard = before is not None and now_s - before >= HARD_S
            _signal(found, signal.SIGKILL if hard else signal.SIGTERM)
        return found

    def _watch(self, job: Job, worker: "subprocess.Popen[bytes]") -> None:
        code = worker.wait()
        ended = {"code": 128 - code if code < 0 else code, "at_s": self._clock()}
        with replacing(self._folder / job.id / "ended.json") as part:
            part.write_text(json.dumps(ended))
        self._watched.discard(job.id)
        told = self.get(job.id)
        if told is not None and self._on_end is not None:
            self._on_end(told)

    @contextmanager
    def _lock(self) -> Iterator[int]:
        """Hold the lock while the block runs, or longer if a process inherits it."""
        writable_folder(self._folder, "console: jobs")
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ActionError("jobs: another one is running; wait for its end, or cancel it") from None
            yield lock
        finally:
            os.close(lock)

    def _write(self, job: Job) -> None:
        with replacing(self._folder / job.id / "job.json") as part:
            part.write_text(json.dumps(asdict(job)))

    def _tail(self, job: str) -> bytes:
        try:
            with (self._folder / job / "log").open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                return file.read()
        except FileNotFoundError:
            return b""

    def _forget(self) -> None:
        for old in self.jobs()[KEPT:]:
            shutil.rmtree(self._folder / old.id, ignore_errors=True)


def _read(path: Path) -> Job:
    values = json.loads(path.read_text())
    try:
        return Job(**values | {"arguments": tuple(values["arguments"])})
    except (TypeError, KeyError):
        raise ConfigError(f"{path}: is no job of this version; remove its folder") from None


def _alive(job: Job) -> bool:
    return _born(job.pid) == job.born != ""


def _born(pid: int) -> str:
    """Return when a process began: which start of the machine, and ticks since then; "" if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else f"{BOOT.read_text().strip()} {fields[19]}"


def _signal(job: Job, number: signal.Signals) -> None:
    """Send a signal to the worker, and to nothing that came after it."""
    try:
        process = os.pidfd_open(job.pid)
    except ProcessLookupError:
        return
    try:
        if _alive(job):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
    finally:
        os.close(process)
