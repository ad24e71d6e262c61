"""A slim site looks as before: what pages show stays, and the rest goes."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from scaling_utils.book.slim import lighter, squeezed
from scaling_utils.book.slim_styles import ICON_FONTS, slim_styles, without_unused

BARS, PHONE = 0xF0C9, 0xF095
STYLES = (
    '@font-face{src:url(../vendor/fontawesome/webfonts/fa-solid-900.woff2) format("woff2"),'
    'url(../vendor/fontawesome/webfonts/fa-solid-900.ttf) format("truetype")}'
    r'.fa-bars:before{content:"\f0c9"}.fa-phone:before,.fa-envelope .fa-phone{content:"\f095"}'
)


@pytest.fixture
def site(tmp_path):
    theme = Path(importlib.util.find_spec("pydata_sphinx_theme").submodule_search_locations[0])
    fonts = theme / "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts"
    shutil.copytree(fonts, tmp_path / ICON_FONTS)
    for name in ("theme", "book"):
        (tmp_path / f"_static/{name}.css").write_text(STYLES if name == "theme" else ".only-in-print{a:b}")
    return tmp_path


def test_icons_that_a_page_shows_are_all_that_is_left(site):
    slim_styles(site, ['<i class="fa-bars"></i>'])
    styles = (site / "_static/theme.css").read_text()
    assert f'.fa-bars:before{{content:"{chr(BARS)}"}}' in styles
    assert "fa-phone" not in styles
    named = "../vendor/fontawesome/webfonts/fa-solid-900.woff"
    assert f'src:url({named})format("woff")}}' in styles
    with TTFont(site / ICON_FONTS / "fa-solid-900.woff") as font:
        assert BARS in font.getBestCmap() and PHONE not in font.getBestCmap()
    assert {path.suffix for path in (site / ICON_FONTS).iterdir()} == {".woff"}
    assert (site / "_static/book.css").read_text() == ".only-in-print{a:b}"


def test_a_class_that_a_script_names_is_one_that_pages_may_have(site):
    (site / "_static/menu.js").write_text("button.classList.add('fa-phone')")
    slim_styles(site, [])
    assert "fa-phone" in (site / "_static/theme.css").read_text()


@pytest.mark.parametrize(
    "kept",
    [
        "/*! a licence, of .nobody{} */",
        'p:after{content:".nobody{"}',
        ".seen:not(.nobody){color:red}",
        "@media print{.seen{color:red}}",
        "@keyframes k{0%{top:0}50.5%{top:1px}}",
        "p:is(a,b:not(.nobody)){color:red}",
        ".bs-tooltip-top{color:red}",
    ],
)
def test_rules_that_may_apply_stay(kept):
    unused = ".nobody{left:0}.nobody .seen{left:0}"
    assert without_unused(f"{kept}{unused}", {"seen"}) == kept


def test_code_and_scripts_keep_their_white_space():
    page = '<p>\n  a\n</p><script>\n  "<!-- x -->"\n</script><pre>\n  <span class="k">b</span>\n    c</pre>'
    assert squeezed(page, searches=True) == page.replace("<p>\n  a", "<p>\na")


def test_tables_of_a_downloaded_notebook_lose_their_indents():
    table = {"output_type": "display_data", "data": {"text/html": "<table>\n  <tr>\n  </tr></table>"}}
    (cell,) = lighter({"cells": [{"cell_type": "code", "outputs": [table]}]})["cells"]
    assert cell["outputs"][0]["data"]["text/html"] == "<table>\n<tr>\n</tr></table>"
