import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.schema import FLOW
from redshank.flows.records.conn_log import COLUMNS, FLOW_NAMES, escape, unescape

TEXTS = st.lists(st.none() | st.text(), max_size=8)


def test_every_column_names_a_field_of_flow() -> None:
    assert {flow for flow, _, _ in COLUMNS} <= set(FLOW.names)
    assert set(FLOW_NAMES.values()) == {flow for flow, _, _ in COLUMNS}


def test_zeek_names_of_both_ends_are_source_and_destination() -> None:
    assert FLOW_NAMES["id.orig_h"] == "src_ip"
    assert FLOW_NAMES["id.resp_p"] == "dst_port"
    assert FLOW_NAMES["resp_ip_bytes"] == "dst_ip_bytes"


def test_plain_text_is_left_as_it_is() -> None:
    texts = pa.array(["ShADadFf", "gssapi,ldap", "-Sr", None])
    assert escape(texts) is texts
    assert unescape(texts) is texts


def test_text_that_reads_as_absent_is_escaped() -> None:
    assert escape(pa.array(["-", "(empty)"])).to_pylist() == ["\\x2d", "\\x28empty)"]


def test_backslashes_and_bytes_outside_ascii_survive() -> None:
    texts = ["C:\\x41", "\x00\x1b[2J", "münchen", "\u202e"]
    assert escape(pa.array(texts)).to_pylist() == [
        "C:\\\\x41",
        "\\x00\\x1b[2J",
        "m\\xc3\\xbcnchen",
        "\\xe2\\x80\\xae",
    ]
    assert unescape(escape(pa.array(texts))).to_pylist() == texts


def test_half_a_character_stays_as_it_is_written() -> None:
    assert unescape(pa.array(["\\xc3", "\\xzz", "\\"])).to_pylist() == ["\\xc3", "\\xzz", "\\"]


@given(TEXTS)
def test_what_is_escaped_is_one_printable_ascii_line_and_comes_back(texts: list[str | None]) -> None:
    texts = [None if t is None else t.encode("utf-8", "replace").decode() for t in texts]
    escaped = escape(pa.array(texts, pa.string()))
    assert all(t is None or (t.isascii() and (t.isprintable() or not t)) for t in escaped.to_pylist())
    assert not {"-", "(empty)"} & set(escaped.to_pylist())
    assert unescape(escaped).to_pylist() == texts
