import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bundles import tiny_bundle
from redshank.core.errors import BundleError, ConfigError
from redshank.detect.shelf import CHAMPION, DECISIONS, KEEP, PROMOTE, ROLLBACK, SHADOW, Shelf

NAMES = ("a", "b", "c")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return filled(tmp_path / "models")


def filled(folder: Path, clock: Callable[[], float] = time.time) -> Shelf:
    """Make a shelf of three bundles, none of them in service."""
    made = Shelf(folder, clock=clock)
    for name in NAMES:
        made.put(tiny_bundle(name=name))
    return made


def test_an_empty_folder_has_no_bundle_and_no_champion(tmp_path: Path) -> None:
    empty = Shelf(tmp_path / "none")
    assert (empty.names(), empty.champion(), empty.shadow(), empty.history().entries) == ([], None, None, ())
    assert not empty.folder.exists()


def test_a_file_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(ConfigError, match="models: '.*x' is a file; name the folder of a shelf"):
        Shelf(tmp_path / "x")


def test_what_was_put_can_be_read_and_is_never_changed(shelf: Shelf) -> None:
    assert shelf.names() == ["a", "b", "c"]
    assert shelf.load("b").manifest.name == "b"
    with pytest.raises(ConfigError, match="there is a bundle 'b' already, and none is ever changed"):
        shelf.put(tiny_bundle(name="b"))


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "champion", "shadow", "decisions.jsonl", "x" * 101, "ä"])
def test_a_name_that_could_be_anything_else_is_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for a bundle"):
        shelf.put(tiny_bundle(), name)


