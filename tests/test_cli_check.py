"""`scaling-book check` and `template`: what they print, and that every option they name mends."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scaling_utils.cli import app
from scaling_utils.errors import DataError, ParameterError, ScalingError
from scaling_utils.laws import published_law
from scaling_utils.runs.readers import read_runs
from scaling_utils.runs.template import template

runner = CliRunner()


def run(*arguments):
    result = runner.invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def curves(**change):
    """Rows of six runs on Hoffmann's law, with faults to choose."""
    law = published_law("hoffmann2022")
    lines = []
    for i in range(6):
        params = 1e8 * (i + 1)
        for step in range(1, 7):
            if i == 2 and step > 4 and "early" in change:
                continue
            tokens = 2e9 * step
            loss = float(law.loss(params=params, tokens=tokens)) * change.get("loss", 1)
            loss = np.exp(loss) if "perplexity" in change else loss
            loss += 0.5 * (i == 3 and step == 6 and "rising" in change)
            cells = (params / change.get("params", 1), tokens / change.get("tokens", 1), loss)
            lines += [(f"r{i}", step, *cells)]
            if i == 4 and "copy" in change:
                lines += [("again", step, *cells)]
    run = "model" if "unnamed" in change else "run"
    return f"{run},step,N,D,loss\n" + "".join(",".join(map(str, line)) + "\n" for line in lines)


def flop_table(factor):
    rows = [(n, 20 * n, 6 * 20 * n * n * factor, 4 - np.log10(n) / 8) for n in (1e8, 2e8, 4e8)]
    return "N,D,C,loss\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def mine(tmp_path):
    def write(text, name="mine.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_table_with_nothing_wrong(mine):
    printed = run("check", mine(curves()))
    assert "nothing looks wrong" in printed
    assert "step          1 to 6 steps" in printed
    assert "01-kaplan-compute-and-steps" in printed
    assert re.search(r"yes +02-training-curve-envelope", printed)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"loss": 1 / np.log(2)}, "in bits?"),
        ({"perplexity": True}, "perplexity?"),
        ({"rising": True}, "run 'r3' ends"),
        ({"early": True}, "run 'r2' ends early"),
        ({"copy": True}, "'again' ends with the same numbers"),
        ({"unnamed": True}, "the rows with one 'model' checkpoints of one"),
    ],
)
def test_the_option_it_names_mends_it(mine, change, what):
    path = mine(curves(**change))
    found = json.loads(run("check", path, "--json"))["suspicions"]
    assert any(what in doubt["what"] for doubt in found)
    options = [word for doubt in found for word in shlex.split(doubt["mend"])]
    assert json.loads(run("check", path, *options, "--json"))["suspicions"] == []


@pytest.mark.parametrize(
    ("text", "option"),
    [
        (curves(tokens=1e9), "--unit tokens=1e9"),
        (curves(params=1e9), "--unit params=1e9"),
        (curves(params=1e6), "--unit params=1e6"),
        (curves(params=1e6).replace(",N,", ",Params (M),"), "--map 'params=Params (M)' --unit params=1e6"),
        (curves(tokens=1e9).replace(",D,", ",tokens_B,"), "--map tokens=tokens_B --unit tokens=1e9"),
        (flop_table(1).replace("N,D,C,", "N,other,Budget (FLOPs),"), "--map 'flops=Budget (FLOPs)'"),
        (flop_table(1).replace("N,D,C,", "N,other,budget,"), "--map flops=budget"),
        (curves().replace("step,N", "train/loss,N").replace(",loss", ",eval/nll"), "--map loss=eval/nll"),
        (flop_table(1 / 3), "--unit flops=3"),
        (flop_table(1 / 8.64e19), "--unit flops=8.64e+19"),
        (flop_table(1.6), "--convention flop_rule=reported"),
        (curves().replace("loss", "nll"), None),
        (curves().replace("loss", "losss"), "--map loss=losss"),
        (curves().replace("loss", "wiki-ppl"), "--map loss=wiki-ppl --unit loss=perplexity"),
        (
            curves().replace("loss", "Bits per byte"),
            "--map 'loss=Bits per byte' --convention loss_unit=bits/byte",
        ),
    ],
)
def test_a_refusal_names_the_option_that_mends_it(mine, text, option):
    path = mine(text)
    with pytest.raises(DataError) as refused:
        run("check", path)
    if option is None:
        assert "--map loss=THEIRS" in str(refused.value)
        return
    assert option in str(refused.value)
    assert run("check", path, *shlex.split(option))


