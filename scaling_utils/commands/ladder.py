"""The command line of the ladder: `scaling-book ladder`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ladder_app = typer.Typer(
    help="Train the measured runs of the book.", no_args_is_help=True, rich_markup_mode=None
)

LadderFolderOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", show_default=False, help="Ladder's folder; by default data/ladder."),
]
GroupsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[GROUP]...", show_default=False, help="Groups of runs; by default all, in order."
    ),
]


def _ladder_folder(out: Path | None) -> Path:
    from scaling_utils.runs.registry import data_folder

    return out or data_folder() / "ladder"


@ladder_app.command("run")
def run_command(groups: GroupsArgument = None, out: LadderFolderOption = None) -> None:
    """Train the runs that are not finished, one at a time; start it once for each core to use."""
    from scaling_utils.ladder.design import planned
    from scaling_utils.ladder.runner import run_ladder

    trained = run_ladder(planned(groups or ()), _ladder_folder(out), say=typer.echo)
    typer.echo(f"trained {trained} runs; put them into the tables with: scaling-book ladder tables")


@ladder_app.command("repeat")
def repeat_command(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a finished run.")],
    out: LadderFolderOption = None,
) -> None:
    """Train a finished run again and compare its final loss with the recorded one."""
    from scaling_utils.ladder.config import LadderError
    from scaling_utils.ladder.runner import SAME_LOSS, repeat_run

    repeated = repeat_run(name, _ladder_folder(out))
    typer.echo(str(repeated))
    if repeated.same_setting and not repeated.same_loss:
        raise LadderError(f"the final loss differs by more than {SAME_LOSS:g} nats/byte in the same setting")


@ladder_app.command("status")
def status_command(out: LadderFolderOption = None) -> None:
    """Say how many runs of each group are finished, in training, and pending."""
    from scaling_utils.ladder.design import groups
    from scaling_utils.ladder.runner import states

    plans = groups()
    counts = {name: states(plan, _ladder_folder(out)) for name, plan in plans.items()}
    for name, count in counts.items():
        training = f"{count['training']} in training" if count["training"] else ""
        typer.echo(f"{name:<22}{count['finished']:>4} of {len(plans[name]):<4}{training}".rstrip())


@ladder_app.command("tables")
def tables_command(out: LadderFolderOption = None) -> None:
    """Assemble the tables from the finished runs; bundled ones get their checksum in the registry."""
    from scaling_utils.ladder.tables import register, write_tables
    from scaling_utils.runs.registry import data_folder

    folder = _ladder_folder(out)
    tables = write_tables(folder)
    for path in tables:
        typer.echo(f"wrote {path}")
    if not tables:
        typer.echo("no group of runs is finished that makes a table; see: scaling-book ladder status")
    if folder.resolve() == (data_folder() / "ladder").resolve():
        for name in register(tables, data_folder() / "registry.toml"):
            typer.echo(f"no dataset of the registry has path = {name!r}")


@ladder_app.command("rates")
def rates_command(out: LadderFolderOption = None) -> None:
    """Compare other learning rates with the rule that all runs follow."""
    from scaling_utils.ladder.rates import compare_rates

    for comparison in compare_rates(_ladder_folder(out)):
        typer.echo(f"{comparison}{': better' if comparison.better else ''}")


@ladder_app.command("sizes")
def sizes_command(
    corpus: Annotated[str, typer.Option(metavar="NAME", help="prose or code.")] = "prose",
    budget: Annotated[float, typer.Option(metavar="FLOPS", help="Budget to predict for.")] = 1e13,
    up_to: Annotated[float, typer.Option(metavar="FLOPS", help="Largest budget of a slice to fit.")] = 3e12,
    out: LadderFolderOption = None,
) -> None:
    """Predict the size to train by Kaplan's recipe and by Approach 1, from other runs."""
    from scaling_utils.ladder.sizes import predict_sizes

    for size in predict_sizes(_ladder_folder(out), corpus=corpus, budget=budget, up_to=up_to):
        typer.echo(str(size))


@ladder_app.command("corpus")
def corpus_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="prose or code.")],
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", show_default=False, help="The package's file, or the corpus."),
    ] = None,
) -> None:
    """Make a corpus from its Debian package, check it, and keep it beside the downloaded data."""
    from scaling_utils.ladder.recipes import obtain

    typer.echo(f"{name}: {obtain(name, file=file)}")
