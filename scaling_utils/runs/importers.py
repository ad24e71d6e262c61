"""Importers: each registered file of runs as a frame with canonical columns.

The registry verifies the checksum first, so an importer knows the layout of its file and only says
what each column means.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_utils.conventions import flops_from_pf_days
from scaling_utils.errors import DataError

if TYPE_CHECKING:
    from scaling_utils.runs.unpickle import PickledFrame

Importer = Callable[[Path, str | None], pd.DataFrame]

PORIAN_PROTOCOLS = {
    "kaplan": ("base", "long", "kaplan", "kaplan"),
    "last-layer": ("base", "long", "kaplan", "standard"),
    "short-warmup": ("base", "short", "kaplan", "standard"),
    "cosine": ("base", "short", "chinchilla", "standard"),
    "tuned": ("tuned", "short", "const", "standard"),
}
"""Variant: (hparams, warmup, decay, param_count), which pick one row of the file."""


def import_runs(dataset_id: str, path: Path, *, variant: str | None = None) -> pd.DataFrame:
    """Rows of a registered file, in canonical columns and then the file's own.

    Parameters
    ----------
    dataset_id
        Registered id; fills the column `dataset`.
    path
        The verified file.
    variant
        Which protocol, for files that hold several.

    Returns
    -------
    pandas.DataFrame
        Params and tokens as counts, flops in FLOPs, loss in the unit the registry states.

    Raises
    ------
    KeyError
        If no importer is known for the id.
    DataError
        If the file does not hold what the importer needs.
    """
    return IMPORTERS[dataset_id](path, variant).assign(dataset=dataset_id)


def _hoffmann(path: Path, _: str | None) -> pd.DataFrame:
    frame = pd.read_csv(path)
    return frame.rename(columns={"point_id": "run_id", "isoflop_budget": "budget"})


def _hoffmann_colour(path: Path, _: str | None) -> pd.DataFrame:
    frame = pd.read_csv(path)
    return pd.DataFrame(
        {
            "run_id": [f"c{row:03d}" for row in range(len(frame))],
            "params": frame["Model Size"],
            "flops": frame["Training FLOP"],
            "loss": frame["loss"],
        }
    )


def _moba(path: Path, _: str | None) -> pd.DataFrame:
    """One row per drawn point: the 160 or fewer points of a curve share one run_id."""
    frame = pd.read_csv(path)
    return pd.DataFrame(
        {
            "run_id": frame["panel"] + "/" + frame["attention"] + "/" + frame["model"],
            "params": frame["params_nonembedding"],
            "flops": flops_from_pf_days(frame["pf_days"]),
            **{name: frame[name] for name in ("loss", "panel", "attention", "model")},
        }
    )


def _porian(path: Path, variant: str | None) -> pd.DataFrame:
    """One row per budget and model size. Kaplan's protocol has no runs at the largest budget."""
    if variant not in PORIAN_PROTOCOLS:
        raise DataError(f"unknown variant {variant!r}", file=path.name)
    protocols = _protocols(path)
    keys = [protocols.column(name) for name in ("hparams", "warmup", "decay", "param_count")]
    rows = [row for row, key in enumerate(zip(*keys, strict=True)) if key == PORIAN_PROTOCOLS[variant]]
    if len(rows) != 1:
        raise DataError(f"{len(rows)} rows, not one, hold the protocol '{variant}'", file=path.name)
    slices = protocols.column("data")[rows[0]]
    columns = [slices.column(name) for name in ("flops", "orig_n", "orig_t", "orig_loss")]
    parts = [
        pd.DataFrame({"params": params, "tokens": tokens, "flops": budget, "loss": loss, "budget": budget})
        for budget, params, tokens, loss in zip(*columns, strict=True)
        if isinstance(params, np.ndarray)
    ]
    frame = pd.concat(parts, ignore_index=True)
    run_ids = [f"{n:.0f}@{c:.3g}" for n, c in zip(frame["params"], frame["budget"], strict=True)]
    return frame.assign(run_id=run_ids, variant=variant)


@lru_cache(maxsize=2)
def _protocols(path: Path) -> PickledFrame:
    """The whole file, kept: its five variants are often read one after the other."""
    from scaling_utils.runs.unpickle import read_pickled_frame

    return read_pickled_frame(path)


def _gemstone(path: Path, _: str | None) -> pd.DataFrame:
    """One row per run and step; the file holds no step twice."""
    frame = pd.read_json(path, lines=True, precise_float=True)
    return frame.rename(
        columns={"run_name": "run_id", "params_active_precise": "params", "final_loss": "loss"}
    )[["run_id", "params", "tokens", "loss", "step", "width", "depth"]]


def _ladder(path: Path, _: str | None) -> pd.DataFrame:
    """The tables of the ladder have canonical columns."""
    return pd.read_csv(path)


IMPORTERS: dict[str, Importer] = {
    "hoffmann2022-fig4": _hoffmann,
    "hoffmann2022-fig4-colour": _hoffmann_colour,
    "lu2025-moba": _moba,
    "porian-refinedweb": _porian,
    "porian-openwebtext2": _porian,
    "gemstone": _gemstone,
    "ladder-prose": _ladder,
    "ladder-prose-curves": _ladder,
    "ladder-prose-fixed-steps": _ladder,
    "ladder-prose-pair": _ladder,
    "ladder-prose-attention": _ladder,
    "ladder-code": _ladder,
    "ladder-code-curves": _ladder,
}
"""Registered id: importer of its file."""
