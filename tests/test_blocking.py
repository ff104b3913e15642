"""From packets to the kernel's packet filter, through the whole service: blocks, an approval, and a crash."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from namespaces import reaches, stopped
from redshank.lab.arena import choose
from redshank.lab.network import Network
from redshank.lab.watch import PROGRAM, STORE, Post, Watch
from redshank.respond.backend import Hold
from redshank.respond.backends.nftables import Nftables
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.ledger import Journal

pytestmark = [pytest.mark.root, pytest.mark.service, pytest.mark.timeout(280)]

ADDRESSES = choose(31, ("gateway", "attacker", "doubted", "other"), ("api",), ipv6=("gateway", "attacker", "other"))
GATEWAY, ATTACKER, DOUBTED = (ADDRESSES.v4[name] for name in ("gateway", "attacker", "doubted"))
GATEWAY6, ATTACKER6 = (ADDRESSES.v6[name] for name in ("gateway", "attacker"))
RIGHTS = "-all,+net_raw,+net_admin"
SETPRIV = ("setpriv", "--no-new-privs", f"--bounding-set={RIGHTS}", f"--inh-caps={RIGHTS}", f"--ambient-caps={RIGHTS}")
"""The two capabilities of the systemd unit and of the container, and nothing else that root may do."""
TTL_S, PATIENCE_S = 15.0, 60.0
SETTINGS = f"""
[sensor]
interim_s = 1.0
[respond]
backend = "nftables"
[respond.devices]
doubted = ["{DOUBTED}"]
[[respond.rules]]
measure = "block"
device = ["doubted"]
ttl_s = {TTL_S}
approval = true
[[respond.rules]]
measure = "block"
evidence = ["signature", "models"]
ttl_s = 600
"""


@pytest.fixture
def home() -> Iterator[Network]:
    with Network(ADDRESSES) as network:
        yield network


def scan(home: Network, name: str, target: str = GATEWAY) -> None:
    """Ask the gateway for many ports where nobody listens."""
    import socket

    with home.inside(name):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        for port in range(1, 41):
            with suppress(OSError), socket.socket(family) as made:
                made.settimeout(0.25)
                made.connect((target, port))


def respond(home: Network, settings: Path, *words: str) -> list[dict[str, Any]]:
    """Run `redshank respond` on the gateway and return the actions that it tells of."""
    argv = [sys.executable, "-c", PROGRAM, "respond", *words, "-c", str(settings), "--json"]
    with home.start("gateway", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    actions: list[dict[str, Any]] = json.loads(out)["actions"]
    return actions


def in_force(watch: Watch) -> dict[str, int]:
    """Return the capabilities of the service by their set."""
    told = dict(line.split(":\t") for line in Path(f"/proc/{watch.pid}/status").read_text().splitlines())
    return {name: int(value, 16) for name, value in told.items() if name.startswith("Cap")}


def holds(home: Network) -> dict[str, Hold]:
    """Return what the kernel holds against whom."""
    with home.inside("gateway"):
        return {hold.target: hold for hold in Nftables().active()}


def in_ledger(folder: Path) -> tuple[str, str, str, str]:
    """Return measure, target and state of the one action, and why it came into it."""
    with closing(Database(folder / STORE)) as database:
        ledger = Ledger(Journal(database), Protected)
        ledger.refresh()
        (entry,) = ledger.entries()
    return entry.action.measure, entry.action.target, entry.state, entry.note


def until_blocked(home: Network, name: str, target: str = GATEWAY) -> None:
    """Try to reach the gateway until the kernel drops what somebody sends."""
    give_up, source = time.monotonic() + PATIENCE_S, (ADDRESSES.v6 if ":" in target else ADDRESSES.v4)[name]
    while not ((hold := holds(home).get(source)) and hold.packets):
        assert time.monotonic() < give_up, f"{name} is not blocked"
        stopped(home, name, target)


def test_who_attacks_is_blocked_by_a_rule_or_a_person_others_are_not_and_a_crash_leaves_no_block_beyond_its_time(
    home: Network, tmp_path: Path
) -> None:
    post = Post(tmp_path, place="gateway", interface="eth0", detectors=("signatures",), more=SETTINGS, through=SETPRIV)
    settings = tmp_path / "redshank.toml"
    with Watch(home, post) as watch:
        assert in_force(watch) == {
            "CapInh": 0x3000,
            "CapPrm": 0x3000,
            "CapEff": 0x3000,
            "CapBnd": 0x3000,
            "CapAmb": 0x3000,
        }
        assert reaches(home, "attacker", GATEWAY)
        scan(home, "attacker")
        scan(home, "doubted")
        until_blocked(home, "attacker")
        assert reaches(home, "other", GATEWAY)
        assert reaches(home, "doubted", GATEWAY)

        give_up = time.monotonic() + PATIENCE_S
        waiting: Sequence[dict[str, Any]] = ()
        while not waiting:
            assert time.monotonic() < give_up, "nothing waits for approval"
            waiting = [one for one in respond(home, settings, "list") if one["state"] == "waits for approval"]
        (action,) = waiting
        assert action["target"] == DOUBTED
        respond(home, settings, "approve", action["action"], "--as", "ana")
        until_blocked(home, "doubted")
        watch.kill()
        assert 0 < holds(home)[DOUBTED].left_s <= TTL_S
        assert stopped(home, "attacker", GATEWAY)
        assert reaches(home, "doubted", GATEWAY), "nobody lifts it but the kernel"
        assert DOUBTED not in holds(home)
        assert stopped(home, "attacker", GATEWAY)
    assert {told.alert.device for told in watch.heard} == {ATTACKER, DOUBTED}


def test_an_attacker_is_blocked_by_its_ipv6_address_and_let_go_once_the_settings_protect_it(
    home: Network, tmp_path: Path
) -> None:
    post = Post(tmp_path, place="gateway", interface="eth0", detectors=("signatures",), more=SETTINGS, through=SETPRIV)
    settings = tmp_path / "redshank.toml"
    with Watch(home, post) as watch:
        assert reaches(home, "attacker", GATEWAY6)
        scan(home, "attacker", GATEWAY6)
        until_blocked(home, "attacker", GATEWAY6)
        assert reaches(home, "other", GATEWAY6)
        assert reaches(home, "attacker", GATEWAY), "its IPv4 address attacked nobody"
        assert in_ledger(tmp_path)[:3] == ("block", ATTACKER6, "applied")

        settings.write_text(settings.read_text().replace("[respond]\n", f"[respond]\nprotect = [{ATTACKER6!r}]\n"))
        os.kill(watch.pid, signal.SIGHUP)
        give_up = time.monotonic() + PATIENCE_S
        while (told := in_ledger(tmp_path))[2] != "undone" or ATTACKER6 in holds(home):
            assert time.monotonic() < give_up, f"it is still blocked: {told}"
            time.sleep(0.2)
        assert told == ("block", ATTACKER6, "undone", "protected: settings")
        assert reaches(home, "attacker", GATEWAY6)
    assert {told.alert.device for told in watch.heard} == {ATTACKER6}


def test_who_was_blocked_is_let_go_soon_after_a_person_calls_the_alert_false(home: Network, tmp_path: Path) -> None:
    post = Post(tmp_path, place="gateway", interface="eth0", detectors=("signatures",), more=SETTINGS, through=SETPRIV)
    with Watch(home, post) as watch:
        assert reaches(home, "attacker", GATEWAY)
        scan(home, "attacker")
        until_blocked(home, "attacker")
        with closing(Database(tmp_path / STORE)) as database:
            alerts = Alerts(database)
            names = [one.alert.id for one in alerts.find()]
            assert alerts.judge(names, "false_alarm", "ana", time.time(), "our own scanner") == names
        give_up = time.monotonic() + PATIENCE_S
        while (told := in_ledger(tmp_path))[2] != "undone" or ATTACKER in holds(home):
            assert time.monotonic() < give_up, f"it is still blocked: {told}"
            time.sleep(0.2)
        assert told == ("block", ATTACKER, "undone", f"alert {names[0]} is a false alarm: our own scanner")
        assert reaches(home, "attacker", GATEWAY)
    assert {told.alert.device for told in watch.heard} == {ATTACKER}
