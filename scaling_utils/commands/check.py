"""What runs hold, what they can serve, and a table to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling_utils.commands.options import (
    ConventionOption,
    ExcludeOption,
    MapOption,
    RunsArgument,
    UnitOption,
    reading,
)

if TYPE_CHECKING:
    from scaling_utils.fitting.fitness import Fitness
    from scaling_utils.fitting.suspicions import Suspicion
    from scaling_utils.runs.table import RunTable


def check_command(
    runs: RunsArgument,
    maps: MapOption = None,
    units: UnitOption = None,
    conventions: ConventionOption = None,
    exclude: ExcludeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Read training runs and say what they hold, which figures they serve, and what looks wrong."""
    import json

    from scaling_utils.fitting.fitness import fitness
    from scaling_utils.fitting.suspicions import suspicions
    from scaling_utils.runs.registry import load
    from scaling_utils.runs.thin import thin_curves

    table = load(runs, **reading(maps, units, conventions, exclude))
    judged = thin_curves(table)
    figures, doubts = fitness(judged), suspicions(table)
    if as_json:
        typer.echo(json.dumps(_document(table, figures, doubts), ensure_ascii=False, allow_nan=False))
        return
    for line in _told(table, judged, figures, doubts):
        typer.echo(line)


def template_command(
    curves: Annotated[bool, typer.Option("--curves", help="Several rows per run.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", show_default=False, help="Write here; by default, print it."),
    ] = None,
) -> None:
    """Write a commented CSV to start from."""
    from scaling_utils.errors import DataError
    from scaling_utils.runs.template import template

    text = template(curves=curves)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise DataError("there is such a file already", file=out, remedy="Give another name.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"the file cannot be written ({reason})", file=out) from error
    typer.echo(f"wrote {out}")


def _told(
    table: RunTable, judged: RunTable, figures: tuple[Fitness, ...], doubts: tuple[Suspicion, ...]
) -> list[str]:
    from scaling_utils.runs.readers import describe

    thinned = f" (judged by {len(judged):,} points: long curves are thinned)" if judged is not table else ""
    lines = [f"{label:<14}{text}" for label, text in describe(table)]
    lines += ["", f"figures{thinned}"]
    for figure in figures:
        lines.append(f"  {'yes' if figure.serves else 'no ':<4} {figure.notebook}: {figure.title}")
        lines.append(f"       needs {figure.needs}")
        lines.append(f"       {figure.why}")
    lines += ["", "looks wrong" if doubts else "nothing looks wrong"]
    for doubt in doubts:
        lines.append(f"  {doubt.what}")
        if doubt.mend:
            lines.append(f"       {doubt.mend}")
    return lines


def _document(table: RunTable, figures: tuple[Fitness, ...], doubts: tuple[Suspicion, ...]) -> dict[str, Any]:
    from dataclasses import asdict

    from scaling_utils.runs.budgets import assign_budgets
    from scaling_utils.runs.columns import BY_NAME
    from scaling_utils.runs.readers import describe

    ends = assign_budgets(table).final_points().frame
    budgets = ends["budget"].value_counts(sort=False).sort_index() if "budget" in ends else None
    return {
        "source": table.source,
        "sha256": table.sha256,
        "rows": len(table),
        "runs": table.n_runs,
        "columns": dict(table.spelling),
        "ranges": {
            name: [float(table.frame[name].min()), float(table.frame[name].max())]
            for name, column in BY_NAME.items()
            if column.dtype == "float" and name in table.frame and table.frame[name].notna().any()
        },
        "budgets": []
        if budgets is None
        else [
            {"flops": float(flops), "runs": int(count)}
            for flops, count in zip(budgets.index, budgets, strict=True)
        ],
        "conventions": table.conventions.as_dict(),
        "understood": dict(describe(table)),
        "figures": [{**asdict(figure), "parameters": dict(figure.parameters)} for figure in figures],
        "suspicions": [asdict(doubt) for doubt in doubts],
    }
