"""The four figures of the residual analysis, of the chosen model at the first locations."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS
from triptych.forecasting.evaluation.innovation_tests import LAGS
from triptych.forecasting.evaluation.residuals import (
    DAILY_LAGS,
    SEASONS,
    autocorrelations,
    daily_series,
    forecast_residuals,
)
from triptych.forecasting.features.grid import FloatArray

SHOWN_LOCATIONS = 3
SHOWN_LEADS = (1, 4, 8)
BINS = 40
CLASSES = 10  # of forecast temperature, as many forecasts in each
WHITE = 1.96  # standard errors: 95 % of the autocorrelations of white noise lie within
ERROR = "Observed − forecast (°C)"
HOUR = "Hour (UTC) of the target, issued at 00"
SPREAD = "Standard deviation\nof the error (°C)"


def plot_residual_distribution(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the day-ahead errors: histogram beside the normal curve, and quantiles against its."""
    residuals = _day_ahead(test_forecasts, chosen_model)
    title = f"{chosen_model}: errors of the day ahead, test period"
    figure, panels = _panels(residuals, title, columns=2)
    for slug, of_place, (histogram, quantiles) in panels:
        errors = np.sort(of_place["residual"].to_numpy(dtype=np.float64))
        _histogram(histogram, errors)
        histogram.set(title=f"{slug}: distribution", xlabel=ERROR, ylabel="Density (1/°C)")
        _quantiles(quantiles, errors)
        quantiles.set(
            title=f"{slug}: quantiles against normal ones (QQ)",
            xlabel="Normal quantile (standard deviations)",
            ylabel=ERROR,
        )
    return figure


def plot_residual_autocorrelation(
    test_forecasts: pd.DataFrame, chosen_model: str, innovation_autocorrelations: pd.DataFrame
) -> Figure:
    """Draw the memory of the chosen model's daily errors at single leads, and that of the one-step
    errors of the statistical models in training, with the bounds of white noise.
    """
    residuals = _day_ahead(test_forecasts, chosen_model)
    title = (
        f"Do errors remember those before? Left: {chosen_model}, test period, single leads from "
        "day to day;\nright: one-step errors of the statistical models over the years of training"
    )
    figure, panels = _panels(residuals, title, columns=2)
    for slug, of_place, (daily, steps) in panels:
        _daily_memory(daily, of_place)
        daily.set(
            title=f"{slug}: {chosen_model}, day to day",
            xlabel="Lag (days)",
            ylabel="Autocorrelation (no unit)",
        )
        places = innovation_autocorrelations["location"]
        _step_memory(steps, innovation_autocorrelations[places == slug])
        steps.set(
            title=f"{slug}: one-step errors",
            xlabel="Lag (h)",
            ylabel="Autocorrelation (no unit)",
            xticks=range(0, LAGS[-1] * STEP_HOURS + 1, 24),
        )
    return figure


