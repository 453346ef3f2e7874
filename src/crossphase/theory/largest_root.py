"""How large the largest sample canonical correlation of independent data gets."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from crossphase.errors import InputError

__all__ = ["TRACY_WIDOM_QUANTILES", "largest_root_quantile"]

#: Quantiles of the real Tracy–Widom law (Bejan 2005, table 1).
TRACY_WIDOM_QUANTILES = {0.9: 0.4501, 0.95: 0.9793, 0.99: 2.0234, 0.999: 3.2724}


def largest_root_quantile(n: float, dx: float, dy: float, level: float = 0.95) -> float:
    """Quantile of the largest squared sample canonical correlation under independence.

    The logit of the largest root, centred and scaled, follows the Tracy–Widom law to second
    order, even for a handful of variables (Johnstone, *Annals of Statistics* 36, 2008, eqs 3–5).
    With one feature on a side the root is R² of a regression on p useless predictors, exactly
    Beta(p/2, (n − 1 − p)/2).

    Parameters
    ----------
    n : float
        Rows, above ``dx + dy``; one is spent on the means.
    dx, dy : float
        Features of each modality.
    level : {0.9, 0.95, 0.99, 0.999}, default 0.95

    Returns
    -------
    float
        In (0, 1).

    Raises
    ------
    InputError
        If ``dx + dy >= n − 1`` or the level has no tabulated quantile.

    Examples
    --------
    >>> round(largest_root_quantile(1000, 50, 50), 3)
    0.196
    """
    if level not in TRACY_WIDOM_QUANTILES:
        raise InputError(f"level={level}: choose one of {sorted(TRACY_WIDOM_QUANTILES)}")
    if not (dx >= 1 and dy >= 1 and dx + dy < n - 1):
        raise InputError(
            f"dx={dx}, dy={dy}, n={n}: the largest root needs dx + dy < n − 1; reduce the features"
        )
    if min(dx, dy) == 1:
        return float(betaincinv(max(dx, dy) / 2, (n - 1 - max(dx, dy)) / 2, level))
    freedom = n - 2.0
    small, large = min(dx, dy), max(dx, dy)
    gamma = 2 * np.arcsin(np.sqrt((small - 0.5) / freedom))
    phi = 2 * np.arcsin(np.sqrt((large - 0.5) / freedom))
    centre = 2 * np.log(np.tan((phi + gamma) / 2))
    spread = (16 / freedom**2 / (np.sin(phi + gamma) ** 2 * np.sin(phi) * np.sin(gamma))) ** (1 / 3)
    logit = centre + TRACY_WIDOM_QUANTILES[level] * spread
    return float(1 / (1 + np.exp(-logit)))
