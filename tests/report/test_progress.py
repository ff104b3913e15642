import io
from collections.abc import Iterator

import pyarrow as pa
import pytest

from redshank.core.schema import flow_batch
from redshank.flows.source import FlowSource
from redshank.report.progress import stages, steps, watched


class Three(FlowSource):
    """Gives three flows of 1,200 packets in two batches."""

    def __init__(self) -> None:
        self.anomalies = {}
        self.packets = 0
        self.packet_bytes = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.packets = 1_000
        yield flow_batch({"uid": ["C1", "C2"]}, rows=2)
        self.packets = 1_200
        yield flow_batch({"uid": ["C3"]}, rows=1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def before_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return terminal


def test_batches_pass_unchanged_and_a_terminal_sees_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = before_a_terminal(monkeypatch)
    assert [batch.num_rows for batch in watched(Three())] == [2, 1]
    assert "1,200 packets, 3 flows" in terminal.getvalue()


def test_nothing_is_shown_when_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = before_a_terminal(monkeypatch)
    assert [batch.num_rows for batch in watched(Three(), hidden=True)] == [2, 1]
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = io.StringIO()
    monkeypatch.setattr("sys.stderr", silent)
    assert [batch.num_rows for batch in watched(Three())] == [2, 1]
    assert silent.getvalue() == ""


def test_a_terminal_sees_the_part_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = before_a_terminal(monkeypatch)
    with stages(2) as told:
        told("reading")
        told("counting")
    assert "counting" in terminal.getvalue()


def test_elsewhere_each_part_is_a_line_of_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level("INFO", logger="redshank.report.progress"), stages(2) as told:
        told("reading")
    assert caplog.messages == ["reading"]


def test_a_step_that_begins_is_a_numbered_line_of_log(caplog: pytest.LogCaptureFixture) -> None:
    step = steps(2)
    with caplog.at_level("INFO", logger="redshank.report.progress"):
        step("reading")
        step("training")
    assert caplog.messages == ["step 1 of 2: reading", "step 2 of 2: training"]
