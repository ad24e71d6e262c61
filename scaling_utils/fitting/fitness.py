"""Which figures of the book a table of runs can serve, why not, and how to run their notebooks on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from scaling_utils.errors import DataError, ScalingError
from scaling_utils.fitting import fitness_probes
from scaling_utils.runs.table import RunTable


@dataclass(frozen=True)
class Fitness:
    """Whether runs serve one notebook of the book.

    Parameters
    ----------
    notebook
        Name of the notebook, such as ``"03-isoflop-profiles"``.
    title
        What it shows, in a few words.
    needs
        What it needs of a table of runs.
    serves
        Whether these runs serve it.
    why
        What they hold that serves it, or what is missing and how to mend it.
    parameters
        The notebook's parameters for these runs, except `dataset`; what is absent keeps its default. Empty
        where the runs do not serve.
    """

    notebook: str
    title: str
    needs: str
    serves: bool
    why: str
    parameters: Mapping[str, object]


def fitness(runs: RunTable) -> tuple[Fitness, ...]:
    """Say which notebooks of the book a table of runs can serve.

    Parameters
    ----------
    runs
        Any checked table.

    Returns
    -------
    tuple of Fitness
        One for each notebook, in the order of the book.

    Notes
    -----
    A verdict is that of the fit itself, made once with the parameters returned and few resamples; only where
    a notebook's question would be empty (a single protocol, a single method) is more asked of the runs.

    Examples
    --------
    >>> from scaling_utils import load
    >>> [verdict.notebook[:2] for verdict in fitness(load("hoffmann2022-fig4")) if verdict.serves]
    ['03', '04', '08', '09']
    """
    verdicts = [_verdict(notebook, runs) for notebook in _NOTEBOOKS]
    sweep = _verdict(_SWEEP, runs)
    served = [method for notebook, method in _methods(sweep) if _serves(verdicts, notebook)]
    return (*verdicts, _plan(runs, served), sweep)


def verdict_on(notebook: str, runs: RunTable) -> Fitness | None:
    """Say whether runs serve one notebook, without trial fits for the others.

    Parameters
    ----------
    notebook
        Its name.
    runs
        As for `fitness`.

    Returns
    -------
    Fitness or None
        None for a notebook that there is no verdict on.

    Examples
    --------
    >>> from scaling_utils import load
    >>> verdict_on("08-plan-your-run", load("hoffmann2022-fig4")).parameters["method"]
    'approach3'
    """
    if notebook == _PLAN:
        methods = _methods(_verdict(_SWEEP, runs))
        judged = ((verdict_on(name, runs), method) for name, method in methods)
        served = (method for verdict, method in judged if verdict and verdict.serves)
        return _plan(runs, list(islice(served, 1)))
    return next((_verdict(known, runs) for known in (*_NOTEBOOKS, _SWEEP) if known.name == notebook), None)


@dataclass(frozen=True)
class _Notebook:
    name: str
    title: str
    needs: str
    probe: Callable[[RunTable], tuple[str, dict[str, object]]]


def _verdict(notebook: _Notebook, runs: RunTable) -> Fitness:
    about = (notebook.name, notebook.title, notebook.needs)
    try:
        why, parameters = notebook.probe(runs)
    except ScalingError as error:
        return Fitness(*about, serves=False, why=_reason(error), parameters={})
    return Fitness(*about, serves=True, why=why, parameters=parameters)


def _reason(error: ScalingError) -> str:
    """What an error says, without the file: it is always that of the runs."""
    if not isinstance(error, DataError):
        return str(error)
    return f"{error.problem}. {error.remedy}" if error.remedy else error.problem


def _serves(verdicts: list[Fitness], notebook: str) -> bool:
    return any(verdict.serves for verdict in verdicts if verdict.notebook == notebook)


_CURVES = "training curves (several rows per `run_id`) with tokens"
_NOTEBOOKS = (
    _Notebook(
        "01-kaplan-compute-and-steps",
        "Loss at fixed compute and at fixed steps",
        f"{_CURVES}: five that overlap, of at least three sizes",
        fitness_probes.kaplan,
    ),
    _Notebook(
        "02-training-curve-envelope",
        "The envelope of training curves (Approach 1)",
        f"{_CURVES}, of at least three sizes that overlap in compute",
        fitness_probes.envelope,
    ),
    _Notebook(
        "03-isoflop-profiles",
        "IsoFLOP profiles (Approach 2)",
        "at least three compute budgets, each with at least four sizes around its best one",
        fitness_probes.isoflop,
    ),
    _Notebook(
        "04-parametric-loss",
        "The loss surface (Approach 3)",
        "runs (of curves, the last points) that differ in both params and tokens, more than constants",
        fitness_probes.parametric,
    ),
    _Notebook(
        "05-kaplan-vs-approach-1",
        "Two sizes at equal compute",
        f"{_CURVES} of two sizes that overlap in compute",
        fitness_probes.pair,
    ),
    _Notebook(
        "06-block-sparse-vs-full-attention",
        "Two kinds of attention",
        "training curves of at least three sizes with columns `attention` (two methods) and `panel`",
        fitness_probes.trailing,
    ),
    _Notebook(
        "07-why-kaplan-and-chinchilla-differ",
        "The exponent by protocol",
        "IsoFLOP runs under two or more protocols, named in a column `variant`",
        fitness_probes.protocols,
    ),
)
_SWEEP = _Notebook(
    "09-design-a-sweep",
    "The next runs",
    "runs whose loss surface is determined (Approach 3)",
    fitness_probes.sweep,
)
_PLAN = "08-plan-your-run"
_METHODS = (
    ("04-parametric-loss", "approach3"),
    ("03-isoflop-profiles", "approach2"),
    ("02-training-curve-envelope", "approach1"),
)
"""Notebook and method of a fit to plan by, the best first: only Approach 3 gives a loss."""


def _methods(sweep: Fitness) -> tuple[tuple[str, str], ...]:
    """Notebooks and methods, the best for these runs first: a surface that is not determined comes last."""
    surface, *others = _METHODS
    return _METHODS if sweep.serves else (*others, surface)


def _plan(runs: RunTable, methods: list[str]) -> Fitness:
    about = (
        _PLAN,
        "The best model for a budget",
        "runs that serve one of Approaches 1, 2 and 3",
    )
    if not methods:
        why = "the runs serve none of the three approaches; published laws still plan a run"
        return Fitness(*about, serves=False, why=why, parameters={})
    budget = fitness_probes.beyond(runs)
    parameters: dict[str, object] = {"method": methods[0], "budget": budget}
    return Fitness(*about, serves=True, why=f"a fit by {methods[0]}", parameters=parameters)
