import json
import math
from pathlib import Path

import pytest
import yaml

from scaling_utils import claims
from scaling_utils.claims import compare, judge, ledger
from scaling_utils.commands.claims import claims_command
from scaling_utils.errors import DataError
from scaling_utils.published import Interval
from scaling_utils.results import Estimate

ROOT = Path(__file__).parents[1]
STATED = Interval(low=0.46, high=0.53, level="95 %")


@pytest.mark.parametrize(
    ("ours", "interval", "verdict"),
    [
        (Estimate(0.495), None, "reproduced"),
        (Estimate(0.52, 0.48, 0.56), None, "reproduced"),
        (Estimate(0.52, 0.51, 0.56), STATED, "partly"),
        (Estimate(0.52), STATED, "partly"),
        (Estimate(0.51), None, "partly"),
        (Estimate(0.56, 0.54, 0.58), STATED, "not reproduced"),
        (Estimate(0.56), None, "not reproduced"),
        (Estimate(math.nan), STATED, "cannot be tested"),
        (None, STATED, "cannot be tested"),
    ],
)
def test_verdicts_follow_the_rule(ours, interval, verdict):
    assert judge(0.49, ours, tolerance=0.011, interval=interval) == verdict


def test_every_claim_names_a_published_value_and_a_page_of_the_book():
    rows = ledger({})
    scenarios = yaml.safe_load((ROOT / "notebooks/scenarios.yml").read_text(encoding="utf-8"))
    pages = {f"{s['notebook']}/{s['name']}" for s in scenarios}
    assert {row.page for row in rows} <= pages
    assert {row.verdict for row in rows} == {"cannot be tested"}
    assert all(row.worse == (row.recorded != "cannot be tested") for row in rows)


def test_a_row_takes_its_result_and_survives_json():
    page = ("03-isoflop-profiles", "hoffmann2022-fig4")
    rows = {r.id: r for r in ledger({page: {"a": {"value": 0.508, "low": 0.475, "high": 0.557, "unit": ""}}})}
    row = rows["hoff.A2.a"]
    assert (row.verdict, row.worse) == ("reproduced", False)
    assert row.difference == pytest.approx(0.508 / 0.49 - 1)
    document = json.loads(json.dumps(row.as_dict(), allow_nan=False))
    assert document["published_interval"]["low"] == 0.462
    assert json.loads(json.dumps(rows["hoff.A2.b"].as_dict(), allow_nan=False))["ours"] is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"published": {"fact": "hoff.A2", "value": "z"}}, "no value 'z'"),
        ({"published": {"fact": "nowhere", "value": "a"}}, "no published value is called"),
        ({"published": {"value": "a"}}, "exactly one of fact, law and allocation"),
        ({"recorded": "maybe"}, "recorded"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_claim_is_refused(tmp_path, change, problem):
    claim = {
        "id": "x",
        "quantity": "a",
        "published": {"fact": "hoff.A2", "value": "a"},
        "page": "03-isoflop-profiles/hoffmann2022-fig4",
        "key": "a",
        "recorded": "reproduced",
    }
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [claim | change]}), encoding="utf-8")
    with pytest.raises(DataError, match=problem):
        ledger({}, path=path)


def test_compare_tells_where_the_published_value_lies():
    table = compare("hoff.A2", {"a": Estimate(0.6, 0.55, 0.65), "k": Estimate(1.0)})
    assert table.loc["a", "published lies"] == "outside"
    assert table.loc["a", "ours − published"] == pytest.approx(0.11)
    assert table.loc["k", "published lies"] == "–"
    assert compare("hoff.A2", {"a": Estimate(0.49)}).loc["a", "published lies"] == "–"
    assert compare("hoff.A2", {"a": Estimate(0.4, 0.3, math.inf)}).loc["a", "published lies"] == "inside"


def test_an_interval_with_one_end_is_open_on_the_other_side():
    page = ("06-block-sparse-vs-full-attention", "trailing-30-32")
    record = {"crossing_30_32": {"value": 175.0, "low": 12.0, "unit": "PF-day"}}
    row = next(r for r in ledger({page: record}) if r.id == "moba.crossing")
    assert row.verdict == "reproduced"
    assert json.loads(json.dumps(row.as_dict(), allow_nan=False))["ours"]["high"] is None


def test_the_command_prints_one_ledger_as_json(monkeypatch, capsys):
    made = []
    monkeypatch.setattr(claims, "ledger", lambda results: made.append(ledger(results)) or made[-1])
    monkeypatch.setattr("scaling_utils.book.results.read_results", lambda project: {})
    claims_command(as_json=True, check=False, project=ROOT)
    (rows,) = made
    assert json.loads(capsys.readouterr().out) == {"claims": [row.as_dict() for row in rows]}
