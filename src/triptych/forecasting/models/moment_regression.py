"""Ridge regression from weighted moments, brought up to date a day at a time.

One regression a location. The moments serve every subset of the explanatory variables, so that a
variable that is missing at prediction is left out, and they take a new day without the old ones.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.forecasting.features.grid import FloatArray, IntArray

ALPHAS = np.geomspace(0.1, 3000, 16)
MIN_SHARE = 0.5  # of the days with any variable, on which one must be known to be used
CONSTANT = 1e-6  # a smaller standard deviation is rounding

BoolArray = npt.NDArray[np.bool_]


@dataclass(slots=True)
class MomentRegression:
    """Weighted sums over days of x, y and their products, by location.

    `center`: (location, F + T), near the means of the F variables and T targets; `sums`:
    (location, 1 + F + T, 1 + F + T), weighted products of (1, values - center); `used`:
    (location, F), the variables of the regression, none where a location has too few days;
    `alpha`: (location,), the ridge penalty of standardised variables.
    """

    center: FloatArray
    sums: FloatArray
    used: BoolArray
    alpha: FloatArray

    @classmethod
    def fit(
        cls, x: FloatArray, y: FloatArray, weight: FloatArray, min_days: int
    ) -> "MomentRegression":
        """Fit on `x` (location, day, F), `y` (location, day, T) and weights (day,)."""
        observed = np.asarray(np.isfinite(y).all(axis=2) & np.isfinite(x).any(axis=2))
        days = np.maximum(observed.sum(axis=1), 1)
        used = np.asarray(
            (np.isfinite(x) & observed[..., None]).sum(axis=1) >= MIN_SHARE * days[:, None]
        )
        complete = _complete(x, y, used)
        used &= (complete.sum(axis=1) >= min_days)[:, None]
        complete &= used.any(axis=1, keepdims=True)
        values = _rows(x, y, used)
        counts = np.maximum(complete.sum(axis=1), 1)[:, None]
        center = (values * complete[..., None]).sum(axis=1) / counts
        alpha = np.ones(len(x))
        for row in np.flatnonzero(used.any(axis=1)):
            known = values[row, complete[row]] - center[row]
            columns = np.append(used[row], np.full(y.shape[2], True))
            alpha[row] = _choose_alpha(known[:, columns], y.shape[2], weight[complete[row]])
        size = 1 + values.shape[2]
        made = cls(center, np.zeros((len(x), size, size)), used, alpha)
        made._add(values, complete * weight)
        return made

    def advance(self, x: FloatArray, y: FloatArray, decay: float) -> None:
        """Let a day pass, and include the day whose targets it completes: `x` (location, F)."""
        known = _complete(x[:, None], y[:, None], self.used) & self.used.any(axis=1, keepdims=True)
        self.sums *= decay
        self._add(_rows(x[:, None], y[:, None], self.used), known.astype(np.float64))

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the targets at `x` (location, F), shape (location, T); NaN where nothing is known.

        Missing variables are left out of a location's regression.
        """
        count = x.shape[1]
        made = np.full((len(x), self.center.shape[1] - count), np.nan)
        known = np.isfinite(x) & self.used
        for row in np.flatnonzero(known.any(axis=1)).tolist():
            mean, weights, scale = self._solve(row, known[row])
            at = (x[row] - self.center[row, :count] - mean[:count])[known[row]] / scale
            made[row] = self.center[row, count:] + mean[count:] + at @ weights
        return made

    def _solve(self, row: int, inside: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Means, weights (variable, target) and scales of a location's regression on a subset."""
        count = len(inside)
        sums = self.sums[row]
        total, mean = sums[0, 0], sums[0, 1:] / sums[0, 0]
        spread = sums[1:, 1:] - total * np.outer(mean, mean)
        variance = np.maximum(np.diag(spread)[:count][inside], 0) / total
        scale = np.where(variance > CONSTANT**2, np.sqrt(variance), 1.0)
        picked = spread[:count][inside] / scale[:, None]
        system = picked[:, :count][:, inside] / scale + self.alpha[row] * np.eye(len(scale))
        return mean, np.linalg.solve(system, picked[:, count:]), scale

    def rows(self, rows: IntArray) -> "MomentRegression":
        """Return a copy of the regressions of some locations."""
        return MomentRegression(*(values[rows] for values in self.arrays().values()))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the state by name, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def importance(self) -> FloatArray:
        """Return the mean absolute weight of each standardised variable, shape (F,)."""
        count = self.used.shape[1]
        total = np.zeros(count)
        for row in np.flatnonzero(self.used.any(axis=1)).tolist():
            _, weights, _ = self._solve(row, self.used[row])
            total[self.used[row]] += np.abs(weights).mean(axis=1)
        return np.asarray(total / len(self.used))

    def _add(self, values: FloatArray, weight: FloatArray) -> None:
        for row in np.flatnonzero(weight.any(axis=1)):
            taken = weight[row] > 0
            ones = np.ones((int(taken.sum()), 1))
            rows = np.hstack([ones, values[row, taken] - self.center[row]])
            self.sums[row] += (rows * weight[row, taken, None]).T @ rows


def _complete(x: FloatArray, y: FloatArray, used: BoolArray) -> BoolArray:
    """Days on which all used variables and all targets are known, shape (location, day)."""
    known = (np.isfinite(x) | ~used[:, None]).all(axis=2)
    return np.asarray(known & np.isfinite(y).all(axis=2))


def _rows(x: FloatArray, y: FloatArray, used: BoolArray) -> FloatArray:
    """Variables and targets side by side, 0 for what is not used or missing."""
    return np.asarray(np.nan_to_num(np.concatenate([np.where(used[:, None], x, 0.0), y], axis=2)))


def _choose_alpha(values: FloatArray, targets: int, weight: FloatArray) -> float:
    """The penalty of least leave-one-out error, all targets together (Golub, Heath and Wahba,
    Technometrics 21, 1979, 215-223).
    """
    share = weight / weight.sum()
    centered = values - share @ values
    x, y = centered[:, :-targets], centered[:, -targets:]
    scale = np.sqrt(share @ x**2)
    root = np.sqrt(weight)[:, None]
    u, s, _ = np.linalg.svd(x / np.where(scale > CONSTANT, scale, 1.0) * root, full_matrices=False)
    y = y * root
    projected = u.T @ y
    losses = []
    for alpha in ALPHAS:
        shrink = s**2 / (s**2 + alpha)
        left = 1 - (u**2 @ shrink + share)
        losses.append(np.square((y - u @ (shrink[:, None] * projected)) / left[:, None]).sum())
    return float(ALPHAS[int(np.argmin(losses))])
