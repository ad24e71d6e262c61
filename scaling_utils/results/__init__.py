"""What a fit returns: frozen values with intervals, units and a status."""

from __future__ import annotations

from scaling_utils.results.estimate import Estimate, PowerLaw
from scaling_utils.results.fit import FitResult, FitStatus
from scaling_utils.results.isoflop import IsoflopFit, Valley, ValleyStatus

__all__ = ["Estimate", "FitResult", "FitStatus", "IsoflopFit", "PowerLaw", "Valley", "ValleyStatus"]
