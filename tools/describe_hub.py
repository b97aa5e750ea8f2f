"""Writes docs/reference/hub-openapi.json: what `holdfast serve` answers at /openapi.json. Called by `make docs`."""

from pathlib import Path

from tests.front.hub.sites import read_site

from holdfast.front.hub.describing import render_document

PLACE = Path(__file__).parents[1] / "docs/reference/hub-openapi.json"

if __name__ == "__main__":
    PLACE.write_bytes(read_site(render_document))
