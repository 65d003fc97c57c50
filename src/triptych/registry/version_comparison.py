"""Comparison of two forecaster versions on the same targets after both training periods.

The test pairs daily losses, because the errors within a day are not independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Engine, select

from triptych.datasets.sql_frames import read_frame
from triptych.errors import PipelineError
from triptych.forecasting.contract import DAY_LEADS
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.metrics import ALL, DAY, score
from triptych.forecasting.evaluation.paired_tests import paired_tests
from triptych.forecasting.models.base import PanelForecaster
from triptych.parameters.ingestion import PreprocessingParameters
from triptych.parameters.operations import RegistryParameters
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Row, version_title
from triptych.store.tables import WEATHER_VARIABLES, locations, nwp_forecasts, weather_hourly
from triptych.weather.steps import hours_to_history, with_nwp

CANDIDATE, PRODUCTION = "candidate", "production"
_TESTED = ("n", "difference", "low", "high", "p_value")
_SEED = 0  # of the bootstrap: the same data give the same decision
_LOOK_BACK = pd.Timedelta(days=60)  # what the features need, and room for gaps


@dataclass(frozen=True)
class Comparison:
    """Day-ahead errors of two versions on common targets.

    Attributes:
        candidate: the row of `models` that asks to be promoted.
        production: the one in production.
        start: the first day; `end`: the last, both included.
        errors: by location and `all`: `n` targets, `candidate` and `production` RMSE in °C.
        test: of daily losses over all locations, as `forecasting.paired` gives it: `n` days,
            `difference` (°C², positive where the candidate is better), `low`, `high`, `p_value`.
        rule: the evidence that is required.
    """

    candidate: Row
    production: Row
    start: pd.Timestamp
    end: pd.Timestamp
    errors: pd.DataFrame
    test: Mapping[str, float]
    rule: RegistryParameters

    @property
    def objection(self) -> str | None:
        """Why this is not enough to replace the version in production; None if it is."""
        days, least = int(self.test["n"]), self.rule.min_days
        if days < least:
            return (
                f"Days compared: {days}; registry.min_days requires {least}. Wait until more days "
                "are observed, or train on a period that ends earlier"
            )
        if not self.test["difference"] > 0:
            return "The candidate is not more accurate"
        if not (self.test["p_value"] < self.rule.significance and self.test["low"] > 0):
            return (
                "The improvement is not significant: required are p < "
                f"{self.rule.significance:g} (registry.significance) and an interval above 0"
            )
        return None

    def __str__(self) -> str:
        total = self.errors.loc[ALL]
        places = self.errors.drop(index=ALL)
        by_place = ", ".join(
            f"{slug} {row[CANDIDATE]:.3f} / {row[PRODUCTION]:.3f}"
            for slug, row in places.iterrows()
        )
        return (
            f"day-ahead RMSE of version {self.candidate['version']} {total[CANDIDATE]:.3f} °C, of "
            f"version {self.production['version']} (in production) {total[PRODUCTION]:.3f} °C, on "
            f"the same {total['n']:,.0f} targets of {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d} "
            f"that neither was trained on ({by_place}); squared error saved a day: "
            f"{self.test['difference']:+.3f} °C² (95 % interval {self.test['low']:+.3f} to "
            f"{self.test['high']:+.3f}, Diebold-Mariano p = {self.test['p_value']:.3g}, "
            f"{self.test['n']:.0f} days)"
        )


def compare_versions(
    registry: ModelRegistry,
    candidate: Row,
    production: Row,
    preprocessing: PreprocessingParameters,
    rule: RegistryParameters,
) -> Comparison:
    """Backtest both on the days from the later end of training to the last observation.

    The evaluated models count: their refits have seen the days of their test periods.

    Raises:
        PipelineError: they share no location, or no day has been observed since.
    """
    both = f"{version_title(candidate)} and {version_title(production)}"
    common = sorted(set(candidate["locations"]) & set(production["locations"]))
    if not common:
        raise PipelineError(f"{both} share no location, so that they cannot be compared.")
    unseen = max(row["evaluated_train_end"] or row["train_end"] for row in (candidate, production))
    start = pd.Timestamp(unseen).ceil("D")
    places = sorted({*candidate["locations"], *production["locations"]})
    hours = _read_hours(registry.engine, places, start - _LOOK_BACK)
    observed = hours[hours["location"].isin(common) & hours["temperature_2m"].notna()]
    last = observed["time"].max()
    if observed.empty or last < start:
        raise PipelineError(
            f"{both} cannot be compared: nothing has been observed at"
            f" {', '.join(common)} since {start:%Y-%m-%d}, when the later training ended. Ingest "
            "newer data, or train on a period that ends earlier."
        )
    history = hours_to_history(
        read_frame(registry.engine, select(locations)),
        preprocessing.interpolation_limit_hours,
        hours,
    )
    history = with_nwp(history, _read_nwp(registry.engine, places, start - _LOOK_BACK, last))
    end = last + pd.Timedelta(hours=1)
    tables = [
        _backtest(registry.load(row, evaluated=True), history, start, end).assign(model=role)
        for role, row in ((CANDIDATE, candidate), (PRODUCTION, production))
    ]
    forecasts = pd.concat(tables, ignore_index=True)
    forecasts = forecasts[forecasts["location"].isin(common)]
    errors = _errors(forecasts, history)
    return Comparison(candidate, production, start, last.floor("D"), errors, _test(forecasts), rule)


def _errors(forecasts: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    scores = score(forecasts, history)
    day = scores[scores["lead"] == DAY]
    errors = day.pivot(index="location", columns="model", values="rmse")
    errors["n"] = day.groupby("location")["n"].first()
    return errors


def _test(forecasts: pd.DataFrame) -> dict[str, float]:
    table = paired_tests(forecasts, CANDIDATE, [PRODUCTION], _SEED)
    row = table[(table["location"] == ALL) & (table["lead"] == DAY)].iloc[0]
    return {name: float(row[name]) for name in _TESTED}


def _read_hours(engine: Engine, places: list[str], start: pd.Timestamp) -> pd.DataFrame:
    hours = weather_hourly.c
    columns = (hours.location, hours.time, *(hours[name] for name in WEATHER_VARIABLES))
    statement = (
        select(*columns)
        .where(hours.location.in_(places))
        .where(hours.time >= start.to_pydatetime())
        .order_by(hours.location, hours.time)
    )
    return read_frame(engine, statement)


def _read_nwp(
    engine: Engine, places: list[str], start: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    known = nwp_forecasts.c
    statement = (
        select(known.location, known.time, known.model, known.lead_day, known.temperature_2m)
        .where(known.location.in_(places))
        .where(known.time.between(start.to_pydatetime(), last.to_pydatetime()))
    )
    return read_frame(engine, statement)


def _backtest(
    forecaster: PanelForecaster, history: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    seen = history[history["location"].isin(forecaster.locations)]
    return backtest(forecaster, seen, start, end, list(DAY_LEADS))
