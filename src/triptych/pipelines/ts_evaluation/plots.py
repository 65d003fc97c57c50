"""The plots of a study. Each gives a matplotlib figure; the catalog writes and tracks it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS
from triptych.forecasting.evaluation import residuals as analysis
from triptych.forecasting.evaluation.metrics import ALL, at_served_age
from triptych.forecasting.models.base import PanelForecaster
from triptych.pipelines.ts_common.panels import draw_panels, label

SHOWN_DAYS = 14
SHOWN_FEATURES = 20
SHOWN_MODELS = 4
SHOWN_LOCATIONS = 3
SHOWN_LEADS = (1, 4, 8)
BINS = 40
CLASSES = 10  # of forecast temperature, as many forecasts in each
WHITE = 1.96  # standard errors: 95 % of the autocorrelations of white noise lie within
ERROR = "Observed − forecast (°C)"
HOUR = "Hour (UTC) of the target, issued at 00"
SPREAD = "Standard deviation\nof the error (°C)"
CORRELATION = "Autocorrelation (no unit)"
LINE: dict[str, Any] = {"color": "black", "linewidth": 1}
BASELINE_STYLE = {"persistence": ":", "same_hour_yesterday": ":", "climatology": ":"}

Panels = list[tuple[str, pd.DataFrame, list[Axes]]]


def plot_error_by_lead(forecast_comparison: pd.DataFrame) -> Figure:
    """Draw the RMSE of every model against the lead, one panel a location."""
    served = at_served_age(forecast_comparison)
    rows = served[served["lead"].str.isdigit() & (served["location"] != ALL)]
    rows = rows.assign(hours=rows["lead"].astype(int) * STEP_HOURS)
    figure, panels = draw_panels(rows.groupby("location"))
    for (slug, of_place), axes in panels:
        axes.set_prop_cycle(color=colormaps["tab20"](range(20)))  # there are more models than ten
        for model, line in of_place.groupby("model"):
            axes.plot(line["hours"], line["rmse"], BASELINE_STYLE.get(str(model), "-"), label=model)
        axes.set(ylim=(0, None), xticks=range(0, int(rows["hours"].max()) + 1, 6))
        outside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
        label(axes, f"{slug}: error by lead", "Lead (h)", "RMSE (°C)", **outside)
    return figure


def plot_error_by_time(error_by_time: pd.DataFrame, model_ranking: list[str]) -> Figure:
    """Draw the day-ahead RMSE of the best models and the baselines by month and by hour."""
    shown = [*model_ranking[:SHOWN_MODELS], *BASELINE_STYLE]
    rows = error_by_time[(error_by_time["location"] == ALL) & error_by_time["model"].isin(shown)]
    figure, panels = draw_panels([("month", "Month"), ("hour", "Hour (UTC)")])
    for (by, unit), axes in panels:
        table = rows[rows["by"] == by].pivot(index="value", columns="model", values="rmse")
        for model in table[[name for name in shown if name in table]]:
            axes.plot(table.index, table[model], BASELINE_STYLE.get(model, "o-"), label=model)
        axes.set(ylim=(0, None), xticks=table.index)
        label(axes, f"Day-ahead error by {by}", unit, "RMSE (°C)", ncols=2)
    return figure


def plot_forecast(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the last days of the test period: forecast, interval, and what was observed."""
    of_model = test_forecasts[test_forecasts["model"] == chosen_model]
    day_ahead = of_model[of_model["lead"].isin(DAY_LEADS)]
    since = day_ahead["time"].max() - pd.Timedelta(days=SHOWN_DAYS)
    figure, panels = draw_panels(day_ahead[day_ahead["time"] > since].groupby("location"))
    for (slug, line), axes in panels:
        interval = (line["time"], line["lower"], line["upper"])
        axes.fill_between(*interval, alpha=0.2, label="90 % interval")
        axes.plot(line["time"], line["mean"], label=f"{chosen_model}, issued at 00:00 UTC")
        axes.plot(line["time"], line["observed"], color="black", linewidth=1, label="observed")
        label(axes, f"{slug}: forecast of the day ahead", "Time (UTC)", "Temperature (°C)")
    figure.autofmt_xdate()
    return figure


