"""Comparison of a version with the production version: the evidence for a promotion."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from triptych.classification.metrics import mcnemar
from triptych.datasets.sql_table import read_table, read_wide
from triptych.errors import PipelineError
from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.metrics import ALL, DAY, score
from triptych.forecasting.evaluation.paired_tests import paired_tests
from triptych.parameters.forecasting import PreprocessingParameters, RegistryParameters
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Row, version_title
from triptych.store.tables import (
    WEATHER_VARIABLES,
    image_predictions,
    locations,
    nwp_forecasts,
    text_predictions,
    weather_hourly,
)
from triptych.weather.steps import hours_to_history, with_nwp

PREDICTIONS = {"images": image_predictions, "texts": text_predictions}
_CANDIDATE, _PRODUCTION = "candidate", "production"
_SEED = 0  # of the bootstrap: the same data give the same decision
_LOOK_BACK = pd.Timedelta(days=60)  # what the features need, and room for gaps
_SMALLEST = 1e-15  # limits the loss of a class that was given no probability


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison."""

    text: str  # the result in words
    objection: str | None  # why it does not suffice to replace the production version
    figures: dict[str, float]  # the numbers of the decision


def compare_forecasters(
    registry: ModelRegistry,
    candidate: Row,
    production: Row,
    preprocessing: PreprocessingParameters,
    rule: RegistryParameters,
) -> Comparison:
    """Backtest both on the days from the later end of training to the last observation.

    The evaluated models are compared: their refits have seen the days of their test periods. The
    figures are the RMSE of both (°C), `targets`, and the test of daily losses over all locations:
    `n` days, `difference` (°C², positive if the candidate is better), its interval, `p_value`.
    PipelineError if they share no location, or no day has been observed since.
    """
    both = f"{version_title(candidate)} and {version_title(production)}"
    common = sorted(set(candidate["locations"]) & set(production["locations"]))
    if not common:
        raise PipelineError(f"{both} share no location, so that they cannot be compared.")
    unseen = max(row["evaluated_train_end"] or row["train_end"] for row in (candidate, production))
    start = pd.Timestamp(unseen).ceil("D")
    places = sorted({*candidate["locations"], *production["locations"]})
    period = {"ge": (start - _LOOK_BACK).to_pydatetime()}
    near = {"location": places, "time": period}
    columns = ("location", "time", *WEATHER_VARIABLES)
    hours = read_table(registry.engine, weather_hourly, columns, near)
    observed = hours[hours["location"].isin(common) & hours["temperature_2m"].notna()]
    last = observed["time"].max()
    if observed.empty or last < start:
        raise PipelineError(
            f"{both} cannot be compared: nothing has been observed at"
            f" {', '.join(common)} since {start:%Y-%m-%d}, when the later training ended. Ingest "
            "newer data, or train on a period that ends earlier."
        )
    known_nwp = {"location": places, "time": period | {"le": last.to_pydatetime()}}
    nwp = read_wide(registry.engine, nwp_forecasts, "temperature_2m", "lead_day", known_nwp)
    known = read_table(registry.engine, locations)
    history = hours_to_history(known, preprocessing.interpolation_limit_hours, hours)
    history = with_nwp(history, nwp)
    tables = []
    for role, row in ((_CANDIDATE, candidate), (_PRODUCTION, production)):
        forecaster = registry.load(row, evaluated=True)
        seen = history[history["location"].isin(forecaster.locations)]
        end = last + pd.Timedelta(hours=1)
        tables.append(backtest(forecaster, seen, start, end, list(DAY_LEADS)).assign(model=role))
    forecasts = pd.concat(tables, ignore_index=True)
    forecasts = forecasts[forecasts["location"].isin(common)]
    scores = score(forecasts, history)
    scores = scores[scores["lead"] == DAY]
    rmse = scores.pivot(index="location", columns="model", values="rmse")
    # pairs of daily losses: the errors within a day are not independent
    tests = paired_tests(forecasts, _CANDIDATE, [_PRODUCTION], _SEED)
    test = tests[(tests["location"] == ALL) & (tests["lead"] == DAY)].iloc[0]
    figures: dict[str, float] = {
        **{role: float(rmse[role][ALL]) for role in (_CANDIDATE, _PRODUCTION)},
        **{name: float(test[name]) for name in ("n", "difference", "low", "high", "p_value")},
        "targets": int(scores.loc[scores["location"] == ALL, "n"].iloc[0]),
    }
    by_place = ", ".join(
        f"{slug} {row[_CANDIDATE]:.3f} / {row[_PRODUCTION]:.3f}"
        for slug, row in rmse.drop(index=ALL).iterrows()
    )
    text = (
        f"day-ahead RMSE of version {candidate['version']} {figures[_CANDIDATE]:.3f} °C, of "
        f"version {production['version']} (in production) {figures[_PRODUCTION]:.3f} °C, on "
        f"the same {figures['targets']:,} targets of {start:%Y-%m-%d} to {last:%Y-%m-%d} "
        f"that neither was trained on ({by_place}); squared error saved a day: "
        f"{figures['difference']:+.3f} °C² (95 % interval {figures['low']:+.3f} to "
        f"{figures['high']:+.3f}, Diebold-Mariano p = {figures['p_value']:.3g}, "
        f"{figures['n']:.0f} days)"
    )
    if figures["n"] < rule.min_days:
        objection: str | None = (
            f"Days compared: {figures['n']:.0f}; registry.min_days requires {rule.min_days}. Wait "
            "until more days are observed, or train on a period that ends earlier"
        )
    else:
        significant = figures["p_value"] < rule.significance and figures["low"] > 0
        required = f"are p < {rule.significance:g} (registry.significance) and an interval above 0"
        objection = _objection(figures["difference"] > 0, significant, required)
    return Comparison(text, objection, figures)


