"""How well a set of runs would pin the best size: simulated on the law that they are planned by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.allocation.sweep import Prior, Sweep
from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.errors import DataError
from scaling_utils.exchange import without_nan
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.refits import refit_surface, refit_valleys
from scaling_utils.laws import HoffmannLaw
from scaling_utils.laws.forms import MAX_EXPONENT

METHODS = ("approach2", "approach3")
MOST_SIMULATIONS = 100_000


@dataclass(frozen=True)
class Scatter:
    """Estimates of one quantity over simulated repetitions.

    Parameters
    ----------
    truth
        What the law says.
    bias
        Mean of the estimates less the truth.
    sd
        Their standard deviation.
    low, high
        95 % of the estimates lie between; what a 95 % interval of one fit can be expected to span.
    """

    truth: float
    bias: float
    sd: float
    low: float
    high: float

    @classmethod
    def of(cls, estimates: FloatArray, truth: float) -> Scatter:
        """The scatter of estimates; NaN ones are left out, and fewer than two leave no scatter.

        >>> Scatter.of(np.array([1.0, 2.0, 3.0, np.nan]), 1.5).bias
        0.5
        """
        kept = estimates[np.isfinite(estimates)]
        if kept.size < 2:
            return cls(truth, math.nan, math.nan, math.nan, math.nan)
        low, high = map(float, np.quantile(kept, [0.025, 0.975]))
        return cls(truth, float(kept.mean()) - truth, float(kept.std(ddof=1)), low, high)

    @property
    def width(self) -> float:
        """Width of the 95 % interval."""
        return self.high - self.low


@dataclass(frozen=True)
class Precision:
    """What one method makes of simulated repetitions of the same runs.

    Parameters
    ----------
    method
        ``"approach2"`` or ``"approach3"``, with default options.
    runs, flops
        Number of runs, and their compute together (FLOPs).
    exponent
        The exponent a of N_opt = k C^a.
    log_params
        ln N_opt at `target`.
    target
        The budget (FLOPs) whose best size is wanted.
    failed_share
        Share of the repetitions without an estimate: fewer than three valleys with a minimum inside
        (Approach 2); no minimum, or one with an exponent at a bound (Approach 3). They are left out of the
        scatter.
    """

    method: str
    runs: int
    flops: float
    exponent: Scatter
    log_params: Scatter
    target: float
    failed_share: float

    @property
    def params_factor(self) -> float:
        """Upper end of the 95 % interval of N_opt at the target over its lower end."""
        return math.exp(self.log_params.width) if self.log_params.width < 700 else math.inf

    @property
    def params_bias(self) -> float:
        """Geometric mean of N_opt at the target over the truth, less one."""
        return math.expm1(min(self.log_params.bias, 700.0))

    def as_dict(self) -> dict[str, Any]:
        """The precision as plain values for JSON; NaN and infinity become None."""
        plain = {**asdict(self), "params_factor": self.params_factor, "params_bias": self.params_bias}
        return dict(without_nan(plain))


def simulate_precision(
    prior: Prior,
    params: FloatArray,
    tokens: FloatArray,
    *,
    budgets: FloatArray | None = None,
    target: float,
    noise: float,
    simulations: int = 400,
    seed: int = 0,
    methods: Iterable[str] = METHODS,
) -> list[Precision]:
    """Draw losses from a law again and again, and fit each set.

    Parameters
    ----------
    prior
        The law that the losses come from.
    params, tokens
        The runs, shape (n,).
    budgets
        Their slices (FLOPs), which Approach 2 needs, shape (n,).
    target
        Budget (FLOPs) whose best size is wanted.
    noise
        Standard deviation of the loss between seeds, in the unit of the law's loss, the same for all runs.
    simulations
        Repetitions.
    seed
        Seed of the noise.
    methods
        Of `METHODS`.

    Returns
    -------
    list of Precision
        One per method.

    Raises
    ------
    DataError
        If a number is out of range.

    Notes
    -----
    Every fit of Approach 3 starts at the truth and ends in the minimum next to it: a rival minimum elsewhere
    is not found. The law is taken to be true: what real runs add to the scatter (learning rates that
    are not best, warm-up, a law of another form) is not in it.

    Examples
    --------
    >>> from scaling_utils.allocation.sweep import plan_sweep
    >>> from scaling_utils.laws import published_law
    >>> sweep = plan_sweep(Prior.of(published_law("besiroglu2024")), flops=1e21)
    >>> valleys, surface = sweep_precision(sweep, target=1e23, noise=0.01, simulations=50)
    >>> surface.exponent.sd < valleys.exponent.sd < 0.05
    True
    """
    for name, number in (("target", target), ("noise", noise)):
        if not (math.isfinite(number) and number > 0):
            raise DataError(f"the {name} is {number:g}, but it must be positive and finite")
    if not 2 <= simulations <= MOST_SIMULATIONS:
        raise DataError(f"{simulations} simulations are not between 2 and {MOST_SIMULATIONS:,}")
    law = prior.law
    loss = law.loss(params, tokens)
    # run by run, so that further runs do not change the noise of the first ones
    draws = np.random.default_rng(seed).standard_normal((len(loss), simulations)).T
    # as a share of the loss, so that no loss is negative
    log_losses = np.log(loss) + draws * (noise / loss)
    found = []
    for method in methods:
        if method == "approach2":
            if budgets is None:
                raise DataError("Approach 2 needs the slices of the runs")
            a, log_k = refit_valleys(budgets, params, np.exp(log_losses))
            log_opt = log_k + a * math.log(target)
        else:
            a, log_opt = _by_surface(law, params, tokens, log_losses, target)
        found.append(
            Precision(
                method=method,
                runs=len(loss),
                flops=float(FLOPS_PER_PARAM_TOKEN * (params * tokens).sum()),
                exponent=Scatter.of(a, law.a),
                log_params=Scatter.of(log_opt, math.log(law.params_opt(target))),
                target=float(target),
                failed_share=float(np.isnan(a).mean()),
            )
        )
    return found


def sweep_precision(
    sweep: Sweep,
    *,
    target: float,
    noise: float,
    simulations: int = 400,
    seed: int = 0,
    methods: Iterable[str] = METHODS,
) -> list[Precision]:
    """How well a sweep would pin the best size; see `simulate_precision`."""
    budgets, params, tokens = sweep_arrays(sweep)
    return simulate_precision(
        sweep.prior,
        params,
        tokens,
        budgets=budgets,
        target=target,
        noise=noise,
        simulations=simulations,
        seed=seed,
        methods=methods,
    )


def sweep_arrays(sweep: Sweep) -> FloatArray:
    """Budget, params and tokens of the runs of a sweep, shape (3, n)."""
    return np.array([(run.budget, run.params, run.tokens) for run in sweep.runs]).T


def precision_table(precisions: Iterable[Precision]) -> pd.DataFrame:
    """One row per precision, for reading."""
    return pd.DataFrame(
        {
            "spend (FLOPs)": p.flops,
            "runs": p.runs,
            "method": p.method,
            "a true": p.exponent.truth,
            "a bias": p.exponent.bias,
            "a sd": p.exponent.sd,
            "a 95 % width": p.exponent.width,
            "N_opt bias": p.params_bias,
            "N_opt 95 % factor": p.params_factor,
            "failed": p.failed_share,
        }
        for p in precisions
    )


def _by_surface(
    law: HoffmannLaw, params: FloatArray, tokens: FloatArray, log_losses: FloatArray, target: float
) -> tuple[FloatArray, FloatArray]:
    """The exponent a and ln N_opt at the target by Approach 3."""
    e, a, b, alpha, beta = astuple(law)
    start = np.array([math.log(a), math.log(b), math.log(e), alpha, beta])
    theta = refit_surface(np.log(params), np.log(tokens), log_losses, start, Objective())
    exponents = theta[:, 3:]
    theta[~((exponents > 0) & (exponents < MAX_EXPONENT)).all(axis=1)] = np.nan
    log_a, log_b, _, alphas, betas = theta.T
    share = betas / (alphas + betas)
    log_ratio = (np.log(alphas / betas) + log_a - log_b) / (alphas + betas)
    return share, log_ratio + share * math.log(target / FLOPS_PER_PARAM_TOKEN)
