"""The switcher between versions of the site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scaling_utils.book.editions import assemble
from scaling_utils.book.release import archive

SWITCHER = Path(__file__).parents[2] / "book/static/versions.js"
PAGE = """<!DOCTYPE html><html data-content_root="{root}"><title>{version}</title>
<body><div class="bd-sidebar-primary"></div><script src="{root}versions.js"></script></body></html>"""


@pytest.mark.slow
def test_the_switcher_leads_to_the_same_page_of_another_version(tmp_path, browser, served):
    archives = {}
    for version in ("0.1.0", "0.2.0"):
        folder = tmp_path / version
        (folder / "book").mkdir(parents=True)
        results = {"edition": {"version": version}, "results": {}}
        (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
        shutil.copy(SWITCHER, folder)
        (folder / "index.html").write_text(PAGE.format(root="./", version=version))
        (folder / "book/page.html").write_text(PAGE.format(root="../", version=version))
        archives[version] = tmp_path / f"{version}.tar.gz"
        archives[version].write_bytes(archive(folder, 0))
    assemble(tmp_path / "pages", latest=archives["0.2.0"], releases=[archives["0.1.0"]])

    with served(tmp_path / "pages") as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/book/page.html")
        switcher = page.locator(".version-switcher select")
        assert switcher.locator("option").all_text_contents() == ["latest (0.2.0)", "v0.1"]
        switcher.select_option("v0.1")
        page.wait_for_url("**/v0.1/book/page.html")
        assert page.title() == "0.1.0"
        assert switcher.input_value() == "v0.1"
        switcher.select_option("")
        page.wait_for_url(f"{address}/book/page.html")
