from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.console.query import FIELDS, LONGEST, MOST_VALUES, Query, read, written
from redshank.core.errors import ConfigError
from redshank.store.search import Search

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", {}),
        ("camera", {"words": ("camera",)}),
        ('camera "two words" 10.0.0.5', {"words": ("camera", "two words", "10.0.0.5")}),
        ("fd00::7 abcd::1 aa:bb::1", {"words": ("fd00::7", "abcd::1", "aa:bb::1")}),
        ("Family:DDoS severity:high,critical", {"families": ("ddos",), "severities": ("high", "critical")}),
        ("family:dos family:ddos,dos", {"families": ("dos", "ddos")}),
        ("state:open port:23,80", {"states": ("open",), "ports": (23, 80)}),
        ('rule:"Telnet, sweep",irc', {"rules": ("Telnet, sweep", "irc")}),
        ("device:fd00::7 address:10.0.0.9", {"devices": ("fd00::7",), "address": "10.0.0.9"}),
        ("device:10.0.0.0/24,tcp/23", {"devices": ("tcp/23",), "networks": ("10.0.0.0/24",)}),
        ("device:2001:db8::/32", {"networks": ("2001:db8::/32",)}),
        ("score:.9 domain:example.org", {"least_score": 0.9, "domains": ("example.org",)}),
        ("since:24h until:30m", {"since_s": NOW_S - 86_400, "until_s": NOW_S - 1_800}),
        ("since:2023-11-14", {"since_s": 1_699_920_000.0}),
        ("until:2023-11-14T10:30", {"until_s": 1_699_957_800.0}),
        ("hour:2023-11-14T22,2023-11-14T23", {"hours": (472_222, 472_223)}),
        ("id:ABCD", {"ids": ("abcd",)}),
        ('x"y"', {"words": ("x", "y")}),
        ("a,b", {"words": ("a,b",)}),
        ("or\x1b[2J", {"words": ("or\\x1b[2J",)}),
    ],
)
def test_a_query_is_a_search_and_is_written_again(text: str, search: dict[str, Any]) -> None:
    found = read(text, NOW_S)
    assert found.search == Search(**search)
    assert read(found.text, NOW_S) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("famly:dos", "query, character 1: 'famly' is no field; did you mean 'family'?"),
        ("dos  severity:grave", "query, character 6: severity:grave is none; .*there are: low, medium, high, critical"),
        ("state:done", "query, character 1: state:done is none; "),
        ("port:99999", "query, character 1: port:99999 is no port; give 0 to 65535"),
        ("score:2", "query, character 1: score:2 is no score; give 0 to 1"),
        ("address:here", "query, character 1: address:here is no IP address"),
        ("address:10.0.0.0/8", "query, character 1: address:10.0.0.0/8 is no IP address; of a network, device: finds"),
        ("x device:10.0.0.0/33", "query, character 3: device:10.0.0.0/33 is no network; write one like 10.0.0.0/24"),
        ("device:2001:db8::/x", "query, character 1: device:2001:db8::/x is no network; write one like"),
        ("since:soon", "query, character 1: since:soon is no time; write 2026-11-22"),
        ("hour:ten", "query, character 1: hour:ten is no hour; write 2026-11-22T10"),
        ("since:1h since:2h", "query: since is given 2 times; give it once"),
        ('camera "open', "query, character 8: a quote is not closed"),
        ("port:" + ",".join(map(str, range(MOST_VALUES + 1))), f"query: more than {MOST_VALUES} of port"),
        ("x" * (LONGEST + 1), f"query: {LONGEST + 1} characters; at most {LONGEST}"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(text, NOW_S)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        read("famly:dos port:x state:done", NOW_S)
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "query, character 1", "query, character 11", "query, character 18",
    ]  # fmt: skip


def test_fields_of_a_form_and_text_say_the_same() -> None:
    assert (
        written({"state": ["open"], "family": ["", "dos"], "rule": []}, ["a b", "c"]) == 'family:dos state:open "a b" c'
    )
    assert Query().text == ""
    assert read("state:open 10.0.0.5", NOW_S).with_("device", "fd00::1") == 'device:"fd00::1" state:open 10.0.0.5'


@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from([*(f"{name}:" for name in FIELDS), '"', ",", " ", "a", "1", "::"])).map("".join)
)
def test_whatever_is_typed_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = read(text, NOW_S)
    except ConfigError as error:
        assert all(problem.startswith("query") for problem in error.problems)  # noqa: PT017  either is right
        return
    assert read(found.text, NOW_S).search == found.search
