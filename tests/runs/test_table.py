import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils.conventions import Conventions
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.runs import RunTable, assign_budgets
from scaling_utils.runs.columns import BY_NAME, COLUMNS, match_columns
from scaling_utils.runs.thin import MOST_POINTS, thin_curves

REPORTED = Conventions(flop_rule="reported")


def table(data, /, *, source="runs.csv", **options):
    return RunTable.from_frame(pd.DataFrame(data), source=source, **options)


def refusal(data, /, **options):
    with pytest.raises(DataError) as caught:
        table(data, **options)
    return str(caught.value)


def isoflop(budgets, sizes=(1e8, 2e8, 4e8, 8e8), jitter=0.0):
    """A planted table: `jitter` is the spread of ln C within a budget."""
    rng = np.random.default_rng(0)
    pairs = [(n, c * math.exp(rng.uniform(-jitter, jitter))) for c in budgets for n in sizes]
    return {"N": [n for n, _ in pairs], "C": [c for _, c in pairs], "loss": 3.0}


class TestColumns:
    def test_names_and_aliases_do_not_overlap(self):
        owners = {}
        for column in COLUMNS:
            for name in (column.name, *column.aliases):
                plain = re.sub(r"[\W_]+", "", name.casefold())
                assert owners.setdefault(plain, column.name) == column.name
        assert len(owners) > 80

    @pytest.mark.parametrize(
        ("spelling", "canonical"),
        [
            ("N", "params"),
            ("n_params", "params"),
            ("model_size", "params"),
            ("Model Size", "params"),
            ("D", "tokens"),
            ("train_tokens", "tokens"),
            ("tokens seen", "tokens"),
            ("C", "flops"),
            ("Training FLOP", "flops"),
            ("val_loss", "loss"),
            ("eval/loss", "loss"),
            ("LOSS", "loss"),
            ("_step", "step"),
            ("isoflop_budget", "budget"),
            ("run_name", "run_id"),
        ],
    )
    def test_spellings_that_people_use(self, spelling, canonical):
        assert match_columns([spelling]) == {spelling: canonical}

    @pytest.mark.parametrize(
        "name", ["params_nonembedding", "pf_days", "bits_per_byte", "train_loss", "seed", ""]
    )
    def test_names_with_another_convention_are_not_guessed(self, name):
        assert match_columns([name]) == {}

    def test_a_canonical_name_wins_and_the_alias_stays(self):
        runs = table({"params": [1e8], "N": [5.0], "D": [1e9], "loss": [3]})
        assert runs.frame["params"].tolist() == [1e8]
        assert runs.frame["N"].tolist() == [5.0]

    def test_two_aliases_are_settled_by_the_user(self):
        columns = {"N": [1e8], "D": [1e9], "val_loss": [3.0], "test_loss": [4.0]}
        message = refusal(columns)
        assert "'val_loss', 'test_loss'" in message
        assert "Rename" in message
        assert table(columns, columns={"test_loss": "loss"}).frame["loss"].tolist() == [4.0]

    def test_a_column_that_gives_way_keeps_its_values(self):
        columns = {"N": [1e8], "D": [1e9], "loss": [2.0], "val_loss": [3.0]}
        frame = table(columns, columns={"val_loss": "loss"}).frame
        assert frame["loss"].tolist() == [3.0]
        assert frame["source_loss"].tolist() == [2.0]

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ({"x": "loss"}, "no column 'x' to take as loss"),
            ({"N": "size"}, "columns= maps 'N' to 'size'"),
            ({"N": "params", "D": "params"}, "columns= maps two columns to 'params'"),
        ],
    )
    def test_wrong_choices_are_refused(self, columns, told):
        assert told in refusal({"N": [1e8], "D": [1e9], "loss": [3.0]}, columns=columns)

    def test_every_column_can_be_put_in_a_glossary(self):
        assert all(c.meaning.endswith(".") and c.noun for c in COLUMNS)
        assert all(c.unit for c in COLUMNS if c.dtype == "float")
        assert " ".join(BY_NAME) == "run_id params tokens flops loss step sequences dataset budget"


