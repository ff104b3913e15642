import xml.etree.ElementTree as ET

from redshank.learn.table import Curve, Picture
from redshank.report.page import page
from redshank.report.pictures import THEME, chapter, name, svg

NAMES = ("mixed", "margin", "random", "least_confidence", "every label")
PICTURE = Picture(
    "Ten families: macro-F1",
    "Mean of <b>.",
    "answers",
    "macro-F1",
    tuple(Curve(one, (20, 100, 6000), (0.3, 0.6, 0.9), (0.2, 0.5, 0.8), (0.4, 0.7, 1.0)) for one in NAMES),
)
SPACE = "{http://www.w3.org/2000/svg}"


def test_a_file_brings_its_key_its_colors_and_a_card_for_light_and_dark() -> None:
    drawn = ET.fromstring(svg(PICTURE))
    texts = [text.text for text in drawn.iter(f"{SPACE}text")]
    assert set(NAMES) <= set(texts)
    assert {"answers", "macro-F1"} <= set(texts)
    assert len(list(drawn.iter(f"{SPACE}polyline"))) == len(NAMES)
    assert len(list(drawn.iter(f"{SPACE}polygon"))) == len(NAMES)
    assert "@media (prefers-color-scheme:dark)" in THEME
    assert all(f"{color}:#" in THEME for color in ("--s1", "--s5", "--card", "--line"))
    assert drawn.find(f"{SPACE}rect") is not None
    assert len(svg(PICTURE)) < 8_000


def test_answers_over_more_than_a_decade_stand_on_a_logarithmic_axis_with_marks_between() -> None:
    texts = [text.text for text in ET.fromstring(svg(PICTURE)).iter(f"{SPACE}text")]
    assert {"20", "50", "100", "200", "500", "1,000", "2,000", "5,000"} <= set(texts)
    short = Picture("t", "", "labels", "AUC", (Curve("a", (0, 20, 50, 100), (0.5, 0.6, 0.7, 0.8)),))
    assert "25" in [text.text for text in ET.fromstring(svg(short)).iter(f"{SPACE}text")]


def test_a_picture_is_the_same_bytes_each_time_and_named_after_its_title() -> None:
    assert svg(PICTURE) == svg(PICTURE)
    assert name("active-x", PICTURE) == "active-x-ten-families-macro-f1.svg"


def test_a_page_has_the_same_pictures() -> None:
    assert chapter([]) == []
    text = page("t", chapter([PICTURE, PICTURE]))
    assert text.count("<figcaption>Ten families: macro-F1</figcaption>") == 2
    assert "Mean of &lt;b&gt;." in text
