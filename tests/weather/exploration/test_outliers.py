"""A planted anomaly is found, and clean noise has almost none."""

import numpy as np
import pandas as pd
import pytest

from tests.weather.exploration import waves
from triptych.weather.exploration.decomposition import decompose, find_anomalies, robust_scores

YEARS = 3 * 365


def test_a_planted_anomaly_is_found_through_the_decomposition() -> None:
    times = waves.steps(YEARS)
    clean = 10 + waves.yearly(times) + waves.daily(times) + waves.noise(len(times))
    planted = clean.copy()
    planted[4000] += 12

    before, after = (
        find_anomalies(decompose(waves.frame(times, values)), 6) for values in (clean, planted)
    )

    assert before.empty
    assert after["time"].tolist() == [times[4000]]
    assert after["observed"].iloc[0] == planted[4000]
    assert after["score"].iloc[0] > 8


def test_clean_noise_has_about_as_many_as_the_threshold_says() -> None:
    parts = waves.parts(waves.noise(8 * 3650))

    assert len(find_anomalies(parts, 4)) < 10  # two are expected
    assert len(find_anomalies(parts, 2)) == pytest.approx(0.0455 * 29_200, rel=0.1)


def test_each_month_and_location_has_its_own_scale() -> None:
    residual = waves.noise(8 * YEARS)
    january = waves.steps(YEARS).month == 1
    calm, rough = waves.parts(residual, "calm"), waves.parts(residual * 3, "rough")
    calm.loc[january, ["observed", "residual"]] *= 2

    scale = robust_scores(pd.concat([calm, rough], ignore_index=True)).groupby(
        ["location", "time"]
    )["scale"].first()  # fmt: skip

    first, summer = pd.Timestamp("2010-01-01T00:00Z"), pd.Timestamp("2010-07-01T00:00Z")
    assert scale["calm", first] == pytest.approx(2, rel=0.1)
    assert scale["calm", summer] == pytest.approx(1, rel=0.1)
    assert scale["rough", summer] == pytest.approx(3, rel=0.1)


def test_a_constant_series_has_none_but_a_spike_on_it_is_one() -> None:
    flat = np.full(8 * 90, 0.0)
    spike = flat.copy()
    spike[100] = 5.0

    assert find_anomalies(waves.parts(flat), 4).empty
    assert len(find_anomalies(waves.parts(spike), 4)) == 1


def test_what_is_missing_is_no_anomaly() -> None:
    residual = waves.noise(8 * 90)
    residual[10:50] = np.nan

    parts = waves.parts(residual)

    assert robust_scores(parts)["score"].isna().sum() == 40
    assert find_anomalies(parts, 6).empty
