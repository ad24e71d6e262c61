"""The command line: `scaling-book`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling_utils.errors import ScalingError
from scaling_utils.ladder.commands import ladder_app

if TYPE_CHECKING:
    from scaling_utils.conventions import Conventions

app = typer.Typer(
    name="scaling-book",
    help="Build, preview and extend the book on neural scaling laws.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
datasets_app = typer.Typer(help="List and download the data of the book.", rich_markup_mode=None)
app.add_typer(datasets_app, name="datasets")
app.add_typer(ladder_app, name="ladder")

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        show_default=False,
        help="Folder of the book; by default found from here up.",
    ),
]


def main() -> None:
    """Run the command line; an error that the user can mend is one message, without a traceback."""
    try:
        app()
    except ScalingError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scaling-book {version('scaling-laws-book')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Build, preview and extend the book on neural scaling laws."""


@app.command("build")
def build_command(
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time; by default one per core.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="NOTEBOOK", help="Execute only this: 03, a notebook, or notebook/scenario."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Execute and render even if nothing changed.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Run the notebooks and build the site into _build/html."""
    from scaling_utils.book.build import build
    from scaling_utils.book.project import find_project

    build(
        find_project(project),
        jobs=jobs or os.cpu_count() or 1,
        only=only,
        force=force,
        offline=offline,
        say=typer.echo,
    )


@app.command("serve")
def serve_command(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    project: ProjectOption = Path(),
) -> None:
    """Preview the built site on this machine only (127.0.0.1)."""
    from scaling_utils.book.project import find_project
    from scaling_utils.book.serve import serve

    serve(find_project(project), port=port, say=typer.echo)


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


def _stated_conventions(
    flop_rule: str | None, param_count: str | None, loss_unit: str | None
) -> Conventions | None:
    from scaling_utils.conventions import Conventions

    stated = {"flop_rule": flop_rule, "param_count": param_count, "loss_unit": loss_unit}
    given: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    return Conventions(**given) if given else None


@app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of training runs.")],
    flop_rule: FlopRuleOption = None,
    param_count: ParamCountOption = None,
    loss_unit: LossUnitOption = None,
) -> None:
    """Read a CSV of training runs and say what it holds."""
    from scaling_utils.conventions import DEFAULT
    from scaling_utils.runs.readers import describe, read_csv

    conventions = _stated_conventions(flop_rule, param_count, loss_unit) or DEFAULT
    for label, value in describe(read_csv(file, conventions=conventions)):
        typer.echo(f"{label:<24}{value}")


@app.command("fit")
def fit_command(
    runs: Annotated[str, typer.Argument(metavar="RUNS", help="A CSV of training runs, or a dataset id.")],
    method: Annotated[str, typer.Option(help="approach1, approach2 or approach3.")],
    variant: Annotated[str | None, typer.Option(help="Variant of a dataset that has several.")] = None,
    drop_largest: Annotated[
        int, typer.Option(min=0, help="Leave out so many of the largest losses first.")
    ] = 0,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for the intervals; 0 for none.")] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes for the bootstrap.")] = 1,
    flop_rule: FlopRuleOption = None,
    param_count: ParamCountOption = None,
    loss_unit: LossUnitOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the fit as JSON, draws included.")] = False,
) -> None:
    """Fit training runs by one of the three approaches, with bootstrap intervals."""
    from typing import cast

    from scaling_utils.fitting.methods import Method, fit_runs
    from scaling_utils.fitting.parametric import drop_largest_losses
    from scaling_utils.runs.registry import load

    table = load(runs, variant=variant, conventions=_stated_conventions(flop_rule, param_count, loss_unit))
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


@app.command("plan")
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


@app.command("claims")
def claims_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the ledger as JSON.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Fail if a verdict is worse than the recorded one.")
    ] = False,
    project: ProjectOption = Path(),
) -> None:
    """Published numbers against those of the last build."""
    import json

    from scaling_utils.book.project import find_project
    from scaling_utils.book.results import read_results
    from scaling_utils.claims import ledger

    rows = ledger(read_results(find_project(project)))
    if as_json:
        typer.echo(
            json.dumps({"claims": [row.as_dict() for row in rows]}, ensure_ascii=False, allow_nan=False)
        )
    else:
        for row in rows:
            ours = "–" if row.ours is None else str(row.ours)
            typer.echo(f"{row.verdict:<18}{row.id:<36}{row.published:<12.5g}{ours}")
    worse = [row for row in rows if row.worse]
    for row in worse if check else ():
        typer.echo(f"worse than recorded: {row.id} is '{row.verdict}', was '{row.recorded}'", err=True)
    if check and worse:
        raise typer.Exit(1)


@datasets_app.callback(invoke_without_command=True)
def _datasets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_command()


@datasets_app.command("list")
def list_command() -> None:
    """List the registered datasets and whether they are at hand."""
    from scaling_utils.runs.registry import catalogue

    for row in catalogue():
        typer.echo(str(row))


@datasets_app.command("fetch")
def fetch_command(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of a registered dataset.")],
) -> None:
    """Download a dataset and check it against its sha256."""
    from scaling_utils.runs.registry import fetch

    typer.echo(f"{dataset}: {fetch(dataset)}")
