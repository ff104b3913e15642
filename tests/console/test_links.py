import socket

import pytest

from redshank.console import links
from redshank.console.links import Listening, home


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_the_addresses_of_one_machine_count_together(one: str, other: str, *, same: bool) -> None:
    assert (home(one) == home(other)) == same


@pytest.mark.parametrize(("host", "named"), [("10.9.0.1", True), ("::ffff:10.9.0.1", True), ("192.0.2.1", False)])
def test_a_proxy_that_is_named_is_not_counted(host: str, *, named: bool) -> None:
    with Listening(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, ["10.0.0.0/8", "::1"]) as made:
        assert (made._home(host) == "") == named


def test_one_link_too_many_is_cut_off_and_one_that_is_closed_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_EACH", 1)
    with Listening(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        with socket.create_connection(made.getsockname(), 10), socket.create_connection(made.getsockname(), 10) as more:
            first, address = made.accept()
            assert (address[0], first.proto) == ("127.0.0.1", socket.IPPROTO_TCP)
            with pytest.raises(ConnectionAbortedError, match="127.0.0.1 holds 1 links already"):
                made.accept()
            assert more.recv(1) == b""
            first.close()
            first.close()
            assert made._held == {}
        with socket.create_connection(made.getsockname(), 10):
            again, _ = made.accept()
            with again:
                assert made._held == {"127.0.0.1": 1}
