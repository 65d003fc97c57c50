"""Two versions on the same targets, from the tables, beside the errors worked out by hand."""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from tests.pipelines.hand_made import forecasts, history
from triptych.errors import PipelineError
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster
from triptych.parameters.ingestion import PreprocessingParameters
from triptych.parameters.operations import RegistryParameters
from triptych.registry.version_comparison import compare_versions
from triptych.store.tables import locations, weather_hourly
from triptych.store.writes import upsert

RULE = RegistryParameters(promote_first=True)
PREPROCESSING = PreprocessingParameters(interpolation_limit_hours=6)
HOURS = ("location", "time", "temperature_2m", "source", "fetched_at")


class Shelf:
    """A register of fitted models, with a real database of weather."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.models: dict[int, PanelForecaster] = {}

    def add(self, name: str, until: str, places: tuple[str, ...] = ("northmere",)) -> Any:
        model = make_forecaster(name, {}, max_lead=16, seed=20)
        model.fit(history("2016-01-01", until, places))
        model.intervals = learn_intervals(forecasts({"m": 0.5}, days=30, leads=16))
        number = len(self.models) + 1
        self.models[number] = model
        return {
            "name": "temperature",
            "version": number,
            "locations": list(model.locations),
            "train_end": model.train_end.to_pydatetime(),
            "evaluated_train_end": None,
        }

    def load(self, row: dict[str, Any], *, evaluated: bool) -> PanelForecaster:
        assert evaluated
        return self.models[row["version"]]


@pytest.fixture
def shelf(engine: Engine) -> Any:
    """Weather of northmere until 10 March 2018, noon; each hour has its step's temperature."""
    steps = history("2017-10-01", "2018-03-10T12:00")
    hours = steps.loc[steps.index.repeat(3), ["location", "time", "temperature_2m"]]
    hour = np.tile(pd.to_timedelta([0, 1, 2], unit="h"), len(steps))
    hours = hours.assign(time=hours["time"] + hour, source="sample", fetched_at=hours["time"])
    with engine.begin() as connection:
        place = ("northmere", "Northmere", 52.0, 22.0, 40.0, "UTC", "sample")
        upsert(connection, locations, locations.columns.keys(), [place])
        rows = hours[list(HOURS)].itertuples(index=False, name=None)
        upsert(connection, weather_hourly, HOURS, rows)
    return Shelf(engine)


def test_both_are_evaluated_on_the_days_that_neither_has_seen(shelf: Any) -> None:
    production = shelf.add("same_hour_yesterday", "2018-01-01")
    candidate = shelf.add("climatology", "2018-02-01")

    found = compare_versions(shelf, candidate, production, PREPROCESSING, RULE)

    # by hand: 37 whole days of February and March, and the morning of 10 March
    known = history("2017-10-01", "2018-03-10T12:00").set_index("time")["temperature_2m"]
    change = (known - known.shift(8))[pd.Timestamp("2018-02-01", tz="UTC") :]
    assert found.errors["n"].to_dict() == {"all": 300, "northmere": 300} == {
        "all": len(change), "northmere": 37 * 8 + 4,
    }  # fmt: skip
    by_hand = float(np.sqrt((change**2).mean()))
    assert found.errors["production"]["northmere"] == pytest.approx(by_hand, abs=1e-4)
    other = found.errors["candidate"]["all"]
    said = str(found)
    assert f"of version 2 {other:.3f} °C, of version 1 (in production) {by_hand:.3f} °C" in said
    assert "same 300 targets of 2018-02-01 to 2018-03-10 that neither was trained on" in said
    assert "Diebold-Mariano p = 0.0003, 38 days" in said
    daily = (change**2).resample("D").mean().mean()
    assert 0 < found.test["low"] < found.test["difference"] < daily
    assert found.objection is None
    refitted = (
        row
        | {"train_end": datetime(2018, 3, 10, tzinfo=UTC), "evaluated_train_end": row["train_end"]}
        for row in (candidate, production)
    )
    assert str(compare_versions(shelf, *refitted, PREPROCESSING, RULE)) == said
    back = compare_versions(shelf, production, candidate, PREPROCESSING, RULE)
    assert back.test["difference"] == pytest.approx(-found.test["difference"])
    assert back.objection == "The candidate is not more accurate"


@pytest.mark.parametrize(
    ("production", "candidate", "objection"),
    [
        # 4 °C of error saved, on too few days
        (("persistence", "2018-01-01"), ("climatology", "2018-03-08"), "Days compared: 3; .* 28"),
        # 38 days, 0.001 °C of error saved
        (
            ("climatology", "2018-01-01"),
            ("climatology", "2018-02-01"),
            "not significant: .* 0.05",
        ),
        (("climatology", "2018-01-01"), ("climatology", "2018-01-01"), "is not more accurate"),
    ],
)
def test_a_lower_error_is_no_evidence_by_itself(
    shelf: Any, production: tuple[str, str], candidate: tuple[str, str], objection: str
) -> None:
    before, after = shelf.add(*production), shelf.add(*candidate)

    found = compare_versions(shelf, after, before, PREPROCESSING, RULE)

    assert found.errors["candidate"]["all"] <= found.errors["production"]["all"]
    assert re.search(objection, found.objection or "")


def test_the_evidence_that_is_required_is_a_parameter(shelf: Any) -> None:
    production, candidate = (
        shelf.add("persistence", "2018-01-01"),
        shelf.add("climatology", "2018-03-08"),
    )

    for rule, accepted in ({"min_days": 3}, True), ({"min_days": 3, "significance": 0.01}, False):
        required = RegistryParameters.model_validate({"promote_first": True, **rule})
        found = compare_versions(shelf, candidate, production, PREPROCESSING, required)
        assert (found.objection is None) == accepted


def test_versions_without_a_common_day_or_place_are_not_compared(shelf: Any) -> None:
    production = shelf.add("climatology", "2018-01-01")

    with pytest.raises(PipelineError, match="nothing has been observed at northmere since"):
        compare_versions(
            shelf, shelf.add("climatology", "2018-04-01"), production, PREPROCESSING, RULE
        )
    with pytest.raises(PipelineError, match=r"temperature version 3 and .* share no location"):
        elsewhere = shelf.add("climatology", "2018-01-01", ("paris",))
        compare_versions(shelf, elsewhere, production, PREPROCESSING, RULE)
