"""What each registered file must hold once it is imported."""

from functools import cache

import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.conventions import PF_DAY, training_flops
from scaling_utils.runs import unpickle
from scaling_utils.runs.importers import IMPORTERS, PORIAN_PROTOCOLS
from scaling_utils.runs.registry import datasets, load_table

PORIAN_ROWS = {
    ("porian-refinedweb", "kaplan"): 107,
    ("porian-refinedweb", "last-layer"): 131,
    ("porian-refinedweb", "short-warmup"): 132,
    ("porian-refinedweb", "cosine"): 88,
    ("porian-refinedweb", "tuned"): 121,
    ("porian-openwebtext2", "kaplan"): 113,
    ("porian-openwebtext2", "last-layer"): 132,
    ("porian-openwebtext2", "short-warmup"): 132,
    ("porian-openwebtext2", "cosine"): 88,
    ("porian-openwebtext2", "tuned"): 116,
}


def test_every_dataset_of_runs_has_an_importer():
    assert IMPORTERS.keys() == {entry.id for entry in datasets().values() if entry.kind == "runs"}
    for dataset_id in ("porian-refinedweb", "porian-openwebtext2"):
        assert datasets()[dataset_id].variants.keys() == PORIAN_PROTOCOLS.keys()


class TestHoffmann:
    def test_runs(self):
        runs = load("hoffmann2022-fig4")
        frame = runs.frame
        assert (len(runs), runs.n_runs) == (245, 245)
        assert set(frame["dataset"]) == {"hoffmann2022-fig4"}
        assert frame["loss_from"].value_counts().to_dict() == {"colour": 131, "position": 114}
        assert (frame["loss_low"] <= frame["loss"]).all()
        assert (frame["loss"] <= frame["loss_high"]).all()
        assert int((frame["loss"] >= 3.44).sum()) == 5
        assert runs.conventions.as_dict() == {
            "flop_rule": "6ND",
            "param_count": "total",
            "loss_unit": "nats/token",
        }

    def test_budgets_are_nominal(self):
        frame = load("hoffmann2022-fig4").frame.dropna(subset="budget")
        assert frame["budget"].value_counts().sort_index().to_dict() == {
            6e18: 10,
            1e19: 22,
            3e19: 16,
            6e19: 10,
            1e20: 13,
            3e20: 11,
            6e20: 10,
            1e21: 14,
            3e21: 8,
        }
        ratio = frame["flops"] / frame["budget"]
        assert 0.79 < ratio.min() < 0.80
        assert 1.01 < ratio.max() < 1.02

    def test_tokens_follow_from_6nd_without_overflow(self):
        frame = load("hoffmann2022-fig4").frame
        assert frame["flops"].max() > 2**63
        np.testing.assert_allclose(
            training_flops(frame["params"], frame["tokens"]) / frame["flops"], 1, rtol=1e-12
        )
        assert (frame[["params", "tokens", "flops", "loss"]].dtypes == np.float64).all()

    @pytest.mark.public_data
    def test_the_earlier_digitisation_holds_the_same_runs(self, public_file):
        public_file("hoffmann2022-fig4-colour")
        earlier = load("hoffmann2022-fig4-colour").frame.sort_values(["flops", "params"])
        ours = load("hoffmann2022-fig4").frame.sort_values(["flops", "params"])
        assert len(earlier) == 245
        assert earlier["loss"].nlargest(5).min() > 3.44
        np.testing.assert_allclose(earlier["flops"], ours["flops"], rtol=1e-4)
        assert np.abs(np.log(earlier["loss"].to_numpy() / ours["loss"].to_numpy())).max() < 0.02


class TestMoba:
    def test_points(self):
        runs = load("lu2025-moba")
        frame = runs.frame
        assert (len(runs), runs.n_runs) == (19_930, 180)
        assert (frame["panel"].nunique(), frame["attention"].nunique(), frame["model"].nunique()) == (
            18,
            2,
            5,
        )
        assert set(frame["params"]) == {545e6, 822e6, 1.1e9, 1.5e9, 2.1e9}
        assert "tokens" not in frame
        assert runs.conventions.flop_rule == "reported"
        assert runs.conventions.param_count == "non-embedding"

    def test_compute_is_in_flops_and_rises_along_each_curve(self):
        frame = load("lu2025-moba").frame
        assert 0.0249 < frame["flops"].min() / PF_DAY < 0.0250
        assert 5.95 < frame["flops"].max() / PF_DAY < 5.96
        assert all(curve.is_monotonic_increasing for _, curve in frame.groupby("run_id")["flops"])
        assert frame.groupby("run_id").size().between(92, 160).all()

    def test_projections(self):
        laws = load_table("lu2025-moba-projections")
        assert laws.shape == (36, 6)
        law = laws.set_index(["panel", "attention"]).loc[("30-32", "moba")]
        assert (law["a_pub"], law["b_pub"]) == (1.546, 0.108)
        assert (laws["b_fit"] - laws["b_pub"]).abs().max() < 0.0042


