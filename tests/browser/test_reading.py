"""What a reader does: search, look around in a figure, open the front page on a slow line."""

from __future__ import annotations

import gzip
import json

import pytest

pytestmark = pytest.mark.slow

FRONT_PAGE = 1_000_000
COMPRESSED = (".html", ".js", ".css", ".svg", ".json")


def test_search_finds_a_term(open_page):
    page = open_page()
    page.goto("/search.html?q=parabola")
    page.locator("#search-results li").first.wait_for()
    assert page.locator("#search-results li a").first.get_attribute("href")
    assert page.trouble == []


def test_a_folded_chart_is_drawn_when_it_is_opened(open_page):
    page = open_page(theme="dark")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/notebooks/03-isoflop-profiles/hoffmann2022-fig4.html")
    assert not any(url.endswith("vega.js") for url in asked)
    fold = page.locator("details.look-around")
    fold.locator("summary").press("Enter")
    point = fold.locator(".mark-symbol path").first
    point.wait_for()
    point.hover(force=True)
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert "run" in page.locator("#vg-tooltip-element").inner_text()
    assert page.trouble == []


def test_the_front_page_is_light(open_page):
    page = open_page()
    weights = {}

    def weigh(response):
        if response.url.startswith("http"):
            body, path = response.body(), response.url.partition("?")[0]
            weights[path] = len(gzip.compress(body, 6)) if path.endswith(COMPRESSED) else len(body)

    page.on("requestfinished", lambda request: weigh(request.response()))
    page.goto("/book/index.html", wait_until="networkidle")
    page.mouse.wheel(0, 20_000)  # what is lazy counts too
    page.wait_for_load_state("networkidle")
    assert not any(path.endswith(("vega.js", "charts.js.map")) for path in weights)
    assert sum(weights.values()) < FRONT_PAGE, sorted(weights.items(), key=lambda item: -item[1])[:5]


def test_the_copy_button_copies_the_bibtex(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/book/isoflop-profiles.html")
    page.locator(".cite-copy[data-copies=cite-bibtex]").click()
    page.get_by_text("Copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("@") and copied == page.locator("#cite-bibtex").text_content()
    assert page.trouble == []


def test_the_other_form_is_unfolded_and_copied_by_keyboard(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/book/isoflop-profiles.html")
    button = page.locator(".cite-copy[data-copies=cite-csl]")
    assert not button.is_visible()
    page.locator("#cite-csl-name").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Copied.").wait_for()
    (item,) = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert item["URL"].endswith("/book/isoflop-profiles.html")