class TestFilling:
    def test_each_of_the_three_is_filled_in_floats(self):
        n, d = [175_000_000_000], [300_000_000_000]
        flops = table({"N": n, "D": d, "loss": [2]}).frame["flops"]
        assert flops.tolist() == pytest.approx([3.15e23])
        assert table({"N": n, "C": flops, "loss": [2]}).frame["tokens"].tolist() == pytest.approx([3e11])
        assert table({"D": d, "C": flops, "loss": [2]}).frame["params"].tolist() == pytest.approx([1.75e11])

    def test_nothing_is_derived_from_reported_flops(self):
        runs = table({"N": [1e8], "C": [1e18], "loss": [3]}, conventions=REPORTED)
        assert list(runs.frame) == ["run_id", "params", "flops", "loss"]
        assert "no column for 'params'" in refusal(
            {"D": [1e9], "C": [1e18], "loss": [3]}, conventions=REPORTED
        )

    def test_all_numbers_are_float64_and_columns_in_order(self):
        runs = table({"seed": [1], "loss": [3], "step": [7], "D": [10**9], "N": [10**8], "run": [12]})
        assert list(runs.frame) == ["run_id", "params", "tokens", "flops", "loss", "step", "seed"]
        assert (runs.frame[["params", "tokens", "flops", "loss", "step"]].dtypes == "float64").all()
        assert runs.frame["run_id"].tolist() == ["12"]

    def test_the_given_frame_is_left_alone(self):
        frame = pd.DataFrame({"N": [1e8], "D": [1e9], "loss": [3.0]})
        RunTable.from_frame(frame, source="x")
        assert list(frame) == ["N", "D", "loss"]

    def test_nullable_and_object_columns_are_numbers_too(self):
        runs = table(
            {"N": pd.array([10**8], dtype="Int64"), "D": np.array(["1e9"], dtype=object), "loss": [3]}
        )
        assert runs.frame["tokens"].tolist() == [1e9]
        assert "line 2" in refusal({"N": pd.array([pd.NA], dtype="Int64"), "D": [1e9], "loss": [3]})

    @pytest.mark.parametrize("cell", [True, 1 + 2j, pd.Timestamp("2024-01-01"), b"1"])
    def test_other_types_are_not_numbers(self, cell):
        assert "must be numbers" in refusal({"N": [cell], "D": [1e9], "loss": [3]})


class TestRules:
    def test_one_error_names_every_broken_column(self):
        message = refusal({"N": [-1, 0, 1e8], "D": [1e9, np.inf, 1e9], "loss": [3, 3, np.nan]})
        assert message.startswith(
            "runs.csv: column 'N' (lines 2, 3): parameter counts must be positive, not -1"
        )
        assert "column 'D' (line 3): token counts must be finite" in message
        assert "column 'loss' (line 4): losses must be given" in message

    def test_lines_of_the_file_are_used(self):
        assert "(line 42)" in refusal({"N": [1e8, -1], "D": [1e9, 1e9], "loss": [3, 3]}, lines=[40, 42])

    def test_validation_cannot_be_switched_off(self, monkeypatch):
        from pandera.config import CONFIG

        monkeypatch.setattr(CONFIG, "validation_enabled", False)
        assert "must be positive" in refusal({"N": [-1], "D": [1e9], "loss": [3]})

    def test_a_step_or_token_count_is_given_once_per_run(self):
        curve = {"run": ["a", "a", "b"], "N": 1e8, "loss": 3.0}
        assert "(lines 2, 3): run 'a'" in refusal({**curve, "D": 1e9, "step": [1, 1, 1]})
        assert "column 'D'" in refusal({**curve, "D": 1e9})
        assert "column 'C'" in refusal({**curve, "C": 1e18})
        assert len(table({**curve, "C": 1e18}, conventions=REPORTED)) == 3

    def test_a_name_of_a_family_is_not_a_run(self):
        assert "2 different parameter counts" in refusal(
            {"name": ["gpt", "gpt"], "N": [1e8, 2e8], "D": [1e9, 2e9], "loss": [3, 3]}
        )

    def test_the_untrained_model_is_left_out_and_counted(self):
        curve = {"run": "a", "N": 1e8, "step": [0, 10, 20], "tokens": [0, 1e8, 2e8], "loss": [11, 5, 4]}
        runs = table(curve)
        assert runs.untrained == 1
        assert runs.frame["step"].tolist() == [10, 20]
        assert "line 4" in refusal({**curve, "loss": [11, 5, -4]})

    def test_zero_tokens_after_the_first_step_are_an_error(self):
        message = refusal({"run": "a", "N": 1e8, "step": [5, 10], "tokens": [0, 1e8], "loss": 5})
        assert "token counts must be positive" in message
        assert "every row is at step 0" in refusal({"N": 1e8, "step": [0], "tokens": [0], "loss": 5})

    def test_step_zero_with_tokens_is_kept(self):
        assert len(table({"N": [1e8], "step": [0], "tokens": [4e6], "loss": [5]})) == 1

    def test_a_budget_may_be_empty(self):
        runs = table({"N": [1e8, 1e8], "C": [1e18, 2e18], "loss": 3, "isoflop_budget": [1e18, None]})
        assert runs.frame["budget"].isna().tolist() == [False, True]

    @pytest.mark.parametrize("name", ["N", "D", "loss", "step"])
    def test_other_cells_may_not(self, name):
        columns = {"N": [1e8, 1e8], "D": [1e9, 2e9], "loss": [3.0, 2.0], "step": [1.0, 2.0]}
        columns[name] = [columns[name][0], None]
        assert f"column '{name}' (line 3)" in refusal(columns)

    def test_no_rows(self):
        assert "no rows" in refusal({"N": [], "D": [], "loss": []})


