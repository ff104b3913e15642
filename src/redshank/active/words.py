"""A flow and a question in words, for somebody who is to judge.

In: FLOW values, a question, and labels of its neighbors. Out: lines of text. Text from the wire may stand in it:
whoever prints it makes it inert (`core/inert.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redshank.core.schema import APPLICATION_FIELDS
from redshank.store.question import Question

LIKELY = 0.005  # probabilities below are not worth a line
LONGEST = 100  # characters of a field from the wire


def flow_lines(flow: Mapping[str, Any]) -> list[str]:
    """Return what a flow did.

    Args:
        flow: FLOW values by name, `ts` in ns; absent ones are left out.

    Example:
        >>> flow_lines({"src_ip": "10.0.0.5", "dst_ip": "10.0.0.1", "dst_port": 23, "proto": "tcp", "conn_state": "S0"})
        ['10.0.0.5 -> 10.0.0.1:23  tcp', 'state S0']
    """
    ends = [_end(flow, side) for side in ("src", "dst")]
    service = "/".join(str(flow[name]) for name in ("proto", "service") if flow.get(name))
    when = ""
    if flow.get("ts"):
        when = datetime.fromtimestamp(flow["ts"] // 10**9, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC  ")
    lines = [f"{when}{ends[0]} -> {ends[1]}  {service}".rstrip()]
    sent = [_sent(flow, side, verb) for side, verb in (("src", "sent"), ("dst", "was answered"))]
    took = f"in {flow['duration']:.3g} s" if flow.get("duration") is not None else ""
    lines.append(", ".join(text for text in (*sent, took) if text))
    states = [
        f"{word} {flow[name]}" for word, name in (("state", "conn_state"), ("history", "history")) if name in flow
    ]
    lines.append(", ".join(states))
    said = [f"{f.name} {str(flow[f.name])[:LONGEST]}" for f in APPLICATION_FIELDS if f.name in flow]
    lines.append(", ".join(said))
    return [line for line in lines if line]


def question_lines(question: Question, neighbors: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Return all that helps to answer a question.

    Args:
        question: The question.
        neighbors: Question and family of those that lie nearest and have a label.
    """
    ranked = sorted(zip(question.probabilities, question.classes, strict=True), reverse=True)
    likely = ", ".join(f"{name} {p:.2f}" for p, name in ranked if p >= LIKELY)
    lines = [*flow_lines(question.flow), f"device {question.device}"]
    if question.doubted_at_s is None:
        lines += [f"bundle {question.bundle}: {likely}", f"asked by {question.strategy}: {question.why}"]
    else:  # who looks again is not to hear what a model thinks
        lines.append(f"asked again: {question.why}")
    if neighbors:
        lines.append("nearest labels: " + ", ".join(f"{family} ({which})" for which, family in neighbors))
    return lines


def question_row(question: Question) -> dict[str, str]:
    """Return a question as a row of a table."""
    return {
        "question": question.id,
        "device": question.device,
        "flow": flow_lines(question.flow)[0],
        "why": question.why,
    }


def _end(flow: Mapping[str, Any], side: str) -> str:
    address, port = str(flow.get(f"{side}_ip", "?")), flow.get(f"{side}_port")
    return address if port is None else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _sent(flow: Mapping[str, Any], side: str, verb: str) -> str:
    parts = [
        f"{flow[name]:,} {unit}"
        for name, unit in ((f"{side}_pkts", "packets"), (f"{side}_ip_bytes", "bytes"))
        if name in flow
    ]
    return f"{verb} {' of '.join(parts)} in all" if len(parts) > 1 else f"{verb} {parts[0]}" if parts else ""
