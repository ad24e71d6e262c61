import json
import math
from pathlib import Path

import pytest
import yaml

from scaling_utils.book.comparisons.kaplan import QUANTITIES
from scaling_utils.book.ledger import origins
from scaling_utils.book.project import find_project
from scaling_utils.claims import Origin, compare, headline, judge, ledger, tally
from scaling_utils.commands.claims import claims_command
from scaling_utils.errors import DataError
from scaling_utils.laws import published_law
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


def test_the_kind_of_a_row_follows_from_what_its_page_reads():
    made = origins(find_project(ROOT))
    rows = {row.id: row for row in ledger({}, origins=made)}
    assert {row.page for row in rows.values()} <= made.keys()
    assert rows["hoff.A2.a"].kind == rows["moba.gap.0.4"].kind == "data"
    assert rows["hoff.A2.a"].dataset == "hoffmann2022-fig4"
    assert rows["kaplan.LNS.fit.alpha_N.simulated"].kind == rows["hoff.figA5.g1"].kind == "planted law"
    assert rows["hoff.figA4.gap.tex"].kind == "arithmetic"
    # of a page of measured runs, but not made from them
    assert rows["hoff.A3.gopher.rounded"].kind == rows["moba.LC.8k.difference"].kind == "arithmetic"
    assert (rows["moba.LC.8k.moba.A.drawn"].kind, rows["moba.LC.8k.moba.A.drawn"].dataset) == (
        "planted law",
        "",
    )


def test_numbers_that_repeat_on_the_same_data_count_once_and_with_the_worst_verdict():
    runs, other, law = (
        Origin("data", "porian-refinedweb"),
        Origin("data", "hoffmann2022-fig4"),
        Origin("planted law"),
    )
    made = {row.page: runs if "refinedweb" in row.page else law for row in ledger({})}
    made["03-isoflop-profiles/hoffmann2022-fig4"] = other
    ours = {("03-isoflop-profiles", "porian-refinedweb"): {"a": 0.497, "a_interpolated": 0.51}}
    rows = [row for row in ledger(ours, origins=made) if row.number == "porian.rw.step4 a"]
    assert [row.verdict for row in rows] == ["reproduced", "partly", "cannot be tested"]
    (count,) = tally(rows)
    assert (count.kind, count.rows, count.numbers, dict(count.verdicts)) == ("data", 3, 1, {"partly": 1})
    first, repeats = headline(rows)
    assert first == "Of 1 published numbers tested against measured runs: 1 partly."
    assert repeats.startswith("The 3 rows")
    every = tally(ledger({}, origins=made))
    assert [count.kind for count in every] == ["data", "planted law", "arithmetic"]
    assert sum(count.rows for count in every) == len(ledger({}))


def test_the_ledger_is_not_a_selection():
    compared = {(row.page, row.number) for row in ledger({})}
    for scenario in ("kaplan2020-law", "porian-openwebtext2", "porian-refinedweb"):
        page = f"01-kaplan-compute-and-steps/{scenario}"
        assert {(page, f"{fact} {name}") for fact, name, _ in QUANTITIES} <= compared
    page = "06-block-sparse-vs-full-attention/all-positions"
    places = [f"{place}-{place + 2}" for place in range(0, 30, 2)]
    assert {(page, f"moba.gap.{place} {compute}") for place in places for compute in ("0.4", "5")} <= compared


def test_published_gaps_are_those_of_the_printed_laws():
    rows = [row for row in ledger({}) if row.id.startswith("moba.gap.")]
    assert len(rows) == 32
    for row in rows:
        fact, compute = row.number.split()
        place = fact.removeprefix("moba.gap").removeprefix(".") or "30-32"
        moba, full = (published_law(f"lu2025-{name}-{place}").values for name in ("moba", "full"))
        ratio = moba["A"] / full["A"] * float(compute) ** (full["g"] - moba["g"])
        assert row.published == pytest.approx(ratio - 1, rel=5e-3)


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

    def counted(results, *, origins):
        made.append(ledger(results, origins=origins))
        return made[-1]

    monkeypatch.setattr("scaling_utils.claims.ledger", counted)
    monkeypatch.setattr("scaling_utils.book.results.read_results", lambda project: {})
    claims_command(as_json=True, check=False, project=ROOT)
    (rows,) = made
    assert json.loads(capsys.readouterr().out) == {"claims": [row.as_dict() for row in rows]}


def test_the_command_keeps_ids_and_numbers_apart(monkeypatch, capsys):
    monkeypatch.setattr("scaling_utils.book.results.read_results", lambda project: {})
    claims_command(as_json=False, check=False, project=ROOT)
    lines = capsys.readouterr().out.splitlines()
    assert all(any(row.id in line.split() for line in lines) for row in ledger({}))
