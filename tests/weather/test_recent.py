"""Recent analyses fill the end of the reanalysis without their bias."""

import numpy as np
import pandas as pd
import pytest

from triptych.weather.steps import with_recent


@pytest.fixture
def truth() -> pd.DataFrame:
    time = pd.date_range("2025-06-01", periods=24 * 20, freq="h", tz="UTC")
    wave = {"time": time, "cloud_cover": 40.0, "temperature_2m": 12 + np.sin(np.arange(len(time)))}
    frames = [pd.DataFrame({"location": slug} | wave) for slug in ("brest", "paris")]
    return pd.concat(frames, ignore_index=True)[
        ["location", "time", "temperature_2m", "cloud_cover"]
    ]


def _biased(truth: pd.DataFrame) -> pd.DataFrame:
    """An analysis that is 0.5 °C too warm by night, 0.3 °C too cold by day; Paris doubly so."""
    bias = np.where(truth["time"].dt.hour.between(9, 17), -0.3, 0.5)
    bias = bias * np.where(truth["location"] == "paris", 2, 1)
    return truth.assign(temperature_2m=truth["temperature_2m"] + bias, cloud_cover=60.0)


def test_the_gap_is_filled_without_bias(truth: pd.DataFrame) -> None:
    end = pd.Timestamp("2025-06-15", tz="UTC")
    made = with_recent(truth[truth["time"] < end], _biased(truth))

    assert made["temperature_2m"].to_numpy() == pytest.approx(truth["temperature_2m"].to_numpy())
    assert (made["recent"] == (made["time"] >= end)).all()
    assert set(made.loc[~made["recent"], "cloud_cover"]) == {40.0}
    assert set(made.loc[made["recent"], "cloud_cover"]) == {60.0}


def test_without_overlap_the_analysis_is_taken_as_it_is(truth: pd.DataFrame) -> None:
    end = pd.Timestamp("2025-06-15", tz="UTC")
    recent = _biased(truth)[truth["time"] >= end]
    made = with_recent(truth[truth["time"] < end], recent)
    late = made[made["recent"]]
    assert late["temperature_2m"].tolist() == recent["temperature_2m"].tolist()


def test_a_null_in_the_reanalysis_is_filled_and_no_value_is_replaced(truth: pd.DataFrame) -> None:
    gap = truth["time"] == pd.Timestamp("2025-06-10T05:00", tz="UTC")
    made = with_recent(
        truth.assign(temperature_2m=truth["temperature_2m"].mask(gap)), _biased(truth)
    )
    assert made["recent"].sum() == 2
    kept = ~made["recent"]
    assert (made.loc[kept, "temperature_2m"] == truth.loc[kept, "temperature_2m"]).all()


def test_without_analyses_nothing_changes(truth: pd.DataFrame) -> None:
    made = with_recent(truth, truth.iloc[:0])
    pd.testing.assert_frame_equal(made.drop(columns="recent"), truth)
    assert not made["recent"].any()
