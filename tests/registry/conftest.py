"""Fixtures of the registry's tests: MLflow afresh, a small real model, the register."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from tests.pipelines.hand_made import forecasts, history
from tests.registry.polarity import Polarity
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.factory import make_forecaster
from triptych.registry.candidate import SERVED_REVIEWS, Candidate, ClassifierCandidate
from triptych.registry.model_types import KINDS
from triptych.registry.models import ModelRegistry

MakeCandidate = Callable[..., Candidate]
MakeClassifier = Callable[..., ClassifierCandidate]


@pytest.fixture
def make_candidate() -> MakeCandidate:
    """Train climatology on some years and make a candidate of it."""

    def make(
        end: str = "2018-01-01",
        name: str = "temperature",
        skill: float = 0.25,
        promote_first: bool = False,
    ) -> Candidate:
        skills = {"skill_day": 0.5, "skill_climatology": skill}
        known = history("2016-01-01", end)
        model = make_forecaster("same_hour_yesterday", {}, max_lead=16, seed=20).fit(known)
        model.intervals = learn_intervals(forecasts({"m": 0.5}, days=30, leads=16))
        return Candidate(
            name=name,
            algorithm=model.name,
            forecaster=model,
            evaluated=model,
            example=known.tail(80),
            locations=list(model.locations),
            train_start=model.train_start.to_pydatetime(),
            train_end=model.train_end.to_pydatetime(),
            as_of=pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime(),
            parameters=model.parameters,
            features=list(model.feature_names),
            metrics={place: {"rmse": 1.5, **skills} for place in ("all", "northmere")},
            data_sha256="a" * 64,
            promote_first=promote_first,
        )

    return make


@pytest.fixture
def make_classifier(monkeypatch: pytest.MonkeyPatch) -> MakeClassifier:
    """Train a small classifier of reviews; the more of them, the more words it knows."""
    reviews = ["un bon film", "un mauvais film", "une belle histoire", "une histoire lente"]
    stored = replace(KINDS["texts"], storage="tests.registry.polarity")
    monkeypatch.setitem(KINDS, "texts", stored)

    def make(seen: int = 4, beats_baseline: bool = True) -> ClassifierCandidate:
        return ClassifierCandidate(
            kind="texts",
            name="texts-polarity",
            algorithm="word_counts",
            classifier=Polarity.fit(reviews[:seen], [True, False, True, False][:seen]),
            served=SERVED_REVIEWS,
            requirements=(),
            example=pd.DataFrame({"review": reviews[:2]}),
            as_of=pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime(),
            parameters={"reviews": seen},
            features=["words"],
            metrics={"test": {"accuracy": 0.75, "n": 4}},
            data_sha256="b" * 64,
            promote_first=True,
            beats_baseline=beats_baseline,
        )

    return make


@pytest.fixture
def registry(engine: Engine, tmp_path: Path, tracking: str) -> ModelRegistry:
    """The register of an empty database, on SQLite and on PostgreSQL."""
    return ModelRegistry(engine, tmp_path)
