"""Every format gives the table that the others give."""

import hashlib
import json
import os
import struct

import pandas as pd
import pytest

from scaling_utils.errors import ConventionError, DataError
from scaling_utils.runs.readers import describe, read_runs
from scaling_utils.runs.registry import load
from tests.runs import samples

MAP = {"n_params": "params"}


def table(*sources, **options):
    runs = read_runs(sources, **options)
    names = ["run_id", "step", "params", "tokens", "loss"]
    return sorted(map(tuple, runs.frame[names].round(6).to_numpy().tolist()))


WANTED = sorted(
    (row["run"], row["step"], row["n_params"], row["tokens"], row["eval/loss"]) for row in samples.points()
)
SMALL = [row for row in WANTED if row[0] == "small"]


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(*sources, **options):
    with pytest.raises(DataError) as caught:
        read_runs(sources, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("name", ["runs.csv", "runs.tsv", "runs.csv.gz", "runs.parquet"])
def test_tables(put, name):
    assert table(put(name, samples.FILES[name])) == WANTED


@pytest.mark.parametrize("name", ["runs.jsonl", "runs.jsonl.gz", "runs.json"])
def test_records_are_entries_of_a_log(put, name):
    path = put(name, samples.FILES[name])
    runs = read_runs(path, columns={"config/n_params": "params"})
    assert table(path, columns={"config/n_params": "params"}) == WANTED
    assert runs.unmeasured == 6
    assert ("left out", "6 without a loss") in describe(runs)
    assert "betas" not in " ".join(runs.frame.columns)


def test_the_name_of_a_file_does_not_matter(put):
    assert table(put("table", samples.parquet())) == WANTED
    assert table(put("a.csv", samples.jsonl()), columns={"config/n_params": "params"}) == WANTED


def test_one_file_per_run(put):
    files = []
    for run in samples.SIZES:
        text = "".join(json.dumps(entry) + "\n" for entry in samples.history(run))
        files.append(put(f"{run}.jsonl", text))
    assert table(*files, columns={"config/n_params": "params"}) == WANTED


def test_a_chart_of_wandb_with_its_table_of_runs(put):
    chart, runs = put("chart.csv", samples.wandb_chart()), put("runs.csv", samples.wandb_runs())
    options = {"columns": {"step": "tokens"}, "units": {"tokens": samples.TOKENS_PER_STEP}}
    read = read_runs([chart, runs], **options)
    found = sorted(map(tuple, read.frame[["run_id", "params", "tokens", "loss"]].to_numpy().tolist()))
    assert found == [(run, *rest) for run, _, *rest in WANTED]
    assert "no column for 'params'" in refusal(chart)
    assert read.source == "chart.csv + runs.csv"
    assert read.sha256 == "+".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in (chart, runs))


def test_a_table_of_runs_keeps_its_points_of_runs_without_a_curve(put):
    ends = put(
        "ends.csv",
        "run_id,params,tokens,loss\nsmall,1e8,3e9,3.5\nother,2e8,4e9,3\nlast,3e8,6e9,2.9\nfailed,3e8,,\n",
    )
    lines = [f"{run},{tokens:.0f},{loss}" for run, _, _, tokens, loss in SMALL]
    curve = put("curve.csv", "\n".join(["run_id,tokens,loss", *lines]))
    for sources in ([ends, curve], [curve, ends]):
        read = read_runs(sources).frame[["run_id", "params", "tokens", "loss"]]
        assert sorted(map(tuple, read.to_numpy().tolist())) == sorted(
            [("other", 2e8, 4e9, 3.0), ("last", 3e8, 6e9, 2.9)]
            + [("small", 1e8, tokens, loss) for *_, tokens, loss in SMALL]
        )


def test_trainer_state(put):
    path = put("out/small/checkpoint-30/trainer_state.json", samples.trainer_state())
    runs = read_runs(path)
    assert table(path) == SMALL
    assert runs.conventions.param_count == "non-embedding"
    assert read_runs(path, conventions={"param_count": "total"}).conventions.param_count == "total"
    assert runs.spelling["loss"] == "eval_loss"
    by_train = read_runs(path, columns={"training_loss": "loss"})
    assert by_train.frame["loss"].iloc[0] == pytest.approx(SMALL[0][-1] + 0.1)


def test_a_folder_of_trainer_states_takes_the_last_checkpoint(put, tmp_path):
    for run in samples.SIZES:
        for last in (1, 2, 3):
            state = samples.trainer_state(run, samples.STEPS[:last])
            put(f"out/{run}/checkpoint-{10 * last}/trainer_state.json", state)
    assert table(tmp_path / "out") == WANTED


