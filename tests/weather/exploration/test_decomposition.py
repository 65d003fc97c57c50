"""A series made of known parts is taken apart into them."""

import numpy as np
import pandas as pd
import pytest

from tests.weather.exploration import waves
from triptych.weather.exploration.decomposition import (
    PARTS,
    completed,
    decompose,
    find_anomalies,
    robust_scores,
    summarize_parts,
)

SIX_YEARS = waves.steps(6 * 365 + 1)


def composed(sd: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A history and the parts that it is made of; a degree of warming in a thousand days."""
    truth = pd.DataFrame(
        {
            "trend": 10 + np.arange(len(SIX_YEARS)) / 8000,
            "yearly": waves.yearly(SIX_YEARS),
            "daily": waves.daily(SIX_YEARS),
            "residual": waves.noise(len(SIX_YEARS), sd),
        }
    )
    return waves.frame(SIX_YEARS, truth.sum(axis=1).to_numpy()), truth


def error(found: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """The root mean square of each part's error (°C)."""
    return ((found[truth.columns] - truth) ** 2).mean() ** 0.5


def test_trend_seasons_and_residual_are_recovered() -> None:
    history, truth = composed()

    found = decompose(history)

    wrong = error(found, truth)
    assert wrong["trend"] < 0.1
    assert wrong["yearly"] < 0.2
    assert wrong["daily"] < 0.3
    assert wrong["residual"] < 0.4
    assert np.allclose(found[[*PARTS, "residual"]].sum(axis=1), found["observed"], atol=1e-9)
    assert len(found) == len(SIX_YEARS)


def test_long_gaps_stay_missing_and_move_the_parts_little() -> None:
    history, truth = composed()
    gap = (history["time"] >= "2012-04-01") & (history["time"] < "2012-08-01")
    history.loc[gap, "temperature_2m"] = np.nan

    found = decompose(history)

    pd.testing.assert_frame_equal(decompose(history[~gap]), found)  # rows that are not there
    assert found["residual"].isna().tolist() == gap.tolist()
    assert not found[PARTS].isna().any().any()
    assert (error(found, truth) < 0.5).all()
    assert np.abs(completed(found)[gap] - truth[PARTS].sum(axis=1)[gap]).max() < 1.5


def test_less_than_two_years_have_no_season_of_the_year() -> None:
    times = waves.steps(500)
    history = waves.frame(times, waves.yearly(times) + waves.daily(times))

    found = decompose(history)

    assert (found["yearly"] == 0).all()
    assert np.abs(found["trend"] - waves.yearly(times)).mean() < 1
    (row,) = summarize_parts(found).to_dict("records")
    assert row["note"].startswith("yearly season left out, it needs 2 years")
    assert row["years"] == 1.37
    assert np.isnan(row["strength_yearly"]) or row["strength_yearly"] == 0
    for days, has_season in ((729, False), (730, True)):
        times = waves.steps(days)
        found = decompose(waves.frame(times, waves.yearly(times) + waves.daily(times)))
        assert (found["yearly"] != 0).any() == has_season
        assert (summarize_parts(found)["note"] == "").all() == has_season


@pytest.mark.parametrize("days", [1, 3, 800])
def test_a_constant_series_is_all_trend(days: int) -> None:
    found = decompose(waves.frame(waves.steps(days), 7.0))

    assert np.allclose(found["trend"], 7.0)
    assert np.allclose(found[["yearly", "daily", "residual"]], 0.0)
    (row,) = summarize_parts(found).to_dict("records")
    assert np.isnan(row["strength_daily"])


def test_a_location_without_temperature_is_named_and_the_other_untouched() -> None:
    history, _ = composed()
    mute = waves.frame(waves.steps(10), np.nan, "mute")

    both = decompose(pd.concat([mute, history]))

    alone = decompose(history)
    pd.testing.assert_frame_equal(
        both[both["location"] == "here"].reset_index(drop=True), alone, check_exact=True
    )
    table = summarize_parts(both).set_index("location")
    assert table.loc["mute", "note"] == "no temperature in this period: nothing to decompose"
    assert table.loc["mute", "missing_share"] == 1
    assert table.loc["here", "note"] == ""


def test_a_summary_tells_how_strong_each_part_is() -> None:
    (row,) = summarize_parts(decompose(composed()[0])).to_dict("records")

    assert row["yearly_range"] == pytest.approx(16, abs=0.8)
    assert row["daily_range"] == pytest.approx(8, abs=0.3)
    assert row["residual_sd"] == pytest.approx(1, abs=0.1)
    assert row["strength_yearly"] == pytest.approx(1 - 1 / 33, abs=0.02)
    assert row["strength_daily"] == pytest.approx(1 - 1 / 9, abs=0.03)
    assert row["strength_trend"] < 0.5


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