def plot_importance(fitted_models: dict[str, PanelForecaster], chosen_model: str) -> Figure:
    """Draw the importance of each feature of the chosen model, as a share."""
    weights = fitted_models[chosen_model].importance().head(SHOWN_FEATURES)
    figure, ((_, axes),) = draw_panels([chosen_model], height=6)
    axes.barh(weights["feature"][::-1], weights["importance"][::-1])
    title = f"{chosen_model}: the {len(weights)} features that matter most"
    label(axes, title, "Share of the importance", "Feature")
    return figure


def plot_residual_distribution(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the day-ahead errors: a histogram with the normal curve, and a QQ plot."""
    from scipy.stats import norm, probplot

    title = f"{chosen_model}: errors of the day ahead, test period"
    figure, panels = _panels(test_forecasts, chosen_model, title, columns=2)
    for slug, rows, (histogram, quantiles) in panels:
        errors = _of_day(rows)["residual"].sort_values().to_numpy(dtype=np.float64)
        mean, spread = errors.mean(), errors.std()
        histogram.hist(errors, bins=BINS, density=True, alpha=0.5, label=f"{len(errors):,} errors")
        if spread > 0:
            at = np.linspace(errors[0], errors[-1], 200)
            text = f"normal, {mean:+.2f} ± {spread:.2f} °C"
            histogram.plot(at, norm.pdf(at, mean, spread), label=text, **LINE)
        label(histogram, f"{slug}: distribution", ERROR, "Density (1/°C)")
        normal, _ = probplot(errors, fit=False)
        quantiles.plot(normal, errors, ".", markersize=3, label="errors")
        quantiles.plot(normal, mean + spread * normal, label="normal", **LINE)
        title = f"{slug}: quantiles against normal ones (QQ)"
        label(quantiles, title, "Normal quantile (standard deviations)", ERROR)
    return figure


def plot_residual_autocorrelation(
    test_forecasts: pd.DataFrame, chosen_model: str, innovation_autocorrelations: pd.DataFrame
) -> Figure:
    """Draw the memory of the chosen model's daily errors at single leads, and that of the one-step
    errors of the statistical models in training, with the bounds of white noise.
    """
    title = (
        f"Do errors remember those before? Left: {chosen_model}, test period, single leads from "
        "day to day;\nright: one-step errors of the statistical models over the years of training"
    )
    figure, panels = _panels(test_forecasts, chosen_model, title, columns=2)
    places = innovation_autocorrelations["location"]
    for slug, rows, (daily, steps) in panels:
        keys, series = analysis.daily_series(rows[rows["lead"].isin(SHOWN_LEADS)])
        memory = analysis.autocorrelations(series, analysis.DAILY_LAGS)
        for lead, line in zip(keys["lead"], memory, strict=True):
            days = np.arange(1, analysis.DAILY_LAGS + 1)
            daily.plot(days, line, ".-", linewidth=0.8, label=f"lead {lead * STEP_HOURS} h")
        _bounds(daily, np.isfinite(series).sum(axis=1).min())
        small = {"fontsize": "x-small", "ncols": 2}
        label(daily, f"{slug}: {chosen_model}, day to day", "Lag (days)", CORRELATION, **small)
        of_place = innovation_autocorrelations[places == slug]
        for model, line in of_place.groupby("model"):
            hours = line["lag"] * STEP_HOURS
            steps.plot(hours, line["autocorrelation"], ".-", linewidth=0.8, label=model)
        if not of_place.empty:
            _bounds(steps, of_place["n"].min())
        steps.set_xticks(range(0, analysis.LAGS[-1] * STEP_HOURS + 1, 24))
        label(steps, f"{slug}: one-step errors", "Lag (h)", CORRELATION, **small)
    return figure


def plot_residual_by_time(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the chosen model's errors by hour of the target, by season, and by lead."""
    title = (
        f"{chosen_model}: errors by hour, season and lead, test period "
        "(box: half of them; whiskers: 90 %; triangle: mean)"
    )
    figure, panels = _panels(test_forecasts, chosen_model, title, columns=3)
    for slug, rows, (by_hour, by_season, by_lead) in panels:
        for axes, key, unit in ((by_hour, "hour", HOUR), (by_season, "season", "Season")):
            groups = dict(list(_of_day(rows).groupby(key)["residual"]))
            style: dict[str, Any] = {"whis": (5, 95), "showfliers": False, "showmeans": True}
            axes.boxplot(list(groups.values()), tick_labels=list(map(str, groups)), **style)
            label(axes, f"{slug}: day ahead, by {key}", unit, ERROR)
        errors = rows.groupby(rows["lead"] * STEP_HOURS)["residual"]
        mean, spread = errors.mean(), errors.std()
        width = (mean.index, mean - spread, mean + spread)
        by_lead.fill_between(*width, alpha=0.2, label="± 1 standard deviation")
        by_lead.plot(mean.index, mean, ".-", label="mean")
        by_lead.set_xticks(range(0, int(mean.index.max()) + 1, 24))
        label(by_lead, f"{slug}: by lead", "Lead (h)", ERROR)
        for axes in (by_hour, by_season, by_lead):
            axes.axhline(0, **LINE)
    return figure


def plot_heteroscedasticity(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the spread of the day-ahead errors by month, by hour and by forecast temperature."""
    title = f"{chosen_model}: spread of the errors of the day ahead, test period (dashed: of all)"
    figure, panels = _panels(test_forecasts, chosen_model, title, columns=3)
    for slug, every, (by_month, by_hour, by_level) in panels:
        rows = _of_day(every)
        for axes, key, unit in ((by_month, "month", "Month"), (by_hour, "hour", HOUR)):
            spread = rows.groupby(key)["residual"].std()
            axes.bar(spread.index.astype(str), spread, alpha=0.6)
            axes.axhline(rows["residual"].std(), linestyle="--", **LINE)
            label(axes, f"{slug}: spread by {key}", unit, SPREAD)
        size = rows["residual"].abs()
        order = rows["mean"].rank(method="first") - 1
        tenths = rows.assign(size=size).groupby((order * CLASSES / len(rows)).astype(int))
        means = tenths[["mean", "size"]].mean()
        by_level.plot(rows["mean"], size, ".", markersize=2, alpha=0.3, label="a forecast")
        by_level.plot(means["mean"], means["size"], "o-", label="mean of a tenth of them")
        label(by_level, f"{slug}: size by forecast", "Forecast (°C)", "|Observed − forecast| (°C)")
    return figure


def _bounds(axes: Axes, count: float) -> None:
    bound = WHITE / np.sqrt(count)
    axes.axhspan(-bound, bound, color="gray", alpha=0.2, label="white noise, 95 %")
    axes.axhline(0, **LINE)


def _of_day(residuals: pd.DataFrame) -> pd.DataFrame:
    return residuals[residuals["lead"].isin(DAY_LEADS)]


def _panels(
    test_forecasts: pd.DataFrame, model: str, title: str, columns: int
) -> tuple[Figure, Panels]:
    """A figure whose title says if locations are left out; each shown one, its rows, its axes."""
    residuals = analysis.forecast_residuals(test_forecasts[test_forecasts["model"] == model])
    groups = list(residuals.groupby("location"))
    shown = groups[:SHOWN_LOCATIONS]
    note = f"; the first {len(shown)} of {len(groups):,} locations" if shown != groups else ""
    figure, panels = draw_panels(shown, columns)
    figure.suptitle(f"{title}{note}")
    return figure, [(slug, rows, axes) for (slug, rows), axes in panels]