@pytest.mark.parametrize(
    "states",
    [
        {"checkpoint-30": 3, "checkpoint-final": 3},
        {"checkpoint-20": 2, "checkpoint-30": 3, "checkpoint-best": 1},
        {"checkpoint-10": 1, "checkpoint-last": 3},
        {".": 1, "checkpoint-30": 3},  # resumed after the run had ended
    ],
)
def test_the_last_state_is_that_of_most_steps_whatever_its_checkpoint_is_called(put, tmp_path, states):
    for folder, last in states.items():
        state = samples.trainer_state("small", samples.STEPS[:last])
        put(f"out/small/{folder}/trainer_state.json", state)
    assert table(tmp_path / "out") == SMALL
    assert table(put("out/small/checkpoint-9/trainer_state.json", samples.trainer_state()).parent) == SMALL


def test_a_subfolder_that_cannot_be_read_is_not_passed_over(put, tmp_path, monkeypatch):
    for run in samples.SIZES:
        put(f"out/{run}/trainer_state.json", samples.trainer_state(run))
    scandir = os.scandir

    def denied(path):
        if str(path).endswith("large"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert "out/large: the folder cannot be read (Permission denied)" in refusal(tmp_path / "out")


def test_event_files(tmp_path):
    logs = samples.event_folder(tmp_path)
    read = table(logs)
    assert [row[:4] for row in read] == [row[:4] for row in WANTED]
    assert [row[4] for row in read] == pytest.approx([row[4] for row in WANTED])
    runs = read_runs(logs)
    assert set(runs.frame["optimizer"]) == {"adamw"}
    one = read_runs(logs / "small" / "events.out.tfevents.1.host")
    assert set(one.frame["run_id"]) == {"small"}


def test_hyperparameters_do_not_name_the_run_or_its_steps(put):
    path = put("small/events.out.tfevents.1.host", samples.events(names=("run_id", "step")))
    runs = read_runs(path).frame
    assert set(runs["run_id"]) == {"small"}
    assert runs["step"].tolist() == list(samples.STEPS)


def test_an_event_file_cut_short_ends_there(put):
    data = samples.events()
    assert len(read_runs(put("small/events.out.tfevents.1", data[:-5]))) == 2
    assert "hold no scalars" in refusal(put("small/events.out.tfevents.2", data[:60]))


def test_a_record_that_claims_to_be_huge(put):
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    header = struct.pack("<Q", 1 << 40)
    data = samples.events() + header + struct.pack("<I", masked_crc32c(header)) + b"x"
    assert len(read_runs(put("small/events.out.tfevents.1", data))) == 3


def test_a_folder_of_tables_and_run_names_kept_apart(put, tmp_path):
    put("sweep/one.csv", samples.csv())
    put("sweep/two.csv", samples.csv())
    runs = read_runs(tmp_path / "sweep")
    assert runs.n_runs == 4
    assert "one.csv/small" in set(runs.frame["run_id"])
    for name in ("three", "four"):
        put(f"sweep/{name}.csv", "params,tokens,loss\n1e8,1e9,3\n")
    many = read_runs(tmp_path / "sweep").frame["run_id"]
    assert set(many) == {
        *(f"{file}.csv/{run}" for file in ("one", "two") for run in samples.SIZES),
        *("three.csv/run-1", "four.csv/run-1"),
    }
    assert "holds no event files" in refusal(put("empty/readme.txt", "").parent)


def test_tables_beside_logs_are_not_dropped(put, tmp_path):
    state = put("mix/small/checkpoint-30/trainer_state.json", samples.trainer_state())
    ends = put("mix/ends.csv", samples.csv())
    put("mix/more.tsv", samples.csv())
    told = refusal(tmp_path / "mix")
    assert "holds logs of training and tables: ends.csv and 1 more. Name what is to be read" in told
    assert table(state) == SMALL
    assert read_runs([state, ends], conventions={"param_count": "total"}).n_runs == 3


def test_sources_that_count_differently(put):
    files = [put("runs.csv", samples.csv()), put("small/trainer_state.json", samples.trainer_state())]
    with pytest.raises(ConventionError, match="param_count"):
        read_runs(files)
    assert read_runs(files, conventions={"param_count": "total"}).n_runs == 3


@pytest.mark.parametrize("source", [pd.DataFrame({"params": [1e8], "loss": [3.0]}), None, 3, ["a.csv", 3]])
def test_what_is_no_path_is_named_with_what_to_do(source):
    for read in (load, read_runs):
        with pytest.raises(DataError, match=r"(DataFrame|NoneType|int)\. A frame .* RunTable\.from_frame"):
            read(source)


class TestOptions:
    TEXT = "model,size,seen,ppl\na,70,1.4,30\nb,400,8,20\n"

    def test_foreign_names_and_units(self, put):
        runs = read_runs(
            put("mine.csv", self.TEXT),
            columns={"model": "run_id", "seen": "tokens", "ppl": "loss"},
            units={"params": 1e6, "tokens": 1e9, "loss": "perplexity"},
            conventions={"loss_unit": "nats/token"},
        )
        assert runs.frame["tokens"].tolist() == [1.4e9, 8e9]
        assert runs.frame["params"].tolist() == [7e7, 4e8]
        assert runs.frame["loss"].round(3).tolist() == [3.401, 2.996]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"columns": {"nil": "loss"}}, "there is no column 'nil' to take as loss; the columns are"),
            ({"columns": {"seen": "tokns"}}, "maps 'seen' to 'tokns'"),
            ({"columns": {"seen": "tokens"}}, "--map loss="),
            ({"units": {"tokens": 1e9}}, "a unit is given for 'tokens'"),
            (
                {"units": {"params": "perplexity"}, "columns": {"ppl": "loss", "seen": "D"}},
                "which is not one of",
            ),
            (
                {"units": {"loss": "nats"}, "columns": {"ppl": "loss", "seen": "tokens"}},
                "below 1e+60, not 'nats'. Such as 1e9 for billions. A loss may also be a 'perplexity'.",
            ),
            (
                {"units": {"tokens": 10**400}, "columns": {"ppl": "loss", "seen": "tokens"}},
                "column 'seen': a unit must be positive and below 1e+60, not 1000",
            ),
            ({"units": "1e9"}, "units is '1e9', but must be a mapping. Such as {'tokens': 1e9}"),
            ({"columns": "ppl"}, "columns is 'ppl', but must be a mapping"),
            ({"conventions": "6ND"}, "conventions is '6ND', but must be a mapping. Such as {'flop_rule'"),
            ({"conventions": {"rule": "6ND"}}, "'rule' is no convention"),
            ({"columns": {"ppl": "loss", "seen": "tokens"}}, "or give --unit params=1e6"),
        ],
    )
    def test_a_mistaken_option_is_named(self, put, options, expected):
        assert expected in refusal(put("mine.csv", self.TEXT), **options)

    def test_excluded_runs(self, put):
        path = put("runs.csv", samples.csv())
        assert table(path, exclude=["large"]) == table(path, exclude="large") == SMALL
        assert "there is no run 'huge'" in refusal(path, exclude=["huge"])
        assert "every run is left out" in refusal(path, exclude=["small", "large"])

    def test_cells_of_a_run_that_is_left_out_are_not_checked(self, put):
        path = put("runs.csv", "run_id,params,tokens,loss\n ok ,1e8,2e9,3\ncrashed run,1e8,1e9,nan\n")
        assert "--exclude 'crashed run'" in refusal(path)
        runs = read_runs(path, exclude=["crashed run"])
        assert runs.frame["run_id"].tolist() == ["ok"]
        both = [path, put("other.csv", "run_id,params,tokens,loss\ncrashed run,2e8,2e9,2.9\n")]
        assert read_runs(both, exclude=["runs.csv/crashed run"]).n_runs == 2
        assert (
            read_runs(
                [path, put("bad.csv", "run_id,params,tokens,loss\nx,2e8,,2.9\n")],
                exclude=["x", "crashed run"],
            ).n_runs
            == 1
        )
        assert "--exclude" not in refusal(put("nameless.csv", "params,tokens,loss\n1e8,2e9,nan\n"))
        assert "every run is left out" in refusal(path, exclude=["ok", "crashed run"])

    def test_a_name_that_two_sources_hold_must_say_which(self, put):
        both = [put("a.csv", samples.csv()), put("b.csv", samples.csv())]
        told = "2 sources hold a run 'small'. Say which to leave out: 'a.csv/small', 'b.csv/small'."
        assert refusal(*both, exclude=["small"]) == told
        bad = put("c.csv", "run_id,params,tokens,loss\nsmall,1e8,2e9,nan\n")
        assert "'c.csv/small'" in refusal(both[0], bad, exclude=["small"])
        assert read_runs(both, exclude=["a.csv/small"]).n_runs == 3

    @pytest.mark.parametrize("exclude", [3, [3], [None]])
    def test_what_is_no_name_of_a_run_is_refused(self, put, exclude):
        path = put("runs.csv", samples.csv())
        assert "are left out by their names" in refusal(path, exclude=exclude)
        assert read_runs(path, exclude=None).n_runs == 2

    def test_load_takes_them_for_files_only(self, put):
        path = put("runs.csv", samples.csv())
        assert load([path], exclude=["large"]).n_runs == 1
        assert load(path.parent).n_runs == 2
        with pytest.raises(DataError, match="has its own columns"):
            load("hoffmann2022-fig4", exclude=["x"])
        with pytest.raises(DataError, match="cannot be read together"):
            load(["hoffmann2022-fig4", path])


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"PAR1" + bytes(100) + b"PAR1", "the Parquet data are damaged"),
            (samples.parquet()[:-20], "the Parquet data are damaged"),
            (b'{"step": 1, "loss": 3}\n{"step": 2,', "line 2: this is not valid JSON"),
            (b'{"loss": 3}\n[1]\n', "line 2: this line is not a JSON object"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"a":' * 100_000, "nested too deeply"),
            (b"[1, 2]", "neither one object per line"),
            (b'{"log_history": []}', "the log_history is empty"),
            (b'{"log_history": 3}', "neither one object per line"),
            (
                b'{"N": 1e8, "D": 1e9, "loss": "low"}\n',
                "column 'loss' (line 1): losses must be numbers, not 'low'",
            ),
            (b'[{"N": 1e8, "D": 1e9, "loss": "low"}]', "column 'loss' (entry 1)"),
            (
                b'{"N": 1e8, "D": 1e9, "loss": 3}\n{"N": 1e8, "D": 1e9, "loss": 3, "run": "a\\ud800"}\n',
                "file: line 2: a text holds half of a character",
            ),
            (b'[{"N": 1e8, "D": 1e9, "loss": 3, "\\ud800": 1}]', "file: entry 1: a text holds half"),
            (b'{"N": 1e8, "D": 1e9, "loss": null}\n', "no entry of the log holds a loss"),
            (b'{"N": 1e8, "D": 1e9, "loss": NaN}\n', "no entry of the log holds a loss"),
            (b"\x80\x04\x95", "a pickle"),
            (b"!!python/object/apply:os.system ['true']\n", "not separated by"),
        ],
    )
    def test_one_clear_message(self, put, content, expected):
        assert expected in refusal(put("file", content))

    def test_rows_of_parquet_are_counted_as_rows(self, put):
        import io

        import polars as pl

        buffer = io.BytesIO()
        frame = pl.DataFrame({"N": [1e8, 2e8], "D": [1e9, 1e9], "loss": ["3", "low"]})
        frame.write_parquet(buffer)
        assert "column 'loss' (row 2)" in refusal(put("x.parquet", buffer.getvalue()))


