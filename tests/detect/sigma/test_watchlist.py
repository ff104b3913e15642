from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError
from redshank.detect.sigma.columns import packed_address
from redshank.detect.sigma.watchlist import Watchlist, as_network, domain, load_watchlists


def written(place: Path, *lines: str) -> Watchlist:
    file = place / "bad.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    return Watchlist.load(file)


def listed(watchlist: Watchlist, *addresses: str) -> list[bool]:
    packed = b"".join(packed_address(address) or bytes(16) for address in addresses)
    found: list[bool] = watchlist.has_addresses(np.frombuffer(packed, dtype="V16")).tolist()
    return found


def named(watchlist: Watchlist, *names: str) -> list[bool]:
    found: list[bool] = watchlist.has_names(pa.array(names, pa.string())).tolist()
    return found


def test_addresses_and_networks_of_both_kinds_are_found(tmp_path: Path) -> None:
    found = written(tmp_path, "# a comment", "", "203.0.113.7  # one", "198.51.100.0/24", "2001:db8:bad::/48", "::5")
    addresses = ("203.0.113.7", "203.0.113.8", "198.51.100.0", "198.51.100.255", "198.51.101.0")
    assert listed(found, *addresses) == [True, False, True, True, False]
    addresses = ("2001:db8:bad::1", "2001:db8:bae::1", "::5", "::6", "0.0.0.0")
    assert listed(found, *addresses) == [True, False, True, False, False]
    assert len(found) == 4


def test_networks_that_lie_in_others_count_once(tmp_path: Path) -> None:
    found = written(tmp_path, "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.0.0.0/8", "11.0.0.1")
    assert len(found) == 2
    addresses = ("10.255.255.255", "10.1.2.3", "11.0.0.0", "11.0.0.1", "9.255.255.255")
    assert listed(found, *addresses) == [True, True, False, True, False]


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=20), st.integers(0, 2**32 - 1))
def test_a_list_of_networks_holds_what_one_of_them_holds(networks: list[tuple[int, int]], asked: int) -> None:
    pairs = [as_network(f"{'.'.join(map(str, address.to_bytes(4)))}/{bits}") for address, bits in networks]
    found = Watchlist(pair for pair in pairs if pair)
    expected = any(address >> (32 - bits) == asked >> (32 - bits) for address, bits in networks)
    assert listed(found, ".".join(map(str, asked.to_bytes(4)))) == [expected]


def test_a_name_stands_for_everything_below_it(tmp_path: Path) -> None:
    found = written(tmp_path, "Bad.Example", "deep.evil.test.")
    names = ("bad.example", "www.BAD.example.", "notbad.example", "example", "evil.test")
    assert named(found, *names) == [True, True, False, False, False]
    assert named(found, "a.deep.evil.test:8080", "deep.evil.test:x", "", ".") == [True, False, False, False]


def test_a_name_of_another_script_is_its_ascii_form(tmp_path: Path) -> None:
    found = written(tmp_path, "bücher.example")
    assert named(found, "xn--bcher-kva.example", "www.BÜCHER.example", "bucher.example") == [True, True, False]


def test_an_empty_list_holds_nothing() -> None:
    assert not Watchlist()
    assert listed(Watchlist(), "10.0.0.1") == [False]
    assert named(Watchlist(), "a.example") == [False]


def test_every_wrong_line_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        written(tmp_path, "10.0.0.0/33", "a..b", "fine.example", "two words", "10.0.0.1/x", "::1/129", "x" * 300)
    told = error.value.problems
    assert len(told) == 6
    assert told[0].endswith(
        "bad.txt, line 1: '10.0.0.0/33' is no address, network or domain name "
        "(a network is an address, a slash, and 0 to 32 bits)"
    )
    assert "line 2: 'a..b'" in told[1]
    assert "line 4: 'two words'" in told[2]


def test_wrong_lines_beyond_twenty_are_not_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1: 'two words'") as error:
        written(tmp_path, *["two words"] * 100)
    assert len(error.value.problems) == 20


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="watchlist: cannot read '.*none.txt'"):
        Watchlist.load(tmp_path / "none.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xff")
    with pytest.raises(ConfigError, match="watchlist: '.*bytes.txt' is not text in UTF-8"):
        Watchlist.load(tmp_path / "bytes.txt")


def test_lists_are_called_as_their_files_and_later_ones_win(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("10.0.0.1")
    own = tmp_path / "own"
    own.mkdir()
    (own / "bad.txt").write_text("10.0.0.2")
    found = load_watchlists([tmp_path, own / "bad.txt"])
    assert listed(found["bad"], "10.0.0.1", "10.0.0.2") == [False, True]


def test_problems_of_several_lists_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a.txt") as error:
        load_watchlists([tmp_path / "a.txt", tmp_path / "b.txt"])
    assert len(error.value.problems) == 2


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_name_or_none(text: str) -> None:
    try:
        name = domain(text)
    except ValueError:
        name = ""
    assert name.isascii()
    expected = name == "bad.example" or name.endswith(".bad.example")
    assert named(Watchlist(names=["bad.example"]), text) == [expected]
