"""A planted cycle is the peak, and noise shows none."""

import numpy as np
import pandas as pd
import pytest

from tests.weather.exploration import waves
from triptych.weather.exploration.spectrum import (
    PERIODOGRAM,
    WELCH,
    estimate_spectra,
    find_lines,
)

TIMES = waves.steps(1000)
HOURS = np.arange(len(TIMES)) * 3.0


def wave(period: float, height: float = 1.0) -> waves.Floats:
    return np.asarray(height * np.sin(2 * np.pi * HOURS / period))


@pytest.mark.parametrize("period", [24.0, 12.0, 160.0])
@pytest.mark.parametrize("method", [PERIODOGRAM, WELCH])
def test_a_planted_cycle_is_the_peak(period: float, method: str) -> None:
    spectrum = estimate_spectra(waves.parts(wave(period) + waves.noise(len(HOURS))))

    rows = spectrum[spectrum["method"] == method]

    assert rows.loc[rows["density"].idxmax(), "period_hours"] == pytest.approx(period, rel=0.03)


def test_the_strongest_lines_come_first_with_their_share() -> None:
    values = wave(24, 3) + wave(12, 1) + waves.noise(len(HOURS))

    lines = find_lines(estimate_spectra(waves.parts(values)))

    assert lines["period_hours"].round(2).tolist()[0] == 24
    assert 12 in lines["period_hours"].round(2).tolist()
    assert lines["share"].iloc[0] == pytest.approx(4.5 / (4.5 + 0.5 + 1), abs=0.03)


def test_noise_has_almost_no_line() -> None:
    found = [
        len(find_lines(estimate_spectra(waves.parts(waves.noise(len(HOURS), seed=seed)))))
        for seed in range(40)
    ]

    assert sum(found) <= 3


def test_gaps_are_filled_by_trend_and_seasons() -> None:
    season = wave(24)
    parts = waves.parts(season + waves.noise(len(HOURS), sd=0.1)).assign(daily=season)
    parts.loc[100:3000, ["observed", "residual"]] = np.nan

    lines = find_lines(estimate_spectra(parts))

    assert lines["period_hours"].iloc[0] == pytest.approx(24)


def test_what_has_no_spectrum_is_left_out() -> None:
    mute = waves.parts(np.full(800, np.nan), "mute").assign(trend=np.nan)
    short = waves.parts(waves.noise(56), "short")

    nothing = estimate_spectra(pd.concat([mute, short]))

    assert nothing.empty
    assert find_lines(nothing).empty
    assert find_lines(estimate_spectra(waves.parts(np.full(800, 0.0)))).empty
