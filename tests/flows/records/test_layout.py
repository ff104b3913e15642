import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import SourceError
from redshank.flows.records.layout import Layout, recognize

HEAD = (
    b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tconn_state\n#types\ttime\tstring\n"
)
JSON = b'{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0"}\n'


def test_the_header_of_a_zeek_log_tells_its_layout() -> None:
    layout, at = recognize(HEAD + b"1.5\tC1\n", "conn.log")
    assert (layout.form, layout.separator, layout.path) == ("tsv", "\t", "conn")
    assert layout.columns() == {
        "ts": 0,
        "uid": 1,
        "src_ip": 2,
        "src_port": 3,
        "dst_ip": 4,
        "dst_port": 5,
        "conn_state": 6,
    }
    assert at == len(HEAD)


def test_another_separator_and_other_marks_hold() -> None:
    head = (
        b"#separator |\n#empty_field|EMPTY\n#unset_field|NULL\n#path|conn\n#fields|id.orig_h|id.resp_h|history\n"
        b"#unknown|thing\n"
    )
    layout, _ = recognize(head, "conn.log")
    assert (layout.separator, layout.empty, layout.unset) == ("|", "EMPTY", "NULL")
    assert layout.columns() == {"src_ip": 0, "dst_ip": 1, "history": 2}


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\t", b"\r\n\n", b"### a comment of a test suite\n"])
def test_marks_before_the_header_do_no_harm(before: bytes) -> None:
    layout, at = recognize(before + HEAD, "conn.log")
    assert len(layout.fields) == 7
    assert at == len(before + HEAD)


def test_carriage_returns_are_no_part_of_a_name() -> None:
    layout, _ = recognize(HEAD.replace(b"\n", b"\r\n"), "conn.log")
    assert layout.fields[-1] == "conn_state"
    assert layout.unset == "-"


def test_the_first_of_two_columns_with_one_meaning_wins() -> None:
    assert Layout("table", fields=("src_ip", "id.orig_h")).columns() == {"src_ip": 0}


def test_a_separator_that_is_not_one_character_changes_nothing() -> None:
    assert Layout("tsv").told(b"#separator \\x80\n").separator == "\t"
    assert Layout("tsv").told(b"#separator ab\n").separator == "\t"


def test_json_lines_are_told_by_their_first_object() -> None:
    assert recognize(JSON, "conn.log") == (Layout("json"), 0)


def test_a_table_is_told_by_its_header() -> None:
    head = b'timestamp,uid,"src_ip",dest_ip,orig_bytes,label\n'
    layout, at = recognize(head + b"1.5,C1,10.0.0.1,10.0.0.2,5,Benign\n", "flows.csv")
    assert (layout.form, layout.columns()) == ("table", {"ts": 0, "uid": 1, "src_ip": 2, "dst_ip": 3, "src_bytes": 4})
    assert layout.labels() == {"label": 5}
    assert at == len(head)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.log: empty, not even a '#fields' line"),
        (b"\n \r\n", "x.log: empty"),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + b"\0" * 40, "x.log: a packet capture, not a conn.log"),
        (b"\x0a\x0d\x0d\x0a" + b"\0" * 40, "x.log: a packet capture, not a conn.log"),
        (HEAD.replace(b"conn\n", b"dns\n", 1), "x.log: Zeek's log 'dns', not 'conn'"),
        (b"#separator \\x09\n#path\tconn\n", "x.log: no '#fields' line"),
        (HEAD.replace(b"id.orig_h", b"client"), "x.log: not a conn.log: .* it has 'ts', 'uid', 'client'"),
        (HEAD.replace(b"conn_state", b"query"), "x.log: not a conn.log: .* 'query'"),
        (JSON.replace(b"{", b'{"_path":"ssl",'), "x.log: Zeek's log 'ssl', not 'conn'"),
        (JSON.replace(b"conn_state", b"query"), "x.log: not a conn.log: .* 'query'"),
        (b'{"ts": 1.5, "ui', 'x.log: its first line is broken JSON: .*"ui'),
        (b"hello\x1b[2J world\n", r"x.log: not a conn.log: no '#fields' line, .* b'hello\\x1b\[2J world'"),
        (b"duration,orig_bytes\n1,2\n", "x.log: not a conn.log: it lacks addresses"),
        (b"{" * 100_000, "x.log: its first line is broken JSON"),
    ],
)
def test_a_file_that_is_no_conn_log_is_named_for_what_it_is(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        recognize(content, "x.log")
    assert str(caught.value).isprintable()


@given(st.binary(max_size=200) | st.text(alphabet='#\t\n{},"separtofildconhxy_.\\', max_size=200).map(str.encode))
def test_any_beginning_is_recognized_or_refused_in_one_line(content: bytes) -> None:
    refused = None
    try:
        layout, at = recognize(content, "x.log")
    except SourceError as error:
        refused = str(error)
    if refused is not None:
        assert "\n" not in refused
    else:
        assert {"src_ip", "dst_ip"} <= set(layout.columns()) or layout.form == "json"
        assert 0 <= at <= len(content)
