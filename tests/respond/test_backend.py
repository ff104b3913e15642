import pytest

from redshank.core.errors import ActionError, ConfigError
from redshank.respond.backend import BACKENDS, Hold
from redshank.respond.protected import Protected
from responses import ATTACKER, GATEWAY, HOME, Kernel

LIST = Protected.of(HOME)


def test_backends_are_found_by_their_files() -> None:
    assert BACKENDS.names() == ["dry_run", "nftables"]
    with pytest.raises(ConfigError, match="backend: no 'nftable'; did you mean 'nftables'"):
        BACKENDS.find("nftable")


def test_a_backend_sees_canonical_targets_only_and_each_once() -> None:
    kernel = Kernel()
    kernel.apply([Hold("block", "::FFFF:10.0.0.66", 60.0), Hold("block", ATTACKER, 90.0)], LIST)
    assert kernel.active() == [Hold("block", ATTACKER, 90.0)]


def test_a_backend_does_not_see_protected_targets() -> None:
    kernel = Kernel()
    with pytest.raises(ActionError, match=r"backend: '10.0.0.1' is protected: gateway \(eth0\); nothing of this batch"):
        kernel.apply([Hold("block", ATTACKER, 90.0), Hold("block", GATEWAY, 60.0)], LIST)
    assert kernel.active() == []
