"""Pictures of every page of the console, light and dark, wide and narrow, over a store filled by the real pipeline.

`make screenshots` writes them into out/screenshots, named after the page: `alerts-name-dark-390.png`. It says which
page is wider than the screen, what the browser complained of, what axe-core finds, and which page no link leads to.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from browsing import add_people, serving
from chromium import DARK, LIGHT, NARROW, WIDE, addresses, chromium, complaints, findings, templates, too_wide, window
from console.filled import fill
from redshank.console.desk import Desk
from redshank.console.jobs import Jobs


def main() -> None:
    """Fill a store, serve it, and look at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=Path("out/screenshots"), help="folder of the pictures")
    parser.add_argument("only", nargs="*", help="beginnings of the addresses that are wanted, for example /alerts")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        filled = fill(Path(folder))
        add_people(filled.database)
        desk = Desk(filled.settings, filled.database, filled.config, now_s=lambda: filled.now_s)
        jobs = Jobs(desk.settings.service.state / "jobs", desk.now_s, program=("true",))
        jobs.begin("Retrain home-1", ["retrain"], "ada")
        pictures(desk, given.out, tuple(given.only) or ("/",))
        filled.database.close()


def pictures(desk: Desk, out: Path, only: tuple[str, ...]) -> None:
    """Take them."""
    with serving(desk) as port, chromium() as opened:
        for scheme in (LIGHT, DARK):
            with window(opened, port, color_scheme=scheme) as page:
                said = complaints(page, port)
                page.goto("/login")
                _both(page, out, "login", scheme)
                said += findings(page)
            with window(opened, port, "ada", color_scheme=scheme) as page:
                said += complaints(page, port)
                found = addresses(desk, lambda address: page.request.get(address).text())
                for template, address in sorted(found.items()):
                    if template.startswith(only):
                        page.goto(address)
                        _both(page, out, template.strip("/").translate({47: "-", 123: "", 125: ""}), scheme)
                        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
                        said += [f"{address}, {scheme}: {one}" for one in findings(page)]
                page.goto("/nowhere")
                _both(page, out, "nowhere", scheme)
                if missing := sorted(set(templates(desk)) - set(found)):
                    said.append(f"no link leads to {', '.join(missing)}")
            sys.stderr.writelines(f"{line}\n" for line in said)


def _both(page: Page, out: Path, name: str, scheme: str) -> None:
    """Take a page as a desk and as a phone have it."""
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=True)
        if (over := too_wide(page)) > 0:
            sys.stderr.write(f"{name}: {over} pixels wider than a screen of {width}\n")


if __name__ == "__main__":
    main()
