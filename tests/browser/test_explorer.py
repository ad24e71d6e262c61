"""The budget explorer: its numbers are those of `scaling-book plan`, at every budget and by keyboard."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scaling_utils.allocation.plan_grid import every_source, plan_grid, round_budgets
from scaling_utils.book.explorer import DECADES, told
from scaling_utils.figures.explorer import explorer_rows

pytestmark = pytest.mark.slow

CELLS = """() => Object.fromEntries([...document.querySelectorAll('tr[data-law]')].map(row => [
  row.dataset.law,
  Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.field, cell.textContent])),
]))"""


@pytest.fixture
def explorer(open_page):
    page = open_page()
    page.goto("/book/budget-explorer.html")
    page.locator("#chart-best-sizes svg").wait_for()
    page.locator("#chart-valley svg").wait_for()
    yield page
    assert page.trouble == []


def test_the_page_opens_with_what_its_source_says(explorer):
    before = explorer.evaluate(CELLS)
    explorer.locator("#explorer-quantity").dispatch_event("input")
    assert explorer.evaluate(CELLS) == before


def test_the_keyboard_moves_the_budget_to_what_plan_prints(explorer):
    from scaling_utils.cli import app

    slider = explorer.locator("#explorer-budget")
    slider.focus()
    for _ in range(7):
        explorer.keyboard.press("ArrowLeft")
    budget = explorer.locator("output").inner_text()
    assert budget == "2e23" and slider.get_attribute("aria-valuetext") == "2e23 FLOPs"
    explorer.locator("#explorer-loss-law").select_option("hoffmann2022-unrounded")
    command = explorer.locator(".explorer-command").inner_text().split()
    answer = CliRunner().invoke(app, [*command[1:], "--json"])
    plan = json.loads(answer.output)["allocations"][0]
    shown = explorer.evaluate(CELLS)["hoffmann2022-unrounded"]
    assert shown["N"] == f"{plan['params']['value'] / 1e9:.3g}B"
    assert shown["D"] == f"{plan['tokens']['value'] / 1e12:.3g}T"
    assert shown["L"] == f"{plan['loss']['value']:.3f}"
    assert shown["ratio"] == f"{plan['tokens_per_param']['value']:.3g}"


def test_every_budget_shows_what_the_library_says(explorer):
    sources, budgets = every_source(), round_budgets(*DECADES)
    rows = explorer_rows(sources, plan_grid(sources, budgets))
    for at, budget in enumerate(budgets):
        move = f"() => {{ const s = document.getElementById('explorer-budget'); s.value = {at}; "
        explorer.evaluate(move + "s.dispatchEvent(new Event('input', {bubbles: true})); }")
        assert explorer.evaluate(CELLS) == {row["id"]: told(row, budget) for row in rows}


def test_the_minimum_of_the_valley_is_the_best_size(explorer):
    paths = explorer.locator("#chart-valley .mark-line path")
    before = [paths.nth(i).get_attribute("d") for i in range(paths.count())]
    explorer.locator("#explorer-budget").focus()
    explorer.keyboard.press("Home")
    explorer.wait_for_function(
        "before => [...document.querySelectorAll('#chart-valley .mark-line path')]"
        ".some((path, i) => path.getAttribute('d') !== before[i])",
        arg=before,
    )
    wall = explorer.evaluate(
        """() => {
          const place = (path, t) => path.getPointAtLength(t * path.getTotalLength());
          const walls = [...document.querySelectorAll('#chart-valley .mark-line path')].at(-1);
          const points = Array.from({length: 4001}, (_, i) => place(walls, i / 4000));
          const low = points.reduce((a, b) => (b.y > a.y ? b : a));
          const spot = document.querySelector('#chart-valley .mark-symbol path').getAttribute('transform');
          const [x, y] = spot.match(/-?[\\d.]+/g).map(Number);
          return {dx: Math.abs(low.x - x), dy: Math.abs(low.y - y)};
        }"""
    )
    assert wall["dx"] < 6 and wall["dy"] < 0.5


def test_ticked_laws_are_drawn(explorer):
    lines = "document.querySelectorAll('#chart-best-sizes .mark-line path').length"
    before = explorer.evaluate(lines)
    explorer.locator('input[value="kaplan2020-params"]').uncheck()
    explorer.wait_for_function(f"{lines} === {before - 2}")


def test_a_point_of_the_chart_tells_its_numbers(explorer):
    explorer.locator("#chart-best-sizes .mark-symbol path").last.hover(force=True)
    tooltip = explorer.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert "D/N" in tooltip.inner_text()


def test_without_scripts_table_and_figure_are_there(open_page):
    page = open_page(java_script_enabled=False)
    page.goto("/book/budget-explorer.html")
    assert page.locator(".no-script img").is_visible()
    assert page.locator('tr[data-law="besiroglu2024"]').is_visible()
    assert not page.locator(".explorer-controls").is_visible()
