"""Power spectra of the temperature, and the spectral lines that stand out of the noise."""

import numpy as np
import pandas as pd

from triptych.weather.exploration.decomposition import Floats, completed
from triptych.weather.steps import STEP_HOURS

PERIODOGRAM, WELCH = "periodogram", "welch"
_STEPS_NEEDED = 64
_WELCH_STEPS = 8 * 120  # windows of 120 days: periods from weeks downwards, smooth
_AROUND = 101  # frequencies whose median is the background of a line
_SIGNIFICANCE = 0.01  # probability of a line in noise
_LINE_WIDTH = 2  # frequencies on each side that a Hann window spreads a line over


def estimate_spectra(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Estimate each location's power spectrum twice: the periodogram (Hann window) is fine and
    noisy, Welch's mean over windows of 120 days that overlap by half (Welch, 1967, IEEE Trans.
    Audio Electroacoust. 15) smooth and coarse. Gaps are filled by trend and seasons.

    Returns location, method, period_hours, density (°C² per cycle a day), by rising frequency;
    nothing for a location with less than 64 steps or without temperature.
    """
    values = completed(decomposition)
    tables = [
        _estimate(series.to_numpy(), method).assign(location=slug, method=method)
        for slug, series in values.groupby(decomposition["location"], sort=True)
        if len(series) >= _STEPS_NEEDED and series.notna().all()
        for method in (PERIODOGRAM, WELCH)
    ]
    return _join(tables, ["location", "method", "period_hours", "density"])


def find_lines(spectrum: pd.DataFrame) -> pd.DataFrame:
    """Find the periods that stand out of the noise around them.

    An ordinate of noise is exponential around the spectrum (Brockwell and Davis, 1991, Time
    Series, theorem 10.3.2), so the largest of N exceeds its background ln(N / significance) times
    with about that probability. The background is the median of the 101 frequencies around, over
    ln 2. A cycle whose height changes over the year has sidebands: lines at 23.93 and 24.07 h.
    `share` is that of the series' variance; the strongest line of a location comes first.
    """
    raw = spectrum[spectrum["method"] == PERIODOGRAM]
    tables = [
        _lines(rows).assign(location=slug) for slug, rows in raw.groupby("location", sort=True)
    ]
    return _join(tables, ["location", "period_hours", "density", "times_background", "share"])


def _estimate(values: Floats, method: str) -> pd.DataFrame:
    from scipy import signal

    window = len(values) if method == PERIODOGRAM else min(_WELCH_STEPS, len(values))
    frequency, density = signal.welch(values, fs=24 / STEP_HOURS, window="hann", nperseg=window)
    return pd.DataFrame({"period_hours": 24 / frequency[1:], "density": density[1:]})


def _lines(rows: pd.DataFrame) -> pd.DataFrame:
    from scipy import ndimage, signal

    density = rows["density"].to_numpy()
    total = density.sum() + np.finfo(np.float64).tiny
    floor = 1e-12 * total + np.finfo(np.float64).tiny  # a pure wave has no noise around it
    background = ndimage.median_filter(density, size=_AROUND, mode="reflect") / np.log(2) + floor
    around = np.convolve(density, np.ones(2 * _LINE_WIDTH + 1), mode="same")
    lines: pd.DataFrame = rows[["period_hours", "density"]].assign(
        times_background=density / background, share=around / total
    )
    # padded, so that the lowest and the highest frequency can be a peak too
    peaks, _ = signal.find_peaks(np.pad(density, 1), distance=_LINE_WIDTH + 1)
    lines = lines.iloc[peaks - 1]
    lines = lines[lines["times_background"] > np.log(len(density) / _SIGNIFICANCE)]
    return lines.sort_values("density", ascending=False, kind="stable")


def _join(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    return pd.concat(tables, ignore_index=True)[columns]
