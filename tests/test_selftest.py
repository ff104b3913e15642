from pathlib import Path
from threading import Event

import pytest
import yaml

from redshank.alerts.sink import Sink
from redshank.alerts.sinks.eve import Eve
from redshank.checking import Finding
from redshank.config import Detect, Settings
from redshank.core.errors import BundleError, DeliveryError
from redshank.core.records import Alert
from redshank.selftest import CRAFTED, findings, marked_alert, packaged, quiet_device, tried
from sigma_rules import rule

pytestmark = pytest.mark.timeout(120)
FAMILIES = ("backdoor", "ddos", "dos", "injection", "mitm", "password", "ransomware", "scanning", "xss")
STAGES = ("allowance", "store", "eve", "ledger", "metrics")


def _found(settings: Settings) -> dict[str, Finding]:
    return {one.part: one for one in findings(settings)}


def test_what_ships_with_the_package_fires_on_everything() -> None:
    found = _found(packaged(Settings()))
    assert list(found) == [*FAMILIES, *(f"rule {one.rule}" for one in CRAFTED), *STAGES]
    assert all(one.well for one in found.values()), found
    assert found["metrics"].words.startswith("45089 of 45089 packets, ")


def test_a_rule_set_that_sees_nothing_shows_in_every_row_that_needs_an_alert(tmp_path: Path) -> None:
    (tmp_path / "never.yml").write_text(yaml.safe_dump(rule({"dst_port": 1, "proto": "icmp"})))
    own = {"signatures": {"starter": False, "rules": [str(tmp_path / "never.yml")]}}
    found = _found(Settings(detect=Detect(detectors=("signatures",)), detectors=own))
    assert list(found) == [*FAMILIES, *STAGES]
    assert {part for part, one in found.items() if one.well} == {"metrics"}
    assert found["mitm"].words.startswith("no alert names one of the 3 devices: 192.168.39.")


def test_a_bundle_that_is_broken_is_told_as_such() -> None:
    with pytest.raises(BundleError, match=r"^detect\.bundle: bundle /nowhere: not a folder"):
        findings(Settings(detect=Detect(bundle=Path("/nowhere"))))


def test_the_quiet_device_leaves_somebody_for_each_family() -> None:
    span = (0.0, 1.0)
    truth = {("dos", "b"): span, ("dos", "c"): span, ("xss", "a"): span, ("xss", "c"): span, ("mitm", "a"): span}
    assert quiet_device(truth) == "b"


class _Deaf(Sink):
    def __init__(self) -> None:
        self.closed = Event()

    def deliver(self, alert: Alert) -> None:
        raise DeliveryError(f"deaf: alert {alert.id} was not heard")

    def close(self) -> None:
        self.closed.set()


def test_each_sink_gets_one_alert_that_says_that_it_is_a_test(tmp_path: Path) -> None:
    deaf = _Deaf()
    found = {one.part: one for one in tried({"eve": Eve(tmp_path / "eve.json"), "bell": deaf}, 1.7e9)}
    assert found["sinks eve"].well
    assert not found["sinks bell"].well
    assert found["sinks bell"].words == "deaf: alert selftest-1700000000.000 was not heard"
    assert deaf.closed.is_set()
    (line,) = (tmp_path / "eve.json").read_text().splitlines()
    assert "REDSHANK selftest by 192.0.2.1" in line
    assert "There is no attack" in line


def test_the_marked_alert_is_another_one_each_time() -> None:
    assert marked_alert(1.0).id != marked_alert(2.0).id
