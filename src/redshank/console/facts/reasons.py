"""The reasons of an alert: what a detector said, in words, and where a value lies beside benign traffic.

In: the texts of `detect/reasons.py`, `detect/neighbors.py` and of rules, and quantiles of benign traffic. Out: `Reason`
each. The one idea: what is a number can be drawn; what is none is read. A text of another form is shown as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WORDS = {
    "duration": "how long it took, s",
    "src_bytes": "bytes that it sent",
    "dst_bytes": "bytes that came back",
    "missed_bytes": "bytes that the sensor missed",
    "src_pkts": "packets that it sent",
    "dst_pkts": "packets that came back",
    "src_ip_bytes": "bytes sent, with headers",
    "dst_ip_bytes": "bytes back, with headers",
    "src_bytes_per_pkt": "bytes per packet sent",
    "dst_bytes_per_pkt": "bytes per packet back",
    "src_header_bytes_per_pkt": "header bytes per packet sent",
    "dst_header_bytes_per_pkt": "header bytes per packet back",
    "pkts_per_s": "packets per second",
    "ip_bytes_per_s": "bytes per second",
    "src_pkts_share": "share of packets that it sent",
    "src_ip_bytes_share": "share of bytes that it sent",
}
"""Columns of the feature sets as a person calls them; others are shown by their name."""
_DETECTOR = re.compile(r"(classifier|anomaly|signatures): ")
_NUMBER = r"(-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?)"
_BEYOND = re.compile(rf"(\w+) {_NUMBER} (beyond benign 99 %|below benign 1 %) \({_NUMBER}\)")
_WITHIN = re.compile(
    rf"within benign 1 % to 99 %, farthest out (\w+) {_NUMBER} \({_NUMBER} to {_NUMBER}, median {_NUMBER}\)"
)
_REBUILT = re.compile(rf"(\w+) (\S+) rebuilt {_NUMBER} x as badly as benign 99 %")
_LIKELY = re.compile(rf"p\((\w+)\) {_NUMBER}")
_NONE = re.compile(r"p\(\w+\) 0\.00$")
_NEAR = re.compile(r"most like (.{1,60}) \((\d) of the (\d) nearest known flows\)")
_MIXED = re.compile(r"nearest known flows: (.{1,120})")
_RULE = re.compile(r"(.{1,120}?) \((informational|low|medium|high|critical)((?:, T[\d.]+)*)\)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Reason:
    """A reason.

    Args:
        detector: Who gave it; "" where one alone judges.
        text: As it was given.
        words: The same for a person.
        feature: The column that it is about, p(family) of a probability, near(family) of flows that the model knows,
            near() if those are of several, or "".
        value: What the flow had there; None: it is no number.
        low, middle, high: 1 %, 50 % and 99 % quantiles of benign traffic there; None: not known.
        rule: The signature rule that gave it, or "".
    """

    detector: str
    text: str
    words: str
    feature: str = ""
    value: float | None = None
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    rule: str = ""


def reason(text: str, benign: Mapping[str, Sequence[float]]) -> Reason:
    """Read a reason.

    Args:
        text: As an alert has it.
        benign: By column, the 1 %, 50 % and 99 % quantiles of benign traffic; may be empty.

    Example:
        >>> reason("classifier: dst_bytes 3.9e+09 beyond benign 99 % (4.1e+04)", {}).words
        'bytes that came back: 3,900,000,000; of benign flows 99 % have 41,000 at most'
    """
    found = _DETECTOR.match(text)
    detector, rest = (found[1], text[found.end() :]) if found else ("", text)
    if told := _BEYOND.fullmatch(rest):
        name, bound = told[1], float(told[4])
        measured = float(told[2])
        above = told[3].startswith("beyond")
        low, middle, high = benign.get(name) or ((None, None, bound) if above else (bound, None, None))
        side = "at most" if above else "at least"
        words = f"{_name(name)}: {_plain(measured)}; of benign flows 99 % have {_plain(bound)} {side}"
        return Reason(detector, text, words, name, measured, low, middle, high)
    if told := _WITHIN.fullmatch(rest):
        name, measured = told[1], float(told[2])
        least, most = float(told[3]), float(told[4])
        low, middle, high = benign.get(name) or (least, float(told[5]), most)
        usual = f"{_plain(least)} to {_plain(most)}"
        words = f"{_name(name)}: {_plain(measured)}; no value is rare, this one the least usual: 98 % have {usual}"
        return Reason(detector, text, words, name, measured, low, middle, high)
    if told := _REBUILT.fullmatch(rest):
        name, value_text, times = told[1], told[2], float(told[3])
        value = float(value_text) if re.fullmatch(_NUMBER, value_text) else None
        low, middle, high = benign.get(name) or (None, None, None)
        shown = value_text if value is None else _plain(value)
        words = f"{_name(name)}: {shown} does not fit the rest of the flow, {_plain(times)} times the usual error"
        return Reason(detector, text, words, name, value, low, middle, high)
    if told := _LIKELY.fullmatch(rest):
        words = f"the model takes it for {told[1]} with a probability of {100 * float(told[2]):.0f} %"
        return Reason(detector, text, words, f"p({told[1]})")
    if told := _NEAR.fullmatch(rest):
        words = f"of the {told[3]} flows most like it that the model knows {told[2]} are {told[1]}"
        return Reason(detector, text, words, f"near({told[1]})")
    if told := _MIXED.fullmatch(rest):
        words = f"the flows most like it that the model knows are of several families: {told[1]}"
        return Reason(detector, text, words, "near()")
    if detector != "classifier" and (told := _RULE.fullmatch(rest)):
        return Reason(
            detector,
            text,
            f"rule {told[1]} ({told[2]}){': ' if told[4].strip() else ''}{told[4].strip()}",
            rule=told[1],
        )
    return Reason(detector, text, rest)


def about(one: Reason) -> str:
    """Return what two reasons have in common if they say the same of different flows."""
    return one.rule or one.feature or one.words


def says_nothing(one: Reason) -> bool:
    """Tell whether a reason is a probability that is 0 as it is written: the second of two, where the first is all."""
    return _NONE.search(one.text) is not None


def _name(feature: str) -> str:
    return WORDS.get(feature, feature)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.3g}"
