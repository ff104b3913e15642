r"""Zeek's conn.log as a format: which of its columns are FLOW columns, and how it writes text.

In and out: Arrow string columns. A log line is text between separators, so Zeek writes what would break a line - a
control character, a separator, a backslash, a byte outside printable ASCII - as `\xNN`, byte by byte in UTF-8. The same
keeps hostile text from steering a terminal.
Source: https://docs.zeek.org/en/master/logs/conn.html and https://docs.zeek.org/en/master/log-formats.html
"""

import re

import pyarrow as pa

UNSET = "-"
EMPTY = "(empty)"

COLUMNS = (
    # FLOW name, Zeek's name, Zeek's type; in the order of Zeek's own log
    ("ts", "ts", "time"),
    ("uid", "uid", "string"),
    ("src_ip", "id.orig_h", "addr"),
    ("src_port", "id.orig_p", "port"),
    ("dst_ip", "id.resp_h", "addr"),
    ("dst_port", "id.resp_p", "port"),
    ("proto", "proto", "enum"),
    ("service", "service", "string"),
    ("duration", "duration", "interval"),
    ("src_bytes", "orig_bytes", "count"),
    ("dst_bytes", "resp_bytes", "count"),
    ("conn_state", "conn_state", "string"),
    ("missed_bytes", "missed_bytes", "count"),
    ("history", "history", "string"),
    ("src_pkts", "orig_pkts", "count"),
    ("src_ip_bytes", "orig_ip_bytes", "count"),
    ("dst_pkts", "resp_pkts", "count"),
    ("dst_ip_bytes", "resp_ip_bytes", "count"),
    ("tunnel_parents", "tunnel_parents", "set[string]"),
    ("ip_proto", "ip_proto", "count"),
    ("community_id", "community_id", "string"),
    ("src_mac", "orig_l2_addr", "string"),
    ("dst_mac", "resp_l2_addr", "string"),
    ("vlan", "vlan", "int"),
)

FLOW_NAMES = {
    **{flow: flow for flow, _, _ in COLUMNS},
    **{zeek: flow for flow, zeek, _ in COLUMNS},
    # As published exports of IoT-23 rename the header.
    "timestamp": "ts",
    "dest_ip": "dst_ip",
    "dest_port": "dst_port",
    "origin_address": "src_ip",
    "origin_port": "src_port",
    "response_address": "dst_ip",
    "response_port": "dst_port",
    "protocol": "proto",
}
"""By the name a log may use, the FLOW name."""

LABEL_NAMES = {
    "label": "label",
    "tunnel_parents   label   detailed-label": "label",  # IoT-23: three values in one field
    "detailed_label": "detailed_label",
    "detailed-label": "detailed_label",
    "detailedlabel": "detailed_label",
}
"""By the name a labelled log may use, what it holds."""

_PLAIN = r"^[ !-\[\]-~]*$"  # printable ASCII without the backslash
_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})|\\\\")


def escape(texts: pa.StringArray) -> pa.StringArray:
    r"""Write text so that it fits one field of one line and is inert on a terminal; null stays null.

    Example:
        >>> escape(pa.array(["tab\there", "-", "é", "plain", None])).to_pylist()
        ['tab\\x09here', '\\x2d', '\\xc3\\xa9', 'plain', None]
    """
    import pyarrow.compute as pc  # noqa: PLC0415  takes 40 ms, and who writes flows needs only this module's names

    plain = pc.and_not(pc.match_substring_regex(texts, _PLAIN), pc.is_in(texts, pa.array([UNSET, EMPTY])))
    if pc.all(plain, min_count=0).as_py():
        return texts
    return pa.array([None if text is None else _escaped(text) for text in texts.to_pylist()], pa.string())


def unescape(texts: pa.StringArray) -> pa.StringArray:
    r"""Undo `escape`; bytes that are no UTF-8 stay as they are written.

    Example:
        >>> unescape(pa.array(["tab\\x09here", "\\xc3\\xa9", "\\xff", None])).to_pylist()
        ['tab\there', 'é', '\\xff', None]
    """
    import pyarrow.compute as pc  # noqa: PLC0415  as above

    if not pc.any(pc.match_substring(texts, "\\"), min_count=0).as_py():
        return texts
    return pa.array([None if text is None else _unescaped(text) for text in texts.to_pylist()], pa.string())


def _escaped(text: str) -> str:
    if text in {UNSET, EMPTY}:
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(
        "\\\\" if byte == ord("\\") else chr(byte) if ord(" ") <= byte <= ord("~") else f"\\x{byte:02x}"
        for byte in text.encode("utf-8")
    )


def _unescaped(text: str) -> str:
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else b"\\", text.encode("utf-8"))
    return raw.decode("utf-8", "backslashreplace")
