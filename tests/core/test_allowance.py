import json
from typing import Any

import pytest

from redshank.core.allowance import Allowance
from redshank.core.errors import ConfigError

GIVEN: dict[str, Any] = {"author": "ana", "reason": "our own scanner", "given_at_s": 1000.0}


def test_an_allowance_survives_json() -> None:
    one = Allowance.of(
        **GIVEN, expires_at_s=2000.0, source="10.0.0.0/24", destination="fd00::1", network="10.0.0.0/8",
        device="02:00:5e:10:00:01", port=443, domain="_mqtt._tcp.example.org", family="scanning", rule="telnet sweep",
    )  # fmt: skip
    assert Allowance.from_json(one.to_json()) == one
    assert one.terms() == (
        "source 10.0.0.0/24, destination fd00::1, network 10.0.0.0/8, device 02:00:5e:10:00:01, port 443, "
        "domain _mqtt._tcp.example.org, family scanning, rule telnet sweep"
    )


def test_what_is_said_twice_is_one_and_anything_else_another() -> None:
    one = Allowance.of(**GIVEN, source="10.0.0.9")
    assert one.id == Allowance.of(**GIVEN, source="10.0.0.9").id
    assert one.id != Allowance.of(**GIVEN, destination="10.0.0.9").id
    assert len(one.id) == 16


def test_an_allowance_holds_until_it_expires() -> None:
    one = Allowance.of(**GIVEN, expires_at_s=2000.0, port=80)
    assert one.holds_at(0.0)
    assert one.holds_at(1999.9)
    assert not one.holds_at(2000.0)
    assert Allowance.of(**GIVEN, port=80).holds_at(1e12)


def test_one_without_a_condition_is_refused() -> None:
    with pytest.raises(ConfigError, match="no condition is given, so it would allow everything; give one of source, "):
        Allowance.of(**GIVEN)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"source": "10.0.0.300"}, "allowance.source: '10.0.0.300' is no IP address or network; write 10.0.0.9"),
        ({"source": "10.0.0.9/24"}, "allowance.source: '10.0.0.9/24' has bits beyond its prefix; write 10.0.0.0/24"),
        ({"destination": "0.0.0.0/0"}, "allowance.destination: '0.0.0.0/0' holds for every address; leave it out"),
        ({"network": "::/0"}, "allowance.network: '::/0' holds for every address"),
        ({"device": "camera"}, "allowance.device: 'camera' is neither an IP address nor a MAC like 02:00:5e:10:00:01"),
        ({"device": "02:00:5E:10:00:01"}, "nor a MAC like 02:00:5e:10:00:01 in small letters"),
        ({"port": 0}, "allowance.port: 0 is no port; allowed are 1 to 65535"),
        ({"port": 65536}, "allowance.port: 65536 is no port"),
        ({"domain": "https://example.org"}, "allowance.domain: 'https://example.org' is no domain"),
        ({"domain": ".org"}, "allowance.domain: '.org' is no domain"),
        ({"family": "Port Scan"}, "allowance.family: 'Port Scan' is no name"),
        ({"rule": " "}, "allowance.rule: ' ' is no name of a rule"),
        ({"port": 1, "author": ""}, "allowance.author: none is given; say who allows it"),
        ({"port": 1, "reason": " "}, "allowance.reason: none is given; say why"),
        ({"port": 1, "reason": "a\nb"}, "allowance.reason: 'a.nb' is longer than 500 characters or not printable"),
        ({"rule": "x" * 501}, "allowance.rule: 'xxxx"),
        ({"port": 1, "given_at_s": float("nan")}, "allowance.given_at_s: nan is no time"),
        ({"port": 1, "expires_at_s": 1000.0}, "allowance.expires_at_s: 1000.0 is not after 1000.0"),
        ({"port": 1, "expires_at_s": float("inf")}, "allowance.expires_at_s: inf is not after"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        Allowance.of(**{**GIVEN, **wrong})
    assert len(caught.value.problems) == 1


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Allowance.of(**GIVEN, source="here", port=-1)
    assert len(caught.value.problems) == 2


def test_json_that_is_none_of_ours_is_refused() -> None:
    one = json.loads(Allowance.of(**GIVEN, port=80).to_json())
    with pytest.raises(ValueError, match="Allowance: keys that do not fit: color"):
        Allowance.from_json(json.dumps({**one, "color": "red"}))
    with pytest.raises(ConfigError, match="allowance.port: '80' is no whole number"):
        Allowance.from_json(json.dumps({**one, "port": "80"}))
    with pytest.raises(ConfigError, match="allowance.source: 7 is no text"):
        Allowance.from_json(json.dumps({**one, "source": 7}))
