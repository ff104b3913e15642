from html.parser import HTMLParser
from pathlib import Path

import pytest

from redshank.core.errors import ConfigError
from redshank.report.page import (
    Cell,
    Chapter,
    Html,
    bullets,
    facts,
    figure,
    grid,
    marked,
    page,
    small_print,
    table,
    tiles,
    write_page,
)

HOSTILE = '<script>alert("1")</script><img src=http://evil.example/x onerror=x>&\u202e\x00'
VOID = {"meta", "link", "img", "br"}


class Outline(HTMLParser):
    """Collects tags and attributes, and checks that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def outline(text: str) -> Outline:
    """Parse a page; every tag must be closed."""
    found = Outline()
    found.feed(text)
    found.close()
    assert found.open == []
    return found


def assert_inert(text: str) -> None:
    """Make sure that a page has no script and asks nobody for anything."""
    found = outline(text)
    assert "script" not in found.tags
    assert "img" not in found.tags
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert name != "src"
        assert name != "href" or value == "data:," or str(value).startswith("#part-")
    assert "url(" not in text
    assert "@import" not in text


def every_piece(text: str) -> list[Chapter]:
    return [
        Chapter(
            text,
            [
                text,
                table([text, text], [[text, Cell(text, text)]], first_strong=True),
                figure(Html("<svg></svg>"), text, text),
                grid([tiles([(text, text, text)]), facts([(text, text)])]),
                bullets([text]),
                marked([("bad", text, text)]),
            ],
        )
    ]


def test_hostile_text_arrives_inert_everywhere() -> None:
    text = page(HOSTILE, every_piece(HOSTILE), subtitle=HOSTILE, contents=True)
    assert_inert(text)
    assert "\u202e" not in text
    assert "\x00" not in text
    assert text.count("&lt;script&gt;") == 21


def test_nothing_may_be_loaded_even_if_something_slipped_through() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page("t", [])


def test_what_is_html_already_stays() -> None:
    assert Html.of(Html("<b>x</b>")) == "<b>x</b>"
    assert Html.of("a & b") == "a &amp; b"
    assert Html.of("tab\there") == "tab\\there"


def test_both_themes_define_the_same_colors() -> None:
    light, dark = page("t", []).split("@media (prefers-color-scheme:dark)")[:2]
    names = {part.split(":")[0] for part in light.split(":root{")[1].split("}")[0].replace("\n", "").split(";")}
    again = {part.split(":")[0] for part in dark.split(":root{")[1].split("}")[0].replace("\n", "").split(";")}
    assert names == again
    assert "--s1" in names


def test_the_first_row_can_stand_out() -> None:
    rows = [["a", "1"], ["b", "2"]]
    assert table(["n", "v"], rows, first_strong=True).count("class=lead") == 1
    assert "class=lead" not in table(["n", "v"], rows)


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, the head has 2"):
        table(["a", "b"], [["x"]])


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    write_page(tmp_path / "new" / "page.html", "Title", [Chapter("One", ["text"])], subtitle="sub")
    written = (tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert written == page("Title", [Chapter("One", ["text"])], subtitle="sub")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        write_page(tmp_path / "file" / "page.html", "Title", [])


def test_small_print_is_escaped() -> None:
    assert small_print("a <b>") == '<p class="small">a &lt;b&gt;</p>'