def plot_residual_by_time(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the chosen model's errors by hour of the target, by season, and by lead."""
    residuals = forecast_residuals(_of_model(test_forecasts, chosen_model))
    title = (
        f"{chosen_model}: errors by hour, season and lead, test period "
        "(box: half of them; whiskers: 90 %; triangle: mean)"
    )
    figure, panels = _panels(residuals, title, columns=3)
    for slug, rows, (by_hour, by_season, by_lead) in panels:
        day = rows[rows["lead"].isin(DAY_LEADS)]
        _boxes(by_hour, day, "hour", sorted(day["hour"].unique()))
        by_hour.set(title=f"{slug}: day ahead, by hour", xlabel=HOUR, ylabel=ERROR)
        _boxes(by_season, day, "season", [name for name in SEASONS if name in set(day["season"])])
        by_season.set(title=f"{slug}: day ahead, by season", xlabel="Season", ylabel=ERROR)
        _mean_by_lead(by_lead, rows)
        by_lead.set(title=f"{slug}: by lead", xlabel="Lead (h)", ylabel=ERROR)
    return figure


def plot_heteroscedasticity(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the spread of the day-ahead errors by month, by hour and by forecast temperature."""
    residuals = _day_ahead(test_forecasts, chosen_model)
    title = f"{chosen_model}: spread of the errors of the day ahead, test period"
    figure, panels = _panels(residuals, f"{title} (dashed: of all)", columns=3)
    for slug, rows, (by_month, by_hour, by_level) in panels:
        for axes, key, label in ((by_month, "month", "Month"), (by_hour, "hour", HOUR)):
            spread = rows.groupby(key)["residual"].std()
            axes.bar([str(value) for value in spread.index], spread, alpha=0.6)
            axes.set(title=f"{slug}: spread by {key}", xlabel=label, ylabel=SPREAD)
            axes.axhline(rows["residual"].std(), color="black", linestyle="--", linewidth=1)
        _size_by_level(by_level, rows)
        by_level.set(
            title=f"{slug}: size by forecast",
            xlabel="Forecast (°C)",
            ylabel="|Observed − forecast| (°C)",
        )
    return figure


def _histogram(axes: Axes, errors: FloatArray) -> None:
    from scipy.stats import norm

    mean, spread = errors.mean(), errors.std()
    axes.hist(errors, bins=BINS, density=True, alpha=0.5, label=f"{len(errors):,} errors")
    if spread > 0:
        at = np.linspace(errors[0], errors[-1], 200)
        label = f"normal, {mean:+.2f} ± {spread:.2f} °C"
        axes.plot(at, norm.pdf(at, mean, spread), color="black", linewidth=1, label=label)
    axes.legend(fontsize="small")


def _quantiles(axes: Axes, errors: FloatArray) -> None:
    from scipy.stats import norm

    normal = norm.ppf((np.arange(len(errors)) + 0.5) / len(errors))
    axes.plot(normal, errors, ".", markersize=3, label="errors")
    line = errors.mean() + errors.std() * normal
    axes.plot(normal, line, color="black", linewidth=1, label="normal")
    axes.legend(fontsize="small")


def _daily_memory(axes: Axes, residuals: pd.DataFrame) -> None:
    keys, series = daily_series(residuals[residuals["lead"].isin(SHOWN_LEADS)])
    lags = np.arange(1, DAILY_LAGS + 1)
    for lead, line in zip(keys["lead"], autocorrelations(series, DAILY_LAGS), strict=True):
        axes.plot(lags, line, ".-", linewidth=0.8, label=f"lead {lead * STEP_HOURS} h")
    _bounds(axes, np.isfinite(series).sum(axis=1).min())


def _step_memory(axes: Axes, rows: pd.DataFrame) -> None:
    for model, line in rows.groupby("model"):
        hours = line["lag"] * STEP_HOURS
        axes.plot(hours, line["autocorrelation"], ".-", linewidth=0.8, label=model)
    if not rows.empty:
        _bounds(axes, rows["n"].min())


def _bounds(axes: Axes, count: float) -> None:
    bound = WHITE / np.sqrt(count)
    axes.axhspan(-bound, bound, color="gray", alpha=0.2, label="white noise, 95 %")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(fontsize="x-small", ncols=2)


def _boxes(axes: Axes, rows: pd.DataFrame, key: str, values: list[Any]) -> None:
    groups = [rows.loc[rows[key] == value, "residual"].to_numpy() for value in values]
    axes.boxplot(
        groups, tick_labels=[str(v) for v in values], whis=(5, 95), showfliers=False, showmeans=True
    )
    axes.axhline(0, color="black", linewidth=0.8)


def _mean_by_lead(axes: Axes, rows: pd.DataFrame) -> None:
    groups = rows.assign(hours=rows["lead"] * STEP_HOURS).groupby("hours")["residual"]
    mean, spread = groups.mean(), groups.std()
    label = "± 1 standard deviation"
    axes.fill_between(mean.index, mean - spread, mean + spread, alpha=0.2, label=label)
    axes.plot(mean.index, mean, ".-", label="mean")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(0, int(mean.index.max()) + 1, 24))
    axes.legend(fontsize="small")


def _size_by_level(axes: Axes, rows: pd.DataFrame) -> None:
    size = rows["residual"].abs()
    order = rows["mean"].rank(method="first") - 1
    classes = rows.assign(size=size).groupby((order * CLASSES / len(rows)).astype(int))
    means = classes[["mean", "size"]].mean()
    axes.plot(rows["mean"], size, ".", markersize=2, alpha=0.3, label="a forecast")
    axes.plot(means["mean"], means["size"], "o-", label="mean of a tenth of them")
    axes.legend(fontsize="small")


def _of_model(test_forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    return test_forecasts[test_forecasts["model"] == model]


def _day_ahead(test_forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    residuals = forecast_residuals(_of_model(test_forecasts, model))
    return residuals[residuals["lead"].isin(DAY_LEADS)]


def _panels(
    residuals: pd.DataFrame, title: str, columns: int
) -> tuple[Figure, list[tuple[str, pd.DataFrame, list[Axes]]]]:
    """A figure whose title says if locations are left out; each shown one, its rows, its axes."""
    slugs = sorted(residuals["location"].unique())
    shown = slugs[:SHOWN_LOCATIONS]
    note = f"; the first {len(shown)} of {len(slugs):,} locations" if shown != slugs else ""
    # the object interface: pyplot would keep every figure of the process in memory
    size = (4.6 * columns + 1, 3.4 * len(shown) + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(f"{title}{note}")
    axes = figure.subplots(len(shown), columns, squeeze=False)
    for panel in axes.flat:
        panel.grid(alpha=0.3)
    rows = [residuals[residuals["location"] == slug] for slug in shown]
    return figure, list(zip(shown, rows, axes.tolist(), strict=True))
