"""The plots of a study. Each gives a matplotlib figure; the catalog writes and tracks it."""

import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS
from triptych.forecasting.evaluation.metrics import ALL, at_served_age
from triptych.forecasting.models.base import PanelForecaster
from triptych.pipelines.ts_common.panels import draw_panels, label

SHOWN_DAYS = 14
SHOWN_FEATURES = 20
SHOWN_MODELS = 4
BASELINE_STYLE = {"persistence": ":", "same_hour_yesterday": ":", "climatology": ":"}


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
    """Draw the day-ahead RMSE of the best models and the baselines by month and by hour, all
    locations together.
    """
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
