"""Fit runs, and plan by fits and laws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaling_utils.commands.options import (
    ConventionOption,
    ExcludeOption,
    MapOption,
    RunsArgument,
    UnitOption,
    reading,
)


def fit_command(
    runs: RunsArgument,
    method: Annotated[str, typer.Option(help="approach1, approach2 or approach3.")],
    variant: Annotated[str | None, typer.Option(help="Variant of a dataset that has several.")] = None,
    drop_largest: Annotated[
        int, typer.Option(min=0, help="Leave out so many of the largest losses first.")
    ] = 0,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for the intervals; 0 for none.")] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes for the bootstrap.")] = 1,
    maps: MapOption = None,
    units: UnitOption = None,
    conventions: ConventionOption = None,
    exclude: ExcludeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the fit as JSON, draws included.")] = False,
) -> None:
    """Fit training runs by one of the three approaches, with bootstrap intervals."""
    from typing import cast

    from scaling_utils.fitting.methods import Method, fit_runs
    from scaling_utils.fitting.parametric import drop_largest_losses
    from scaling_utils.runs.registry import load

    table = load(runs, variant=variant, **reading(maps, units, conventions, exclude))
    table = drop_largest_losses(table, drop_largest)
    fit = fit_runs(table, cast(Method, method), resamples=bootstrap, seed=seed, n_jobs=jobs)
    if as_json:
        typer.echo(fit.to_json())
        return
    typer.echo(f"{fit.method} on {table.source}: {fit.n_runs} runs, {fit.status}")
    for name, estimate in fit.estimates.items():
        typer.echo(f"  {name:<10}{estimate}")
    for name, value in fit.diagnostics.items():
        typer.echo(f"  {name:<24}{value:.6g}")


def plan_command(
    flops: Annotated[float, typer.Option(help="The budget, such as 1e24.")],
    law: Annotated[list[str] | None, typer.Option(help="Id of a published law; may be repeated.")] = None,
    fit: Annotated[
        list[Path] | None, typer.Option(help="A file of 'scaling-book fit --json'; may be repeated.")
    ] = None,
    params: Annotated[float | None, typer.Option(help="Also: what a model of this size would cost.")] = None,
    count: Annotated[
        str | None, typer.Option(help="Count params so: total, non-embedding or non-embedding-with-head.")
    ] = None,
    vocab: Annotated[int, typer.Option(min=1, help="Vocabulary, to convert between counts.")] = 50_257,
    aspect: Annotated[float, typer.Option(help="Width over layers, to convert between counts.")] = 64.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Best model size and tokens at a budget, by published laws or by fits of your own."""
    import json
    from typing import cast

    from scaling_utils.allocation import ModelShape, allocate, known_source, size_cost
    from scaling_utils.conventions import ParamCount
    from scaling_utils.errors import DataError
    from scaling_utils.results import FitResult

    sources = [*map(known_source, law or ()), *map(FitResult.read, fit or ())]
    if not sources:
        raise DataError(
            "there is no law to plan by", remedy="Give --law ID or --fit FILE; 'hoffmann2022' is a law."
        )
    shape = ModelShape(vocab=vocab, aspect=aspect)
    plans = [allocate(s, flops, param_count=cast("ParamCount | None", count), shape=shape) for s in sources]
    costs = [size_cost(s, flops, params) for s in sources] if params is not None else []
    if as_json:
        document = {"allocations": [p.as_dict() for p in plans], "costs": [c.as_dict() for c in costs]}
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    for i, plan in enumerate(plans):
        past = f", {plan.extrapolation:.3g} times past the data" if plan.extrapolation > 1 else ""
        typer.echo(f"{plan.law}: {plan.status}{past}, N {plan.conventions.param_count}")
        for name in ("params", "tokens", "tokens_per_param", "loss"):
            if (estimate := getattr(plan, name)).known:
                typer.echo(f"  {name.replace('_', ' '):<18}{estimate}")
        if costs:
            typer.echo(f"  at {params:.3g} params: loss {costs[i].loss}, {costs[i].penalty} above the best,")
            typer.echo(f"    {costs[i].wasted} of the budget wasted")
        if plan.note:
            typer.echo(f"  note: {plan.note}")
