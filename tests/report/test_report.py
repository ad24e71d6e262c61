"""Reports made for real, from short notebooks."""

import json
import re

import pytest

from scaling_utils.book.results import read_document
from scaling_utils.errors import ScalingError
from scaling_utils.report.folder import MANIFEST
from scaling_utils.report.report import report
from scaling_utils.report.runs import FILE, read_given
from scaling_utils.report.single import NotebookFailed, run_notebook
from scaling_utils.results import FitResult

pytestmark = pytest.mark.slow

FAILING = "from scaling_utils.errors import DataError\nraise DataError('<b>no</b> $x$ {include} `y`')\n"


def test_a_report_has_chapters_numbers_fits_and_figures_and_shows_what_failed(quick_book, runs_csv, tmp_path):
    quick_book.write("04-parametric-loss", FAILING)
    out = tmp_path / "report"
    said = []
    ran = report(quick_book.project, read_given([str(runs_csv)]), out, jobs=2, say=said.append)
    assert list(ran.failures) == ["04-parametric-loss"]
    assert sorted(path.name for path in out.iterdir()) == [
        *("figures", "fits", "html", "notebooks", MANIFEST, "results.json", FILE),
    ]

    states = {n["notebook"][:2]: n["state"] for n in json.loads((out / MANIFEST).read_text())["notebooks"]}
    assert states == {
        **dict.fromkeys(("01", "02", "05", "06", "07"), "not served"),
        **{"03": "served", "04": "failed", "08": "served", "09": "served"},
    }
    results = read_document(out).results
    assert results["03-isoflop-profiles", "yours"]["a"]["value"] == 0.5
    assert ("04-parametric-loss", "yours") not in results
    assert FitResult.read(out / "fits/03-isoflop-profiles.json").estimates["a"].high == 0.6
    figures = {path.name: path.read_bytes() for path in (out / "figures/03-isoflop-profiles").iterdir()}
    assert {name: content[:4] for name, content in figures.items() if name != "drawn.csv"} == {
        **{"drawn.svg": b"<svg", "drawn.png": b"\x89PNG", "drawn.pdf": b"%PDF"},
    }

    front = (out / "html/book/index.html").read_text()
    assert "0.49" in front and "+0.01" in front
    assert "mine.csv" in front and json.loads((out / MANIFEST).read_text())["sha256"] in front
    assert "&lt;b&gt;no&lt;/b&gt; $x$ {include} `y`" in front
    chapter = (out / "html/notebooks/04-parametric-loss/yours.html").read_text()
    assert "This chapter failed" in chapter and "&lt;b&gt;no&lt;/b&gt; $x$ {include} `y`" in chapter
    stopped = json.loads((out / "notebooks/04-parametric-loss.ipynb").read_text())
    errors = [o for c in stopped["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"]
    assert [error["ename"] for error in errors] == ["DataError"]
    assert not re.findall(re.escape(str(tmp_path)), json.dumps(stopped))

    with pytest.raises(ScalingError, match="--force"):
        report(quick_book.project, read_given([str(runs_csv)]), out, jobs=2)
    assert read_document(out).results == results


def test_two_reports_on_the_same_runs_are_the_same(quick_book, runs_csv, tmp_path):
    def made(name, jobs):
        out = tmp_path / name
        report(quick_book.project, read_given([str(runs_csv)]), out, jobs=jobs)
        return {
            path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()
        }

    assert made("one", 1) == made("deeper/two", 2)


def test_one_notebook_with_a_parameter(quick_book, runs_csv, tmp_path):
    out = tmp_path / "one"
    run_notebook(
        quick_book.project,
        "03-isoflop-profiles",
        read_given([str(runs_csv)]),
        out,
        parameters={"window": 6.0},
    )
    (done,) = json.loads((out / MANIFEST).read_text())["notebooks"]
    assert (done["state"], done["parameters"]["window"]) == ("served", 6.0)
    two = tmp_path / "two.csv"
    two.write_text("params,tokens,loss\n1e8,2e9,3\n2e8,4e9,2.9\n")
    given = read_given([str(two)])
    run_notebook(quick_book.project, "03-isoflop-profiles", given, tmp_path / "asked", parameters={})
    (forced,) = json.loads((tmp_path / "asked" / MANIFEST).read_text())["notebooks"]
    assert forced["state"] == "not served" and "no IsoFLOP budgets" in forced["why"]
    executed = json.loads((out / "notebooks/03-isoflop-profiles.ipynb").read_text())
    assert any("window = 6.0" in cell["source"] for cell in executed["cells"])
    assert read_document(out).results["03-isoflop-profiles", "yours"]["a"]["value"] == 0.5
    assert "How" in (out / "html/index.html").read_text() or (out / "html/book/index.html").is_file()


@pytest.mark.parametrize(("code", "exit_code"), [(FAILING, 2), ("1 / 0\n", 1)])
def test_one_notebook_that_fails_is_kept_up_to_the_failure(quick_book, runs_csv, tmp_path, code, exit_code):
    quick_book.write("03-isoflop-profiles", "'before'", code)
    out = tmp_path / "one"
    with pytest.raises(NotebookFailed, match="03-isoflop-profiles, cell 4") as error:
        run_notebook(
            quick_book.project, "03-isoflop-profiles", read_given([str(runs_csv)]), out, parameters={}
        )
    assert error.value.exit_code == exit_code
    kept = json.loads((out / "notebooks/03-isoflop-profiles.ipynb").read_text())
    outputs = [output["output_type"] for cell in kept["cells"] for output in cell.get("outputs", [])]
    assert outputs[-2:] == ["execute_result", "error"]


def test_runs_that_serve_nothing_leave_nothing(quick_book, tmp_path):
    (tmp_path / "one.csv").write_text("params,tokens,loss\n1e8,2e9,3\n")
    with pytest.raises(ScalingError, match="no figure"):
        report(quick_book.project, read_given([str(tmp_path / "one.csv")]), tmp_path / "out", jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.csv", "quick-book"]
