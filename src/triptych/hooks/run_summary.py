"""The hook that logs a summary of a run: a few lines, collected as datasets are saved."""

import logging
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl

from triptych.forecasting.evaluation.metrics import ALL, DAY
from triptych.hooks.run_description import day_ahead
from triptych.vision.manifest import MANIFEST, UNLISTED

logger = logging.getLogger(__name__)

Saved = defaultdict[str, list[Any]]  # what each dataset was saved with, in one or several parts

_SHOWN_GAPS = 3
_SHOWN_LOCATIONS = 10
_COUNTED: dict[str, Callable[[pd.DataFrame], Any]] = {  # too large to keep
    **dict.fromkeys(
        ("weather_hourly", "rejected_rows", "rejected_photos", "rejected_reviews"), len
    ),
    "weather_3h": lambda steps: int(steps["hours_interpolated"].sum()),
    "photos": lambda photos: (len(photos), int((photos["origin"] == UNLISTED).sum())),
    "reviews": lambda reviews: (len(reviews), 0),
}
_WARNINGS = ("archive_warnings", "model_warnings", "monitoring_warnings", "forecast_warnings")
_PRODUCTS = {"analysis": "Recent analyses", "forecast": "NWP forecasts"}


class SummaryHook:
    """Collects figures during a run and logs them once, at its end."""

    def __init__(self) -> None:
        self._saved: Saved = defaultdict(list)

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start empty: a notebook makes several runs in one process."""
        self._saved.clear()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Collect what the summary shows of a dataset."""
        if dataset_name in _COUNTED:
            self._saved[dataset_name].append(_COUNTED[dataset_name](data))
        elif dataset_name in {*_SECTIONS, *_WARNINGS, "chosen_model"}:
            self._saved[dataset_name].append(data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Log the summary."""
        for line in self.lines():
            logger.info(line)

    def lines(self) -> list[str]:
        """The summary, one fact per line; empty if no dataset of the run is summarized."""
        sections = [write(self._saved) for name, write in _SECTIONS.items() if name in self._saved]
        warnings = (text for name in _WARNINGS for texts in self._saved[name] for text in texts)
        return [
            *(line for section in sections for line in section),
            *(f"Warning: {text}" for text in warnings),
        ]


def _hour_lines(saved: Saved) -> list[str]:
    fetched, rejected, interpolated = (
        sum(saved[name]) for name in ("weather_hourly", "rejected_rows", "weather_3h")
    )
    return [
        f"Hours: {fetched:,} fetched, {rejected:,} rejected (table rejected_rows says why), "
        f"{interpolated:,} interpolated"
    ]


def _item_lines(name: str, saved: Saved) -> list[str]:
    """Counts of used and rejected photos or reviews, and of photos without a manifest row."""
    used, unlisted = map(sum, zip(*saved[name], strict=True))
    lines = [
        f"{name.capitalize()}: {used:,} used, {sum(saved[f'rejected_{name}']):,} rejected "
        f"(data/08_reporting/rejected_{name}.csv)"
    ]
    return [*lines, *([f"Photos without a row in {MANIFEST}: {unlisted:,}"] if unlisted else [])]


def _missing_lines(saved: Saved) -> list[str]:
    """The hours that the source did not deliver: the total and the longest periods."""
    gaps = saved["missing_weather"][-1]
    if gaps.empty:
        return []
    repeated = gaps.loc[gaps["repeated"], "hours"].sum()
    return [
        f"Missing: {gaps['hours'].sum():,} hours in {len(gaps):,} periods, {repeated:,} of them "
        "are requested again by later runs (data/08_reporting/missing_weather.csv)"
    ] + [
        f"Missing: {gap.location}, {gap.start:%Y-%m-%d} to {gap.end:%Y-%m-%d}, "
        f"{gap.variables}: {gap.hours:,} hours{'' if gap.repeated else ', final'}"
        for gap in gaps.head(_SHOWN_GAPS).itertuples()
    ]


def _model_lines(saved: Saved) -> list[str]:
    """What came of the weather models."""
    report: pd.DataFrame = pd.concat(saved["model_report"])
    return [
        f"{_PRODUCTS[str(product)]}: {rows['rows'].sum():,} rows of "
        f"{', '.join(rows.loc[rows['rows'] > 0, 'model'].unique()) or 'no model'}, "
        f"{rows['missing'].sum():,} hours missing (data/08_reporting/model_report.csv)"
        for product, rows in report.groupby("product")
    ]


def _validation_lines(saved: Saved) -> list[str]:
    answers = [report["verdict"] for report in saved["validation_report"] if not report.empty]
    if not answers:
        return ["Validation: nothing new to check"]
    verdicts = pd.concat(answers)
    return [
        f"Validation: {len(verdicts):,} checks of {len(answers):,} answers, "
        f"{verdicts.isin(['reject', 'drop', 'stop']).sum():,} rejected values or rows, "
        f"{(verdicts == 'warn').sum():,} warned (data/08_reporting/validation_report.csv)"
    ]


def _fallback_lines(saved: Saved) -> list[str]:
    processes = saved["statistical_processes"][-1]
    return [
        f"Fallback: {row.model} of {row.location} is {row.method} ({row.reason})"
        for row in processes[processes["reason"] != ""].itertuples()
    ]


def _error_lines(saved: Saved) -> list[str]:
    comparison, chosen = saved["forecast_comparison"][-1], next(iter(saved["chosen_model"]), None)
    table = day_ahead(comparison).pivot(index="model", columns="location", values="rmse").round(9)
    table = table.sort_values(ALL, kind="stable")
    if table.shape[1] == 2:  # one location: `all` would repeat it  # noqa: PLR2004
        table = table.drop(columns=ALL)
    marked = table.rename(index={chosen: f"{chosen} *"})
    text = marked.to_string(float_format="{:.2f}".format, index_names=False)
    title = "Day-ahead RMSE (°C) on the test period, all models on the same targets:"
    return [title, *text.splitlines(), "* chosen on validation"]


def _pair_lines(saved: Saved) -> list[str]:
    """The chosen model against the best other one whose forecasts differ."""
    tests = saved["paired_tests"][-1].dropna(subset="p_value")
    rows = tests[(tests["location"] == ALL) & (tests["lead"] == DAY)].head(1)
    return [
        f"{row['model']} against {row['other']}: {row['difference']:+.3f} °C² of squared error "
        f"saved a day (95 % interval {row['low']:+.3f} to {row['high']:+.3f}; Diebold-Mariano "
        f"p = {row['p_value']:.3f})"
        for _, row in rows.iterrows()
    ]


def _review_lines(saved: Saved) -> list[str]:
    """The chosen model and the best LSTM, on each split that they were evaluated on."""
    texts = saved["text_comparison"][-1]
    chosen = str(texts["model"].iloc[0])  # best in cross-validation first
    lstms = texts.loc[texts["model"].str.startswith("lstm"), "model"]
    return [
        f"Reviews: {row.model}{' *' if row.model == chosen else ''} is right on "
        f"{row.accuracy:.1%} ({row.accuracy_low:.1%} to {row.accuracy_high:.1%}) of "
        f"{row.n:,} reviews, {row.split}"
        for row in texts[texts["model"].isin({chosen, *lstms.iloc[:1]})].itertuples()
    ] + ["* chosen in cross-validation (all models: data/08_reporting/text_comparison.csv)"]


def _forecast_lines(saved: Saved) -> list[str]:
    rows: pd.DataFrame = pd.concat(saved["predictions"])
    issued, past = rows["as_of"].max(), rows["as_of"].nunique() - 1
    hindcasts = f", and hindcasts of the {past} days before" if past else ""
    tomorrow = issued.floor("D") + pd.Timedelta(days=1)
    day = rows[(rows["as_of"] == issued) & (rows["time"].dt.floor("D") == tomorrow)]
    table = day.assign(hour=day["time"].dt.strftime("%H:%M"))
    table = table.pivot(index="location", columns="hour", values="temperature_2m")
    more = len(table) - _SHOWN_LOCATIONS
    text = table.head(_SHOWN_LOCATIONS).to_string(float_format="{:.1f}".format, index_names=False)
    return [
        f"Predictions: {len(rows):,} in the table predictions, issued {issued:%Y-%m-%d %H:%M} UTC"
        f"{hindcasts}",
        f"Temperature (°C) of {tomorrow:%A, %d %B %Y}, means of 3 hours from (UTC):",
        *(text.splitlines() if len(table) else ["no forecast reaches this day"]),
        *([f"and {more:,} locations more"] if more > 0 else []),
        "Dashboard and API: make api, http://127.0.0.1:8000 | MLflow: make mlflow, "
        "http://127.0.0.1:5001 | pipelines: make viz, http://127.0.0.1:4141",
    ]


_SECTIONS: dict[str, Callable[[Saved], list[str]]] = {
    "weather_hourly": _hour_lines,
    "photos": partial(_item_lines, "photos"),
    "reviews": partial(_item_lines, "reviews"),
    "missing_weather": _missing_lines,
    "model_report": _model_lines,
    "validation_report": _validation_lines,
    "statistical_processes": _fallback_lines,
    "forecast_comparison": _error_lines,
    "paired_tests": _pair_lines,
    "text_comparison": _review_lines,
    "predictions": _forecast_lines,
}
