"""Fixtures of the registry's tests: MLflow afresh, a small real model, the register."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from tests.pipelines.hand_made import forecasts, history
from triptych.forecasting.catalogue import make_forecaster
from triptych.forecasting.conformal import learn_intervals
from triptych.registry.candidate import Candidate
from triptych.registry.models import ModelRegistry

MakeCandidate = Callable[..., Candidate]


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
def registry(engine: Engine, tmp_path: Path, tracking: str) -> ModelRegistry:
    """The register of an empty database, on SQLite and on PostgreSQL."""
    return ModelRegistry(engine, tmp_path)
