import pytest

from scaling_utils.book.fitting_tables import (
    COVERAGE,
    coverage_table,
    errors_table,
    frontier_loss,
    frontier_thirds,
    objective_table,
    parabola_table,
    rounding_table,
    thirds_table,
)
from scaling_utils.book.project import Project
from scaling_utils.laws import HoffmannLaw, published_law


def cells(markdown):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines()[2:]]


def test_objectives_give_different_answers_and_all_converge():
    rows = {row[0]: row for row in cells(objective_table())}
    assert {row[-1] for row in rows.values()} == {"converged"}
    huber, squares = rows[r"Huber, $\delta = 10^{-3}$"], rows["least squares"]
    assert float(huber[2]) == pytest.approx(0.3398, abs=1e-3)
    assert float(squares[2]) - float(huber[2]) > 0.01


def test_standard_errors_of_a_robust_fit_are_too_wide():
    rows = cells(errors_table())
    assert [row[0] for row in rows] == [r"$\alpha$", r"$\beta$", "$E$"]
    assert all(float(row[-1]) > 1.5 for row in rows)


def test_rounding_moves_the_best_size():
    sizes = {row[0]: row[2] for row in cells(rounding_table())}
    assert (sizes["`hoffmann2022`"], sizes["`hoffmann2022-unrounded`"]) == ("32.2B", "40.4B")


def test_parabola_is_biased_more_by_more_runs():
    errors = [abs(float(row[-1].strip("%"))) for row in cells(parabola_table())]
    assert errors[-1] > 5 * errors[1]


def test_thirds_flatten_and_the_first_ends_below_the_floor():
    law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    lines = frontier_thirds(law)
    slopes = [-line.exponent.value for line in lines]
    assert slopes == pytest.approx([0.0697, 0.0522, 0.0372], abs=2e-4)
    assert float(lines[0](5.76e23)) == pytest.approx(1.36, abs=0.005)
    assert lines[0](5.76e23) < law.E < frontier_loss(law, 5.76e23)
    assert [row[-1] for row in cells(thirds_table())] == ["below", "below", "above", "above"]


def test_coverage_comes_from_the_kept_simulation(tmp_path):
    project = Project(tmp_path)
    assert "|" not in coverage_table(project)
    (tmp_path / COVERAGE).parent.mkdir(parents=True)
    lines = [
        f"iid,percentile,{name},1000,1,0.{95 + i},0.1" for i, name in enumerate(("E", "alpha", "beta", "a"))
    ]
    header = "noise,interval,quantity,sets,converged,coverage,median_width"
    (tmp_path / COVERAGE).write_text("\n".join([header, *lines]) + "\n")
    assert cells(coverage_table(project)) == [["iid", "percentile", "95.0%", "96.0%", "97.0%", "98.0%"]]
