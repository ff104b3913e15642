import pytest

from bundles import flows
from redshank.detect.fuse import fuse
from redshank.detect.unlearned import Unlearned
from runs import Constant


def test_it_says_nothing_and_why(caplog: pytest.LogCaptureFixture) -> None:
    one = Unlearned("anomaly", "it has not learnt this network; `redshank learn` makes a bundle")
    assert one.silent == "it has not learnt this network; `redshank learn` makes a bundle"
    assert caplog.messages == [f"detector anomaly: {one.silent}"]
    verdicts = one.judge(flows(["dos", "benign"]))
    assert verdicts.column("detector").to_pylist() == ["anomaly"] * 2
    for name in ("score", "family", "p_value", "unknown", "alarm", "reasons"):
        assert verdicts.column(name).null_count == 2


def test_what_others_say_stays_as_it_is() -> None:
    some = flows(["dos", "benign"])
    loud = Constant(0.9, "dos", alarm=True).judge(some)
    fused = fuse([Unlearned("anomaly", "").judge(some), loud])
    assert fused.select(["score", "family", "alarm", "detector"]) == loud.select(
        ["score", "family", "alarm", "detector"]
    )
