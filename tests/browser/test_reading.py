"""What a reader does: search, look around in a figure, open the front page on a slow line."""

from __future__ import annotations

import gzip
import json

import pytest

from scaling_utils.book.slim import weight

pytestmark = pytest.mark.slow

SITE, FRONT_PAGE = 15_000_000, 1_000_000
"""Bytes."""

JUMPS = 0.01
"""Layout shift that a front page may have in all; a tenth of what counts as good."""

SLOW_LINE = {"offline": False, "latency": 100, "downloadThroughput": 400_000, "uploadThroughput": 90_000}
WATCH_JUMPS = """() => {
  window.jumps = [];
  new PerformanceObserver(list => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) window.jumps.push([value, sources.map(({ node }) => String(node?.className))]);
  }).observe({ type: 'layout-shift', buffered: true });
}"""
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


def test_the_site_is_light(site):
    assert weight(site) < SITE


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


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_nothing_on_the_front_page_jumps_on_a_slow_line(open_page, width, height):
    page = open_page(width=width, height=height)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_LINE)
    page.add_init_script(f"({WATCH_JUMPS})()")
    page.goto("/book/index.html", wait_until="networkidle")
    for _ in range(20):  # as one reads, so that lazy pictures load
        page.mouse.wheel(0, height / 2)
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")
    lazy = "[...document.querySelectorAll('.gallery img')].every(image => image.complete)"
    page.wait_for_function(lazy)
    jumps = page.evaluate("window.jumps")
    assert sum(value for value, _ in jumps) < JUMPS, jumps


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
