"""Read TensorBoard event files: scalars by step, and the hyperparameters of the run."""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.gather import MAX_CELLS, Sheet
from scaling_utils.runs.rawtext import checksum_of, open_file

MAX_EVENTS_FILE = 1 << 29
"""Largest event file, in bytes."""
MAX_RECORD = 1 << 26
HPARAMS = "hparams"


def is_event_file(head: bytes) -> bool:
    """Whether a file begins with the version that every event file states first."""
    return b"brain.Event:" in head[12:64]


def read_events(files: list[tuple[str, Path]], *, source: str) -> Sheet:
    """Read event files as one table.

    Parameters
    ----------
    files
        Name of the run and event file; a run may have several.
    source
        What the table is called.

    Returns
    -------
    Sheet
        One row per run and step, one column per scalar and hyperparameter, `run_id` and `step`. A record that
        was cut short ends its file, as TensorBoard does.

    Raises
    ------
    DataError
        If a file cannot be read, or none of them holds a scalar.
    """
    frames, checksum = [], hashlib.sha256()
    for run in dict.fromkeys(run for run, _ in files):
        points: dict[int, dict[str, float]] = {}
        constants: dict[str, Any] = {}
        for path in sorted(path for name, path in files if name == run):
            checksum.update(bytes.fromhex(checksum_of(path)))
            for step, tag, value in _scalars(path):
                if step is None:
                    constants[tag] = value
                else:
                    points.setdefault(step, {})[tag] = value
        if points:
            frame = pd.DataFrame.from_dict(points, orient="index").sort_index()
            own = {name: value for name, value in constants.items() if name not in frame}
            frame = frame.assign(**own).drop(columns=["run_id", "step"], errors="ignore")
            frame.insert(0, "step", frame.index.astype("float64"))
            frame.insert(0, "run_id", run)
            frames.append(frame)
        if sum(frame.size for frame in frames) > MAX_CELLS:
            raise DataError("the events do not fit into memory", file=source, remedy="Name fewer runs.")
    if not frames:
        raise DataError(
            "the event files hold no scalars", file=source, remedy="Was a loss logged with add_scalar?"
        )
    whole = pd.concat(frames, ignore_index=True)
    return Sheet(
        whole,
        whole["step"].to_numpy().astype(np.int64),
        source,
        checksum.hexdigest(),
        place="step",
        logged=True,
    )


def _scalars(path: Path) -> Iterator[tuple[int | None, str, Any]]:
    """Yield step, tag and value; without a step, the name and value of a hyperparameter."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorboard.backend.event_processing.event_file_loader import (  # type: ignore[import-untyped]
        EventFileLoader,
    )
    from tensorboard.plugins.hparams import metadata as hparams  # type: ignore[import-untyped]
    from tensorboard.util import tensor_util  # type: ignore[import-untyped]

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    _refuse_oversized(path)
    try:
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                plugin = value.metadata.plugin_data
                if plugin.plugin_name == HPARAMS and value.tag == hparams.SESSION_START_INFO_TAG:
                    start = hparams.parse_session_start_info_plugin_data(plugin.content)
                    for name, setting in start.hparams.items():
                        kind = setting.WhichOneof("kind")
                        yield None, name, getattr(setting, kind) if kind else None
                elif plugin.plugin_name == "scalars" and value.tag:
                    array = tensor_util.make_ndarray(value.tensor)
                    if array.size == 1:
                        yield int(event.step), value.tag, float(array.item())
    except MemoryError:
        # The last record was cut short and claims a length that no file has.
        return
    except (DecodeError, ValueError, TypeError, OverflowError, KeyError, OSError) as error:
        raise DataError(
            f"the event file is damaged ({clip(f'{type(error).__name__}: {error}', 100)})",
            file=path.name,
            remedy="Copy it again, or leave it out.",
        ) from error


def _refuse_oversized(path: Path) -> None:
    """Refuse records that the loader would read whole, and check byte by byte, for minutes."""
    size = path.stat().st_size
    if size > MAX_EVENTS_FILE:
        raise DataError(
            f"the event file is larger than {MAX_EVENTS_FILE >> 20} MiB",
            file=path.name,
            remedy="Export its scalars as CSV, or log images and histograms to a file of their own.",
        )
    with open_file(path) as file:
        while len(header := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", header[:8])
            if length > min(MAX_RECORD, size):
                if file.tell() + length > size:
                    return
                raise DataError(
                    f"a record of {length:,} bytes is no scalar",
                    file=path.name,
                    remedy="Export scalars as CSV.",
                )
            file.seek(length + 4, 1)
