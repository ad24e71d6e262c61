"""Fragments of the chapters on the parametric loss and on planning, with and without results."""

from pathlib import Path

import pytest

from scaling_utils import load
from scaling_utils.allocation.constants import surface_results
from scaling_utils.allocation.planning import PLANS, plan_results, plan_table, planning_sources
from scaling_utils.book.comparisons import parametric, planning, readings
from scaling_utils.book.project import Project
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric, reading_effects, vary_fit
from scaling_utils.results import Estimate

PROJECT = Project(Path())


@pytest.fixture(scope="module")
def results():
    runs = drop_largest_losses(load("hoffmann2022-fig4"), 5)
    fit = fit_parametric(runs, resamples=60)
    found = surface_results(vary_fit(runs, fit, resamples=20), 5.76e23)
    # our own reading stands in for the other one: what is tested is the text, not the numbers
    reading = reading_effects(runs, fit, other=load("hoffmann2022-fig4"), redraws=20)
    found |= {f"{key}_{name}": row[name] for key, row in reading.iterrows() for name in row.index[1:]}
    page = {
        key: {"value": value.value, "low": value.low, "high": value.high}
        if isinstance(value, Estimate)
        else value
        for key, value in found.items()
    }
    notebook = parametric.NOTEBOOK
    return {(notebook, name): page for name in (parametric.OURS, parametric.COLOUR)}


def test_published_constants_stand_beside_ours(results):
    text = parametric.comparison(PROJECT, results)
    assert "| $E$ | 1.817 | 1.769 to 1.871 | 1.813 |" in text
    assert "| $A$ | 482.01 ± 124.52 | 285.2 to 743.6 |" in text
    assert "not at hand" not in text


def test_missing_data_are_told(results):
    assert "no data at hand" in parametric.comparison(PROJECT, {})
    ours = {key: page for key, page in results.items() if key[1] == parametric.OURS}
    for fragment in (readings.comparison, readings.printed_constants):
        assert "hoffmann2022-fig4-colour" in fragment(PROJECT, ours)
        assert "| " not in fragment(PROJECT, ours)


def test_equal_readings_do_not_differ_significantly(results):
    text = readings.comparison(PROJECT, results)
    assert "not significant" in text and "+0.000" in text
    assert "nearer optimum" in readings.printed_constants(PROJECT, results)


def test_every_law_has_a_row():
    sources = planning_sources()
    page = plan_results(sources, plan_table(sources, 1e24), 1e24)
    key = (planning.NOTEBOOK, planning.LAWS)
    text = planning.comparison(PROJECT, {key: page})
    assert text.count("\n") == len(PLANS) + 2
    assert "| 726B |" in text and "superseded" in text
    assert "not executed" in planning.comparison(PROJECT, {})
