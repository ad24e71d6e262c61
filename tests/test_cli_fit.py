"""`scaling-book fit` and `scaling-book plan`, as a shell sees them."""

import json

import pytest
from typer.testing import CliRunner

from scaling_utils import load
from scaling_utils.cli import app
from scaling_utils.errors import DataError
from scaling_utils.fitting.parametric import fit_parametric
from scaling_utils.results import FitResult

RUNS = "hoffmann2022-fig4"
runner = CliRunner()


def run(*arguments):
    result = runner.invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def fit_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("fit") / "fit.json"
    printed = run("fit", RUNS, "--method", "approach3", "--drop-largest", 5, "--bootstrap", 200, "--json")
    path.write_text(printed.stdout, encoding="utf-8")
    return path


def test_json_holds_the_fields_that_others_read(fit_file):
    document = json.loads(fit_file.read_text(encoding="utf-8"))
    assert document["schema"] == "scaling-laws-book/fit" and document["version"] == 1
    assert document["method"] == "approach3" and document["status"] == "converged"
    assert document["n_runs"] == 240
    assert set(document["estimates"]) == {"E", "A", "B", "alpha", "beta", "a", "b"}
    assert {"value", "low", "high", "unit"} <= set(document["estimates"]["E"])
    assert document["conventions"]["param_count"] == "total"
    assert document["provenance"]["source"] == RUNS


def test_reading_back_gives_the_same_result(fit_file):
    fit = FitResult.read(fit_file)
    assert FitResult.from_json(fit.to_json()) == fit
    assert fit.estimates["alpha"].value == pytest.approx(0.3398, abs=1e-4)


def test_the_same_seed_prints_the_same_bytes(fit_file):
    again = run("fit", RUNS, "--method", "approach3", "--drop-largest", 5, "--bootstrap", 200, "--json")
    assert again.stdout == fit_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", ["approach2", "approach3"])
def test_text_names_status_and_exponents(method):
    printed = run("fit", RUNS, "--method", method, "--bootstrap", 50).stdout
    assert printed.startswith(f"{method} on {RUNS}:")
    assert "\n  a  " in printed and "\n  b  " in printed


def test_plan_by_law_and_by_fit(fit_file):
    printed = run("plan", "--law", "hoffmann2022", "--fit", fit_file, "--flops", "1e24", "--json").stdout
    law, fit = json.loads(printed)["allocations"]
    assert law["law"] == "hoffmann2022" and law["params"]["low"] is None
    assert fit["params"]["low"] < fit["params"]["value"] < fit["params"]["high"]
    for plan in (law, fit):
        assert 6 * plan["params"]["value"] * plan["tokens"]["value"] == pytest.approx(1e24)


def test_plan_tells_the_cost_of_another_size(fit_file):
    printed = run("plan", "--fit", fit_file, "--flops", "5.76e23", "--params", "280e9").stdout
    assert "of the budget wasted" in printed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["fit", RUNS, "--method", "approach9"], "no method is called 'approach9'"),
        (["fit", "nowhere.csv", "--method", "approach3"], "nowhere.csv"),
        (["fit", RUNS, "--method", "approach1"], "no training curves"),
        (["plan", "--flops", "1e24"], "no law to plan by"),
        (["plan", "--law", "hofman2022", "--flops", "1e24"], "Did you mean 'hoffmann2022'"),
        (["plan", "--law", "hoffmann2022", "--flops", "-1"], "must be positive"),
        (["plan", "--fit", "nowhere.json", "--flops", "1e24"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(arguments, problem):
    with pytest.raises(DataError, match=problem) as caught:
        run(*arguments)
    assert caught.value.exit_code == 2


@pytest.fixture
def one_run(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("params,tokens,loss\n1e8,2e9,3.1\n", encoding="utf-8")
    return path


def test_too_few_runs_are_an_error_by_every_method(one_run):
    for method in ("approach1", "approach2", "approach3"):
        with pytest.raises(DataError) as caught:
            run("fit", one_run, "--method", method)
        assert caught.value.exit_code == 2 and "one.csv" in str(caught.value)


def test_a_fit_without_an_answer_is_no_plan(one_run, tmp_path):
    path = tmp_path / "fit.json"
    path.write_text(fit_parametric(load(one_run), resamples=0).to_json(), encoding="utf-8")
    with pytest.raises(DataError, match=r"\(too few runs\) leaves no best size") as caught:
        run("plan", "--fit", path, "--flops", "1e22")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "scaling-laws-book/fit", "version": 99}', "\x00"]
)
def test_a_file_that_is_no_fit_is_refused(tmp_path, text):
    path = tmp_path / "fit.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"fit\.json"):
        run("plan", "--fit", path, "--flops", "1e24")