def _objection(better: bool, significant: bool, required: str) -> str | None:
    if not better:
        return "The candidate is not more accurate"
    return None if significant else f"The improvement is not significant: required {required}"


def compare_classifiers(
    engine: Engine, candidate: Row, production: Row, rule: RegistryParameters
) -> Comparison:
    """Compare the stored predictions of both, on the splits that the metrics of both name.

    The figures are `n` common items with a known label, and McNemar's mid-p value (two-sided);
    PipelineError if there is no such item.
    """
    splits = sorted(set(candidate["metrics"]) & set(production["metrics"]))
    table = PREDICTIONS[candidate["kind"]]
    both = [row["model_id"] for row in (candidate, production)]
    columns = ("model_id", "item", "true_label", "label", "probabilities")
    rows = read_table(engine, table, columns, {"model_id": both, "split": splits})
    rows = rows.dropna(subset="true_label")
    ours, theirs = (rows[rows["model_id"] == model_id] for model_id in both)
    common = ours.merge(theirs, on=["item", "true_label"], suffixes=("", "_production"))
    n, number, other = len(common), candidate["version"], production["version"]
    if not n:
        raise PipelineError(
            f"{candidate['name']} versions {number} and {other} "
            f"cannot be compared: {table.name} holds no item with a "
            "known label that both have predicted (splits that both were evaluated on: "
            f"{', '.join(splits) or 'none'}). Retrain on the same data"
        )
    right = common["label"] == common["true_label"]
    right_production = common["label_production"] == common["true_label"]
    only_candidate = int((right & ~right_production).sum())
    only_production = int((right_production & ~right).sum())
    p_value = mcnemar(only_candidate, only_production)[1]
    unmatched = ""
    if len(ours) > n or len(theirs) > n:
        unmatched = (
            f" ({len(ours) - n:,} of the candidate and {len(theirs) - n:,} of the other have no "
            "counterpart)"
        )
    text = (
        f"of the same {n:,} items of {', '.join(splits)}{unmatched}, "
        f"version {number} has {right.sum():,} right "
        f"(log loss {_log_loss(common, 'probabilities'):.4f}), "
        f"version {other} (in production) has {right_production.sum():,} right "
        f"(log loss {_log_loss(common, 'probabilities_production'):.4f}); "
        f"{only_candidate:,} are right by version {number} alone, "
        f"{only_production:,} by version {other} alone (McNemar's mid-p = {p_value:.3g})"
    )
    required = f"is p < {rule.significance:g} (registry.significance)"
    objection = _objection(only_candidate > only_production, p_value < rule.significance, required)
    return Comparison(text, objection, {"n": n, "p_value": p_value})


def _log_loss(rows: pd.DataFrame, column: str) -> float:
    pairs = zip(rows[column], rows["true_label"], strict=True)
    given = np.array([probabilities.get(label) or 0.0 for probabilities, label in pairs])
    return float(-np.log(given.clip(_SMALLEST)).mean())
