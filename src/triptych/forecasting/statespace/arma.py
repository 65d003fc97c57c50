"""ARMA processes in state-space form: one pass of the Kalman filter serves every origin."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triptych.forecasting.arrays import FloatArray, IntArray, ordered_product

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

HEAD = 512  # steps of the exact recursion, after which almost every process has settled
SETTLED = 1e-12  # variance of the innovations above its limit, in which there is no difference


@dataclass(frozen=True, slots=True)
class Arma:
    """y(t) = Σ ar(i) y(t-i) + ε(t) + Σ ma(j) ε(t-j) in Harvey's form (Durbin and Koopman, Time
    Series Analysis by State Space Methods, 2nd edition, 2012, section 3.4); seasonal factors
    multiplied out.
    """

    ar: FloatArray
    ma: FloatArray

    @property
    def transition(self) -> FloatArray:
        """Matrix T of state(t + 1) = T state(t) + R ε(t); y is the state's first element."""
        size = max(len(self.ar), len(self.ma) + 1)
        matrix = np.eye(size, k=1)
        matrix[: len(self.ar), 0] = self.ar
        return matrix

    @property
    def spectral_radius(self) -> float:
        """Largest absolute eigenvalue of the transition: below 1, the process is stationary."""
        return float(np.abs(np.linalg.eigvals(self.transition)).max())

    def states(self, series: FloatArray) -> FloatArray:
        """Expected state at each step given the values before it, shape (state, step + 1): one
        filter pass for all origins (statsmodels' append(): 252 s for 364). NaN is not corrected
        for.
        """
        model = self._filter(series)
        model.memory_no_forecast_cov = True
        return np.asarray(model.filter().predicted_state, dtype=np.float64)

    def relative_spread(self, series: FloatArray) -> FloatArray:
        """Standard deviation of the one-step error over that of ε; NaN where a value is missing."""
        model = self._filter(series)
        model.memory_no_predicted_mean = True
        variance = model.filter().forecasts_error_cov[0, 0]
        return np.asarray(np.where(np.isnan(series), np.nan, np.sqrt(variance)), dtype=np.float64)

    def _filter(self, series: FloatArray) -> "KalmanFilter":
        from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

        transition = self.transition
        unused = ("predicted_cov", "filtered", "gain", "smoothing", "std_forecast")
        memory = {f"memory_no_{name}": True for name in unused}
        model = KalmanFilter(1, len(transition), k_posdef=1, **memory)
        model.bind(series[:, None].astype(np.float64))
        model["design", 0, 0] = 1.0
        model["transition"] = transition
        model["selection", 0, 0] = 1.0
        model["selection", 1 : 1 + len(self.ma), 0] = self.ma
        model["state_cov", 0, 0] = 1.0  # the scale plays no part in the mean
        model.initialize_stationary()
        return model

    def forecast(self, states: FloatArray, leads: IntArray) -> FloatArray:
        """Values at `leads` (1: step of the state), (origin, lead), from states (state, origin)."""
        transition = self.transition
        rows = np.zeros((int(leads.max()), len(transition)))  # the first ones of its powers
        rows[0, 0] = 1.0
        for power in range(1, len(rows)):
            rows[power] = rows[power - 1] @ transition
        return ordered_product(states.T, rows[leads - 1].T)

    def past_weights(self, count: int) -> FloatArray:
        """Weights of the last `count` values in the next forecast: the process as AR(∞)."""
        from statsmodels.tsa.arima_process import arma2ar

        ar, ma = np.append(1.0, -self.ar), np.append(1.0, self.ma)
        return np.asarray(-arma2ar(ar, ma, lags=count + 1)[1:], dtype=np.float64)


def loglikelihood(series: FloatArray, process: Arma) -> float:
    """Log-likelihood of a complete series, its scale concentrated out; 10 to 40 times faster than
    statsmodels.

    Innovations algorithm (Brockwell and Davis, Time Series: Theory and Methods, 2nd edition, 1991,
    sections 5.3 and 8.7); once its variances settle, the innovations are a linear filter.
    """
    from scipy.signal import lfilter, lfiltic
    from statsmodels.tsa.innovations.arma_innovations import arma_innovations

    past, noise = np.concatenate([[1.0], -process.ar]), np.concatenate([[1.0], process.ma])
    head = series[:HEAD]
    innovations, variances = arma_innovations(head, process.ar, process.ma, 1.0)
    if not abs(variances[-1] - 1) < SETTLED:
        innovations, variances = arma_innovations(series, process.ar, process.ma, 1.0)
        head = series
    squares = float(np.sum(innovations**2 / variances))
    if len(head) < len(series):
        state = lfiltic(past, noise, innovations[::-1], head[::-1])
        rest, _ = lfilter(past, noise, series[len(head) :], zi=state)
        squares += float(rest @ rest)
    length = len(series)
    level = np.log(2 * np.pi * squares / length) + 1
    return float(-0.5 * (length * level + np.log(variances).sum()))
