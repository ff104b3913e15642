import json
import logging
from pathlib import Path

import pytest

from namespaces import empty_network, rules
from redshank.core.errors import ActionError
from redshank.respond.backend import Hold
from redshank.respond.backends.dry_run import DryRun
from redshank.respond.backends.nftables import Nftables
from redshank.respond.protected import Protected
from responses import ATTACKER


def example(place: Path) -> DryRun:
    return DryRun(place / "would-load.jsonl")


@pytest.mark.root
@pytest.mark.service
def test_it_says_what_the_kernel_would_take_and_loads_nothing(tmp_path: Path) -> None:
    backend = example(tmp_path)
    with empty_network():
        backend.apply([Hold("block", ATTACKER, 600.0)], Protected())
        backend.lift([("block", ATTACKER)])
        backend.flush()
        assert rules() == ""
        first, *others = (
            json.loads(line)["nftables"] for line in (tmp_path / "would-load.jsonl").read_text().splitlines()
        )
        nftables = Nftables()
        nftables._run(first)
        assert [hold.key for hold in nftables.active()] == [("block", ATTACKER)]
        for commands in others:
            nftables._run(commands)
        assert rules() == ""


def test_without_a_file_it_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        DryRun().apply([Hold("block", ATTACKER, 600.0)], Protected())
    assert 'would load: {"nftables": [{"add": {"table": {"family": "inet", "name": "redshank"}}}' in caplog.text
    assert ATTACKER in caplog.text


def test_the_log_has_the_table_and_its_sets_once(caplog: pytest.LogCaptureFixture) -> None:
    backend = DryRun()
    with caplog.at_level(logging.INFO):
        for target in (ATTACKER, "10.0.0.67"):
            backend.apply([Hold("block", target, 600.0)], Protected())
    first, second = (record.getMessage() for record in caplog.records)
    assert '{"add": {"table":' in first
    assert '{"add": {"table":' not in second
    assert "10.0.0.67" in second


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ActionError, match=r"dry_run: cannot append to '.*/none/x' \(No such file"):
        DryRun(tmp_path / "none" / "x").apply([Hold("block", ATTACKER, 600.0)], Protected())
