"""Design the runs to train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling_utils.commands.options import (
    ConventionOption,
    ExcludeOption,
    MapOption,
    UnitOption,
    reading,
)

if TYPE_CHECKING:
    from scaling_utils.allocation.rule import Source
    from scaling_utils.allocation.sweep import Sweep
    from scaling_utils.allocation.sweep_design import SweepDesign
    from scaling_utils.allocation.sweep_next import NextDesign
    from scaling_utils.allocation.sweep_precision import Precision

PRIOR = "besiroglu2024"


def design_command(
    flops: Annotated[
        float | None, typer.Option(help="What all runs together may cost, such as 1e21.", show_default=False)
    ] = None,
    largest: Annotated[
        float | None,
        typer.Option(help="In place of --flops: what a run of the largest budget costs.", show_default=False),
    ] = None,
    budgets: Annotated[int, typer.Option(min=1, help="IsoFLOP budgets.")] = 4,
    sizes: Annotated[int, typer.Option(min=1, help="Model sizes at each budget.")] = 7,
    span: Annotated[float, typer.Option(help="Largest budget over the smallest.")] = 100.0,
    reach: Annotated[
        float | None,
        typer.Option(help="Largest ratio of a size to the best one; by default chosen by simulation."),
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="LAW",
            show_default=False,
            help=f"Id of a published law, or a file of 'scaling-book fit --json'; by default {PRIOR}, or "
            "with --given the fit of those runs.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUNS",
            help="Runs at hand (file, folder or dataset id): propose those to train next. May be repeated.",
        ),
    ] = None,
    variant: Annotated[str | None, typer.Option(help="Variant of a dataset that has several.")] = None,
    target: Annotated[
        float | None,
        typer.Option(
            help="Budget whose best size is wanted; by default a hundred times the cost of all runs."
        ),
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            metavar="SD",
            help="Standard deviation of the loss between seeds; by default a published one, or with --given "
            "that of the residuals.",
        ),
    ] = None,
    transformers: Annotated[
        bool, typer.Option("--transformers", help="Round sizes to whole layers and attention heads.")
    ] = False,
    vocab: Annotated[int, typer.Option(min=1, help="Vocabulary, for --transformers.")] = 50_257,
    aspect: Annotated[float, typer.Option(help="Width over layers, for --transformers.")] = 64.0,
    simulations: Annotated[int, typer.Option(min=2, help="Simulated repetitions of each design.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated noise.")] = 0,
    maps: MapOption = None,
    units: UnitOption = None,
    conventions: ConventionOption = None,
    exclude: ExcludeOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the runs to this CSV; it must not exist.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Propose an IsoFLOP sweep, and say by simulation how well it would pin the best model size."""
    import json

    from scaling_utils.allocation.shape import ModelShape
    from scaling_utils.allocation.sweep_design import design_sweep
    from scaling_utils.allocation.sweep_next import design_next_runs
    from scaling_utils.errors import DataError, clip
    from scaling_utils.runs.registry import load

    if out is not None and out.exists():
        raise DataError("there is such a file already", file=out, remedy="Give --out another name.")
    shape = ModelShape(vocab=vocab, aspect=aspect) if transformers else None
    common: dict[str, Any] = {"budgets": budgets, "sizes": sizes, "span": span, "target": target}
    common |= {"noise": noise, "shape": shape, "simulations": simulations, "seed": seed}
    options = reading(maps, units, conventions, exclude)
    design: SweepDesign | NextDesign
    if not given:
        if variant or any(options.values()):
            raise DataError(
                "variants, columns, units and conventions are those of runs at hand",
                remedy="Give --given RUNS as well.",
            )
        design = design_sweep(_prior(prior or PRIOR), flops=flops, largest=largest, reach=reach, **common)
    else:
        if flops is None or largest is not None or reach is not None:
            raise DataError(
                "with --given the next runs are chosen by what they may cost together",
                remedy="Give --flops, and neither --largest nor --reach.",
            )
        runs = load(given, variant=variant, **options)
        design = design_next_runs(runs, flops=flops, prior=_prior(prior) if prior else None, **common)
    if out is not None:
        from scaling_utils.files import write_whole

        write_whole(out, design.sweep.frame().to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    if as_json:
        typer.echo(json.dumps(design.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _say(design)
        if out is not None:
            typer.echo(f"wrote {clip(str(out))}: fill in the column loss, and give it to 'scaling-book fit'")


def _prior(name: str) -> Source:
    """A published law by its id, or else the fit in a file."""
    from scaling_utils.allocation.rule import known_source
    from scaling_utils.errors import DataError
    from scaling_utils.results import FitResult

    try:
        return known_source(name)
    except DataError:
        if Path(name).exists():
            return FitResult.read(name)
        raise


def _say(design: SweepDesign | NextDesign) -> None:
    from scaling_utils.allocation.sweep_next import NextDesign
    from scaling_utils.errors import clip

    sweep = design.sweep
    if isinstance(design, NextDesign):
        told = f"{design.given_runs} runs, {design.given_flops:.3g} FLOPs"
        typer.echo(f"{clip(design.given)}: {told}; their fit: {design.fit_status}")
        if design.warning:
            typer.echo(f"warning: {design.warning}", err=True)
    typer.echo(f"prior {sweep.prior.name} ({sweep.prior.status}), N {sweep.prior.conventions.param_count}")
    if sweep.prior.note:
        typer.echo(f"  note: {sweep.prior.note}")
    told = f"noise {design.noise:.3g} {sweep.prior.conventions.loss_unit} ({design.noise_from})"
    typer.echo(f"{told}, {design.simulations} simulations, seed {design.seed}")
    typer.echo(
        f"{len(sweep.runs)} runs, {sweep.flops:.4g} FLOPs together, sizes up to {sweep.reach:g}x off the best"
    )
    _say_runs(sweep)
    typer.echo(f"What such runs would find; N_opt at {design.target:.3g} FLOPs, if the prior were true:")
    typer.echo(
        f"  {'':<28}{'spend':>9} {'runs':>5}  {'method':<10}{'a bias':>9}{'a sd':>8}{'a 95 %':>8}"
        f"{'N_opt 95 %':>12}{'failed':>8}"
    )
    if isinstance(design, NextDesign):
        _say_precision("runs at hand", design.before)
        for c in sorted(design.candidates, key=lambda c: (c.budgets, c.reach)):
            _say_precision(f"+ {c.budgets} up to {c.largest:.2g}, {c.reach:g}x", c.precision)
    else:
        for precision in design.precisions:
            _say_precision(f"{precision.flops / sweep.flops:g} of the spend", precision)


def _say_runs(sweep: Sweep) -> None:
    head = f"  {'run':<16}{'budget':>10}{'params':>12}{'tokens':>12}{'D/N':>10}"
    built = any(run.layers for run in sweep.runs)
    typer.echo(head + ("   layers x width" if built else ""))
    for run in sweep.runs:
        line = f"  {run.run_id:<16}{run.budget:>10.3g}{run.params:>12.4g}{run.tokens:>12.3g}"
        line += f"{run.tokens / run.params:>10.3g}"
        typer.echo(line + (f"   {run.layers} x {run.width}" if built else ""))


def _say_precision(name: str, p: Precision) -> None:
    a, factor = p.exponent, f"x{p.params_factor:.3g}"
    line = f"  {name:<28}{p.flops:>9.3g} {p.runs:>5}  {p.method:<10}"
    line += f"{a.bias:>+9.4f}{a.sd:>8.4f}{a.width:>8.4f}{factor:>12}{p.failed_share:>8.1%}"
    typer.echo(line)
