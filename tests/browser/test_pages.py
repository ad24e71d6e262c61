"""Every page, in both themes, on a desktop and on a phone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
TYPESET = "() => [...document.querySelectorAll('.math')].every(m => m.querySelector('mjx-container'))"
LAYOUT = """() => ({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  wrong: document.querySelectorAll('mjx-merror').length,
  unsized: [...document.querySelectorAll('.bd-article img:not([width][height])')].map(image => image.src),
})"""
UNFOLD = "() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
DRAWN = """() => [...document.querySelectorAll('.chart')].every(chart => {
  chart.scrollIntoView();
  return chart.querySelector('svg');
})"""

STILL = "() => document.getAnimations().every(animation => animation.playState !== 'running')"
"""Folds fade in; a text that is half transparent has too little contrast."""


def look(page, name):
    """What is wrong with one page."""
    from playwright.sync_api import TimeoutError as TooLong

    page.trouble.clear()
    page.goto(f"/{name}", wait_until="load")
    if name == "index.html":
        page.wait_for_url("**/book/index.html")
    problems = []
    try:
        page.wait_for_function(TYPESET)
    except TooLong:
        problems.append("a formula is not typeset")
    found = page.evaluate(LAYOUT)
    problems += [f"{found['wrong']} formulas have errors"] * bool(found["wrong"])
    problems += [f"wider than the window by {found['wide']} px"] * (found["wide"] > 0)
    problems += [f"{picture} has no size" for picture in found["unsized"]]
    return [f"{name}: {problem}" for problem in (*problems, *page.trouble)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_sound(open_page, pages, theme, size):
    page = open_page(theme=theme, width=SIZES[size][0], height=SIZES[size][1])
    assert [problem for name in pages for problem in look(page, name)] == []
    assert page.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.parametrize(("theme", "size"), [("light", "desktop"), ("dark", "desktop"), ("light", "phone")])
def test_no_page_shuts_anyone_out(open_page, pages, theme, size):
    from axe_playwright_python.sync_playwright import Axe

    width, height = SIZES[size]
    page, axe, serious = open_page(theme=theme, width=width, height=height), Axe(), []
    for name in pages:
        if name == "index.html":  # only leads to the front page
            continue
        look(page, name)
        page.evaluate(UNFOLD)
        page.wait_for_function(DRAWN)
        page.wait_for_function(STILL)
        for violation in axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                places = [node["target"] for node in violation["nodes"]]
                serious.append(f"{name}: {violation['id']} at {places[:3]} ({len(places)})")
    assert serious == []
