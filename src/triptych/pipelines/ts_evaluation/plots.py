"""The plots of a study. Each gives a matplotlib figure; the catalog writes and tracks it."""

import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import STEP_HOURS
from triptych.forecasting.evaluation.importance import importance
from triptych.forecasting.evaluation.metrics import ALL, at_served_age
from triptych.forecasting.models.base import PanelForecaster

SHOWN_DAYS = 14
SHOWN_FEATURES = 20
SHOWN_MODELS = 4
BASELINE_STYLE = {"persistence": ":", "same_hour_yesterday": ":", "climatology": ":"}


def plot_error_by_lead(forecast_comparison: pd.DataFrame) -> Figure:
    """Draw the RMSE of every model against the lead, one panel a location."""
    served = at_served_age(forecast_comparison)
    rows = served[served["lead"].str.isdigit() & (served["location"] != ALL)]
    rows = rows.assign(hours=rows["lead"].astype(int) * STEP_HOURS)
    figure, panels = _panels(rows["location"].nunique())
    for axes, (slug, of_place) in zip(panels, rows.groupby("location"), strict=True):
        axes.set_prop_cycle(color=colormaps["tab20"](range(20)))  # there are more models than ten
        for model, line in of_place.groupby("model"):
            axes.plot(line["hours"], line["rmse"], BASELINE_STYLE.get(str(model), "-"), label=model)
        axes.set(
            title=f"{slug}: error by lead", xlabel="Lead (h)", ylabel="RMSE (°C)", ylim=(0, None)
        )
        axes.set_xticks(range(0, int(rows["hours"].max()) + 1, 6))
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_error_by_time(error_by_time: pd.DataFrame, model_ranking: list[str]) -> Figure:
    """Draw the day-ahead RMSE of the best models and the baselines by month and by hour, all
    locations together.
    """
    shown = [*model_ranking[:SHOWN_MODELS], *BASELINE_STYLE]
    rows = error_by_time[(error_by_time["location"] == ALL) & error_by_time["model"].isin(shown)]
    figure, panels = _panels(2)
    for axes, (by, label) in zip(panels, (("month", "Month"), ("hour", "Hour (UTC)")), strict=True):
        for model in shown:
            line = rows[(rows["by"] == by) & (rows["model"] == model)]
            axes.plot(line["value"], line["rmse"], BASELINE_STYLE.get(model, "o-"), label=model)
        axes.set(title=f"Day-ahead error by {by}", xlabel=label, ylabel="RMSE (°C)", ylim=(0, None))
        axes.set_xticks(sorted(rows.loc[rows["by"] == by, "value"].unique()))
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize="small", ncols=2)
    return figure


def plot_forecast(test_forecasts: pd.DataFrame, chosen_model: str) -> Figure:
    """Draw the last days of the test period: forecast, interval, and what was observed."""
    day_ahead = test_forecasts[
        (test_forecasts["model"] == chosen_model) & (test_forecasts["lead"] <= 24 // STEP_HOURS)
    ]
    since = day_ahead["time"].max() - pd.Timedelta(days=SHOWN_DAYS)
    rows = day_ahead[day_ahead["time"] > since]
    figure, panels = _panels(rows["location"].nunique())
    for axes, (slug, line) in zip(panels, rows.groupby("location"), strict=True):
        axes.fill_between(
            line["time"], line["lower"], line["upper"], alpha=0.2, label="90 % interval"
        )
        axes.plot(line["time"], line["mean"], label=f"{chosen_model}, issued at 00:00 UTC")
        axes.plot(line["time"], line["observed"], color="black", linewidth=1, label="observed")
        axes.set(
            title=f"{slug}: forecast of the day ahead",
            xlabel="Time (UTC)",
            ylabel="Temperature (°C)",
        )
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize="small")
    figure.autofmt_xdate()
    return figure


def plot_importance(fitted_models: dict[str, PanelForecaster], chosen_model: str) -> Figure:
    """Draw what the chosen model leans on: each feature's share."""
    weights = importance(fitted_models[chosen_model]).head(SHOWN_FEATURES)
    figure, (axes,) = _panels(1, height=6)
    axes.barh(weights["feature"][::-1], weights["importance"][::-1])
    axes.set(
        title=f"{chosen_model}: the {len(weights)} features that matter most",
        xlabel="Share of the importance",
        ylabel="Feature",
    )
    return figure


def _panels(count: int, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    # the object interface: pyplot would keep every figure of the process in memory
    figure = Figure(figsize=(9, height * count), layout="constrained")
    return figure, [figure.add_subplot(count, 1, number) for number in range(1, count + 1)]