class TestUnits:
    @pytest.mark.parametrize(
        "columns",
        [
            {"N": [3_000], "D": [1e8]},
            {"N": [1.5e9], "D": [2e10]},
            {"N": [768, 1.5e9, 1e7, 1e6], "D": 1.3e11},
            {"N": [175e9], "D": [3e11]},
            {"N": [1e6], "D": [6e12]},
            {"N": [7e10], "D": [1.4e12], "C": [5.76e23]},
        ],
    )
    def test_real_runs_are_not_refused(self, columns):
        table({**columns, "loss": 3.0})

    @pytest.mark.parametrize(
        ("columns", "column", "hint"),
        [
            ({"N": [7e9, 7e10], "D": [140, 1400]}, "D", "billions"),
            ({"N": [7e7, 4e8], "D": [1.4, 8]}, "D", "billions"),
            ({"N": [7e9, 7e10], "D": [140e3, 1400e3]}, "D", "millions"),
            ({"N": [0.07, 7], "D": [1.4e9, 1.4e11]}, "N", "billions"),
            ({"N": [7, 70], "D": [1.4e11, 1.4e12]}, "N", "billions"),
            ({"N": [1300, 13000], "D": [3e11, 3e11]}, "N", "millions"),
            ({"N": [7e7], "D": [1.4], "C": [5.88e17]}, "C", "billions"),
            ({"N": [7e7], "D": [1400], "C": [5.88e17]}, "C", "millions"),
            ({"N": [7e7], "D": [1.4e9], "C": [1.96e17]}, "C", "2 N D"),
            ({"N": [7e10], "D": [1.4e12], "C": [6806]}, "C", "PF-days"),
            ({"N": [7e10], "D": [1.4e12], "C": [588e3]}, "C", "units of 1e18"),
            ({"N": [7e10], "C": [6806]}, "C", "PF-days"),
            ({"N": [7e7], "C": [0.01]}, "C", "PF-days"),
            ({"N": [7e7], "D": [1.4e9], "C": [9e17]}, "C", "flop_rule=reported"),
            ({"N": [7e7], "C": [6e18], "budget": [6]}, "budget", "nominal compute"),
        ],
    )
    def test_mistaken_units_are_named(self, columns, column, hint):
        message = refusal({**columns, "loss": 3.0})
        assert f"column '{column}'" in message
        assert hint in message

    def test_one_row_off_is_found_by_its_line(self):
        message = refusal({"N": 1e8, "D": [1e9, 2e9, 3], "C": [6e17, 1.2e18, 1.8e18], "loss": 3.0})
        assert "(line 4)" in message

    def test_early_points_of_a_curve_are_not_judged(self):
        table({"run": "a", "N": 7e10, "D": [1e3, 1e6, 1e12], "loss": [11, 9, 2]})

    def test_reported_flops_need_not_agree(self):
        table({"N": [7e7], "D": [1.4e9], "C": [9e17], "loss": 3.0}, conventions=REPORTED)


CURVES = {
    "run": ["b", "a", "b", "a"],
    "N": [2e8, 1e8, 2e8, 1e8],
    "D": [4e9, 1e9, 2e9, 3e9],
    "loss": [2.0, 3.0, 2.5, 2.8],
    "loss_low": [1.9, 2.9, 2.4, 2.7],
}


