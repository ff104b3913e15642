import pytest

from redshank.alerts.asset import VALUES
from redshank.alerts.severity import FAMILIES, OTHER, UNKNOWN, measure, severity
from redshank.core.records import SEVERITIES

LAB = ("scanning", "password", "dos", "ddos", "injection", "xss", "mitm", "backdoor", "ransomware")


def test_every_family_of_the_lab_has_its_row() -> None:
    assert set(LAB) <= set(FAMILIES)
    assert {"attack", UNKNOWN} <= set(FAMILIES)
    assert {response.severity for response in (*FAMILIES.values(), OTHER)} <= set(SEVERITIES)


@pytest.mark.parametrize(
    ("family", "score", "count", "targets", "expected"),
    [
        ("scanning", 0.99, 9, 9, "low"),
        ("scanning", 0.99, 10, 10, "medium"),
        ("scanning", 0.99, 100, 1, "medium"),
        ("scanning", 0.99, 100, 10, "medium"),
        ("dos", 0.5, 1, 1, "low"),
        ("dos", 0.9, 1, 1, "medium"),
        ("dos", 0.5, 2, 1, "medium"),
        ("scanning", 0.1, 1, 1, "low"),
        ("ransomware", 1.0, 100_000, 500, "critical"),
        ("unknown", 1.0, 100_000, 500, "low"),
        ("a family of another dataset", 1.0, 2, 1, "medium"),
    ],
)
def test_severity_follows_the_stated_table(family: str, score: float, count: int, targets: int, expected: str) -> None:
    assert severity(family, score=score, count=count, targets=targets) == expected


@pytest.mark.parametrize(
    ("detectors", "score", "count", "expected"),
    [
        (("classifier",), 0.5, 2, "medium"),
        (("classifier",), 0.89, 9, "medium"),
        (("classifier",), 0.9, 2, "high"),
        (("classifier",), 0.5, 10, "high"),
        (("anomaly", "classifier"), 0.5, 2, "high"),
        (("signatures",), 0.85, 2, "high"),
        (("classifier", "signatures"), 0.5, 2, "high"),
        (("classifier", "signatures"), 0.85, 1, "medium"),
        ((), 0.5, 2, "high"),
    ],
)
def test_a_few_flows_that_one_model_is_not_sure_of_are_a_step_less(
    detectors: tuple[str, ...], score: float, count: int, expected: str
) -> None:
    assert severity("injection", score=score, count=count, targets=1, detectors=detectors) == expected


def test_more_flows_a_surer_one_and_another_detector_never_make_it_less() -> None:
    for family in ("scanning", "injection", "ransomware"):
        rated = [
            severity(family, score=score, count=count, targets=1, detectors=detectors)
            for detectors in (("classifier",), ("classifier", "signatures"))
            for score in (0.5, 0.95)
            for count in (2, 9, 10, 99, 100)
        ]
        for half in (rated[:5], rated[5:10], rated[10:15], rated[15:]):
            assert [SEVERITIES.index(one) for one in half] == sorted(SEVERITIES.index(one) for one in half)
        assert all(SEVERITIES.index(a) <= SEVERITIES.index(b) for a, b in zip(rated[:10], rated[10:], strict=True))


@pytest.mark.parametrize(
    ("family", "asset", "expected"),
    [
        ("dos", "low", "low"), ("dos", "normal", "medium"), ("dos", "high", "high"), ("dos", "critical", "critical"),
        ("ransomware", "critical", "critical"), ("unknown", "low", "low"), ("unknown", "critical", "high"),
    ],
)  # fmt: skip
def test_what_is_worth_more_is_graver(family: str, asset: str, expected: str) -> None:
    assert severity(family, score=0.99, count=2, targets=1, asset=VALUES.index(asset)) == expected


@pytest.mark.parametrize("family", [*FAMILIES, "a family of another dataset"])
def test_measure_names_the_device_and_a_target_and_leaves_no_braces(family: str) -> None:
    text = measure(family, "10.0.0.66", ("10.0.0.2",), 1)
    assert "10.0.0.66" in text
    assert "10.0.0.2" in text
    assert "{" not in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("targets", "count", "words"),
    [((), 0, "flooding its targets."), (("a",), 1, "flooding a."), (("a", "b"), 2, "flooding a and 1 other."),
     (("a", "b"), 12, "flooding a and 11 others.")],
)  # fmt: skip
def test_measure_says_how_many_targets_there_are(targets: tuple[str, ...], count: int, words: str) -> None:
    assert words in measure("dos", "10.0.0.66", targets, count)


def test_device_without_an_address_is_still_a_device() -> None:
    assert measure("dos", "", (), 0).startswith("The device is flooding")
