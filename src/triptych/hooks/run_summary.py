"""The hook that logs a summary of a run: a few lines, collected as datasets are saved."""

import logging
from collections import Counter
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl

from triptych.vision.manifest import MANIFEST, UNLISTED

logger = logging.getLogger(__name__)

_SHOWN_GAPS = 3
_LISTED = (
    "weather_hourly", "rejected_rows", "predictions", "photos", "rejected_photos", "reviews",
    "rejected_reviews",
)  # fmt: skip
_LATEST = {  # datasets that are shown as last saved
    "missing_weather": "_missing",
    "forecast_comparison": "_comparison",
    "chosen_model": "_chosen",
    "paired_tests": "_pairs",
    "statistical_processes": "_processes",
    "text_comparison": "_texts",
    "predictions": "_forecast",
}
_WARNINGS = ("archive_warnings", "model_warnings", "monitoring_warnings", "forecast_warnings")
_PRODUCTS = {"analysis": "Recent analyses", "forecast": "NWP forecasts"}


class SummaryHook:
    """Collects figures during a run and logs them once, at its end."""

    def __init__(self) -> None:
        self._summary = RunSummary()

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start empty: a notebook makes several runs in one process."""
        self._summary = RunSummary()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Collect the figures of a dataset."""
        self._summary.add(dataset_name, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Log the summary."""
        for line in self._summary.lines():
            logger.info(line)


class RunSummary:
    """The figures of a run that its summary shows."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._comparison: pd.DataFrame | None = None
        self._chosen: str | None = None
        self._pairs: pd.DataFrame | None = None
        self._processes: pd.DataFrame | None = None
        self._interpolated = 0
        self._verdicts: Counter[str] = Counter()
        self._answers: int | None = None
        self._texts: pd.DataFrame | None = None
        self._forecast: pd.DataFrame | None = None
        self._warnings: list[str] = []
        self._missing: pd.DataFrame | None = None
        self._models: list[pd.DataFrame] = []

    def add(self, dataset_name: str, data: Any) -> None:
        """Collect what the summary shows of a saved dataset."""
        if dataset_name in _LISTED:
            self._rows[dataset_name] += len(data)
        if dataset_name in _LATEST:
            setattr(self, _LATEST[dataset_name], data)
        if dataset_name == "photos":
            self._rows["unlisted"] = int((data["origin"] == UNLISTED).sum())
        if dataset_name == "validation_report":
            self._answers = (self._answers or 0) + int(not data.empty)
            self._verdicts.update(data["verdict"])
        if dataset_name == "weather_3h":
            self._interpolated = int(data["hours_interpolated"].sum())
        if dataset_name == "model_report" and not data.empty:
            self._models.append(data)
        if dataset_name in _WARNINGS:
            self._warnings += data

    def lines(self) -> list[str]:
        """The summary, one fact per line; empty if no dataset of the run is summarized."""
        return [
            *self._data_lines(),
            *self._missing_lines(),
            *self._model_lines(),
            *self._validation_lines(),
            *self._fallback_lines(),
            *self._error_lines(),
            *self._item_lines(),
            *self._review_lines(),
            *self._forecast_lines(),
            *(f"Warning: {warning}" for warning in self._warnings),
        ]

    def _data_lines(self) -> list[str]:
        if "weather_hourly" not in self._rows:
            return []
        return [
            f"Hours: {self._rows['weather_hourly']:,} fetched, {self._rows['rejected_rows']:,} "
            f"rejected (table rejected_rows says why), {self._interpolated:,} interpolated"
        ]

    def _missing_lines(self) -> list[str]:
        """The hours that the source did not deliver: the total and the longest periods."""
        if self._missing is None or self._missing.empty:
            return []
        gaps = self._missing
        again = gaps.loc[gaps["repeated"], "hours"].sum()
        return [
            f"Missing: {gaps['hours'].sum():,} hours in {len(gaps):,} periods, {again:,} of them "
            "are requested again by later runs (data/08_reporting/missing_weather.csv)"
        ] + [
            f"Missing: {gap.location}, {gap.start:%Y-%m-%d} to {gap.end:%Y-%m-%d}, "
            f"{gap.variables}: {gap.hours:,} hours{'' if gap.repeated else ', final'}"
            for gap in gaps.head(_SHOWN_GAPS).itertuples()
        ]

    def _model_lines(self) -> list[str]:
        """What came of the weather models."""
        if not self._models:
            return []
        report = pd.concat(self._models)
        return [
            f"{_PRODUCTS[str(product)]}: {rows['rows'].sum():,} rows of "
            f"{', '.join(rows.loc[rows['rows'] > 0, 'model'].unique()) or 'no model'}, "
            f"{rows['missing'].sum():,} hours missing (data/08_reporting/model_report.csv)"
            for product, rows in report.groupby("product")
        ]

    def _validation_lines(self) -> list[str]:
        if self._answers is None:
            return []
        if self._answers == 0:
            return ["Validation: nothing new to check"]
        rejecting = sum(self._verdicts[verdict] for verdict in ("reject", "drop", "stop"))
        return [
            f"Validation: {self._verdicts.total():,} checks of {self._answers:,} answers, "
            f"{rejecting:,} rejected values or rows, {self._verdicts['warn']:,} warned "
            "(data/08_reporting/validation_report.csv)"
        ]

    def _fallback_lines(self) -> list[str]:
        if self._processes is None:
            return []
        fallen = self._processes[self._processes["reason"] != ""]
        return [
            f"Fallback: {row.model} of {row.location} is {row.method} ({row.reason})"
            for row in fallen.itertuples()
        ]

    def _error_lines(self) -> list[str]:
        if self._comparison is None:
            return []
        table = self._comparison
        day = table[(table["lead"] == "1-8") & (table["data_age"] == table["data_age"].min())]
        table = day.pivot(index="model", columns="location", values="rmse").round(9)
        table = table.sort_values("all", kind="stable")
        if table.shape[1] == 2:  # one location: `all` would repeat it  # noqa: PLR2004
            table = table.drop(columns="all")
        title = "Day-ahead RMSE (°C) on the test period, all models on the same targets:"
        marked = table.rename(index={self._chosen: f"{self._chosen} *"})
        text = marked.to_string(float_format="{:.2f}".format, index_names=False)
        return [title, *text.splitlines(), "* chosen on validation", *self._pair_lines()]

    def _pair_lines(self) -> list[str]:
        """The chosen model against the second best: the first row of the tests."""
        if self._pairs is None:
            return []
        of_all = self._pairs[(self._pairs["location"] == "all") & (self._pairs["lead"] == "1-8")]
        row = of_all.iloc[0]
        return [
            f"{row['model']} against {row['other']}: {row['difference']:+.3f} °C² of squared error "
            f"saved a day (95 % interval {row['low']:+.3f} to {row['high']:+.3f}; Diebold-Mariano "
            f"p = {row['p_value']:.3f})"
        ]

    def _item_lines(self) -> list[str]:
        """Counts of used and rejected photos and reviews, and of photos without a manifest row."""
        lines = [
            f"{name.capitalize()}: {self._rows[name]:,} used, "
            f"{self._rows[f'rejected_{name}']:,} rejected (data/08_reporting/rejected_{name}.csv)"
            for name in ("photos", "reviews")
            if f"rejected_{name}" in self._rows
        ]
        if self._rows["unlisted"]:
            lines.append(f"Photos without a row in {MANIFEST}: {self._rows['unlisted']:,}")
        return lines

    def _review_lines(self) -> list[str]:
        """The chosen model and the best LSTM, on each split that they were evaluated on."""
        if self._texts is None:
            return []
        chosen = str(self._texts["model"].iloc[0])  # best in cross-validation first
        lstms = self._texts.loc[self._texts["model"].str.startswith("lstm"), "model"]
        rows = self._texts[self._texts["model"].isin({chosen, *lstms.iloc[:1]})]
        return [
            f"Reviews: {row.model}{' *' if row.model == chosen else ''} is right on "
            f"{row.accuracy:.1%} ({row.accuracy_low:.1%} to {row.accuracy_high:.1%}) of "
            f"{row.n:,} reviews, {row.split}"
            for row in rows.itertuples()
        ] + ["* chosen in cross-validation (all models: data/08_reporting/text_comparison.csv)"]

    def _forecast_lines(self) -> list[str]:
        if self._forecast is None:
            return []
        rows = self._forecast
        return [
            f"Predictions: {self._rows['predictions']:,} in the table predictions, for "
            f"{', '.join(sorted(set(rows['location'])))}, {rows['time'].min():%Y-%m-%d %H:%M} to "
            f"{rows['time'].max():%Y-%m-%d %H:%M} UTC",
            "See them: make api, then http://127.0.0.1:8000/docs; the runs: make mlflow; "
            "the pipelines: make viz",
        ]
