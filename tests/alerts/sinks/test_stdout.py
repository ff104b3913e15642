import fcntl
import json
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from redshank.alerts.sinks.stdout import Stdout
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.records import Alert
from told import ALERT


def example(place: Path) -> Stdout:
    return Stdout("json", os.open(place / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND))


def test_a_person_reads_one_line(tmp_path: Path) -> None:
    replace(example(tmp_path), format="text").deliver(ALERT)
    assert (tmp_path / "out").read_text() == (
        "2023-11-14 22:16:00 high: dos by 10.0.0.66 against 10.0.0.1 and 1 more, 120 flows, score 0.99, told again: "
        "Block it.\n"
    )


def test_a_program_reads_the_whole_alert(tmp_path: Path) -> None:
    example(tmp_path).deliver(ALERT)
    assert Alert.from_json((tmp_path / "out").read_text()) == ALERT


def test_a_reader_that_does_not_read_is_a_delivery_error_in_time() -> None:
    out, into = os.pipe()
    try:
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 8_192)
        sink = Stdout("json", into, timeout_s=0.2)
        with pytest.raises(DeliveryError, match=r"to descriptor \d+ \(no answer in time\); see who reads it"):
            deque(map(sink.deliver, [ALERT] * 100), maxlen=0)
    finally:
        os.close(out)
        os.close(into)


def test_a_reader_that_is_gone_is_a_delivery_error() -> None:
    out, into = os.pipe()
    os.close(out)
    with pytest.raises(DeliveryError, match=r"not written to descriptor \d+ \(Broken pipe\)"):
        Stdout("json", into).deliver(ALERT)
    os.close(into)


def test_a_line_longer_than_a_pipe_takes_at_once_arrives_whole() -> None:
    out, into = os.pipe()
    sink = Stdout("json", into)
    sink.deliver(replace(ALERT, reasons=tuple("x" * 900 for _ in range(20))))
    assert len(json.loads(os.read(out, 65_536))["reasons"]) == 20
    os.close(out)
    os.close(into)


def test_a_reader_that_pauses_in_the_middle_of_a_line_gets_each_line_whole_and_once() -> None:
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 8_192)
    sink = Stdout("json", into, timeout_s=0.2)
    long = replace(ALERT, id="long", reasons=tuple("x" * 900 for _ in range(20)))
    other, last = (replace(ALERT, id=name) for name in ("other", "last"))
    with pytest.raises(DeliveryError, match="no answer in time") as caught:
        sink.deliver(long)
    assert caught.value.in_doubt
    with pytest.raises(DeliveryError, match="no answer in time") as caught:
        sink.deliver(other)
    assert not caught.value.in_doubt  # the rest of the first has no room either
    patient = replace(sink, timeout_s=60.0)
    patient._begun.update(sink._begun)
    with ThreadPoolExecutor() as pool, os.fdopen(out) as reader:
        told = pool.submit(reader.readlines)
        for one in (other, long, last):
            patient.deliver(one)
        os.close(into)
        assert [json.loads(line)["id"] for line in told.result()] == ["long", "other", "last"]


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Stdout(descriptor=-1, timeout_s=90)
    assert caught.value.problems == [
        "stdout.descriptor: -1 is none; 1 is standard output, 2 standard error",
        "stdout.timeout_s: 90 is not allowed; give 0.1 to 60 seconds",
    ]