def test_a_promotion_is_written_down_with_its_evidence_and_its_model(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    shelf.promote("b", "better", {"macro_f1": 0.9}, forced=True)
    assert shelf.champion() == "b"
    assert (shelf.folder / CHAMPION).read_text().split()[0] == "b"
    first, second = shelf.history().entries
    assert (first.what, first.name, first.replaced) == (PROMOTE, "a", "")
    assert (second.champion, second.replaced, second.forced, second.evidence) == ("b", "a", True, {"macro_f1": 0.9})
    assert second.sha256 == shelf.load("b").manifest.sha256
    assert second.before == shelf.history().hashes[0]
    assert second.at_s >= first.at_s > 1.7e9


def test_the_time_of_a_decision_is_its_clocks(tmp_path: Path) -> None:
    times = iter((17.0, 18.5))
    made = filled(tmp_path, lambda: next(times))
    assert (made.promote("a", "the first").at_s, made.keep("b", "no better").at_s) == (17.0, 18.5)
    assert [entry.at_s for entry in made.history().entries] == [17.0, 18.5]


def test_what_is_kept_out_is_written_down_and_changes_nothing(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    stamp = shelf.stamp()
    shelf.keep("b", "no better", {"macro_f1": 0.8})
    assert (shelf.champion(), shelf.stamp()) == ("a", stamp)
    assert (shelf.history().entries[-1].what, shelf.history().entries[-1].name) == (KEEP, "b")


def test_rollback_goes_back_through_all_champions(shelf: Shelf) -> None:
    for name in ("a", "b", "c"):
        shelf.promote(name, "better")
    assert [shelf.rollback("false alarms").champion for _ in range(2)] == ["b", "a"]
    with pytest.raises(ConfigError, match="no champion before 'a'; nothing to roll back to"):
        shelf.rollback("again")
    shelf.promote("c", "better after all")
    assert shelf.rollback("no").champion == "a"
    assert [entry.what for entry in shelf.history().entries].count(ROLLBACK) == 3


def test_a_rollback_to_a_bundle_that_is_gone_is_refused(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    shelf.promote("b", "better")
    shutil.rmtree(shelf.folder / "a")
    with pytest.raises(ConfigError, match="no bundle 'a'; .there are: b, c"):
        shelf.rollback("why not")
    assert shelf.champion() == "b"


def test_what_is_in_service_is_not_promoted_again(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    with pytest.raises(ConfigError, match="'a' is in service already"):
        shelf.promote("a", "again")


def test_only_a_bundle_that_can_be_read_is_promoted(shelf: Shelf) -> None:
    with pytest.raises(ConfigError, match="no bundle 'd'"):
        shelf.promote("d", "better")
    (shelf.folder / "a" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(BundleError, match="damaged or was changed"):
        shelf.promote("a", "better")
    assert shelf.history().entries == ()


def test_a_shadow_comes_and_goes_without_touching_the_champion(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    shelf.set_shadow("b")
    assert (shelf.champion(), shelf.shadow()) == ("a", "b")
    shelf.set_shadow(None)
    assert (shelf.champion(), shelf.shadow()) == ("a", None)


def test_the_stamp_changes_with_each_switch(shelf: Shelf) -> None:
    stamps = [shelf.stamp()]
    for name in ("a", "b"):
        shelf.promote(name, "better")
        stamps.append(shelf.stamp())
    shelf.set_shadow("c")
    stamps.append(shelf.stamp())
    shelf.rollback("false alarms")
    stamps.append(shelf.stamp())
    assert len(set(stamps)) == 5


def test_a_torn_line_is_named_and_is_no_decision(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    path = shelf.folder / DECISIONS
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at_s": 17, "befo')
    assert shelf.history().torn == '{"at_s": 17, "befo'
    assert len(shelf.history().entries) == 1
    entry = shelf.promote("b", "better")
    assert entry.torn == '{"at_s": 17, "befo'
    assert path.read_bytes().startswith(whole)
    assert (shelf.history().torn, len(shelf.history().entries)) == ("", 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace(b"the first", b"THE FIRST"), *lines[1:]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], b"[]", *lines[1:]],
        lambda lines: [lines[0], b"{not json", *lines[1:]],
    ],
)
def test_a_past_that_was_changed_is_seen(shelf: Shelf, change: Callable[[list[bytes]], list[bytes]]) -> None:
    shelf.promote("a", "the first")
    shelf.promote("b", "better")
    shelf.promote("c", "better")
    path = shelf.folder / DECISIONS
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(BundleError, match="line 2: .* is no decision that follows from the line before"):
        shelf.promote("a", "better")
    assert shelf.champion() == "c"  # what serves does not depend on it


def test_a_name_written_by_hand_serves_until_a_decision(shelf: Shelf) -> None:
    shelf.promote("a", "the first")
    (shelf.folder / CHAMPION).write_text("c\n")
    shelf.keep("b", "no better")
    assert (shelf.champion(), shelf.unfinished()) == ("c", None)
    assert shelf.rollback("that was nobody's decision").champion == "a"


def crashes(before: dict[str, bytes], after: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Give what a kill can leave between two states: a torn line, or a line whose pointer was not renamed yet.

    The line begins where whole lines end: what an earlier kill left there is cut off first.
    """
    new = after[DECISIONS]
    begin = before.get(DECISIONS, b"").rfind(b"\n") + 1
    yield before
    for cut in (begin, begin + 1, (begin + len(new)) // 2, len(new) - 1, len(new)):
        yield {**before, DECISIONS: new[:cut]}
    yield {**before, DECISIONS: new, ".champion.1.part": b"x"}


class Killed(RuleBasedStateMachine):
    """Decisions in any order, each killed at any step or not at all; a model in memory says what must be."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        # The time stands in the line, and its digits decide where a kill cuts: a real one makes no run like another.
        self.shelf = filled(Path(self.place.name), lambda: 17.0)
        self.served: list[str] = []
        self.beside: str | None = None
        self.decisions = 0

    def teardown(self) -> None:
        self.place.cleanup()

    def _state(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.shelf.folder.iterdir() if path.is_file()}

    def _restore(self, state: dict[str, bytes]) -> None:
        for name in self._state().keys() - state.keys():
            (self.shelf.folder / name).unlink()
        for name, content in state.items():
            (self.shelf.folder / name).write_bytes(content)

    def _do(self, act: Callable[[], object], kill: int | None) -> bool:
        """Do it, killed at one of its steps or not; say whether the decision counts."""
        before = self._state()
        act()
        if kill is None:
            self.decisions += 1
            return True
        states = list(crashes(before, self._state()))
        state = states[kill % len(states)]
        self._restore(state)
        counts = state.get(DECISIONS, b"").count(b"\n") > before.get(DECISIONS, b"").count(b"\n")
        self.decisions += counts
        return counts

    @initialize()
    def first(self) -> None:
        self.shelf.promote("a", "the first")
        self.served, self.decisions = ["a"], 1

    kills = st.none() | st.integers(0, 6)

    @rule(name=st.sampled_from(NAMES), kill=kills)
    def promote(self, name: str, kill: int | None) -> None:
        self.settle()
        if name == self.served[-1]:
            return
        if self._do(lambda: self.shelf.promote(name, "better"), kill):
            self.served.append(name)

    @precondition(lambda self: len(self.served) > 1)
    @rule(kill=kills)
    def rollback(self, kill: int | None) -> None:
        if self._do(lambda: self.shelf.rollback("false alarms"), kill):
            self.served.pop()

    @rule(name=st.none() | st.sampled_from(NAMES), kill=kills)
    def shadow(self, name: str | None, kill: int | None) -> None:
        if self._do(lambda: self.shelf.set_shadow(name), kill):
            self.beside = name

    @rule(name=st.sampled_from(NAMES), kill=kills)
    def keep(self, name: str, kill: int | None) -> None:
        self._do(lambda: self.shelf.keep(name, "no better"), kill)

    def settle(self) -> None:
        self.shelf.keep("a", "no better")
        self.decisions += 1

    @invariant()
    def nothing_is_lost(self) -> None:
        past = self.shelf.history()
        assert len(past.entries) == self.decisions
        assert past.champions() == self.served
        # A reader sees a bundle that is there, whatever happened; what was decided is there or stands open.
        open_ = self.shelf.unfinished()
        assert self.shelf.champion() in NAMES
        if open_ is None:
            assert (self.shelf.champion(), self.shelf.shadow()) == (self.served[-1], self.beside)
        else:
            assert open_.name in (self.served[-1], self.beside or "")


TestKilled = Killed.TestCase
TestKilled.settings = settings(max_examples=10, stateful_step_count=10, deadline=None)


def test_a_kill_at_any_moment_leaves_a_shelf_that_goes_on(tmp_path: Path) -> None:
    made = filled(tmp_path)
    made.promote("a", "the first")
    loop = (
        "import sys\nfrom pathlib import Path\nfrom redshank.detect.shelf import Shelf\n"
        "shelf = Shelf(Path(sys.argv[1]))\n"
        "while True:\n"
        "    print(shelf.promote('b' if shelf.champion() == 'a' else 'a', 'better').champion, flush=True)\n"
    )
    for lines in (1, 4, 7):
        process = subprocess.Popen([sys.executable, "-c", loop, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        process.communicate()
        assert all(told)
        assert made.champion() in ("a", "b")
        made.keep("c", "no better")
        assert made.unfinished() is None
        assert made.champion() == made.history().champions()[-1]


def test_two_who_decide_at_once_wait_for_each_other(tmp_path: Path) -> None:
    made = filled(tmp_path)
    made.promote("a", "the first")
    work = (
        "import sys\nfrom pathlib import Path\nfrom redshank.detect.shelf import Shelf\n"
        "for i in range(15):\n    Shelf(Path(sys.argv[1])).keep('b', str(i))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", work, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(made.history().entries) == 31


def test_a_gateway_reads_it_without_what_only_training_needs() -> None:
    code = "import sys, redshank.detect.shelf; print([m for m in ('torch', 'sklearn', 'pandas') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert json.loads(done.stdout.replace("'", '"')) == []


def test_the_pointer_of_the_shadow_is_a_file_that_a_person_can_read(shelf: Shelf) -> None:
    shelf.set_shadow("c")
    assert (shelf.folder / SHADOW).read_text().split()[0] == "c"