class TestMethods:
    def test_final_points_are_the_last_of_each_run_in_row_order(self):
        runs = table(CURVES)
        assert runs.n_runs == 2
        assert runs.final_points().frame["loss"].to_dict() == {0: 2.0, 1: 2.8}

    def test_steps_say_which_point_is_last(self):
        runs = table({**CURVES, "step": [1, 2, 3, 4]})
        assert runs.final_points().frame["loss"].tolist() == [2.5, 2.8]

    def test_subset_wants_one_boolean_per_row(self):
        runs = table(CURVES)
        assert runs.subset(runs.frame["loss"] < 2.6).frame.index.tolist() == [0, 1]
        for mask in ([0, 1], [True], np.ones(4)):
            with pytest.raises(ValueError, match="mask must be 4 booleans"):
                runs.subset(mask)

    def test_loss_and_its_bounds_change_unit_together(self):
        runs = table(CURVES)
        bits = runs.with_loss_unit("bits/token")
        assert bits.conventions.loss_unit == "bits/token"
        assert (bits.frame["loss"] / runs.frame["loss"]).to_numpy() == pytest.approx(1 / math.log(2))
        assert (bits.frame["loss_low"] / runs.frame["loss_low"]).to_numpy() == pytest.approx(1 / math.log(2))
        assert runs.frame["loss"].tolist() == CURVES["loss"]
        with pytest.raises(ConventionError):
            runs.with_loss_unit("nats/byte")

    def test_flops_by_another_rule(self):
        runs = table({"N": [1e8], "D": [1e9], "C": [9e17], "loss": [3]}, conventions=REPORTED)
        assert runs.with_flop_rule("6ND").frame["flops"].tolist() == pytest.approx([6e17])
        assert runs.with_flop_rule("reported").frame["flops"].tolist() == [9e17]
        no_tokens = table({"N": [1e8], "C": [9e17], "loss": [3]}, conventions=REPORTED)
        with pytest.raises(ConventionError, match="no tokens"):
            no_tokens.with_flop_rule("6ND")

    def test_tables_join_with_their_dataset_and_distinct_runs(self):
        first = table({"N": [1e8], "D": [1e9], "loss": [3], "seed": [1]}, source="a.csv", sha256="aa")
        second = table({"N": [2e8], "D": [2e9], "loss": [2]}, source="b.csv", sha256="bb")
        both = first.concat(second)
        assert both.frame["run_id"].tolist() == ["a.csv/run-1", "b.csv/run-1"]
        assert both.frame["dataset"].tolist() == ["a.csv", "b.csv"]
        assert (both.sha256, both.n_runs) == ("aa+bb", 2)
        assert list(both.frame)[-1] == "seed"

    def test_many_tables_are_named_once(self):
        tables = [
            replace(table({"N": [1e8], "D": [1e9], "loss": [3]}, source=f"{name}.csv"), unmeasured=2)
            for name in "abcd"
        ]
        whole = tables[0].concat(*tables[1:])
        assert whole.frame["run_id"].tolist() == [f"{name}.csv/run-1" for name in "abcd"]
        assert (whole.source, whole.unmeasured) == ("a.csv + b.csv + c.csv + d.csv", 8)

    def test_steps_of_some_tables_only_do_not_decide_which_point_is_the_last(self):
        tokens = np.arange(1, 101) * 1e9
        stepped = table({"run": "a", "N": 1e8, "D": tokens[:3], "step": [1, 2, 3], "loss": 3.0})
        other = table({"run": "b", "N": 2e8, "D": tokens[::-1], "loss": 3.0}, source="b.csv")
        for both in (stepped.concat(other), other.concat(stepped)):
            assert "step" not in both.frame
            assert "step" not in both.spelling
            last = both.final_points().frame.set_index("run_id")["tokens"]
            assert last.to_dict() == {"a": 3e9, "b": 1e11}
            assert thin_curves(both).frame["run_id"].value_counts().to_dict() == {"b": MOST_POINTS, "a": 3}
        assert stepped.concat(
            table({"run": "b", "N": 2e8, "D": tokens[:3], "step": [1, 2, 3], "loss": 3.0}, source="b.csv")
        ).frame["step"].tolist() == [1, 2, 3, 1, 2, 3]

    def test_tables_that_cannot_join(self):
        first = table({"N": [1e8], "D": [1e9], "loss": [3]}, source="a.csv")
        with pytest.raises(DataError, match="both hold 1 runs"):
            first.concat(first)
        with pytest.raises(ConventionError, match=r"'6ND' in a\.csv but 'reported' in b\.csv"):
            first.concat(table({"N": [1e8], "D": [1e9], "loss": [3]}, source="b.csv", conventions=REPORTED))
        left = table({"N": [1e8], "D": [1e9], "loss": [3]}, source="a.csv", conventions=REPORTED)
        right = table({"N": [1e8], "C": [1e18], "loss": [3]}, source="b.csv", conventions=REPORTED)
        with pytest.raises(DataError, match=re.escape("a.csv has tokens, b.csv has not")):
            left.concat(right)

    def test_display_is_short_and_escaped(self):
        runs = table({"N": [1e8] * 50, "D": 1e9, "loss": 3}, source="<b>.csv")
        shown = runs._repr_html_()
        assert "<b>" not in shown
        assert shown.count("<tr") == 6
        assert (
            repr(runs) == "RunTable('<b>.csv': 50 points of 50 runs; C by 6ND, N total, loss in nats/token)"
        )


