"""A page as a browser takes it apart: elements, attributes, text; and what of it is not the template's."""

import re
from html.parser import HTMLParser

from console.hostile import FOUND

STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that turn the direction of writing, are not seen, or steer a terminal."""
_EMPTY = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_OURS = ("/", "#", "?")


class Page(HTMLParser):
    """A page.

    Args:
        text: The page.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.links: list[str] = []
        self.parts: list[str] = []
        self.fields: set[tuple[str, str]] = set()
        """Of forms that ask: where they lead, and a name."""
        self.seen: set[int] = set()
        """Numbers of planted texts."""
        self._open: list[str] = []
        self._form = ""
        if "62615533" in text:
            self.problems.append("a template did what a text said")
        self.feed(text)
        self.close()
        if self._open and "html" in self._open:
            self.problems.append(f"not closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not re.fullmatch(r"!?[a-z][a-z0-9]*", tag) or tag.startswith("xss"):
            self.problems.append(f"an element <{tag}>")
        if tag in {"style", "iframe", "object", "embed", "base"}:
            self.problems.append(f"an element <{tag}>")
        if tag not in _EMPTY:
            self._open.append(tag)
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9:-]*", name) or name.startswith(("on", "xss")) or name == "style":
                self.problems.append(f"an attribute {name} of <{tag}>")
            if name in {"href", "src", "action", "formaction", "data-from"}:
                if not value.startswith(_OURS) or value.startswith("//"):
                    self.problems.append(f"<{tag} {name}> leads to {value[:80]!r}")
                if "action" not in name:
                    self.links.append(value)
            if name != "value":  # it goes back as it is
                self._look(value, f"{name} of <{tag}>")
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.problems.append("a script of its own")
        if "data-part" in given:
            self.parts.append(given["data-part"])
        if tag == "form":
            self._form = given.get("action", "") if given.get("method", "get").lower() == "get" else ""
        if tag in {"input", "select", "textarea"} and self._form and given.get("name"):
            self.fields.add((self._form, given["name"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        else:
            self.problems.append(f"</{tag}> that closes nothing")
        if tag == "form":
            self._form = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"script", "style"} and data.strip():
            self.problems.append(f"text in a <{self._open[-1]}>")
        self._look(data, "text")

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"a comment {data[:60]!r}")

    def _look(self, text: str, where: str) -> None:
        if steering := STEERING.search(text):
            around = text[max(0, steering.start() - 80) : steering.start() + 20]
            self.problems.append(f"{where}: {around!r} steers the reader")
        self.seen.update(int(number) for number in FOUND.findall(text))