def untold(state):
    """A trainer state without tokens, as the trainer writes it by default."""
    return json.dumps({k: v for k, v in json.loads(state).items() if k != "num_input_tokens_seen"})


def test_a_trainer_state_without_tokens_names_the_flags_that_mend_it(put):
    path = put("small/trainer_state.json", untold(samples.trainer_state()))
    assert "--map tokens=step and, with that number in place of 524288, --unit tokens=524288" in refusal(path)
    runs = read_runs(path, columns={"step": "tokens"}, units={"tokens": samples.TOKENS_PER_STEP})
    assert runs.frame["tokens"].tolist() == [row[3] for row in SMALL]
    assert runs.frame["params"].round().tolist() == [row[2] for row in SMALL]


def test_a_chart_without_tokens_names_the_flags_that_mend_it(put):
    sources = [put("chart.csv", samples.wandb_chart()), put("runs.csv", samples.wandb_runs())]
    assert "--map tokens=step and, with that number in place of 524288, --unit tokens=524288" in refusal(
        *sources
    )


def test_logs_without_model_sizes_ask_for_a_table_of_runs(put, tmp_path):
    for run in samples.SIZES:
        put(f"logs/{run}/events.out.tfevents.1.host", samples.events(run, hparams=False))
    told = refusal(tmp_path / "logs")
    assert "name a CSV beside it with one row per run and the columns 'run_id' and 'params'" in told
    sizes = put("sizes.csv", "run_id,params\n" + "".join(f"{r},{n}\n" for r, n in samples.SIZES.items()))
    assert table(tmp_path / "logs", sizes) == WANTED
