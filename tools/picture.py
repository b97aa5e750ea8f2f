"""Draws docs/report.png anew: the page of the example in README.md, as a real Chromium shows it.

Run it from the repository's root after the page or the example has changed: python tools/picture.py
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHECK = "check examples/helpdesk --on 2026-10-06"
WHAT_IF = "US hosts delist PRC-origin repositories"
WIDTH, HEIGHT = 1440, 940


def main() -> None:
    """The page made by the command line of this tree, with no vault and no settings of the user; then the picture."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "XDG_"))}
        command = [sys.executable, "-m", "holdfast", *CHECK.split(), "--html", str(page)]
        subprocess.run(command, check=True, env={**environ, "HOME": folder}, stdout=subprocess.DEVNULL)
        draw(page, Path("docs/report.png"))


def draw(page: Path, to: Path) -> None:
    """What stands on the screen after a switch was thrown, scrolled to its top."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        shown.goto(page.as_uri())
        shown.get_by_role("switch", name=WHAT_IF).check()
        shown.evaluate("window.scrollTo(0, 0)")
        shown.screenshot(path=to)
        browser.close()


if __name__ == "__main__":
    main()
