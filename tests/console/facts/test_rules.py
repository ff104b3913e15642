from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cases import put, told
from redshank.config import Settings
from redshank.console.desk import Desk
from redshank.console.facts.rules import COUNTED_EVERY_S, Rulebook, text_of

RULE = """\
title: A printer that phones home
name: Printer Home
status: test
logsource: {product: redshank, service: flow}
detection:
  home: {src_ip: '10.0.0.7', dst_port: 9100}
  condition: home
level: high
tags: [attack.t1046]
"""


def desk_with(desk: Desk, **signatures: Any) -> Desk:
    detectors = {"signatures": signatures}
    return replace(desk, settings=Settings(detect={"detectors": ("classifier", "signatures")}, detectors=detectors))  # type: ignore[arg-type]  # as a file gives it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "printer.yml").write_text(RULE)
    (made / "ours.txt").write_text("10.0.0.9\nbad.example\n")
    return made


def test_shipped_and_own_rules_stand_with_what_they_are_and_do(desk: Desk, folder: Path) -> None:
    own = desk_with(desk, rules=[str(folder)], watchlists=[str(folder / "ours.txt")], off=["irc"])
    put(desk, *(told(name, rules=("Printer Home",)) for name in "abc"))
    desk.alerts.judge(["a"], "false_alarm", "ana", 1.0)
    desk.alerts.judge(["b"], "escalated", "ana", 1.0)
    book = Rulebook(own).book()
    assert book.problems == []
    by_name = {one.rule.name: one for one in book.rules}
    printer = by_name["Printer Home"]
    assert (printer.origin, printer.state, printer.fired, printer.judged) == ("site", "in force", 3, 2)
    assert printer.false_share == 0.5
    assert printer.techniques == [("T1046", "Network Service Discovery")]
    assert text_of(printer.rule) == RULE
    assert (by_name["irc"].state, by_name["telnet-sweep"].state) == ("off", "in force")
    assert (by_name["telnet-sweep-flow"].state, by_name["telnet-sweep"].false_share) == ("helper", None)
    assert {one.name: one.entries for one in book.watchlists}["ours"] == 2


def test_without_the_detector_no_rule_is_in_force(desk: Desk) -> None:
    alone = Settings(detect={"detectors": ("classifier",)})  # type: ignore[arg-type]  # as a file gives it
    book = Rulebook(replace(desk, settings=alone)).book()
    assert not book.in_service
    assert {one.state for one in book.rules} == {"not in service", "helper"}


def test_what_a_service_would_refuse_is_told_and_seen_again_when_it_is_mended(desk: Desk, folder: Path) -> None:
    rulebook = Rulebook(desk_with(desk, rules=[str(folder)]))
    (folder / "printer.yml").write_text(RULE.replace("level: high", "level: grave"))
    book = rulebook.book()
    assert any("printer.yml" in problem for problem in book.problems)
    assert {one.origin for one in book.rules} == {"shipped"}
    (folder / "printer.yml").write_text(RULE + "# mended\n")
    assert rulebook.book().problems == []
    found = rulebook.find("printer home")
    assert found is not None
    (folder / "printer.yml").unlink()
    assert "cannot be read" in text_of(found.rule)


def test_alerts_are_counted_anew_now_and_then(desk: Desk, folder: Path) -> None:
    now = [1_000.0]
    rulebook = Rulebook(replace(desk_with(desk, rules=[str(folder)]), now_s=lambda: now[0]))

    def fired() -> int:
        found = rulebook.find("Printer Home")
        assert found is not None
        return found.fired

    assert fired() == 0
    put(desk, told("a", rules=("Printer Home",)))
    assert fired() == 0
    now[0] += COUNTED_EVERY_S
    assert fired() == 1
