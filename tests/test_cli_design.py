"""`scaling-book design` and the reference of the commands, as a shell and a reader see them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from scaling_utils import load, published_law
from scaling_utils.cli import app
from scaling_utils.commands.reference import FRAGMENT, reference
from scaling_utils.errors import DataError
from scaling_utils.fitting.parametric import fit_parametric

FAST = ("--simulations", 20, "--reach", 4)
runner = CliRunner()


def run(*arguments):
    result = runner.invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_sweep_from_design_to_fit(tmp_path):
    out = tmp_path / "sweep.csv"
    said = run("design", "--flops", 1e21, "--out", out, *FAST).stdout
    assert "28 runs, 1e+21 FLOPs together" in said and "sweep.csv" in said
    frame = pd.read_csv(out)
    law = published_law("besiroglu2024")
    frame["loss"] = law.loss(params=frame["params"], tokens=frame["tokens"])
    frame.to_csv(out, index=False)
    fit = fit_parametric(load(out), resamples=0)
    for name in ("alpha", "beta"):
        assert fit.estimates[name].value == pytest.approx(law.values[name], rel=1e-3)  # noqa: PD011
    kept = out.read_bytes()
    with pytest.raises(DataError, match="already"):
        run("design", "--flops", 1e21, "--out", out, *FAST)
    assert out.read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.csv"]


def test_json_holds_the_runs_and_their_precision():
    document = json.loads(run("design", "--flops", 1e21, "--json", *FAST).stdout)
    assert document["sweep"]["flops"] == pytest.approx(1e21)
    assert len(document["sweep"]["runs"]) == 28
    assert document["noise"] == 0.01 and "OpenWebText2" in document["noise_from"]
    assert {p["method"] for p in document["precisions"]} == {"approach2", "approach3"}


def test_runs_at_hand_are_fitted_first(tmp_path):
    fit = tmp_path / "fit.json"
    fit.write_text(
        run("fit", "hoffmann2022-fig4", "--method", "approach3", "--bootstrap", 0, "--json").stdout
    )
    next_runs = ("design", "--flops", 1e22, "--given", "hoffmann2022-fig4", "--simulations", 20, "--json")
    document = json.loads(run(*next_runs).stdout)
    assert document["given"]["runs"] == 245 and document["fit_status"] == "converged"
    assert document["after"]["params_factor"] < document["before"]["params_factor"]
    by_file = json.loads(run("design", "--flops", 1e22, "--prior", fit, "--json", *FAST).stdout)
    assert by_file["sweep"]["prior"]["law"] == document["sweep"]["prior"]["law"]


def test_a_warning_where_the_fit_is_not_sound(tmp_path):
    runs = tmp_path / "runs.csv"
    rng = np.random.default_rng(1)
    size = np.geomspace(1e8, 4e8, 7)
    frame = pd.DataFrame({"params": size, "tokens": 20 * size * np.exp(rng.normal(0, 0.05, 7))})
    frame.assign(loss=3 - 0.1 * np.log(size / 1e8) + rng.normal(0, 0.02, 7)).to_csv(runs, index=False)
    told = run("design", "--flops", 1e20, "--given", runs, "--prior", "besiroglu2024", "--simulations", 20)
    assert told.exit_code == 0
    assert "warning: the fit of the runs at hand is not sound" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "one of them"),
        (("--flops", "nan"), "flops is nan"),
        (("--flops", 1e21, "--prior", "kaplan2020-params"), "says nothing about the loss"),
        (("--flops", 1e21, "--prior", "besiroglu"), "Did you mean 'besiroglu2024'"),
        (("--flops", 1e21, "--prior", __file__), "not JSON"),
        (("--flops", 1e21, "--convention", "loss_unit=bits/byte"), "Give --given RUNS"),
        (("--largest", 1e21, "--given", "hoffmann2022-fig4"), "neither --largest nor --reach"),
        (("--flops", 1e21, "--given", "no-such.csv"), "no-such.csv"),
        (("--flops", 1e15, "--transformers"), "transformer"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        run("design", *arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "not JSON"), ("[1]", "not a fit"), ('{"schema": "scaling-laws-book/fit"}', "version None")],
)
def test_plan_refuses_a_file_that_is_no_fit(tmp_path, text, message):
    wrong = tmp_path / "x.json"
    wrong.write_text(text)
    for file in (wrong, tmp_path, tmp_path / "missing.json"):
        with pytest.raises(DataError, match=message if file == wrong else "cannot be read") as caught:
            run("plan", "--flops", 1e24, "--fit", file)
        assert str(file) in str(caught.value)


def commands(command, name="scaling-book"):
    yield name, command
    for each in getattr(command, "commands", {}).values():
        yield from commands(each, f"{name} {each.name}")


def test_the_reference_has_every_command_and_every_option():
    root = typer.main.get_command(app)
    text = reference(root)
    sections = {part.split("`", 1)[0]: part for part in text.split("\n## `")[1:]}
    assert list(sections) == [name for name, _ in commands(root)]
    assert {"scaling-book design", "scaling-book ladder run"} <= sections.keys()
    assert all("`-h, --help`" in section for section in sections.values())
    for name, command in commands(root):
        for parameter in command.params:
            option = parameter.param_type_name == "option"
            spelt = parameter.opts if option else [parameter.metavar or parameter.name.upper()]
            assert all(each in sections[name] for each in spelt), (name, parameter.name)
            told = sections[name].replace("\\", "")
            assert parameter.help is None or parameter.help.split()[0] in told


def test_the_reference_is_the_same_in_every_terminal(monkeypatch):
    root = typer.main.get_command(app)
    wide = reference(root)
    for name, value in {
        "COLUMNS": "40",
        "TERMINAL_WIDTH": "40",
        "LANG": "de_DE.UTF-8",
        "TERM": "dumb",
    }.items():
        monkeypatch.setenv(name, value)
    assert reference(root) == wide


def test_the_page_takes_the_reference_in():
    page = Path(__file__).parents[1] / "book" / "commands.md"
    assert f"```{{include}} generated/{FRAGMENT}" in page.read_text(encoding="utf-8")