class TestBudgets:
    @pytest.mark.parametrize("jitter", [0.0, 0.05])
    def test_planted_slices_are_found(self, jitter):
        runs = assign_budgets(table(isoflop([1e18, 2e18, 1e19], jitter=jitter)))
        found = runs.frame.groupby("budget").size()
        assert found.tolist() == [4, 4, 4]
        assert found.index.to_numpy() == pytest.approx([1e18, 2e18, 1e19], rel=0.06)

    def test_runs_outside_and_slices_too_small_have_none(self):
        columns = isoflop([1e18])
        columns = {"N": [*columns["N"], 1e8, 2e8], "C": [*columns["C"], 1e20, 1e20], "loss": 3.0}
        assert assign_budgets(table(columns)).frame["budget"].isna().tolist() == [False] * 4 + [True] * 2

    def test_compute_that_varies_continuously_is_no_slice(self):
        columns = {"N": np.geomspace(1e8, 1e9, 40), "C": np.geomspace(1e18, 1e19, 40), "loss": 3.0}
        runs = table(columns)
        assert assign_budgets(runs) is runs

    def test_one_size_with_many_seeds_is_no_slice(self):
        runs = table({"N": 1e8, "C": [1e18] * 5, "loss": 3.0, "run": list("abcde")})
        assert assign_budgets(runs) is runs

    def test_given_budgets_stay(self):
        runs = table({**isoflop([1e18]), "budget": 1.2e18})
        assert assign_budgets(runs) is runs

    def test_all_points_of_a_run_share_its_budget(self):
        curve = {
            "run": [f"r{n:.0e}" for n in (1e8, 2e8, 4e8) for _ in range(2)],
            "N": np.repeat([1e8, 2e8, 4e8], 2),
        }
        runs = assign_budgets(table({**curve, "C": [1e17, 1e18] * 3, "loss": 3.0}))
        assert runs.frame["budget"].to_numpy() == pytest.approx(1e18)

    @pytest.mark.parametrize("order", [1, -1])
    def test_joined_with_a_table_that_names_budgets_the_others_are_found(self, order):
        first = table({**isoflop([1e18, 2e18], jitter=0.05), "run": [f"a{i}" for i in range(8)]}, source="a")
        budgets = {"run": [f"b{i}" for i in range(8)], "budget": [1e18] * 4 + [1.1e19] * 4}
        following = table({**isoflop([1e18, 1e19]), **budgets}, source="b")
        one, other = (first, following)[::order]
        found = one.concat(other).frame.groupby("budget").size()
        assert found.tolist() == [8, 4, 4]
        assert found.index[[0, 2]].tolist() == [1e18, 1.1e19]
        assert found.index[1] == pytest.approx(2e18, rel=0.06)

    @pytest.mark.parametrize("known", [[1e18, 1.05e18], [1.05e18, 1e18, 1.1e18, 1.2e18]])
    def test_a_slice_is_at_the_nearest_of_known_budgets(self, known):
        first = table({**isoflop([1e18]), "run": list("abcd")}, source="a")
        rows = [{**isoflop([c]), "run": [f"{c:g} {i}" for i in range(4)], "budget": [c] * 4} for c in known]
        joined = first.concat(*(table(row, source=f"b{i}") for i, row in enumerate(rows))).frame
        assert joined.loc[joined["run_id"].isin(list("abcd")), "budget"].tolist() == [1e18] * 4

    def test_tables_without_budgets_are_joined_without(self):
        one = table({**isoflop([1e18]), "run": list("abcd")}, source="a")
        assert "budget" not in one.concat(table({**isoflop([1e19]), "run": list("efgh")}, source="b")).frame

    def test_tolerance_must_be_positive(self):
        with pytest.raises(ValueError, match="positive"):
            assign_budgets(table(isoflop([1e18])), tolerance=0.0)
