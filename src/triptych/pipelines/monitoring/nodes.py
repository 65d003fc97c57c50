"""Verify issued forecasts against later observations: errors, drift, warnings."""

import logging
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.forecasting.contract import MODEL, STEP
from triptych.forecasting.evaluation.backtest import forecast_references, with_observed
from triptych.forecasting.evaluation.metrics import DAY
from triptych.forecasting.features.grid import step_numbers
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.forecasting.monitoring import verification
from triptych.forecasting.monitoring.drift import measure_drift
from triptych.parameters.forecasting import MonitoringParameters, PreprocessingParameters
from triptych.pipelines.preprocessing.nodes import build_history, select_hours
from triptych.pipelines.ts_common.location_selection import Rows
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.models import ModelRegistry
from triptych.weather.locations import Location

logger = logging.getLogger(__name__)


def build_observations(
    hourly_rows: Rows,
    ingested_periods: pd.DataFrame,
    locations: pd.DataFrame,
    location_file: list[Location],
    location: str | None,
    source: str,
    as_of: str,
    preprocessing: PreprocessingParameters,
) -> pd.DataFrame:
    """Build the history known at `as_of` as a study does, so that errors mean the same in both."""
    hours = select_hours(
        hourly_rows, ingested_periods, locations, location_file, location, source, as_of
    )
    return build_history(hours, locations, preprocessing)


def verify_predictions(
    predictions: pd.DataFrame, observations: pd.DataFrame, model_registry: ModelRegistry, as_of: str
) -> pd.DataFrame:
    """Join each forecast of a model, leads from 1 on, with its observation and with the baselines
    of the same knowledge; targets that were not observed or that a baseline lacks are left out.

    data_age: hours from `known_until` to `as_of`; known_end: the exclusive end of what was observed
    of the location; a column in °C for each baseline.
    """
    issued = parse_as_of(as_of)
    observed = observations.dropna(subset="temperature_2m")
    known_end = observed.groupby("location")["time"].max() + STEP
    # the baselines are fitted here, all on the training period of the model
    predictions = predictions.drop(columns=["climatology", "nwp_mean"], errors="ignore")
    of_models = predictions["method"] == MODEL
    rows = predictions[of_models & (predictions["as_of"] < issued) & (predictions["lead"] >= 1)]
    age = (rows["as_of"] - rows["known_until"]).dt.total_seconds() // 3600
    rows = rows.assign(data_age=age.astype(int))
    issued_before = len(rows)
    rows = with_observed(rows.rename(columns={"temperature_2m": "mean"}), observations)
    rows = rows[rows["observed"].notna()].assign(known_end=rows["location"].map(known_end))
    trained = {row["model_id"]: row for row in model_registry.list_models()}
    ends = {model_id: pd.Timestamp(row["train_end"]) for model_id, row in trained.items()}
    hindcasts = rows["as_of"] < rows["model_id"].map(ends)
    verified = [
        _with_references(of_model, observations, trained[str(model_id)], is_hindcast=bool(past))
        for (model_id, past), of_model in rows.groupby(["model_id", hindcasts], sort=False)
    ]
    kept = rows.drop(columns=["known_until", "method", "created_at"])
    if not verified:
        logger.info(
            f"nothing to verify yet: no target of the {issued_before:,} predictions issued "
            f"before {issued:%Y-%m-%d %H:%M} UTC is observed"
        )
        return kept.assign(**dict.fromkeys(BASELINE_NAMES, pd.Series(dtype="float64")))
    table = pd.concat(verified).dropna(subset=BASELINE_NAMES)
    logger.info(
        f"Of {issued_before:,} predictions issued before {issued:%Y-%m-%d %H:%M} UTC, "
        f"{len(table):,} are verified: {issued_before - len(rows):,} have no observation, "
        f"{len(rows) - len(table):,} no baseline"
    )
    return table[[*kept.columns, *BASELINE_NAMES]].sort_values(
        ["model_id", "location", "as_of", "time"], ignore_index=True
    )


def score_predictions(
    verified_predictions: pd.DataFrame, monitoring: MonitoringParameters
) -> dict[str, pd.DataFrame]:
    """Score every model over the windows that end with what was observed."""
    scores = verification.score_windows(verified_predictions, monitoring.window_days)
    # the last digits differ between processors: a second run is to change no row
    scores = scores.round(dict.fromkeys(scores.select_dtypes("float"), 9))
    return {"forecast_scores": scores, "monitoring_scores": scores}


def choose_live_models(
    model_registry: ModelRegistry, observations: pd.DataFrame, verified_predictions: pd.DataFrame
) -> pd.DataFrame:
    """Take for each location the model to watch, if any knows it: the last approved one in
    production; without one, the newest with verified forecasts, else the newest.
    """
    verified = set(verified_predictions.groupby(["location", "model_id"]).groups)
    models = model_registry.list_models()  # newest first: min takes the first of equals
    chosen = []
    for slug in observations["location"].unique():
        known = [{**row, "location": slug} for row in models if slug in row["locations"]]
        chosen += [min(known, key=lambda row: _rank(row, verified))] if known else []
    names = ["location", "model_id", "name", "version", "algorithm", "stage"]
    return pd.DataFrame(chosen, columns=[*names, "train_start", "train_end"])


