from pathlib import Path
from typing import Any

import pytest

from redshank.core.errors import ConfigError
from redshank.detect.sigma.columns import Columns
from redshank.detect.sigma.match import Equal, OneOf, Within
from redshank.detect.sigma.watchlist import Watchlist
from sigma_rules import load, loaded, rows, rule


def hits(place: Path, selection: object, /, **columns: Any) -> list[bool]:
    """Return what a rule of one selection makes of four flows."""
    made = loaded(place, rule(selection))
    found: list[bool] = made.test.of(Columns(rows(4, **columns))).tolist()
    return found


def each(*values: object) -> Any:
    return lambda i: values[i]


URIS = each("/Login.php", "/a/login", "/x?y=*", None)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"http_uri": "/login.php"}, [True, False, False, False]),
        ({"http_uri|cased": "/login.php"}, [False, False, False, False]),
        ({"http_uri|contains": "LOGIN"}, [True, True, False, False]),
        ({"http_uri|startswith": "/a"}, [False, True, False, False]),
        ({"http_uri|endswith": [".php", "y=\\*"]}, [True, False, True, False]),
        ({"http_uri|contains|all": ["a", "login"]}, [False, True, False, False]),
        ({"http_uri": "/*login"}, [False, True, False, False]),
        ({"http_uri": "/?/login"}, [False, True, False, False]),
        ({"http_uri": "*"}, [True, True, True, False]),
        ({"http_uri|re": "^/[A-Z]"}, [True, False, False, False]),
        ({"http_uri|re|i": "LOGIN$"}, [False, True, False, False]),
        ({"http_uri": None}, [False, False, False, True]),
        ({"http_uri|exists": True}, [True, True, True, False]),
        ({"http_uri|exists": False}, [False, False, False, True]),
        ({"http_uri": ["/a/login", None]}, [False, True, False, True]),
        ({"http_uri|contains|windash": "-a"}, [False, True, False, False]),
    ],
)
def test_texts_are_matched_as_sigma_says(tmp_path: Path, selection: object, expected: list[bool]) -> None:
    assert hits(tmp_path, selection, http_uri=URIS) == expected


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"dst_port": 23}, [False, True, False, False]),
        ({"dst_port": "23"}, [False, True, False, False]),
        ({"dst_port": [22, 23, "2323"]}, [True, True, True, False]),
        ({"dst_port|gt": 23}, [False, False, True, False]),
        ({"dst_port|gte": 23}, [False, True, True, False]),
        ({"dst_port|lt": 23}, [True, False, False, False]),
        ({"dst_port|lte": 23}, [True, True, False, False]),
        ({"dst_port|neq": 23}, [True, False, True, True]),
        ({"dst_port|fieldref": "src_port"}, [False, False, True, False]),
    ],
)
def test_numbers_are_compared_as_sigma_says(tmp_path: Path, selection: object, expected: list[bool]) -> None:
    assert hits(tmp_path, selection, dst_port=each(22, 23, 2323, None), src_port=2323) == expected


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"dst_ip|cidr": "10.0.0.0/8"}, [True, False, False, False]),
        ({"dst_ip|cidr": ["10.0.0.0/8", "fe80::/10"]}, [True, True, False, False]),
        ({"dst_ip": "10.0.0.1"}, [True, False, False, False]),
        ({"dst_ip|startswith": "10."}, [True, False, False, False]),
    ],
)
def test_addresses_are_matched_as_sigma_says(tmp_path: Path, selection: object, expected: list[bool]) -> None:
    assert hits(tmp_path, selection, dst_ip=each("10.0.0.1", "fe80::1", "cam.lan", None)) == expected


def test_flags_are_matched(tmp_path: Path) -> None:
    assert hits(tmp_path, {"dns_AA": True}, dns_AA=each(True, False, None, True)) == [True, False, False, True]
    assert hits(tmp_path, {"dns_AA": "false"}, dns_AA=each(True, False, None, True)) == [False, True, False, False]


def test_words_of_zeek_are_the_codes_of_a_flow(tmp_path: Path) -> None:
    made = loaded(tmp_path, rule({"qtype_name": ["TXT", "null"]}, logsource={"product": "zeek", "service": "dns"}))
    columns = Columns(rows(4, dns_query="a", dns_qtype=each(16, 10, 1, None)))
    assert made.test.of(columns).tolist() == [True, True, False, False]


