"""The kernel's packet filter at work: in the gateway, which routes, and in the bridge that everybody is on."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from namespaces import PATIENCE_S, SOON_S, empty_network, reaches, rules, stopped
from redshank.core.errors import ActionError, ConfigError
from redshank.lab.arena import choose
from redshank.lab.network import Network, ip
from redshank.respond.backend import Hold
from redshank.respond.backends import nftables
from redshank.respond.backends.nftables import Nftables
from redshank.respond.protected import Protected

ADDRESSES = choose(23, ("gateway", "attacker", "other"), ("api",), ipv6=("gateway", "attacker", "other"))
V4, V6, MACS = ADDRESSES.v4, ADDRESSES.v6, ADDRESSES.macs
LONG_S = 600.0
KILLED = """
import time
from redshank.respond.backend import Hold
from redshank.respond.backends.nftables import Nftables
from redshank.respond.protected import Protected
Nftables().apply([Hold("block", {target!r}, 6.0)], Protected())
print("holds", flush=True)
time.sleep(60)
"""


def example(place: Path) -> Nftables:
    del place
    return Nftables()


class Filter:
    """A backend in a namespace of the lab."""

    def __init__(self, home: Network, place: str) -> None:
        self.home, self.place, self.backend = home, place, Nftables(packets_per_s=20)

    def apply(self, *holds: Hold) -> None:
        with self.home.inside(self.place):
            self.backend.apply(holds, Protected())

    def lift(self, *keys: tuple[str, str]) -> None:
        with self.home.inside(self.place):
            self.backend.lift(keys)

    def packets(self) -> dict[tuple[str, str], int]:
        with self.home.inside(self.place):
            return {hold.key: hold.packets for hold in self.backend.active()}

    def flush(self) -> None:
        with self.home.inside(self.place):
            self.backend.flush()


@pytest.fixture(scope="module")
def home() -> Iterator[Network]:
    with Network(ADDRESSES) as network:
        yield network


@pytest.fixture(params=["gateway", "bridge"])
def at(request: pytest.FixtureRequest, home: Network) -> Iterator[Filter]:
    made = Filter(home, request.param)
    yield made
    made.flush()


def arrived(home: Network, name: str, target: str, count: int, patience_s: float) -> tuple[int, float]:
    """Send datagrams from a namespace to the gateway; count those that arrive, and tell in how many seconds.

    Args:
        home, name, target, count: Where, from where, whereto, how many.
        patience_s: How long the next one is waited for.
    """
    with ExitStack() as stack:
        with home.inside("gateway"):
            server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with home.inside(name):
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        server.bind((target, 0))
        server.settimeout(patience_s)
        begin = time.monotonic()
        for _ in range(count):
            client.sendto(b"x", server.getsockname())
        found = 0
        try:
            while found < count and server.recv(16):
                found += 1
        except TimeoutError:
            pass
        return found, time.monotonic() - begin


@pytest.mark.root
@pytest.mark.service
def test_the_attackers_traffic_stops_until_its_time_is_over_and_everyone_elses_goes_on(
    at: Filter, home: Network
) -> None:
    for ips in (V4, V6):
        assert reaches(home, "attacker", ips["gateway"])
    at.apply(*(Hold("block", ips["attacker"], LONG_S) for ips in (V4, V6)))
    for ips in (V4, V6):
        assert stopped(home, "attacker", ips["gateway"])
        assert at.packets()["block", ips["attacker"]] > 0
        assert reaches(home, "other", ips["gateway"])
    begin = time.monotonic()
    at.apply(*(Hold("block", ips["attacker"], 1.0) for ips in (V4, V6)))
    for ips in (V4, V6):
        assert reaches(home, "attacker", ips["gateway"]), "nobody lifts it but the kernel"
    assert time.monotonic() - begin > 1
    assert at.packets() == {}


@pytest.mark.root
@pytest.mark.service
@pytest.mark.parametrize("ips", [V4, V6], ids=["ipv4", "ipv6"])
def test_a_session_that_is_open_already_stops_too(at: Filter, home: Network, ips: dict[str, str]) -> None:
    family = socket.AF_INET6 if ips is V6 else socket.AF_INET
    with ExitStack() as stack:
        with home.inside("gateway"):
            server = stack.enter_context(socket.socket(family))
        with home.inside("attacker"):
            client = stack.enter_context(socket.socket(family))
        server.bind((ips["gateway"], 0))
        server.listen()
        client.connect(server.getsockname()[:2])
        peer, _ = server.accept()
        stack.enter_context(peer)
        peer.settimeout(PATIENCE_S)
        client.send(b"before")
        assert peer.recv(16) == b"before"
        at.apply(Hold("block", ips["attacker"], LONG_S))
        peer.settimeout(SOON_S)
        client.send(b"after")
        with pytest.raises(TimeoutError):
            peer.recv(16)
        at.lift(("block", ips["attacker"]))
        peer.settimeout(PATIENCE_S)
        assert peer.recv(16) == b"after"


@pytest.mark.root
@pytest.mark.service
def test_what_passes_through_the_gateway_stops_too(home: Network) -> None:
    at = Filter(home, "gateway")
    assert reaches(home, "attacker", V4["api"], "cloud")
    at.apply(Hold("block", V4["attacker"], LONG_S))
    assert stopped(home, "attacker", V4["api"], "cloud")
    assert reaches(home, "other", V4["api"], "cloud")
    at.flush()
    assert reaches(home, "attacker", V4["api"], "cloud")


@pytest.mark.root
@pytest.mark.service
def test_an_isolated_device_stays_so_with_whatever_address_it_takes(at: Filter, home: Network) -> None:
    another = str(next(host for host in ADDRESSES.lan.hosts() if str(host) not in V4.values()))
    at.apply(Hold("isolate", MACS["attacker"], LONG_S))
    ip("-n", home.namespace("attacker"), "address", "add", f"{another}/24", "dev", "eth0")
    try:
        for source, target in ((V4["attacker"], V4["gateway"]), (another, V4["gateway"]), ("", V6["gateway"])):
            assert stopped(home, "attacker", target, source=source)
    finally:
        ip("-n", home.namespace("attacker"), "address", "del", f"{another}/24", "dev", "eth0")
    assert at.packets()["isolate", MACS["attacker"]] > 0
    assert reaches(home, "other", V4["gateway"])
    assert reaches(home, "other", V6["gateway"])


@pytest.mark.root
@pytest.mark.service
@pytest.mark.parametrize("ips", [V4, V6], ids=["ipv4", "ipv6"])
def test_an_isolated_address_gets_nothing_either(at: Filter, home: Network, ips: dict[str, str]) -> None:
    at.apply(Hold("isolate", ips["attacker"], LONG_S))
    assert stopped(home, "attacker", ips["gateway"])
    assert stopped(home, "gateway", ips["attacker"], "attacker")
    assert reaches(home, "gateway", ips["other"], "other")
    at.lift(("isolate", ips["attacker"]))
    assert reaches(home, "gateway", ips["attacker"], "attacker")


@pytest.mark.root
@pytest.mark.service
def test_on_a_bridge_an_isolated_device_cannot_even_ask_who_is_there(home: Network) -> None:
    at = Filter(home, "bridge")
    at.apply(Hold("isolate", MACS["attacker"], LONG_S))
    ip("-n", home.namespace("attacker"), "neighbor", "flush", "all")
    assert stopped(home, "attacker", V4["other"], "other")
    assert home.neighbors("attacker").get(V4["other"], "00:00:00:00:00:00") == "00:00:00:00:00:00"
    at.flush()


@pytest.mark.root
@pytest.mark.service
def test_an_address_that_is_slowed_down_gets_some_through(at: Filter, home: Network) -> None:
    at.apply(Hold("rate_limit", V4["attacker"], LONG_S))
    found, within_s = arrived(home, "attacker", V4["gateway"], 200, SOON_S)
    assert 10 <= found <= 20 + 20 * within_s + 1
    assert at.packets()["rate_limit", V4["attacker"]] >= 200
    assert arrived(home, "other", V4["gateway"], 200, PATIENCE_S)[0] == 200
    assert reaches(home, "other", V4["gateway"])


@pytest.mark.root
@pytest.mark.service
def test_a_process_that_is_killed_leaves_no_block_beyond_its_time(home: Network) -> None:
    code = KILLED.format(target=V4["attacker"])
    process = home.start("gateway", [sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"holds\n"
    process.kill()
    process.wait()
    at = Filter(home, "gateway")
    assert list(at.packets()) == [("block", V4["attacker"])]
    assert reaches(home, "attacker", V4["gateway"]), "nobody is left to lift it"
    assert at.packets() == {}
    at.flush()


@pytest.mark.root
@pytest.mark.service
def test_rules_of_others_stay_and_what_they_removed_comes_back() -> None:
    backend = Nftables(bridges=False)
    with empty_network():
        subprocess.run(["nft", "add table inet theirs; add set inet theirs block4 { type ipv4_addr ; }"], check=True)
        backend.apply([Hold("block", "10.0.0.66", LONG_S)], Protected())
        subprocess.run(["nft", "flush chain inet redshank prerouting"], check=True)
        backend.apply([Hold("block", "10.0.0.67", LONG_S)], Protected())
        assert "ip saddr @block4 drop" in rules()
        assert {hold.target for hold in backend.active()} == {"10.0.0.66", "10.0.0.67"}
        backend.flush()
        assert "table inet theirs" in rules()
        assert "redshank" not in rules()


@pytest.mark.root
@pytest.mark.service
def test_another_rate_begins_another_set_and_what_one_table_lacks_does_not_hold() -> None:
    with empty_network():
        Nftables(packets_per_s=20).apply([Hold("rate_limit", "10.0.0.66", LONG_S)], Protected())
        backend = Nftables(packets_per_s=30)
        assert backend.active() == []
        backend.apply([Hold("rate_limit", "10.0.0.66", LONG_S)], Protected())
        assert len(backend.active()) == 1
        subprocess.run(["nft", "flush", "set", "bridge", "redshank", "slow4_30"], check=True)
        assert backend.active() == []


@pytest.mark.root
@pytest.mark.service
def test_a_thousand_targets_are_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []
    run = subprocess.run

    def counted(argv: Sequence[str], **named: Any) -> subprocess.CompletedProcess[str]:
        runs.append(argv)
        return run(argv, **named)

    with empty_network():
        monkeypatch.setattr(subprocess, "run", counted)
        holds = [Hold("block", f"10.1.{n // 250}.{n % 250 + 1}", LONG_S) for n in range(1_000)]
        Nftables().apply(holds, Protected())
        assert runs == [("nft", "-j", "-f", "-")]
        monkeypatch.undo()
        assert len(Nftables().active()) == 1_000


def test_what_nft_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    hold = Hold("block", "10.0.0.66", LONG_S)
    with pytest.raises(ActionError, match=r"`nft` cannot be run \(No such file or directory\); install the package"):
        Nftables().apply([hold], Protected())
    (tmp_path / "nft").write_text("#!/bin/sh\necho 'Error: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "nft").chmod(0o755)
    with pytest.raises(
        ActionError, match=r"the kernel refused \(Error: Operation not permitted\); nothing was done. It"
    ):
        Nftables().apply([hold], Protected())
    (tmp_path / "nft").write_text("#!/bin/sh\necho 'warning: \377'\n")
    with pytest.raises(ActionError, match="nftables: `nft` answered what is no ruleset: 'warning"):
        Nftables().active()
    (tmp_path / "nft").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr(nftables, "PATIENCE_S", 0.1)
    with pytest.raises(ActionError, match=r"`nft` did not answer within 0.1 s; nothing is known to be done"):
        Nftables().apply([hold], Protected())


def test_a_rate_that_the_kernel_would_refuse_is_refused() -> None:
    with pytest.raises(ConfigError, match="nftables.packets_per_s: 0 is not allowed; give 1 to 1,000,000"):
        Nftables(packets_per_s=0)