def compare_inputs(
    observations: pd.DataFrame, live_models: pd.DataFrame, monitoring: MonitoringParameters
) -> pd.DataFrame:
    """Compare the last days' weather with the same season of the live model's training period."""
    training = {
        str(row["location"]): (pd.Timestamp(row["train_start"]), pd.Timestamp(row["train_end"]))
        for row in live_models.to_dict("records")
    }
    return measure_drift(
        observations,
        training,
        days=monitoring.drift_days,
        min_days=monitoring.min_days,
        alpha=monitoring.drift_alpha,
        psi=monitoring.drift_psi,
    )


def list_live_metrics(monitoring_scores: pd.DataFrame, live_models: pd.DataFrame) -> pd.DataFrame:
    """List the live models' errors by lead as metrics: `live.paris.30d.age_144h.rmse`."""
    of_live = monitoring_scores.merge(live_models[["location", "model_id"]])
    by_lead = of_live[of_live["lead"].str.isdigit()].melt(
        ["location", "window", "lead", "data_age"],
        ["rmse", "mae", "bias", "coverage"],
        var_name="error",
    )
    age = ".age_" + by_lead["data_age"].astype(str).str.zfill(3) + "h."  # MLflow sorts as text
    name = "live." + by_lead["location"] + "." + by_lead["window"] + age + by_lead["error"]
    return pd.DataFrame(
        {"metric": name, "step": by_lead["lead"].astype(int), "value": by_lead["value"]}
    )


def find_warnings(
    monitoring_scores: pd.DataFrame,
    input_drift: pd.DataFrame,
    live_models: pd.DataFrame,
    verified_predictions: pd.DataFrame,
    monitoring: MonitoringParameters,
) -> list[str]:
    """Describe each fault of the live models over the first window, if it has `min_days` days:
    worse than a baseline, intervals that miss their level, inputs that have drifted.
    """
    level = float(verified_predictions["level"].median())
    found = [
        *_score_warnings(monitoring_scores, live_models, level, monitoring),
        *(
            f"{row.location}: {row.variable} has drifted: its mean over the last "
            f"{monitoring.drift_days} days is {row.mean_recent:.4g}, in the same season of "
            f"training {row.mean_training:.4g} (PSI {row.psi:.2f}, KS p {row.p_adjusted:.2g})."
            for row in input_drift[input_drift["drifted"].astype(bool)].itertuples()
        ),
    ]
    for line in found:
        logger.warning(line)
    return found


def refuse_warnings(monitoring_warnings: list[str], monitoring: MonitoringParameters) -> None:
    """Raise the warnings as an error if `monitoring.strict` is set."""
    if monitoring.strict and monitoring_warnings:
        raise PipelineError(
            "Monitoring is strict, and the forecasts do not hold: "
            f"{' '.join(monitoring_warnings)} The scores are in the table forecast_scores. Train "
            "and promote another model, or roll back; without monitoring.strict this only warns."
        )


def _rank(row: dict[str, Any], verified: set[Any]) -> tuple[bool, float, bool]:
    """Production first, of several the one approved last; then those with verified forecasts."""
    live, approved = row["stage"] == "production", row["approved_at"]
    when = approved.timestamp() if live and approved is not None else 0.0
    return not live, -when, (row["location"], row["model_id"]) not in verified


def _with_references(
    of_model: pd.DataFrame, observations: pd.DataFrame, row: dict[str, Any], *, is_hindcast: bool
) -> pd.DataFrame:
    """Add the forecasts of the baselines from the end of the model's data. Hindcasts are those of
    the evaluated model: the refit, and so its baselines, saw their targets.
    """
    evaluated_end = row["evaluated_train_end"] if is_hindcast else None
    history = observations[observations["location"].isin(of_model["location"].unique())]
    origin = of_model["known_until"]
    leads = step_numbers(of_model["time"]) - step_numbers(origin) + 1
    references = forecast_references(
        history,
        pd.Timestamp(row["train_start"]),
        pd.Timestamp(evaluated_end or row["train_end"]),
        pd.DatetimeIndex(origin.unique()),
        sorted(set(leads.tolist())),
    )
    return of_model.assign(origin=origin).merge(
        references, on=["location", "origin", "time"], how="left", validate="many_to_one"
    )


def _score_warnings(
    scores: pd.DataFrame, live: pd.DataFrame, level: float, monitoring: MonitoringParameters
) -> list[str]:
    """Faults of the live models a day ahead, by data age."""
    in_window = scores["window"] == verification.window_name(monitoring.window_days[0])
    enough = scores["days"] >= monitoring.min_days
    rows = scores[in_window & enough & (scores["lead"] == DAY)]
    found = []
    for row in rows.merge(live, on=["location", "model_id"]).to_dict("records"):
        who = f"{row['location']}: {row['name']} version {row['version']} ({row['stage']})"
        over = f"a day ahead over {row['days']} days (data age {row['data_age']} h)"
        found += [
            f"{who} does worse than {baseline} {over}: RMSE {row['rmse']:.2f} °C, skill "
            f"{row[skill]:.2f}."
            for skill, baseline in verification.SKILLS.items()
            if row[skill] < 0
        ]
        given = (row["coverage"], row["days"], level, monitoring.coverage_tolerance)
        if verification.coverage_fails(*given):
            held = round(row["coverage"] * row["n"])
            found.append(
                f"{who}: its {level:.0%} intervals held {held:,} of {row['n']:,} observations "
                f"({100 * row['coverage']:.2f} %) {over}."
            )
    return found
