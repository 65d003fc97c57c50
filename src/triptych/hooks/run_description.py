"""The hook that gives every MLflow run a readable name, tags to search by, and a description."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from triptych.forecasting.evaluation.metrics import ALL, DAY, at_served_age
from triptych.hooks.tracking import modality
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.snapshots import place_names
from triptych.registry.tracking import LOCATIONS_TAG, REGISTERED_TAG, locations_tag
from triptych.weather.errors import WeatherError
from triptych.weather.locations import select_locations

# The comparison of all forecasters before those of one family.
COMPARISONS = ("forecast_comparison", "learned_comparison", "statistical_comparison")
_COLUMNS = 6  # most locations that the table has a column each for


class Description(NamedTuple):
    """The parts of a description, in Markdown."""

    headline: str  # the chosen model and its error; empty before there is one
    subject: str  # the data in a few words
    parts: list[str]  # sentences and tables

    def name(self, job: str) -> str:
        """The run in one line; the result comes first, because lists show only the beginning."""
        job = job.replace("__default__", "main job")
        return " · ".join(part for part in (self.headline, self.subject, job) if part)


class Study(NamedTuple):
    """What is specific to reviews or to photos."""

    comparison: str  # the dataset with the scores of all models
    ranking: str  # the dataset with all models, best first
    chosen_by: str  # how the ranking was made
    items: tuple[str, str]  # what real items are called, and those of the sample
    question: str  # what the classifiers answer
    measures: tuple[str, ...]  # columns of the comparison that are shown


STUDIES = {  # by parameter group
    "nlp": Study(
        "text_comparison", "text_ranking", "cross-validation",
        ("film reviews", "synthetic reviews"), "Positive or negative?",
        ("accuracy", "macro_f1", "roc_auc", "brier"),
    ),
    "vision": Study(
        "photo_comparison", "photo_ranking", "validation",
        ("field photos", "synthetic photos"), "What grows there?",
        ("accuracy", "macro_f1", "log_loss", "calibration_error"),
    ),
}  # fmt: skip
_RESULTS = {"chosen_model", "monitoring_warnings"}.union(
    *({study.comparison, study.ranking} for study in STUDIES.values())
)


def describe_classifiers(
    group: str, parameters: Mapping[str, Any], saved: Mapping[str, Any], registered: Sequence[str]
) -> Description:
    """Describe a run with photos or reviews (`group`, of STUDIES).

    Args:
        saved: the results, by dataset.
        registered: a sentence on the model that the run registered, if any.
    """
    study, own = STUDIES[group], parameters[group]
    subject = study.items[own["source"] == "sample"]
    about = f"{study.question} Of {subject}; seed {parameters['seed']}."
    rows, ranking = saved.get(study.comparison), saved.get(study.ranking)
    if rows is None:
        return Description("", subject, [*registered, about])
    rows = rows[rows["split"] == own.get("test_split", "test")]
    if isinstance(ranking, dict):  # by number of classes: the last phase
        classes, ranking = list(ranking.items())[-1]
        rows = rows[rows["classes"] == int(classes)]
    lines = (
        [row["model"], *(f"{row[m]:.3f}" for m in study.measures)] for _, row in rows.iterrows()
    )
    parts = [*registered, about, _table(["model", *study.measures], lines)]
    if not ranking:
        return Description("", subject, parts)
    row = rows[rows["model"] == ranking[0]].iloc[0]
    result = (
        f"Chosen by {study.chosen_by}: **{row['model']}**, accuracy "
        f"**{row['accuracy']:.1%}** on the {row['n']:,} items of {row['split']} (95 %: "
        f"{row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})."
    )
    return Description(f"{row['model']} {row['accuracy']:.1%}", subject, [result, *parts])


def describe_forecasts(
    locations: Sequence[str],
    parameters: Mapping[str, Any],
    saved: Mapping[str, Any],
    registered: Sequence[str],
) -> Description:
    """Describe a run of temperature; `saved` has the comparisons as `day_ahead` selects them."""
    places, issued = place_names(locations) or "no location", parse_as_of(str(parameters["as_of"]))
    as_of = f"{issued:%Y-%m-%d %H:%M} UTC" if issued.hour else f"{issued:%Y-%m-%d}"
    source = parameters["source"].replace("sample", "the embedded sample (synthetic weather)")
    about = (
        f"Temperature of {places}, known until {as_of}, from {source}; seed {parameters['seed']}."
    )
    parts, headline, chosen = [*registered, about], "", saved.get("chosen_model")
    rows = next((saved[name] for name in COMPARISONS if name in saved), None)
    if rows is not None:
        of_all = rows[rows["location"] == ALL].set_index("model")
        parts += _day_ahead_table(rows, of_all, chosen)
        if chosen in of_all.index:
            row = of_all.loc[chosen]
            headline = f"{chosen} {row['rmse']:.2f} °C"
            parts.insert(
                0,
                f"Chosen on validation: **{chosen}**, day-ahead RMSE **{row['rmse']:.2f} °C** "
                f"on the test period. Its RMSE is {row['skill_day']:.0%} lower than that of the "
                f"same hour yesterday, {row['skill_climatology']:.0%} lower than climatology's. "
                f"{row['coverage']:.1%} of the observations lie in its 90 % intervals.",
            )
    parts += [f"**Warning:** {warning}" for warning in saved.get("monitoring_warnings", ())]
    return Description(headline, f"{places} · {as_of}", parts)


def day_ahead(comparison: pd.DataFrame) -> pd.DataFrame:
    """The rows of a comparison that the description shows."""
    return at_served_age(comparison[comparison["lead"] == DAY])


def _day_ahead_table(rows: pd.DataFrame, of_all: pd.DataFrame, chosen: str | None) -> list[str]:
    errors = rows.pivot(index="model", columns="location", values="rmse").round(9)
    places = errors.columns.drop(ALL)
    shown = [ALL, *places] if 1 < len(places) <= _COLUMNS else [ALL]
    lines = (
        [
            f"**{model}** (chosen)" if model == chosen else str(model),
            *(f"{error:.2f}" for error in line),
            *(f"{of_all[name][str(model)]:.1%}" for name in ("skill_day", "coverage")),
        ]
        for model, line in errors.sort_values(ALL, kind="stable")[shown].iterrows()
    )
    head = ["model", *shown, "skill vs same hour yesterday", "coverage of 90 % intervals"]
    return [
        "Day-ahead RMSE in °C (leads 1 to 8), all models on the same "
        f"{int(of_all['n'].iloc[0]):,} targets of the test period:",
        _table(head, lines),
        "By lead: the metrics `<model>.<location>.rmse`, step = lead. More: the artifacts "
        "forecast_comparison.csv, paired_tests.csv, error_by_lead.png.",
    ]


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


class RunDescriptionHook:
    """Names and tags the run as it starts, and describes it at its end, also when it fails."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._job = ""
        self._describe: Callable[..., Description] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the parameters of the configuration, the environment and --params."""
        self._parameters = context.config_loader["parameters"]

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Name and tag the run: last, because kedro-mlflow opens it in the same hook."""
        import mlflow

        self._saved, self._describe = {}, None  # a notebook makes several runs in one process
        run = mlflow.active_run()
        if run is None:
            return
        names = run_params.get("pipeline_names") or [run_params.get("pipeline_name")]
        self._job = "+".join(str(name or "__default__") for name in names)
        group = modality(pipeline)
        if group:
            slugs, source = [], self._parameters[group]["source"]
            self._describe = partial(describe_classifiers, group, self._parameters)
        else:
            slugs, source = _slugs(catalog, self._parameters), self._parameters["source"]
            self._describe = partial(describe_forecasts, slugs, self._parameters)
        runner = re.search(r"\w+Runner", str(run_params.get("runner")))  # Kedro gives its repr
        tags = {
            "mlflow.runName": self._describe({}, ()).name(self._job),
            "triptych.pipeline": self._job,
            "triptych.source": source,
            "triptych.modality": mlflow.get_experiment(run.info.experiment_id).name,
            LOCATIONS_TAG: locations_tag(slugs),
            "runner": runner[0] if runner else "SequentialRunner",
        }
        mlflow.set_tags({name: text for name, text in tags.items() if text})

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Collect the results that the description shows."""
        if dataset_name in COMPARISONS:
            self._saved[dataset_name] = day_ahead(data)
        elif dataset_name in _RESULTS:
            self._saved[dataset_name] = data

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Describe the run: first, because kedro-mlflow ends it in the same hook."""
        self._write([])

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Describe a failed run and why it failed."""
        self._write([f"**Failed:** {str(error) or type(error).__name__}"])

    def _write(self, failure: list[str]) -> None:
        import mlflow

        run = mlflow.active_run()
        if self._describe is None or run is None:
            return
        model = mlflow.MlflowClient().get_run(run.info.run_id).data.tags.get(REGISTERED_TAG)
        stage = f"Registered as {model}; its stage today: tag `triptych.stage`."
        described = self._describe(self._saved, [stage] if model else [])
        note = "\n\n".join([*failure, *described.parts])
        mlflow.set_tags({"mlflow.runName": described.name(self._job), "mlflow.note.content": note})


def _slugs(catalog: DataCatalog, parameters: Mapping[str, Any]) -> list[str]:
    """The requested locations; empty if they are invalid, which the run reports itself."""
    try:
        known = catalog.load("location_file")
        found = select_locations(known, parameters["location"], parameters["source"])
    except (DatasetError, WeatherError):
        return []
    return sorted(place.slug for place in found)
