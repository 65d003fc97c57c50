"""The name and description that MLflow shows of a run with temperature forecasts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.forecasting.evaluation.metrics import ALL, DAY, at_served_age
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.inputs import place_names

_COLUMNS = 6  # most locations that the table has a column each for
# The comparison of all forecasters before those of one family.
COMPARISONS = ("forecast_comparison", "learned_comparison", "statistical_comparison")


@dataclass
class ForecastDescription:
    """The description of a run; results are added as they are saved.

    Attributes:
        pipelines: names of the pipelines.
        parameters: of the run.
        locations: slugs, empty if they are unknown.
        comparisons: the day-ahead rows, by dataset.
        chosen: name of the model chosen on validation.
        registered: name and version of the model that the run registered, if any.
        warnings: of the monitoring.
    """

    pipelines: Sequence[str]
    parameters: Mapping[str, Any]
    locations: Sequence[str]
    comparisons: dict[str, pd.DataFrame] = field(default_factory=dict)
    chosen: str | None = None
    registered: str | None = None
    warnings: Sequence[str] = ()

    def add(self, dataset: str, data: Any) -> None:
        """Collect what the description shows of a saved dataset."""
        if dataset in COMPARISONS:
            self.comparisons[dataset] = at_served_age(data[data["lead"] == DAY])
        elif dataset == "chosen_model":
            self.chosen = data
        elif dataset == "monitoring_warnings":
            self.warnings = data

    @property
    def source(self) -> str:
        """The source of the weather."""
        return str(self.parameters.get("source", "unknown"))

    @property
    def name(self) -> str:
        """The run in one line: the result, the locations, the date, the pipelines."""
        job = "+".join(self.pipelines).replace("__default__", "main job")
        subject = f"{place_names(self.locations) or 'no location'} · {self._as_of} · {job}"
        errors = self._errors
        if self.chosen is None or errors is None or self.chosen not in errors.index:
            return subject
        # the result first: the list of runs shows only the beginning of a name
        return f"{self.chosen} {float(errors[ALL][self.chosen]):.2f} °C · {subject}"

    def description(self, failure: str | None = None) -> str:
        """Markdown: the chosen model, the data, and a table of all models."""
        sample = self.source == "sample"
        real = "the embedded sample (synthetic weather)" if sample else self.source
        subject = (
            f"Temperature of {place_names(self.locations) or 'no location'}, known until "
            f"{self._as_of}, from {real}; seed {self.parameters.get('seed')}."
        )
        parts = [
            *([f"**Failed:** {failure}"] if failure else []),
            *self._result(),
            subject,
            *self._table(),
            *(f"**Warning:** {warning}" for warning in self.warnings),
        ]
        return "\n\n".join(parts)

    @property
    def _as_of(self) -> str:
        try:
            instant = parse_as_of(str(self.parameters["as_of"]), str(self.parameters["today"]))
        except PipelineError:  # the run reports it itself
            return str(self.parameters["as_of"])
        return f"{instant:%Y-%m-%d}" if instant.hour == 0 else f"{instant:%Y-%m-%d %H:%M} UTC"

    @property
    def _rows(self) -> pd.DataFrame | None:
        found = [self.comparisons[name] for name in COMPARISONS if name in self.comparisons]
        return found[0] if found else None

    @property
    def _errors(self) -> pd.DataFrame | None:
        """RMSE by model and location, best first."""
        if self._rows is None:
            return None
        table = self._rows.pivot(index="model", columns="location", values="rmse")
        return table.round(9).sort_values(ALL, kind="stable")

    def _result(self) -> Iterable[str]:
        errors, rows = self._errors, self._rows
        if errors is None or rows is None:
            return
        if self.chosen in errors.index:
            row = rows[(rows["model"] == self.chosen) & (rows["location"] == ALL)].iloc[0]
            yield (
                f"Chosen on validation: **{self.chosen}**, day-ahead RMSE **{row['rmse']:.2f} °C** "
                f"on the test period. Its RMSE is {row['skill_day']:.0%} lower than that of the "
                f"same hour yesterday, {row['skill_climatology']:.0%} lower than climatology's. "
                f"{row['coverage']:.1%} of the observations lie in its 90 % intervals."
            )
        if self.registered is not None:
            yield f"Registered as {self.registered}; its stage today: tag `triptych.stage`."

    def _table(self) -> Iterable[str]:
        errors, rows = self._errors, self._rows
        if errors is None or rows is None:
            return
        places = [name for name in errors.columns if name != ALL]
        shown = [ALL, *places] if 1 < len(places) <= _COLUMNS else [ALL]
        of_all = rows[rows["location"] == ALL].set_index("model")
        head = ["model", *shown, "skill vs same hour yesterday", "coverage of 90 % intervals"]
        body = [
            [
                f"**{model}** (chosen)" if model == self.chosen else str(model),
                *(f"{errors[place][model]:.2f}" for place in shown),
                f"{of_all.loc[model, 'skill_day']:.1%}",
                f"{of_all.loc[model, 'coverage']:.1%}",
            ]
            for model in errors.index
        ]
        rule = ["---", *["---:"] * (len(head) - 1)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *body))
        yield (
            f"Day-ahead RMSE in °C (leads 1 to 8), all models on the same "
            f"{int(of_all['n'].iloc[0]):,} targets of the test period:\n\n{table}"
        )
        yield (
            "By lead: the metrics `<model>.<location>.rmse`, step = lead. More: the artifacts "
            "forecast_comparison.csv, paired_tests.csv, error_by_lead.png."
        )
