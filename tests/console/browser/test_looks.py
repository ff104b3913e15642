"""Every page in a real browser: nothing that its policy forbids, nothing wider than a phone, nothing that shuts out."""

from dataclasses import dataclass
from importlib.resources import files

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from chromium import (
    DARK,
    LIGHT,
    NARROW,
    WIDE,
    addresses,
    complaints,
    findings,
    shorten,
    smallest,
    templates,
    too_wide,
    window,
)
from console.filled import Filled, hostile
from redshank.console.desk import Desk
from redshank.console.jobs import Jobs
from redshank.report.alert_figures import Beside, beside_benign

pytestmark = pytest.mark.service
READABLE = 11.5
"""Pixels of the smallest words, a little below the 12 that are wanted: places are rounded."""


@dataclass(frozen=True)
class Looks:
    """What was seen on all pages."""

    found: frozenset[str]
    complaints: list[str]
    findings: list[str]
    too_wide: list[str]
    too_small: list[str]
    scrolled: list[str]


@pytest.fixture(scope="module")
def looks(desk: Desk, opened: Chromium, port: int) -> Looks:
    """Look at every page once: narrow, then wide and light; the first page of each area dark, too."""
    bad = hostile(Filled(desk.settings.service.state.parent, desk.now_s())).id
    jobs = Jobs(desk.settings.service.state / "jobs", desk.now_s, program=("true",))
    jobs.begin("Retrain home-1", ["retrain"], "anton")
    shuts_out: list[str] = []
    wide: list[str] = []
    small: list[str] = []
    scrolled: list[str] = []
    with window(opened, port, "ada") as page:
        said = complaints(page, port)
        found = addresses(desk, lambda address: page.request.get(address).text())
        for address in (*found.values(), f"/alerts/{bad}", "/nowhere"):
            page.emulate_media(color_scheme=LIGHT)
            page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            page.goto(address)
            if page.evaluate("window.scrollY"):
                scrolled.append(address)
            if (over := too_wide(page)) > 0:
                wide.append(f"{address}: {over} pixels")
            if (size := smallest(page)) < READABLE:
                small.append(f"{address}: {size:.1f} pixels")
            shuts_out += [f"{address}, narrow: {one}" for one in findings(page, "scrollable-region-focusable")]
            page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            shorten(page)
            shuts_out += [f"{address}: {one}" for one in findings(page)]
            if "/" in address.strip("/"):
                continue  # dark has the same styles everywhere; `make screenshots` asks of every page
            page.emulate_media(color_scheme=DARK)
            shuts_out += [f"{address}, dark: {one}" for one in findings(page, "color-contrast", "link-in-text-block")]
    with window(opened, port) as page:
        said += complaints(page, port)
        page.goto("/login")
        shuts_out += [f"/login: {one}" for one in findings(page)]
    expected = [one for one in said if "/nowhere" not in one or "404" not in one]
    return Looks(frozenset(found), expected, shuts_out, wide, small, scrolled)


def test_links_lead_to_every_page(desk: Desk, looks: Looks) -> None:
    assert sorted(set(templates(desk)) - looks.found) == []


def test_no_page_does_what_its_policy_forbids_or_asks_another_machine(looks: Looks) -> None:
    assert looks.complaints == []


def test_no_page_shuts_anybody_out(looks: Looks) -> None:
    assert looks.findings == []


def test_no_page_is_wider_than_a_phone(looks: Looks) -> None:
    assert looks.too_wide == []


def test_words_in_drawings_can_be_read_on_a_phone(looks: Looks) -> None:
    assert looks.too_small == []


def test_a_page_begins_at_its_top(looks: Looks) -> None:
    assert looks.scrolled == []


def test_a_value_beside_benign_traffic_is_seen_on_a_phone(opened: Chromium) -> None:
    styles = files("redshank.console").joinpath("static", "console.css").read_text()
    drawn = beside_benign([Beside("header bytes per packet back", 4e9, 0.0, 100.0, 40_000.0)])
    page = opened.new_page(viewport={"width": NARROW[0], "height": NARROW[1]})
    page.set_content(f'<style>{styles}</style><main><div class="card"><div class="drawing">{drawn}</div></div></main>')
    edges = page.evaluate(
        "[...document.querySelectorAll('circle, text')].map(one => one.getBoundingClientRect())"
        ".flatMap(({left, right}) => [left, right])"
    )
    size = smallest(page)
    page.close()
    assert 0 <= min(edges) < max(edges) <= NARROW[0]
    assert size >= 12


def test_the_keyboard_reaches_the_content_first_and_what_has_the_focus_is_seen(page: Page) -> None:
    page.goto("/alerts")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("(({top, left}) => [top, left])(document.activeElement.getBoundingClientRect())"))
    assert order == sorted(order, key=lambda place: (round(place[0] / 30), place[1]))