def test_values_of_one_field_become_one_test(tmp_path: Path) -> None:
    assert loaded(tmp_path, rule({"dst_port": list(range(1000))})).test == Equal("dst_port", frozenset(range(1000)))
    assert loaded(tmp_path, rule({"service": ["DNS", "http"]})).test == OneOf("service", frozenset(["dns", "http"]))
    made = loaded(tmp_path, rule({"dst_ip|cidr": ["10.0.0.0/8", "fc00::/7"]})).test
    assert isinstance(made, Within)
    assert len(made.networks) == 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a and b", [False, True, False, False]),
        ("a or b", [True, True, True, False]),
        ("a and not b", [True, False, False, False]),
        ("not (a or b)", [False, False, False, True]),
        ("1 of them", [True, True, True, False]),
        ("all of them", [False, True, False, False]),
        ("1 of a*", [True, True, False, False]),
        ("any of b*", [False, True, True, False]),
        (["a and b", "not 1 of them"], [False, True, False, True]),
    ],
)
def test_conditions_are_what_they_say(tmp_path: Path, condition: object, expected: list[bool]) -> None:
    detection = {"a": {"dst_port": [1, 2]}, "b": [{"dst_port": 2}, {"dst_port": 3}], "condition": condition}
    made = loaded(tmp_path, rule(detection=detection))
    assert made.test.of(Columns(rows(4, dst_port=each(1, 2, 3, 4)))).tolist() == expected


def test_a_rule_about_dns_sees_only_flows_of_dns(tmp_path: Path) -> None:
    detection = {"known": {"query|endswith": ".lan"}, "condition": "not known"}
    made = loaded(tmp_path, rule(detection=detection, logsource={"category": "dns"}))
    columns = Columns(rows(4, dns_query=each("a.lan", "b.test", None, None)))
    assert made.test.of(columns).tolist() == [False, True, False, False]


def test_a_rule_about_an_application_sees_only_its_flows(tmp_path: Path) -> None:
    detection = {"inside": {"id.orig_h|cidr": "10.0.0.0/8"}, "condition": "not inside"}
    made = loaded(tmp_path, rule(detection=detection, logsource={"product": "zeek", "service": "rdp"}))
    columns = Columns(rows(4, src_ip=each("198.51.100.7", "10.0.0.7", "198.51.100.7", "198.51.100.7"),
                           service=each("rdp,ssl", "rdp", "http", None)))  # fmt: skip
    assert made.test.of(columns).tolist() == [True, False, False, False]


def test_watchlists_are_named_as_sigma_names_what_is_filled_in(tmp_path: Path) -> None:
    lists = {"bad": Watchlist(names=["bad.test"])}
    made = loaded(tmp_path, rule({"dns_query|expand": "%bad%"}), watchlists=lists)
    columns = Columns(rows(4, dns_query=each("x.bad.test", "bad.test", "good.test", None)))
    assert made.test.of(columns).tolist() == [True, True, False, False]
    lists["bad"].take(Watchlist(names=["good.test"]))
    assert made.test.of(Columns(rows(4, dns_query="good.test"))).all()


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        ({"Image": "x.exe"}, "flows have no field 'Image'; "),
        ({"dst_port": "telnet"}, "dst_port: 'telnet' does not fit; it holds a number: give a number"),
        ({"dst_port|contains": "2"}, "dst_port: '*2*' does not fit; it holds a number: give a number"),
        ({"dst_port|re": "2.*"}, "dst_port: '2.*' does not fit; it holds a number, no text"),
        ({"dst_port": True}, "dst_port: 'True' does not fit; it holds a number, no flag"),
        ({"src_ip": "10.0.0.0/8"}, "src_ip: '10.0.0.0/8' does not fit; for a network write src_ip|cidr"),
        ({"src_ip": 5}, "src_ip: '5' does not fit; it holds an address, no number"),
        ({"service|gt": 5}, "service: '5' does not fit; only numbers are less or greater"),
        ({"service|cidr": "10.0.0.0/8"}, "service: '10.0.0.0/8' does not fit; only src_ip and dst_ip are addresses"),
        ({"http_uri|re": "(?<=a)b"}, "invalid perl operator: (?<"),
        ({"http_uri|fieldref": "dst_port"}, "http_uri: 'dst_port' does not fit; whole values of one kind"),
        ({"http_uri|fieldref": "nothing"}, "flows have no field 'nothing'; "),
        ({"dst_ip|expand": "%good%"}, "dst_ip: no watchlist 'good'; (there are: bad)"),
        ({"dst_ip|expand": "x%bad%"}, "dst_ip: 'x%bad%' does not fit; a list stands alone: '%name%'"),
        ({"service|expand": "%bad%"}, "service: '%bad%' does not fit; lists are for src_ip, dst_ip, dns_query, "),
        ({"duration|hour": 3}, "duration: '3' does not fit; it holds no time; rules have no clock"),
        (["free", "text"], "keyword 'free': flows have no free text; name a field"),
        ({"http_uri|sounds": "a"}, "Unknown modifier 'sounds'"),
    ],
)
def test_what_means_nothing_for_flows_is_refused(tmp_path: Path, selection: object, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, rule(selection), watchlists={"bad": Watchlist()})
    assert any(told in problem for problem in error.value.problems), error.value.problems
    assert all("rules.yml: A test: " in problem for problem in error.value.problems)


def test_a_word_that_has_no_code_is_refused_with_those_that_have(tmp_path: Path) -> None:
    made = rule({"rcode_name": "NXDOM"}, logsource={"product": "zeek", "service": "dns"})
    with pytest.raises(ConfigError, match="'NXDOM' does not fit; it holds a number: give a number, or one of NOERROR"):
        load(tmp_path, made)
