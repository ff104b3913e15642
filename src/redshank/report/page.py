"""One HTML page that needs nothing but itself.

In: a title and chapters of text, tables and figures. Out: a file without script and without any request, readable from
disk, in light and in dark. The one idea: text is escaped unless it is `Html`, and only the functions of this folder
make `Html`, so a class name out of somebody's file cannot become markup.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from redshank.core.files import replacing


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """Escape `text` unless it is Html; what could steer a reader's eye (control, bidirectional) becomes visible.

        Example:
            >>> Html.of("<b>")
            '&lt;b&gt;'
        """
        if isinstance(text, cls):
            return text
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
        return cls(html.escape(shown))


@dataclass(frozen=True)
class Chapter:
    """A part of a page.

    Args:
        title: Its heading.
        content: Paragraphs as plain text; tables, figures and grids as Html.
    """

    title: str
    content: Sequence[str]


@dataclass(frozen=True)
class Cell:
    """A value in a table with something smaller below it.

    Args:
        value: What is read first.
        below: An interval or remark.
    """

    value: str
    below: str = ""


def table(
    head: Sequence[str], rows: Sequence[Sequence[str | Cell]], *, first_strong: bool = False, texts: int = 1
) -> Html:
    """Lay out a table; the leading columns are text, the others are aligned right.

    Args:
        head: One name per column.
        rows: One cell per column.
        first_strong: Whether the first row is what the page is about.
        texts: How many leading columns are text, at least one.

    Raises:
        ValueError: If a row has another number of cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"table: a row has {len(row)} cells, the head has {len(head)}")
    top = "".join(f'<th scope="col"{_text(text=i < texts)}>{Html.of(name)}</th>' for i, name in enumerate(head))
    body = []
    for number, row in enumerate(rows):
        cells = "".join(_cell(cell, row_head=i == 0, text=i < texts) for i, cell in enumerate(row))
        body.append(f"<tr{' class=lead' if first_strong and number == 0 else ''}>{cells}</tr>")
    return Html(f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table></div>')


def _text(*, text: bool) -> str:
    return " class=text" if text else ""


def _cell(cell: str | Cell, *, row_head: bool, text: bool) -> str:
    value, below = (cell.value, cell.below) if isinstance(cell, Cell) else (cell, "")
    small = f"<small>{Html.of(below)}</small>" if below else ""
    if row_head:
        return f'<th scope="row"{_text(text=text)}>{Html.of(value)}{small}</th>'
    return f"<td{_text(text=text)}>{Html.of(value)}{small}</td>"


def figure(svg: Html, title: str, caption: str = "") -> Html:
    """Put a title above and a caption below a drawing."""
    below = f"<p>{Html.of(caption)}</p>" if caption else ""
    return Html(f"<figure><figcaption>{Html.of(title)}</figcaption>{svg}{below}</figure>")


def grid(items: Sequence[Html]) -> Html:
    """Set things side by side where there is room."""
    return Html(f'<div class="grid">{"".join(items)}</div>')


def tiles(items: Sequence[tuple[str, str, str]]) -> Html:
    """Show a few figures large: name, value, and what it means."""
    shown = "".join(
        f"<div><dt>{Html.of(name)}</dt><dd>{Html.of(value)}</dd><p>{Html.of(meaning)}</p></div>"
        for name, value, meaning in items
    )
    return Html(f'<dl class="tiles">{shown}</dl>')


def facts(items: Sequence[tuple[str, str]]) -> Html:
    """List names and values."""
    rows = "".join(f"<dt>{Html.of(name)}</dt><dd>{Html.of(value)}</dd>" for name, value in items)
    return Html(f'<dl class="facts">{rows}</dl>')


def small_print(text: str) -> Html:
    """Say in small print what few will read, for example where something comes from."""
    return Html(f'<p class="small">{Html.of(text)}</p>')


def bullets(items: Sequence[str]) -> Html:
    """List lines of text."""
    return Html(f"<ul>{''.join(f'<li>{Html.of(item)}</li>' for item in items)}</ul>")


def marked(items: Sequence[tuple[str, str, str]]) -> Html:
    """List sentences, each behind a word that says how it is meant.

    Args:
        items: Kind ("bad", "look" or "good"), the word, and the sentence.
    """
    rows = "".join(
        f'<li class="{Html.of(kind)}"><b>{Html.of(word)}</b>{Html.of(text)}</li>' for kind, word, text in items
    )
    return Html(f'<ul class="marked">{rows}</ul>')


def page(title: str, sections: Sequence[Chapter], *, subtitle: str = "", contents: bool = False) -> str:
    """Return the page as text, on request with a table of contents."""
    chapters = "".join(
        f'<section id="part-{at}"><h2>{Html.of(section.title)}</h2>{"".join(map(_block, section.content))}</section>'
        for at, section in enumerate(sections)
    )
    if contents:
        links = "".join(f'<a href="#part-{at}">{Html.of(one.title)}</a>' for at, one in enumerate(sections))
        chapters = f'<nav aria-label="Contents">{links}</nav>{chapters}'
    head = f"<h1>{Html.of(title)}</h1>" + (f"<p>{Html.of(subtitle)}</p>" if subtitle else "")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{Html.of(title)}</title><style>{STYLE}</style></head>"
        f'<body><header class="top">{head}</header><main>{chapters}</main>'
        "<footer>Redshank. This page is whole: it asks no other machine for anything.</footer></body></html>\n"
    )


