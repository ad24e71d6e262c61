"""The page of the budget explorer: one source of numbers, and a table without scripts."""

import json
import re

import pytest

from scaling_utils.allocation import allocate
from scaling_utils.allocation.plan_grid import every_source
from scaling_utils.book.explorer import BUDGET, explorer_fragment, told
from scaling_utils.figures.style import in_units


@pytest.fixture(scope="module")
def fragment():
    return explorer_fragment()


@pytest.fixture(scope="module")
def plans(fragment):
    text = re.search(r'<script type="application/json" id="explorer-data">(.*?)</script>', fragment)[1]
    return json.loads(text)["plans"]


def test_numbers_are_those_of_allocate_to_the_digits_shown(plans):
    sources = {source.id: source for source in every_source().values()}
    assert {plan["id"] for plan in plans} == sources.keys()
    for plan in plans:
        for budget in plan["C"][::8]:
            best = allocate(sources[plan["id"]], budget, param_count="total")
            cells = told(plan, budget)
            assert cells["N"] == in_units(best.params.value)
            assert cells["D"] == in_units(best.tokens.value)
            assert float(cells["ratio"]) == float(f"{best.tokens_per_param.value:.3g}")
            assert cells["L"] == (f"{best.loss.value:.3f}" if best.loss.known else "–")


def test_extrapolation_is_told(plans):
    for plan in plans:
        assert all((told(plan, c)["past"] == "no") == (c <= plan["reach"]) for c in plan["C"])


def test_the_page_has_its_numbers_without_scripts(fragment, plans):
    for plan in plans:
        row = re.search(rf'<tr data-law="{plan["id"]}">(.*?)</tr>', fragment, re.DOTALL)[1]
        assert dict(re.findall(r'data-field="(\w+)">([^<]*)<', row)) == told(plan, BUDGET)


def test_the_fragment_is_one_block_of_html(fragment):
    inside = fragment.split("```")[1]
    assert "\n\n" not in inside
    assert "http" not in inside
