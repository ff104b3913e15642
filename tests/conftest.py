"""What all tests share: where the data is, what may be skipped, and the header that says so."""

import fcntl
import gc
import os
import re
import shutil
import signal
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from hypothesis.internal.conjecture import providers

from measured import tell
from postgres import PROGRAMS
from program import logging_as_before

if TYPE_CHECKING:
    from console.filled import Filled

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("REDSHANK_DATA") or ROOT.parent / "shared")
if not DATA.is_absolute():
    DATA = (ROOT / DATA).resolve()
NO_SKIP = os.environ.get("REDSHANK_NO_SKIP") == "1"
SERVICES = (
    *("mosquitto", "rsyslogd", "openssl", "ip", "nft", "tcpdump", "argus", "ra", "nfpcapd", "tshark"),
    *("systemd-analyze", "logrotate", "chromium", "prometheus", "nginx"),
)
LONG = (
    *("tests/test_docs.py", "contracts/test_models.py", "tests/test_blocking.py", "commands/test_demo.py"),
    *("lab/test_proof.py", "lab/test_record.py", "browser/test_looks.py", "browser/test_learning.py"),
    *("browser/test_work.py", "experiments/test_first_light.py", "tests/test_killed_service.py"),
    *("experiments/test_run.py", "tools/test_results.py", "tools/test_sweep.py"),
)
"""Files that take long: nobody waits for one at the end, and others work while one of them waits for a lab."""
NUMBERS = count()
"""Of the folders of tests."""

os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every program that a test starts and then interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
ANEW = hypothesis.settings(max_examples=300, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("drawn anew", ANEW)
hypothesis.settings.register_profile("any machine", ANEW, max_examples=40, derandomize=True)
hypothesis.settings.load_profile("any machine")
"""How long an example may take, or its drawing, is no promise of the code: a busy machine would break it. The same
tests draw the same examples each time; `--hypothesis-profile "drawn anew"` draws others, and constants of our modules
among them (`_without_our_constants`). `make properties` does so; `drawn.examples` keeps numbers in proportion."""
gc.set_threshold(50_000)
"""As the program does: thirteen thousand tests and the training libraries are objects that stay, and to look at all of
them again and again takes a fifth of the time of the collection."""


def _missing(marker: str) -> str | None:
    if marker == "data" and not (DATA / "pcaps").is_dir():
        return f"no shared data at {DATA}; set REDSHANK_DATA"
    if marker == "root" and os.geteuid() != 0:
        return "needs root for network namespaces"
    if marker == "service":
        absent = [name for name in SERVICES if shutil.which(name) is None]
        absent += [] if PROGRAMS else ["postgresql"]
        return f"not installed: {', '.join(absent)}; run `make services`" if absent else None
    return None


def pytest_report_header() -> list[str]:
    """Say which optional tests can run."""
    return [f"{marker}: {_missing(marker) or 'runs'}" for marker in ("data", "root", "service")]


class _Examples:
    """Looks for examples only in files that have one: nine of ten have none, and to look through them takes time."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        found = yield
        if not found or b">>>" in file_path.read_bytes():
            return found
        return [one for one in found if not isinstance(one, DoctestModule)]


def _without_our_constants() -> None:
    """Let examples not depend on which of our modules are loaded, and on every number that is written in them.

    Hypothesis draws constants that it finds in them. It reads all modules for that whenever a new one was loaded, a
    sixth of the time of the collection, and asks of thousands of constants for each new bound whether they lie within.
    It has no setting for it; should the function go by another name one day, this says so.
    """
    pytest.MonkeyPatch().setattr(providers, "_get_local_constants", lambda: providers._local_constants)


def pytest_configure(config: pytest.Config) -> None:
    """Let each of several processes begin to collect elsewhere: what one compiles the others find compiled."""
    config.pluginmanager.register(_Examples())
    if config.getoption("--hypothesis-profile") != "drawn anew":
        _without_our_constants()
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source != config.ArgsSource.TESTPATHS:
        return
    tests = (
        path for path in (ROOT / "tests").iterdir() if path.suffix == ".py" or (path.is_dir() and path.stem[0] != "_")
    )
    places = [*sorted(map(str, tests)), str(ROOT / "src")]
    at = len(places) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    config.args[:] = places[at:] + places[:at]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what tests measured."""
    tell(terminalreporter)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files; all processes have the same order."""
    order = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: (order.get("/".join(item.path.parts[-2:]), len(order)), item.path))


def pytest_collection_finish() -> None:
    """Let the search for garbage pass over the tests themselves: they stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here, or fail it where nothing may be skipped."""
    for marker in ("data", "root", "service"):
        reason = _missing(marker) if item.get_closest_marker(marker) else None
        if reason and NO_SKIP:
            pytest.fail(f"REDSHANK_NO_SKIP=1, and this test cannot run: {reason}")
        if reason:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of shared data and captures; use only in tests marked `data`."""
    return DATA


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this test alone, in place of pytest's own, which goes through all there are to number it."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}_{next(NUMBERS)}", numbered=False)


@pytest.fixture(scope="session")
def first_filled(tmp_path_factory: pytest.TempPathFactory) -> "Filled":
    """Return the store of the demonstration that is made once, also where several processes test; nobody changes it."""
    from console.filled import Filled, fill  # what it imports is dear for who needs none

    several = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if several else base) / "filled"
    with (folder.parent / "filled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "now_s"
        if made.exists():
            return Filled(folder, float(made.read_text()))
        folder.mkdir(exist_ok=True)
        filled = fill(folder)
        made.write_text(repr(filled.now_s))
    return filled


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """Let no test find logging as another one left it."""
    with logging_as_before():
        yield