@pytest.fixture(scope="class")
def read_once():
    """Each pickle is read once for all tests of a class: reading takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpickle, "read_pickled_frame", cache(unpickle.read_pickled_frame))
        yield


@pytest.mark.public_data
@pytest.mark.usefixtures("read_once")
class TestPorian:
    @pytest.mark.parametrize(("dataset_id", "variant"), PORIAN_ROWS)
    def test_every_protocol(self, public_file, dataset_id, variant):
        public_file(dataset_id)
        runs = load(dataset_id, variant=variant)
        frame = runs.frame
        assert len(runs) == runs.n_runs == PORIAN_ROWS[dataset_id, variant]
        assert np.isfinite(frame[["params", "tokens", "flops", "loss", "budget"]]).all(axis=None)
        np.testing.assert_allclose(
            training_flops(frame["params"], frame["tokens"]) / frame["flops"], 1, rtol=1e-12
        )
        budgets = 11 if variant == "kaplan" else 12
        assert sorted(set(frame["budget"])) == [1.25e16 * 2**i for i in range(budgets)]
        assert frame["params"].nunique() == 16
        count = "non-embedding" if variant == "kaplan" else "non-embedding-with-head"
        assert runs.conventions.param_count == count
        assert runs.source == f"{dataset_id}:{variant}"

    def test_the_tuned_protocol_is_the_default(self, public_file):
        public_file("porian-refinedweb")
        assert set(load("porian-refinedweb").frame["variant"]) == {"tuned"}

    def test_kaplan_counts_leave_the_head_out(self, public_file):
        public_file("porian-refinedweb")
        smallest = {
            v: load("porian-refinedweb", variant=v).frame["params"].min() for v in ("kaplan", "tuned")
        }
        assert smallest == {"kaplan": 331_776, "tuned": 5_173_248}


@pytest.mark.public_data
class TestGemstone:
    def test_curves(self, public_file):
        public_file("gemstone")
        runs = load("gemstone")
        frame = runs.frame
        assert (len(runs), runs.n_runs) == (3850, 22)
        assert not frame.duplicated(["run_id", "step"]).any()
        assert (frame["tokens"] / frame["step"] == 2**22).all()
        assert frame.groupby("run_id")["params"].nunique().eq(1).all()
        assert frame["params"].between(48e6, 2.01e9).all()
        assert {"width", "depth"} <= set(frame)


class TestLadder:
    @pytest.mark.parametrize("corpus", ["prose", "code"])
    def test_slices(self, public_file, corpus):
        """Runs of one budget differ in size and seed alone, and spend it to the nearest step."""
        public_file(f"ladder-{corpus}")
        runs = load(f"ladder-{corpus}")
        frame = runs.frame
        assert runs.n_runs == len(runs) and set(frame["role"]) == {"isoflop"}
        assert frame["budget"].nunique() >= 2
        assert (frame["flops"] / frame["budget"] - 1).abs().max() < 0.002
        assert not frame.duplicated(["budget", "width", "seed"]).any()
        assert runs.conventions.as_dict()["loss_unit"] == "nats/byte"

    @pytest.mark.parametrize("corpus", ["prose", "code"])
    def test_curves_end_where_the_runs_do(self, public_file, corpus):
        public_file(f"ladder-{corpus}-curves")
        curves, ends = load(f"ladder-{corpus}-curves"), load(f"ladder-{corpus}").frame
        last = curves.final_points().frame.set_index("run_id")["tokens"]
        assert last.sort_index().equals(ends.set_index("run_id")["tokens"].sort_index())

    def test_equal_steps(self, public_file):
        public_file("ladder-prose-fixed-steps")
        frame = load("ladder-prose-fixed-steps").frame
        steps = {tuple(curve) for _, curve in frame.groupby("run_id")["step"]}
        assert len(steps) == 1 and frame["params"].nunique() == 8

    def test_a_pair_spends_the_same_with_the_same_seeds(self, public_file):
        public_file("ladder-prose-pair")
        ends = load("ladder-prose-pair").final_points().frame
        assert (ends["flops"] / 1e13 - 1).abs().max() < 0.002
        seeds = ends.groupby("params")["seed"].apply(frozenset)
        assert len(seeds) == 2 and len(set(seeds)) == 1 and len(seeds.iloc[0]) >= 8

    def test_attentions_are_paired(self, public_file):
        public_file("ladder-prose-attention")
        frame = load("ladder-prose-attention").frame
        assert frame["panel"].nunique() == 17
        pairs = frame.groupby(["panel", "params", "seed"])["attention"].apply(frozenset)
        assert set(pairs) == {frozenset({"full", "block-sparse"})}
