"""RunTable: measured points of training runs, with the conventions they are counted by."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scaling_utils.conventions import Conventions


@dataclass(frozen=True, eq=False)
class RunTable:
    """One row per measured point of a training run.

    Parameters
    ----------
    frame
        Canonical columns `run_id, params, tokens, flops, loss, step, sequences, dataset, budget`,
        as many as the source has (floats; `run_id` and `dataset` text), then the source's own.
    conventions
        How params, flops and loss are counted.
    source
        Dataset id or file name, for messages and stamps.
    sha256
        Checksum of the file the rows were read from.
    """

    frame: pd.DataFrame
    conventions: Conventions
    source: str
    sha256: str
