"""Two versions on the same targets or items, compared with errors calculated by hand."""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from tests.fixtures.databases import write_rows
from tests.pipelines.hand_made import history
from tests.registry.conftest import fitted
from tests.store.rows import MODEL, START
from triptych.errors import PipelineError
from triptych.forecasting.models.base import PanelForecaster
from triptych.parameters.forecasting import PreprocessingParameters, RegistryParameters
from triptych.registry.comparison import compare_classifiers, compare_forecasters
from triptych.store.tables import locations, models, text_predictions, weather_hourly

RULE = RegistryParameters(promote_first=True)
PREPROCESSING = PreprocessingParameters(interpolation_limit_hours=6)
HOURS = ("location", "time", "temperature_2m", "source", "fetched_at")


class Shelf:
    """A registry of fitted models, with a real database of weather."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.models: dict[int, PanelForecaster] = {}

    def add(self, name: str, until: str, places: tuple[str, ...] = ("northmere",)) -> Any:
        model = fitted(name, until, places)
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
        write_rows(connection, locations, locations.columns.keys(), [place])
        rows = hours[list(HOURS)].itertuples(index=False, name=None)
        write_rows(connection, weather_hourly, HOURS, rows)
    return Shelf(engine)


def test_both_are_evaluated_on_the_days_that_neither_has_seen(shelf: Any) -> None:
    production = shelf.add("same_hour_yesterday", "2018-01-01")
    candidate = shelf.add("climatology", "2018-02-01")

    found = compare_forecasters(shelf, candidate, production, PREPROCESSING, RULE)

    # by hand: 37 whole days of February and March, and the morning of 10 March
    known = history("2017-10-01", "2018-03-10T12:00").set_index("time")["temperature_2m"]
    change = (known - known.shift(8))[pd.Timestamp("2018-02-01", tz="UTC") :]
    assert found.figures["targets"] == len(change) == 37 * 8 + 4
    by_hand = float(np.sqrt((change**2).mean()))
    assert found.figures["production"] == pytest.approx(by_hand, abs=1e-4)
    other, text = found.figures["candidate"], found.text
    assert f"of version 2 {other:.3f} °C, of version 1 (in production) {by_hand:.3f} °C" in text
    assert f"(northmere {other:.3f} / {by_hand:.3f})" in text
    assert "same 300 targets of 2018-02-01 to 2018-03-10 that neither was trained on" in text
    assert "Diebold-Mariano p = 0.0003, 38 days" in text
    daily = (change**2).resample("D").mean().mean()
    assert 0 < found.figures["low"] < found.figures["difference"] < daily
    assert found.objection is None
    refitted = (
        row
        | {"train_end": datetime(2018, 3, 10, tzinfo=UTC), "evaluated_train_end": row["train_end"]}
        for row in (candidate, production)
    )
    assert compare_forecasters(shelf, *refitted, PREPROCESSING, RULE).text == text
    back = compare_forecasters(shelf, production, candidate, PREPROCESSING, RULE)
    assert back.figures["difference"] == pytest.approx(-found.figures["difference"])
    assert back.objection == "The candidate is not more accurate"


@pytest.mark.parametrize(
    ("production", "candidate", "rule", "objection"),
    [
        # 4 °C of error saved, on too few days
        (("persistence", "2018-01-01"), ("climatology", "2018-03-08"), {}, "Days compared: 3; .*8"),
        (("persistence", "2018-01-01"), ("climatology", "2018-03-08"), {"min_days": 3}, None),
        (
            ("persistence", "2018-01-01"), ("climatology", "2018-03-08"),
            {"min_days": 3, "significance": 0.01}, "not significant: .* 0.01",
        ),
        # 38 days, 0.001 °C of error saved
        (
            ("climatology", "2018-01-01"), ("climatology", "2018-02-01"),
            {}, "not significant: .* 0.05",
        ),
        (("climatology", "2018-01-01"), ("climatology", "2018-01-01"), {}, "is not more accurate"),
    ],
)  # fmt: skip
def test_a_lower_error_is_no_evidence_by_itself(
    shelf: Any,
    production: tuple[str, str],
    candidate: tuple[str, str],
    rule: dict[str, Any],
    objection: str | None,
) -> None:
    before, after = shelf.add(*production), shelf.add(*candidate)
    required = RegistryParameters.model_validate({"promote_first": True, **rule})

    found = compare_forecasters(shelf, after, before, PREPROCESSING, required)

    assert found.figures["candidate"] <= found.figures["production"]
    assert (found.objection is None) == (objection is None)
    assert re.search(objection or "", found.objection or "")


def test_versions_without_a_common_day_or_place_are_not_compared(shelf: Any) -> None:
    production = shelf.add("climatology", "2018-01-01")

    with pytest.raises(PipelineError, match="nothing has been observed at northmere since"):
        compare_forecasters(
            shelf, shelf.add("climatology", "2018-04-01"), production, PREPROCESSING, RULE
        )
    with pytest.raises(PipelineError, match=r"temperature version 3 and .* share no location"):
        elsewhere = shelf.add("climatology", "2018-01-01", ("paris",))
        compare_forecasters(shelf, elsewhere, production, PREPROCESSING, RULE)


def version(number: int, splits: tuple[str, ...] = ("test",)) -> dict[str, Any]:
    return MODEL | {
        "model_id": str(number) * 64,
        "kind": "texts",
        "name": "texts-polarity",
        "version": number,
        "locations": [],
        "train_start": None,
        "train_end": None,
        "metrics": {split: {"accuracy": 0.5} for split in splits},
    }


def answer(
    row: dict[str, Any], item: str, positive: float, truth: str | None, split: str = "test"
) -> dict[str, Any]:
    return {
        "model_id": row["model_id"],
        "item": item,
        "split": split,
        "label": "positive" if positive >= 0.5 else "negative",
        "probabilities": {"positive": positive, "negative": 1 - positive},
        "true_label": truth,
        "created_at": START,
    }


def write(engine: Engine, rows: list[dict[str, Any]], *answers: dict[str, Any]) -> None:
    with engine.begin() as connection:
        if rows:
            connection.execute(insert(models), rows)
        table = text_predictions
        values = [tuple(answer.values()) for answer in answers]
        assert write_rows(connection, table, list(answers[0]), values) == len(answers)
        assert write_rows(connection, table, list(answers[0]), values) == 0


def test_both_are_evaluated_on_their_common_items(engine: Engine) -> None:
    old, new = rows = [version(number) for number in (1, 2)]
    write(
        engine, rows,
        answer(old, "a", 0.9, "positive"), answer(new, "a", 0.9, "positive"),
        answer(old, "b", 0.2, "negative"), answer(new, "b", 0.6, "negative"),
        answer(old, "c", 0.7, None), answer(new, "c", 0.7, None),
        answer(old, "d", 0.9, "negative"), answer(new, "f", 0.9, "positive"),
        answer(old, "e", 0.1, "positive", "train"), answer(new, "e", 0.9, "positive", "train"),
    )  # fmt: skip

    worse = compare_classifiers(engine, new, old, RULE)

    assert worse.figures == {"n": 2, "p_value": pytest.approx(0.5)}
    assert worse.objection == "The candidate is not more accurate"
    assert worse.text == (
        "of the same 2 items of test (1 of the candidate and 1 of the other have no counterpart), "
        "version 2 has 1 right (log loss 0.5108), version 1 (in "  # -(ln 0.9 + ln 0.4) / 2
        "production) has 2 right (log loss 0.1643); 0 are right by version 2 alone, 1 by version 1 "
        "alone (McNemar's mid-p = 0.5)"
    )


@pytest.mark.parametrize(("more", "p", "objection"), [
    (4, 0.0625, "The improvement is not significant"), (5, 0.03125, None),
])  # fmt: skip
def test_a_few_items_more_are_no_evidence(
    engine: Engine, more: int, p: float, objection: str | None
) -> None:
    old, new = rows = [version(number) for number in (1, 2)]
    write(
        engine, rows,
        *(answer(new, str(item), 0.9, "positive") for item in range(10)),
        *(answer(old, str(item), 0.1 if item < more else 0.9, "positive") for item in range(10)),
    )  # fmt: skip

    found = compare_classifiers(engine, new, old, RULE)

    assert f"{more} are right by version 2 alone, 0 by version 1 alone" in found.text
    assert found.figures["p_value"] == pytest.approx(p)
    assert (found.objection or "").startswith(objection or "")
    assert (found.objection is None) == (objection is None)


def test_versions_without_a_common_item_are_not_compared(engine: Engine) -> None:
    old, new, other = version(1), version(2), version(3, ("val",))
    write(
        engine,
        [old, new, other],
        answer(old, "a", 0.9, "positive"),
        answer(new, "b", 0.9, "positive"),
    )

    with pytest.raises(PipelineError, match=r"holds no item .* both were evaluated on: test\)"):
        compare_classifiers(engine, new, old, RULE)
    with pytest.raises(PipelineError, match=r"both were evaluated on: none\)"):
        compare_classifiers(engine, other, old, RULE)
