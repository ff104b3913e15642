from collections import Counter
from typing import Any

import pytest

from redshank.core.errors import SourceError
from redshank.flows.records.log_file import Piece
from redshank.flows.records.zeek_log import ZeekLog

HEAD = b"#separator \\x09\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tuid\tquery\tAA\n"
NAMES = {"uid": "uid", "query": "dns_query", "AA": "dns_AA", "orig_mime_types": "http_orig_mime_types"}


class Given:
    """Pieces of one file, as they are given."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = [Piece(rows, at == 0, "dns.log") for at, rows in enumerate(pieces)]

    def read(self) -> Piece | None:
        return self.pieces.pop(0) if self.pieces else None


def read(*pieces: bytes, grows: bool = False) -> tuple[list[dict[str, Any]], Counter[str]]:
    counts: Counter[str] = Counter()
    log = ZeekLog(Given(*pieces), "dns", NAMES, lambda name, amount: counts.update({name: amount}), grows=grows)
    rows = []
    while (found := log.read()) is not None:
        for texts, length in found:
            rows += [{name: text[i].as_py() for name, text in texts.items()} for i in range(length)]
    return rows, counts


def test_all_forms_of_a_log_give_the_same_columns_of_text() -> None:
    expected: list[dict[str, str | None]] = [
        {"uid": "C1", "dns_query": "a.example", "dns_AA": "T"},
        {"uid": "C2", "dns_query": None, "dns_AA": None},
    ]
    assert read(HEAD + b"C1\ta.example\tT\n", b"C2\t-\t-\n")[0] == expected
    rows, counts = read(b'{"uid":"C1","query":"a.example","AA":true}\n{"uid":"C2","query":""}\n')
    assert rows == [expected[0] | {"dns_AA": "true"}, expected[1]]
    assert counts == {}


def test_lists_of_json_are_joined_as_zeek_joins_sets() -> None:
    rows, _ = read(b'{"uid":"C1","orig_mime_types":["text/html","image/png"]}\n')
    assert rows == [{"uid": "C1", "http_orig_mime_types": "text/html,image/png"}]


def test_a_header_that_is_still_being_written_waits_for_its_rest() -> None:
    assert read(b"", HEAD[:20], HEAD[20:], b"C1\ta\tF\n", grows=True)[0] == [
        {"uid": "C1", "dns_query": "a", "dns_AA": "F"}
    ]
    with pytest.raises(SourceError, match="dns.log: no '#fields' line among its '#' lines; name a whole dns.log"):
        read(HEAD[:20], HEAD[20:])


def test_an_empty_log_of_an_application_says_nothing_and_is_no_mistake() -> None:
    assert read(b"") == ([], Counter())


def test_rows_of_another_log_are_counted() -> None:
    rows, counts = read(b'{"uid":"C1","_path":"dns"}\n{"uid":"C2","_path":"http"}\n')
    assert (rows, counts) == ([{"uid": "C1"}], {"row_of_other_log": 1})
    rows, counts = read(HEAD + b"C1\ta\tT\n#path\thttp\nC2\tx\ty\n")
    assert ([row["uid"] for row in rows], counts) == (["C1"], {"row_of_other_log": 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD.replace(b"dns", b"conn"), "dns.log: Zeek's log 'conn', not 'dns'; name the dns.log beside it"),
        (HEAD.replace(b"\tuid", b"\tid"), "dns.log: not a dns.log: it lacks 'uid'; it has 'id', 'query', 'AA'"),
        (b"hello\n", "dns.log: not a dns.log: no '#fields' line"),
    ],
)
def test_a_file_that_is_another_log_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(content)
