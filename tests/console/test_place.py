from pathlib import Path
from typing import Any

import pytest

from redshank.config import Console
from redshank.console.place import address, names
from redshank.core.errors import ConfigError


def wrong(**values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        address(Console(**values))
    return caught.value.problems


def test_by_default_only_this_machine_can_ask() -> None:
    assert address(Console()) == ("127.0.0.1", 8477)
    assert address(Console(listen="[::1]:80")) == ("::1", 80)


@pytest.mark.parametrize("listen", ["0.0.0.0:8477", "[::]:8477", "10.0.0.5:443", "gateway.example:80"])
def test_an_address_that_others_reach_is_refused_without_tls(listen: str) -> None:
    problems = wrong(listen=listen)
    assert problems[0].startswith("console.listen: others can reach '")
    assert "set console.certificate and console.key, or console.behind_proxy" in problems[0]


def test_with_a_certificate_or_a_proxy_it_may_be_reached_under_its_names(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    tls = Console(
        listen="0.0.0.0:443",
        hosts=("Redshank.example",),
        certificate=tmp_path / "cert.pem",
        key=tmp_path / "key.pem",
    )
    assert address(tls) == ("0.0.0.0", 443)
    assert names(tls) == {"localhost", "127.0.0.1", "::1", "0.0.0.0", "redshank.example"}
    assert address(Console(listen="10.0.0.5:80", hosts=("redshank.example",), behind_proxy=True)) == ("10.0.0.5", 80)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    problems = wrong(
        listen="0.0.0.0:80", key=tmp_path / "absent.pem", behind_proxy=True, proxies=("10.0.0.2", "proxy.local")
    )
    assert [line.partition(":")[0] for line in problems] == [
        *("console.certificate", "console.key", "console.hosts"),
        "console.proxies",
    ]
    assert "nothing given; TLS needs both" in problems[0]
    assert f"no file '{tmp_path / 'absent.pem'}'" in problems[1]
    assert "'proxy.local' is no address or network" in problems[3]


@pytest.mark.parametrize("listen", ["", "8477", "localhost", "localhost:99999", "http://x:1", "::1:80"])
def test_what_is_no_place_is_told(listen: str) -> None:
    assert wrong(listen=listen) == [
        f"console.listen: {listen!r} is no address and port; give one as in '127.0.0.1:8477'"
    ]