def write_page(
    path: Path, title: str, sections: Sequence[Chapter], *, subtitle: str = "", contents: bool = False
) -> None:
    """Write the page to `path`, all or nothing.

    Raises:
        ConfigError: If the folder of `path` cannot be written to.
    """
    text = page(title, sections, subtitle=subtitle, contents=contents)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _block(item: str) -> str:
    return item if isinstance(item, Html) else f"<p>{Html.of(item)}</p>"


# Two themes from one set of names; figures use the same. Blue and orange stay apart for every kind of color sight.
STYLE = """
:root{--paper:#fbfaf8;--card:#fff;--ink:#1d2430;--muted:#5d6675;--line:#e2e0db;--s1:#2463c5;--s2:#d0690f;--s3:#7b8494;
--s4:#12846a;--s5:#8a4fa8;--on:#fff;--tint:#eef3fc}
@media (prefers-color-scheme:dark){:root{--paper:#12151b;--card:#1a1f28;--ink:#e6e9ef;--muted:#9aa5b6;--line:#2c3340;
--s1:#7fb0ff;--s2:#f6a253;--s3:#8c96a8;--s4:#54cfae;--s5:#c79be0;--on:#0d1420;--tint:#1d2838}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main,.top,footer{max-width:75rem;margin:0 auto;padding:0 1.5rem}
.top{padding-top:2.5rem;border-bottom:0}
h1{font-size:1.9rem;line-height:1.2;margin:0;letter-spacing:-.01em}
.top p{color:var(--muted);margin:.5rem 0 0;font-size:1.05rem;max-width:52rem}
h2{font-size:1.2rem;margin:2.6rem 0 .6rem}
section>p{max-width:52rem;margin:.5rem 0}
section>.small{max-width:none;color:var(--muted);font-size:.82rem;overflow-wrap:anywhere}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.5rem .8rem;text-align:right;vertical-align:top;white-space:nowrap}
th.text,td.text{text-align:left}
thead th{font-weight:600;color:var(--muted);font-size:.8rem;line-height:1.3;vertical-align:bottom;white-space:normal}
tbody tr{border-top:1px solid var(--line)}
tbody th{font-weight:500}
tr.lead{background:var(--tint)}
tr.lead th,tr.lead td{font-weight:600}
td small,th small{display:block;color:var(--muted);font-weight:400;font-size:.76rem;line-height:1.35}
th small{white-space:normal;max-width:20rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem;margin:1.2rem 0}
.tiles>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem}
.tiles dt{color:var(--muted);font-size:.85rem}
.tiles dd{margin:0;font-size:1.9rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.tiles p{margin:.15rem 0 0;color:var(--muted);font-size:.82rem;line-height:1.4}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21.5rem),1fr));gap:1rem;margin:1rem 0}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem .8rem;
min-width:0}
section>figure{margin:1rem 0}
figcaption{font-weight:600;font-size:.95rem}
figure p{color:var(--muted);font-size:.84rem;line-height:1.45;margin:.3rem 0 0}
.key{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.82rem;color:var(--muted);margin:.2rem 0 0}
.key svg{width:1.7rem;height:.7rem;margin-right:.35rem;vertical-align:middle}
figure>svg{display:block;width:100%;height:auto;margin-top:.3rem}
figure>svg[width]{width:auto;max-width:100%}
svg text{fill:var(--muted);font-size:12px;font-family:inherit}
svg .grid-line{stroke:var(--line);stroke-width:1}
svg .axis{stroke:var(--muted);stroke-width:1}
svg .cell{fill:var(--ink)}
svg .cell.on{fill:var(--on)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.4rem;margin:1rem 0;font-size:.92rem}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
ul{margin:.5rem 0;padding-left:1.2rem;font-size:.92rem;max-width:60rem;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.35rem .5rem;margin:1.4rem 0 0}
nav a{color:var(--ink);text-decoration:none;font-size:.86rem;padding:.2rem .7rem;border:1px solid var(--line);
border-radius:99px;background:var(--card)}
nav a:hover,nav a:focus{border-color:var(--s1)}
.marked{list-style:none;padding:0;margin:1rem 0;max-width:none}
.marked li{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--s3);border-radius:6px;
padding:.55rem .9rem;margin:.45rem 0;display:grid;grid-template-columns:4.6rem 1fr;gap:.6rem;break-inside:avoid}
.marked .bad{border-left-color:var(--s2)}
.marked .look{border-left-color:var(--s1)}
.marked .good{border-left-color:var(--s4)}
footer{color:var(--muted);font-size:.82rem;padding-top:2.5rem;padding-bottom:2.5rem}
@media print{nav{display:none}.wide,figure,.tiles>div{break-inside:avoid}}
"""
