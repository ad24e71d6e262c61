"""Fragments on the measured ladder."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_utils.book import ladder_tables
from scaling_utils.book.ladder_pair import pair_in_slice
from scaling_utils.book.ladder_tables import NOT_YET, ladder_fragments
from scaling_utils.book.project import find_project
from scaling_utils.book.scenarios import load_scenarios
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.ladder.config import peak_rate
from scaling_utils.ladder.design import groups
from scaling_utils.ladder.store import Curve, FinishedRun, HeldOut, finished, write_run
from scaling_utils.runs.registry import data_folder
from scaling_utils.runs.table import RunTable

BOOK = find_project(Path(__file__))
PAGE = ["ladder-state.md", "ladder-cost.md", "ladder-rates.md", "ladder-seeds.md", "ladder-slices.md"]


def made_up(config, *, loss):
    final = HeldOut(
        loss=loss,
        standard_error=0.01,
        sequences=2048,
        by_position=[loss] * 16,
        last_eighth=loss,
        last_eighth_standard_error=0.02,
    )
    return FinishedRun(
        config=config,
        curve=Curve(step=[config.steps], training_loss=[loss], held_out_loss=[loss]),
        final=final,
        corpus_sha256="0" * 64,
        recipe_sha256="1" * 64,
        machine="a processor",
        versions={"python": "3", "numpy": "2", "torch": "2.13.0"},
        seconds=3600.0,
        cpu_seconds=1800.0,
    )


def cells(text, first):
    """The cells of the row that begins with a cell."""
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines()]
    return next(row for row in rows if row[0] == first)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder_tables, "ladder_folder", lambda: tmp_path)
    return tmp_path


def test_nothing_is_trained_yet(folder):
    told = ladder_fragments(BOOK, PAGE)
    assert cells(told.pop("ladder-state.md"), "`prose-1e12`")[3:] == ["0 of 21", ""]
    assert set(told.values()) == {NOT_YET}


def test_the_noise_within_a_pair(folder):
    for config in groups()["prose-pair"]:
        write_run(folder, made_up(config, loss=1.3 + config.width / 1000 + 0.02 * (-1) ** config.seed))
    spread = cells(ladder_fragments(BOOK, PAGE)["ladder-seeds.md"], "prose")
    assert spread == ["prose", "$10^{13}$", "pair", "14", f"{0.02 * math.sqrt(8 / 7):.4f}", "0.0100"]


def test_a_slice_and_its_noise(folder):
    plan = groups()["prose-1e12"]
    for config in plan:
        valley = 0.1 * np.log(config.params / 3.3e4) ** 2
        write_run(folder, made_up(config, loss=1.5 + valley + 0.03 * (config.seed - 1)))
    told = ladder_fragments(BOOK, PAGE)
    assert cells(told["ladder-state.md"], "`prose-1e12`")[3:] == ["all 21", "10.5"]
    assert cells(told["ladder-seeds.md"], "prose")[1:] == ["$10^{12}$", "slice", "14", "0.0300", "0.0100"]
    losses = cells(told["ladder-slices.md"], "prose")
    assert [cell.startswith("**") for cell in losses[2:-1]].index(True) == 2
    assert losses[-1] == "inside"
    assert (
        "**21** runs are finished" in told["ladder-cost.md"] and "10.5 core hours" in told["ladder-cost.md"]
    )


def test_a_lowest_loss_at_an_end_shows(folder):
    for config in groups()["code-1e12"]:
        write_run(folder, made_up(config, loss=1.5 + config.params / 1e6))
    assert cells(ladder_fragments(BOOK, PAGE)["ladder-slices.md"], "code")[-1] == "at an end"


def test_runs_made_for_two_groups_are_one_training(folder):
    pair, slice_ = groups()["prose-pair"], groups()["prose-1e13"]
    for config in [*pair, *slice_]:
        write_run(folder, made_up(config, loss=1.3))
    told = ladder_fragments(BOOK, PAGE)["ladder-cost.md"]
    assert f"**{len(pair) + len(slice_)}** runs are finished" in told
    assert f"**{len(pair) + len(slice_) - 2}** of them are different trainings" in told


@pytest.mark.parametrize("role", ["pair", "rate"])
def test_runs_repeated_for_a_second_group_end_at_the_same_loss(role):
    """What the paragraph on the cost says of them."""
    runs = finished(data_folder() / "ladder")
    slices = {replace(run.config, evaluations=1): run for run in runs if run.config.role == "isoflop"}
    again = [
        (run, replace(run.config, role="isoflop", evaluations=1)) for run in runs if run.config.role == role
    ]
    losses = [(run.final.loss, slices[training].final.loss) for run, training in again if training in slices]
    assert losses and all(one == other for one, other in losses)


def test_the_pair_joins_the_slice_at_its_budget():
    """Of two seeds of two sizes the first is in the slice already."""
    slices = valleys(1)
    size = slices.frame["params"].rank(method="dense").astype(int)
    slices = replace(slices, frame=slices.frame.assign(width=size, depth=1, seed=0))
    ends = slices.frame[slices.frame["budget"] == 1e13].iloc[[2, 6]]
    further = ends.assign(seed=1, loss=ends["loss"] + 0.001)
    frame = pd.concat([ends, further]).assign(run_id=["a", "b", "c", "d"]).drop(columns="budget")
    told = pair_in_slice(slices, replace(slices, frame=frame), budget=1e13)
    a = fit_isoflop(slices, window=math.inf).params_law.exponent
    assert told.startswith("The pair has 2 runs at $10^{13}$ FLOPs")
    assert f"instead of {a.value:.3f} ({a.low:.3f} to {a.high:.3f})" in told
    assert "nan" not in told


def test_rates(folder):
    for config in groups()["prose-rate"]:
        steps_off = abs(round(np.log2(config.rate / peak_rate(config.width))))
        write_run(folder, made_up(config, loss=1.5 + 0.1 * steps_off + config.seed / 100))
    told = ladder_fragments(BOOK, PAGE)["ladder-rates.md"]
    assert told.count("+0.1000 ± 0.0000") == told.count("| no |") == 4


def valleys(seed, *, reach=1.0, cubic=0.0):
    """Slices whose lowest loss is at 0.1 C^0.5, with noise."""
    rng = np.random.default_rng(seed)
    budgets = np.repeat([1e12, 3e12, 1e13], 9)
    offset = np.tile(np.linspace(-reach, reach, 9), 3)
    frame = pd.DataFrame({"params": 0.1 * budgets**0.5 * np.exp(offset), "flops": budgets, "budget": budgets})
    loss = 1.5 + 0.06 * offset**2 + cubic * np.log(budgets / 1e12) * offset**3 + rng.normal(0, 0.002, size=27)
    return RunTable.from_frame(
        frame.assign(loss=loss, tokens=budgets / (6 * frame["params"])), source="made up"
    )


def test_the_difference_of_the_exponents(monkeypatch):
    """Two corpora with one law: an interval of the difference that holds zero."""
    tables = {"ladder-prose": valleys(1), "ladder-code": valleys(2)}
    monkeypatch.setattr("scaling_utils.runs.registry.load", tables.__getitem__)
    told = ladder_fragments(BOOK, ["ladder-exponents.md"])["ladder-exponents.md"]
    assert cells(told, "prose")[1] == cells(told, "code")[1] == "3"
    low, high = map(float, cells(told, "code less prose")[3].split(" to "))
    assert low < 0 < high
    assert cells(told, "code less prose")[4:] == ["+0.03", "GitHub less C4"]


def test_the_exponents_are_those_of_the_pages(monkeypatch):
    """The chapter fits the slices as the pages do, or it would print other numbers."""
    (parameters,) = (
        scenario.parameters
        for scenario in load_scenarios(BOOK)
        if scenario.id == "03-isoflop-profiles/ladder-prose"
    )
    runs = valleys(1, reach=2.0)
    monkeypatch.setattr("scaling_utils.runs.registry.load", lambda dataset: runs)
    told = ladder_fragments(BOOK, ["ladder-exponents.md"])["ladder-exponents.md"]
    fit = fit_isoflop(runs, window=parameters["window"], fewest=parameters["fewest_budgets"])
    a = fit.params_law.exponent
    assert cells(told, "prose")[2:4] == [f"{a.value:.3f}", f"{a.low:.3f} to {a.high:.3f}"]


def told_of(tables, monkeypatch):
    monkeypatch.setattr("scaling_utils.runs.registry.load", tables.__getitem__)
    return ladder_fragments(BOOK, ["ladder-exponents.md"])["ladder-exponents.md"]


def test_the_difference_is_taken_on_shared_budgets(monkeypatch):
    """A further budget of one corpus moves its exponent and no row of the difference."""
    code, prose = valleys(2), valleys(1)
    further = prose.frame[prose.frame["budget"] == 1e13].drop(columns="run_id", errors="ignore")
    further = further.assign(budget=3e13, flops=3e13, params=4 * further["params"])
    further = further.assign(tokens=3e13 / (6 * further["params"]))
    both = pd.concat([prose.frame.drop(columns="run_id", errors="ignore"), further], ignore_index=True)
    longer = RunTable.from_frame(both, source="made up")
    before = told_of({"ladder-prose": prose, "ladder-code": code}, monkeypatch)
    after = told_of({"ladder-prose": longer, "ladder-code": code}, monkeypatch)
    assert cells(after, "prose")[1] == "4" and cells(after, "prose")[2] != cells(before, "prose")[2]
    for row in ("code less prose", "the same, window × 4", "the same, interpolated minima"):
        assert cells(after, row) == cells(before, row)
        assert cells(after, row)[1] == "3"


def test_rows_below_the_difference_repeat_it_by_other_ways(monkeypatch):
    tables = {"ladder-prose": valleys(1, reach=2.0), "ladder-code": valleys(2, reach=2.0, cubic=0.003)}
    told = told_of(tables, monkeypatch)
    code, prose = (
        fit_isoflop(tables[f"ladder-{corpus}"], window=4.0, resamples=0).params_law.exponent.value
        for corpus in ("code", "prose")
    )
    assert (
        cells(told, "the same, window × 4")[2] == f"{code - prose:+.3f}" != cells(told, "code less prose")[2]
    )
    assert cells(told, "the same, interpolated minima")[3] == "–"
