"""The same two runs of three points, as each format holds them."""

import gzip
import io
import json
import struct
from pathlib import Path

import polars as pl

SIZES = {"small": 1e8, "large": 4e8}
STEPS = (10, 20, 30)
TOKENS_PER_STEP = 1e8


def loss_of(run: str, step: int) -> float:
    return round(5 - step / 20 - (run == "large") / 4, 6)


def points():
    for run, params in SIZES.items():
        for step in STEPS:
            yield {
                "run": run,
                "step": step,
                "n_params": params,
                "tokens": step * TOKENS_PER_STEP,
                "eval/loss": loss_of(run, step),
            }


def csv(delimiter: str = ",") -> bytes:
    rows = list(points())
    lines = [delimiter.join(rows[0]), *(delimiter.join(map(str, row.values())) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(list(points())).write_parquet(buffer)
    return buffer.getvalue()


def history(run: str | None = None) -> list[dict]:
    """Entries as a logger writes them: training losses between evaluations, the size once."""
    entries = []
    for row in points():
        if run in (None, row["run"]):
            at = {"_step": row["step"], **({} if run else {"run": row["run"]})}
            first = (
                {"config": {"n_params": row["n_params"], "betas": [0.9, 0.95]}} if row["step"] == 10 else {}
            )
            entries.append({**at, "train/loss": row["eval/loss"] + 0.1, "tokens": row["tokens"], **first})
            entries.append({**at, "eval/loss": row["eval/loss"]})
    return entries


def jsonl() -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in history()).encode()


def json_list() -> bytes:
    return json.dumps(history(), indent=1).encode()


def wandb_chart() -> bytes:
    names = [f"{run} - eval/loss{bound}" for run in SIZES for bound in ("", "__MIN", "__MAX")]
    lines = [",".join(f'"{name}"' for name in ["Step", *names])]
    for step in STEPS:
        lines.append(",".join([str(step), *(str(loss_of(run, step)) for run in SIZES for _ in range(3))]))
    return "\n".join(lines).encode()


def wandb_runs() -> bytes:
    lines = ['"Name","State","n_params","Notes"']
    lines += [f'"{run}","finished","{params:.0f}","-"' for run, params in SIZES.items()]
    return "\n".join(lines).encode()


def trainer_state(run: str = "small", steps=STEPS) -> bytes:
    tokens = steps[-1] * TOKENS_PER_STEP
    log = []
    for step in steps:
        log.append({"loss": loss_of(run, step) + 0.1, "step": step, "epoch": 1.0, "learning_rate": 1e-3})
        log.append({"eval_loss": loss_of(run, step), "step": step, "epoch": 1.0, "eval_runtime": 3.0})
    log.append(
        {"train_runtime": 9.0, "train_loss": 4.0, "total_flos": 6 * SIZES[run] * tokens, "step": steps[-1]}
    )
    state = {
        "global_step": steps[-1],
        "total_flos": 6 * SIZES[run] * tokens,
        "num_input_tokens_seen": int(tokens),
        "log_history": log,
        "best_metric": None,
    }
    return json.dumps(state, indent=2).encode()


def events(run: str = "small", *, hparams: bool = True, names: tuple[str, ...] = ()) -> bytes:
    """An event file, byte for byte as TensorBoard's own writer frames it."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    written = [Event(wall_time=1.0, file_version="brain.Event:2")]
    if hparams:
        start = plugin_data_pb2.SessionStartInfo()
        start.hparams["n_params"].number_value = SIZES[run]
        start.hparams["optimizer"].string_value = "adamw"
        for name in names:
            start.hparams[name].string_value = "own"
        content = metadata.create_summary_metadata(
            plugin_data_pb2.HParamsPluginData(session_start_info=start)
        )
        value = Summary.Value(tag=metadata.SESSION_START_INFO_TAG, metadata=content)
        written.append(Event(wall_time=1.0, summary=Summary(value=[value])))
    for step in STEPS:
        for tag, number in (("tokens", step * TOKENS_PER_STEP), ("eval/loss", loss_of(run, step))):
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=number)])
            written.append(Event(wall_time=2.0, step=step, summary=summary))
    return b"".join(framed(event.SerializeToString()) for event in written)


def framed(record: bytes) -> bytes:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    header = struct.pack("<Q", len(record))
    return (
        header + struct.pack("<I", masked_crc32c(header)) + record + struct.pack("<I", masked_crc32c(record))
    )


def event_folder(root: Path) -> Path:
    for run in SIZES:
        folder = root / "logs" / run
        folder.mkdir(parents=True)
        (folder / "events.out.tfevents.1.host").write_bytes(events(run))
    return root / "logs"


FILES = {
    "runs.csv": csv(),
    "runs.tsv": csv("\t"),
    "runs.csv.gz": gzip.compress(csv(), mtime=0),
    "runs.parquet": parquet(),
    "runs.jsonl": jsonl(),
    "runs.jsonl.gz": gzip.compress(jsonl(), mtime=0),
    "runs.json": json_list(),
    "trainer_state.json": trainer_state(),
    "events.out.tfevents.1.host": events(),
    "chart.csv": wandb_chart(),
    "wandb_runs.csv": wandb_runs(),
}
"""One good file of each kind, by name."""
