import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.console.facts.reasons import about, reason
from redshank.detect.reasons import Quantiles, likely

BENIGN = {"dst_bytes": (0.0, 100.0, 40_000.0), "src_pkts": (2.0, 5.0, 39.0)}


def test_a_value_beyond_benign_traffic_can_be_drawn() -> None:
    told = Quantiles(["dst_bytes", "src_pkts"], BENIGN).beyond(np.array([[4e9, 1.0]], np.float32))[0]
    first, second = (reason(f"classifier: {text}", BENIGN) for text in told)
    assert (first.detector, first.feature, first.value) == ("classifier", "dst_bytes", 4e9)
    assert (first.low, first.middle, first.high) == (0.0, 100.0, 40_000.0)
    assert first.words == "bytes that came back: 4,000,000,000; of benign flows 99 % have 40,000 at most"
    assert second.words == "packets that it sent: 1; of benign flows 99 % have 2 at least"
    assert reason(told[0], {}).high == pytest.approx(40_000)
    assert reason(told[1], {}).low == pytest.approx(2)


def test_a_value_that_is_not_rare_can_be_drawn_and_is_not_called_so() -> None:
    (told,) = Quantiles(["dst_bytes", "src_pkts"], BENIGN).within(np.array([[30_000, 5.0]], np.float32))
    found = reason(f"classifier: {told}", {})
    assert (found.feature, found.value, found.low, found.middle, found.high) == ("dst_bytes", 30_000, 0, 100, 40_000)
    assert found.words == (
        "bytes that came back: 30,000; no value is rare, this one the least usual: 98 % have 0 to 40,000"
    )
    assert about(found) == "dst_bytes"


@pytest.mark.parametrize(
    ("text", "words", "detector", "feature", "rule"),
    [
        (likely(np.array([[0.1, 0.9]]), ["benign", "dos"])[0][0],
         "the model takes it for dos with a probability of 90 %", "", "p(dos)", ""),
        ("anomaly: service unknown rebuilt 12 x as badly as benign 99 %",
         "service: unknown does not fit the rest of the flow, 12 times the usual error", "anomaly", "service", ""),
        ("anomaly: duration 3.1 rebuilt 2.5e+03 x as badly as benign 99 %",
         "how long it took, s: 3.1 does not fit the rest of the flow, 2,500 times the usual error",
         "anomaly", "duration", ""),
        ("signatures: telnet-sweep (high, T1046, T1110) at least 6 different dst_ip within 60 s by src_ip=10.0.0.9",
         "rule telnet-sweep (high): at least 6 different dst_ip within 60 s by src_ip=10.0.0.9",
         "signatures", "", "telnet-sweep"),
        ("irc (medium)", "rule irc (medium)", "", "", "irc"),
        ("classifier: most like scanning (4 of the 5 nearest known flows)",
         "of the 5 flows most like it that the model knows 4 are scanning", "classifier", "near(scanning)", ""),
        ("nearest known flows: scanning 3, others 2",
         "the flows most like it that the model knows are of several families: scanning 3, others 2", "", "near()", ""),
        ("something else", "something else", "", "", ""),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_words(text: str, words: str, detector: str, feature: str, rule: str) -> None:
    found = reason(text, {})
    assert (found.words, found.detector, found.feature, found.rule) == (words, detector, feature, rule)
    assert found.text == text
    assert about(found) == (rule or feature or words)


@given(st.text(max_size=200))
def test_any_text_is_a_reason(text: str) -> None:
    assert reason(text, BENIGN).text == text
