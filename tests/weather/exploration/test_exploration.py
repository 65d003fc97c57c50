"""Series of known parts: decomposition, anomalies, spectrum, stationarity, missing hours."""

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
from triptych.weather.exploration.missing import missing_values
from triptych.weather.exploration.spectrum import (
    PERIODOGRAM,
    WELCH,
    estimate_spectra,
    find_lines,
)
from triptych.weather.exploration.stationarity import (
    ADF_NULL,
    KPSS_NULL,
    VERDICTS,
    check_stationarity,
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


DAYS = 1000


def by_day(values: waves.Floats) -> waves.Floats:
    """One value a day, on each of its eight steps."""
    return np.repeat(values, 8)


@pytest.mark.parametrize(
    ("values", "rejected"),
    [
        (waves.noise(DAYS), (True, False)),
        (waves.noise(DAYS).cumsum(), (False, True)),  # a random walk
        (waves.noise(DAYS) + np.linspace(0, 1, DAYS), (True, True)),
    ],
    ids=["noise", "random walk", "rising line"],
)
def test_verdicts(values: waves.Floats, rejected: tuple[bool, bool]) -> None:
    table = check_stationarity(waves.parts(by_day(values))).set_index("series")

    assert table.loc["without yearly season", "verdict"] == VERDICTS[rejected]


def test_the_table_says_what_is_tested() -> None:
    table = check_stationarity(waves.parts(by_day(waves.noise(DAYS))))

    assert table["series"].tolist() == ["observed", "without yearly season", "residual"]
    assert set(table["adf_null"]) == {ADF_NULL} and "unit root" in ADF_NULL
    assert set(table["kpss_null"]) == {KPSS_NULL} and "stationary" in KPSS_NULL
    assert table["days"].tolist() == [DAYS] * 3
    assert table["adf_p"].max() < 0.01
    assert table["kpss_p"].between(0.05, 0.1).all()
    assert table["adf_rejects"].tolist() == [True] * 3
    assert table["kpss_rejects"].tolist() == [False] * 3
    season = table["verdict"].str.contains("both tests ignore a season")
    assert season.tolist() == [True, False, False]


def test_significance_is_what_rejection_hangs_on() -> None:
    rising = waves.parts(by_day(waves.noise(DAYS) + np.linspace(0, 3, DAYS)))

    assert not check_stationarity(rising, significance=0.005)["kpss_rejects"].iloc[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full(100, 7.0), "constant: nothing to test"),
        (np.full(100, np.nan), "no temperature in this period: nothing to test"),
        (waves.noise(59), "too short to test: 59 days, 60 are needed"),
    ],
)
def test_what_cannot_be_tested_is_said(values: waves.Floats, why: str) -> None:
    parts = waves.parts(by_day(values)).assign(residual=0.0)
    if np.isnan(values).all():
        parts[["trend", "yearly", "daily"]] = np.nan

    row = check_stationarity(parts).iloc[0]

    assert row["verdict"] == why
    assert np.isnan(row["adf_p"]) and np.isnan(row["kpss_p"])
    assert row["adf_rejects"] is None


def hours(slug: str, start: str = "2019-01-01", days: int = 59) -> pd.DataFrame:
    times = pd.date_range(start, periods=24 * days, freq="h", tz="UTC", unit="us")
    return pd.DataFrame(
        {"location": slug, "time": times, "temperature_2m": 1.0, "cloud_cover": 50.0}
    )


def test_nothing_missing_is_one_row_a_variable() -> None:
    table = missing_values(hours("here"))

    assert table["month"].tolist() == ["all", "all"]
    assert table["hours"].tolist() == [24 * 59] * 2
    assert table[["missing", "share", "gaps", "longest_gap"]].to_numpy().sum() == 0


def test_gaps_are_counted_by_month_and_variable() -> None:
    frame = hours("here")
    clock = frame["time"]
    frame.loc[clock.between("2019-01-31T20:00Z", "2019-02-01T01:00Z"), "temperature_2m"] = np.nan
    frame.loc[clock == "2019-01-05T00:00Z", "temperature_2m"] = np.nan
    frame = frame[clock != "2019-02-10T00:00Z"]  # a row that is not there lacks everything

    table = missing_values(frame).set_index(["variable", "month"])

    counts = table[["missing", "gaps", "longest_gap"]]
    assert counts.loc[("temperature_2m", "all")].tolist() == [8, 3, 6]
    assert counts.loc[("temperature_2m", "2019-01")].tolist() == [5, 2, 6]
    assert counts.loc[("temperature_2m", "2019-02")].tolist() == [3, 1, 1]
    assert counts.loc[("cloud_cover", "all")].tolist() == [1, 1, 1]
    assert table.loc[("temperature_2m", "2019-01"), "share"] == 5 / (31 * 24)
    assert ("cloud_cover", "2019-01") not in table.index


def test_a_gap_ends_with_its_location_and_a_variable_can_be_absent() -> None:
    one, two = hours("one", days=2), hours("two", days=2)
    one.loc[one.index[-3:], "temperature_2m"] = np.nan
    two.loc[two.index[:2], "temperature_2m"] = np.nan
    two["cloud_cover"] = np.nan

    table = missing_values(pd.concat([two, one])).set_index(["location", "variable", "month"])

    assert table.loc[("one", "temperature_2m", "all"), "longest_gap"] == 3
    assert table.loc[("two", "temperature_2m", "all"), "longest_gap"] == 2
    assert table.loc[("two", "cloud_cover", "all"), "share"] == 1
    assert table.loc[("two", "cloud_cover", "all"), "gaps"] == 1
