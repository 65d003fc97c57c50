"""Estimation of seasonal ARMA processes, with fallbacks; none is estimated twice."""

import hashlib
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from triptych.forecasting.arrays import FloatArray
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.statespace.arma import Arma, loglikelihood

MAX_ITERATIONS = 200
JOINT_ITERATIONS = 10  # of a regression with its process, from a start that is nearly there
STEP = 1e-5  # of a parameter, in the gradient by differences
CONSTANT = 1e-6  # variance of an anomaly in standard deviations, below which there is no weather
STABLE = 1 - 1e-6  # largest eigenvalue of a process that forgets
START_SEASONAL = (0.5, -0.3)  # near where anomalies of temperature end up
LIKELIHOOD, YULE_WALKER, WHITE_NOISE = "maximum_likelihood", "yule_walker", "white_noise"
LIMIT = 10_000  # estimates in the cache, a kilobyte each; beyond it the oldest are dropped

MapParts = Callable[[Callable[[list[Any]], list[Any]], Sequence[Any]], list[Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Orders:
    """Numbers of coefficients, of steps and of days; ForecastingError unless they are valid."""

    ar: int
    ma: int
    seasonal_ar: int = 0
    seasonal_ma: int = 0

    def __post_init__(self) -> None:
        for name in ("ar", "ma", "seasonal_ar", "seasonal_ma"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise ForecastingError(
                    f"Orders of a process must be whole numbers from 0, but {name} is {value!r}. "
                    "Correct the forecast parameters."
                )
        for steps, days in ((self.ar, self.seasonal_ar), (self.ma, self.seasonal_ma)):
            if days and steps >= STEPS_PER_DAY:
                raise ForecastingError(
                    f"Beside seasonal coefficients of {STEPS_PER_DAY} steps there can be at most "
                    f"{STEPS_PER_DAY - 1} of single steps, but there are {steps}. "
                    "Lower ar or ma, or leave the season out."
                )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A process as it is stored: how it was estimated, its orders and its parameter vector.

    `parameters`: coefficients in the order of `orders`. `regression`: coefficients of the
    regressors whose errors the process describes. `aic`: of the likelihood, None without one.
    `reason`: why `method` is a fallback, empty if it is none.
    """

    method: str
    orders: Orders
    parameters: tuple[float, ...]
    aic: float | None = None
    reason: str = ""
    regression: tuple[float, ...] = ()

    @property
    def process(self) -> Arma:
        """The process, its seasonal factors multiplied out."""
        orders, values = self.orders, np.asarray(self.parameters, dtype=np.float64)
        ends = np.cumsum([orders.ar, orders.ma, orders.seasonal_ar])
        ar, ma, seasonal_ar, seasonal_ma = np.split(values, ends)
        return Arma(
            -np.convolve(_polynomial(-ar, 1), _polynomial(-seasonal_ar, STEPS_PER_DAY))[1:],
            np.convolve(_polynomial(ma, 1), _polynomial(seasonal_ma, STEPS_PER_DAY))[1:],
        )

    @property
    def stable(self) -> bool:
        """Whether the process forgets."""
        finite = bool(np.isfinite(self.parameters).all())
        return finite and self.process.spectral_radius < STABLE

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Restore from `dataclasses.asdict`, by way of JSON."""
        tuples = {name: tuple(stored.get(name, ())) for name in ("parameters", "regression")}
        return cls(**{**stored, "orders": Orders(**stored["orders"]), **tuples})


_cache: dict[tuple[str, Orders], Fitted] = {}  # by SHA-256 of the series


def at_once(work: Callable[[list[Any]], list[Any]], items: Sequence[Any]) -> list[Any]:
    """Apply a function of a list to all items: the MapParts without an engine."""
    return work(list(items))


def fit_each(
    series: Mapping[str, FloatArray], orders: Orders, map_parts: MapParts = at_once
) -> dict[str, Fitted]:
    """The process of each series, by `fit_arma` unless it is cached; fallbacks are logged.

    Searches, fits and models with the same process (`sarima`, `sarima_ridge`) share estimates.
    Series with columns of regressors are estimated by `fit_regression`.
    """
    keys = {n: (hashlib.sha256(own.tobytes()).hexdigest(), orders) for n, own in series.items()}
    new = {keys[name]: own for name, own in series.items() if keys[name] not in _cache}
    made = map_parts(partial(_fit_all, orders), list(new.values()))
    _cache.update(zip(new, made, strict=True))
    fitted = {name: _cache[key] for name, key in keys.items()}
    for oldest in list(_cache)[:-LIMIT]:
        del _cache[oldest]
    for name, process in fitted.items():
        if process.reason:
            logger.warning("%s falls back on %s: %s", name, process.method, process.reason)
    return fitted


def _fit_all(orders: Orders, series: list[FloatArray]) -> list[Fitted]:
    return [
        fit_arma(own, orders) if own.ndim == 1 else fit_regression(own[:, 0], own[:, 1:], orders)
        for own in series
    ]


def fit_arma(series: FloatArray, orders: Orders) -> Fitted:
    """Exact maximum likelihood; `series` may have NaN (then by statsmodels' Kalman filter).

    Where that fails or is not stable: a Yule-Walker autoregression over a day; where nothing
    varies: white noise, that is the climatology. `reason` says so.
    """
    if not np.nanvar(series) > CONSTANT:
        return Fitted(WHITE_NOISE, Orders(0, 0), (), reason="nothing varies")
    try:
        fitted = _maximum_likelihood(series, orders)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
        return _fallback(series, f"the estimation failed: {error}")
    return _fallback(series, fitted.reason) if fitted.reason else fitted


def fit_regression(series: FloatArray, regressors: FloatArray, orders: Orders) -> Fitted:
    """Regression with SARMA errors: maximum likelihood by statsmodels' SARIMAX.

    It starts from least squares and `fit_arma` of their residuals, which saves 90 % of its
    iterations. `regressors` (step, column) are complete; `series` may have NaN. Where the residuals
    need a fallback, or the joint estimate is not stable, that start is the result.
    """
    known = np.isfinite(series)
    slopes = np.linalg.lstsq(regressors[known], series[known])[0]
    start = replace(
        fit_arma(series - regressors @ slopes, orders), regression=tuple(slopes.tolist())
    )
    if start.reason:
        return start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a start that is nearly stationary, or few iterations
        result = _sarimax(series, orders, regressors).fit(
            start_params=[*slopes, *start.parameters],
            low_memory=True, cov_type="none", maxiter=JOINT_ITERATIONS, disp=False,
        )  # fmt: skip
    slopes, found = np.split(np.asarray(result.params, dtype=np.float64), [len(slopes)])
    fitted = replace(
        start,
        parameters=tuple(found.tolist()),
        regression=tuple(slopes.tolist()),
        aic=float(result.aic),
    )
    return fitted if fitted.stable else start


def yule_walker(series: FloatArray, order: int) -> FloatArray:
    """Autoregressive coefficients, always stable; a missing value counts as 0, the mean (Brockwell
    and Davis, Time Series: Theory and Methods, 2nd edition, 1991, section 8.1).
    """
    from statsmodels.regression.linear_model import yule_walker as estimate

    found = estimate(np.nan_to_num(series), order, "mle", demean=False, result_object=True)
    return np.asarray(found.rho, dtype=np.float64)


def _maximum_likelihood(series: FloatArray, orders: Orders) -> Fitted:
    from scipy.optimize import fmin_l_bfgs_b

    model = _sarimax(series, orders, None)
    complete = bool(np.isfinite(series).all())

    def objective(point: FloatArray) -> float:
        values = model.transform_params(point)
        if not complete:
            return -float(model.loglike(values)) / len(series)
        process = Fitted(LIKELIHOOD, orders, tuple(values)).process
        return -loglikelihood(series, process) / len(series)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the result is checked below
        start = model.untransform_params(_start(series, orders))
        point, least, status = fmin_l_bfgs_b(
            objective, start, approx_grad=True, epsilon=STEP, maxiter=MAX_ITERATIONS
        )
        found = tuple(float(value) for value in model.transform_params(point))
    aic = 2 * (len(found) + 1) + 2 * float(least) * len(series)  # the scale is a parameter too
    fitted = Fitted(LIKELIHOOD, orders, found, aic=aic)
    if not fitted.stable:
        return replace(fitted, reason="the estimate is not stable")
    failed = f"no convergence in {MAX_ITERATIONS} iterations"
    return replace(fitted, reason=failed if status["warnflag"] else "")


def _sarimax(series: FloatArray, orders: Orders, regressors: FloatArray | None) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    seasonal = (orders.seasonal_ar, 0, orders.seasonal_ma)
    return SARIMAX(
        series,
        exog=regressors,
        order=(orders.ar, 0, orders.ma),
        seasonal_order=(*seasonal, STEPS_PER_DAY if any(seasonal) else 0),
        concentrate_scale=True,
    )


def _start(series: FloatArray, orders: Orders) -> FloatArray:
    """A stable start; statsmodels' own can end in a local maximum."""
    seasonal = [np.zeros(orders.seasonal_ar), np.zeros(orders.seasonal_ma)]
    for part, value in zip(seasonal, START_SEASONAL, strict=True):
        part[:1] = value
    ar = yule_walker(series, orders.ar) if orders.ar else np.zeros(0)
    return np.concatenate([ar, np.zeros(orders.ma), *seasonal])


def _fallback(series: FloatArray, reason: str) -> Fitted:
    found = tuple(yule_walker(series, STEPS_PER_DAY).tolist())
    fitted = Fitted(YULE_WALKER, Orders(STEPS_PER_DAY, 0), found, reason=reason)
    return fitted if fitted.stable else Fitted(WHITE_NOISE, Orders(0, 0), (), reason=reason)


def _polynomial(coefficients: FloatArray, spacing: int) -> FloatArray:
    """1 + c(1) L^spacing + c(2) L^(2 spacing) + …, by powers of the lag L."""
    made = np.zeros(1 + spacing * len(coefficients))
    made[0] = 1.0
    made[spacing::spacing] = coefficients
    return made
