"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scaling_utils.conventions import Conventions

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        show_default=False,
        help="Folder of the book; by default found from here up.",
    ),
]

SchedulerOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Run on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786."
    ),
]

FlopRuleOption = Annotated[
    str | None, typer.Option(metavar="RULE", help="How a CSV counts FLOPs: 6ND (default) or reported.")
]
ParamCountOption = Annotated[
    str | None,
    typer.Option(metavar="COUNT", help="total (default), non-embedding or non-embedding-with-head."),
]
LossUnitOption = Annotated[
    str | None,
    typer.Option(metavar="UNIT", help="nats/token (default), nats/byte, bits/token or bits/byte."),
]


def stated_conventions(
    flop_rule: str | None, param_count: str | None, loss_unit: str | None
) -> Conventions | None:
    """The conventions that the options state; None if they state none."""
    from scaling_utils.conventions import Conventions

    stated = {"flop_rule": flop_rule, "param_count": param_count, "loss_unit": loss_unit}
    given: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    return Conventions(**given) if given else None