def test_all_that_lacks_is_named_at_once(mine):
    path = mine("Name,config/n_params_all,summary/tokens_seen,eval/nll,train/loss\na,1e8,2e9,3.5,3.4\n")
    with pytest.raises(DataError) as refused:
        run("check", path)
    options = re.findall(r"--map \S+=[^\s.]+", str(refused.value))
    wanted = ("params=config/n_params_all", "tokens=summary/tokens_seen", "loss=eval/nll")
    assert options == [f"--map {option}" for option in wanted]
    assert run("check", path, *shlex.split(" ".join(options)))


def test_flops_as_reported_that_look_like_2nd(mine):
    path = mine(flop_table(1 / 3))
    stated = ("--convention", "flop_rule=reported", "--json")
    (doubt,) = json.loads(run("check", path, *stated))["suspicions"]
    assert "2 N D" in doubt["what"]
    assert json.loads(run("check", path, *doubt["mend"].split(), *stated))["suspicions"] == []


def test_json_says_what_was_understood(mine):
    document = json.loads(run("check", mine(curves()), "--json"))
    assert document["runs"] == 6 and document["rows"] == 36
    assert document["columns"]["params"] == "N"
    assert document["ranges"]["tokens"] == [2e9, 1.2e10]
    assert document["conventions"]["flop_rule"] == "6ND"
    assert len(document["figures"]) == len(list((Path(__file__).parents[1] / "notebooks").glob("*.ipynb")))
    assert {"notebook", "needs", "serves", "why", "parameters"} <= set(document["figures"][0])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--map", "loss"), "--map takes NAME=VALUE, not 'loss'"),
        (("--map", "loss=a", "--map", "loss=b"), "--map is given twice for 'loss'"),
        (("--map", "loss=a", "--map", "params=a"), "--map names the column 'a' twice"),
        (("--unit", "tokens=many"), "a unit is a number such as 1e9"),
        (("--unit", "tokens=-1"), "a unit must be positive"),
        (("--unit", "tokns=1e9"), "a unit is given for 'tokns'"),
        (("--convention", "loss_unit=bans"), "loss_unit is 'bans'; it must be one of 'nats/token'"),
        (("--convention", "rule=6ND"), "'rule' is no convention"),
    ],
)
def test_a_mistaken_option(mine, arguments, expected):
    with pytest.raises(ScalingError, match=re.escape(expected)):
        run("check", mine(curves()), *arguments)


def test_options_are_read_before_files():
    with pytest.raises(ParameterError):
        run("check", "no-such-file.csv", "--map", "loss")


@pytest.mark.parametrize("several", [False, True])
def test_the_template_can_be_read(tmp_path, several):
    path = tmp_path / "mine.csv"
    printed = run("template", *(["--curves"] if several else []))
    assert printed == template(curves=several)
    run("template", "--out", path, *(["--curves"] if several else []))
    assert path.read_text() == printed
    assert len(read_runs(path)) == (9 if several else 3)
    with pytest.raises(DataError, match="there is such a file already"):
        run("template", "--out", path)


LARGE = """
import resource, sys
import numpy as np, polars as pl
rows, runs = 5_000_000, 5_000
run = np.repeat(np.arange(runs), rows // runs)
step = np.tile(np.arange(1, rows // runs + 1), runs)
frame = pl.DataFrame({
    "run": run, "step": step, "n_params": np.geomspace(1e7, 1e10, runs).round()[run], "tokens": step * 5e8,
    "eval/loss": 2 + np.random.default_rng(0).random(rows), "seed": run % 5,
}).with_columns(pl.format("sweep-{}", "run").alias("run"), pl.lit("a100").alias("gpu"))
frame.write_csv(sys.argv[1]) if sys.argv[1].endswith("csv") else frame.write_parquet(sys.argv[1])
"""
READ = """
import resource, sys
from scaling_utils.runs.readers import read_runs
runs = read_runs(sys.argv[1])
print(len(runs), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["large.csv", "large.parquet"])
def test_five_million_rows_within_two_gigabytes(tmp_path, name):
    path = tmp_path / name
    subprocess.run([sys.executable, "-c", LARGE, path], check=True)
    read = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True)
    path.unlink()
    rows, peak = map(int, read.stdout.split())
    assert rows == 5_000_000
    assert peak * 1024 < 2e9
