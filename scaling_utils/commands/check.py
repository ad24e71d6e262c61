"""What a table of runs holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaling_utils.commands.options import (
    FlopRuleOption,
    LossUnitOption,
    ParamCountOption,
    stated_conventions,
)


def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of training runs.")],
    flop_rule: FlopRuleOption = None,
    param_count: ParamCountOption = None,
    loss_unit: LossUnitOption = None,
) -> None:
    """Read a CSV of training runs and say what it holds."""
    from scaling_utils.conventions import DEFAULT
    from scaling_utils.runs.readers import describe, read_csv

    conventions = stated_conventions(flop_rule, param_count, loss_unit) or DEFAULT
    for label, value in describe(read_csv(file, conventions=conventions)):
        typer.echo(f"{label:<24}{value}")
