from records import alert
from redshank.active.curve import Point
from redshank.report.learning import alerts_chapter, curve_chapter, curves_csv


def test_the_control_is_always_in_the_picture() -> None:
    curves = {
        "least_confidence": [Point(100, 0.5, 0.4, 0.6, 3), Point(150, 0.7, 0.6, 0.8, 5)],
        "random": [Point(100, 0.5, 0.4, 0.6, 3), Point(150, 0.6, 0.5, 0.7, 4)],
    }
    chapter = curve_chapter(curves, seeds=2, pool=1_000, validation_labels=200)
    text = "".join(chapter.content)
    assert "1,000 distinct flows" in text
    assert "200 validation labels" in text
    assert "Mean of 2 seeds" in text
    assert text.count("random, macro-F1") == 1
    assert "0.700" in text
    assert "<svg" in text


def test_curves_as_csv_have_one_line_per_strategy_and_number_of_labels() -> None:
    text = curves_csv({"random": [Point(100, 0.5, 0.4, 0.6, 3)], "margin": [Point(100, 0.25, 0.2, 0.3, 2.5)]})
    assert text.splitlines()[1:] == [
        "random,100,0.500000,0.400000,0.600000,3.00",
        "margin,100,0.250000,0.200000,0.300000,2.50",
    ]


def test_the_gravest_alerts_come_first() -> None:
    alerts = [alert(id="1", severity="low", device="10.0.0.1"), alert(id="2", severity="critical", device="10.0.0.2")]
    text = "".join(alerts_chapter(alerts).content)
    assert text.index("10.0.0.2") < text.index("10.0.0.1")


def test_hostile_text_in_an_alert_is_inert() -> None:
    text = "".join(alerts_chapter([alert(device="<script>alert(1)</script>")]).content)
    assert "<script" not in text


def test_a_flood_of_alerts_is_cut_and_said_so() -> None:
    text = "".join(alerts_chapter([alert(id=str(i)) for i in range(100)]).content)
    assert "100 alerts; 40 of lower severity are in eve.json only" in text
