"""Fixtures of the registry's tests: small models, a registry, tracked trainings."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sqlalchemy import Engine, insert, select

from tests.fixtures.project import Project, copy_of, make_once
from tests.pipelines.hand_made import forecasts, history
from tests.registry.polarity import Polarity
from tests.registry.training import Trained, open_tracking, train_all
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster
from triptych.registry.artifacts import prepare_artifacts
from triptych.registry.model_types import KINDS
from triptych.registry.models import ModelRegistry
from triptych.registry.tracking import FORECASTER_REQUIREMENTS, Candidate, beats_both_baselines
from triptych.store.migrate import close_database, open_database
from triptych.store.tables import model_transitions, models

MakeCandidate = Callable[..., Candidate]


@cache
def fitted(name: str, end: str, slugs: tuple[str, ...] = ("northmere",)) -> PanelForecaster:
    """Fit a forecaster on the years from 2016."""
    model = make_forecaster(name, {}, max_lead=16, seed=20)
    model.fit(history("2016-01-01", end, slugs))
    model.intervals = learn_intervals(forecasts({"m": 0.5}, days=30, leads=16))
    return model


@pytest.fixture(scope="session")
def make_candidate() -> MakeCandidate:
    """Make a candidate of a forecaster trained on some years."""

    def make(
        end: str = "2018-01-01",
        name: str = "temperature",
        skill: float = 0.25,
        promote_first: bool = False,
    ) -> Candidate:
        skills = {"skill_day": 0.5, "skill_climatology": skill}
        metrics = {place: {"rmse": 1.5, **skills} for place in ("all", "northmere")}
        model = fitted("same_hour_yesterday", end)
        return Candidate(
            kind="temperature",
            name=name,
            algorithm=model.name,
            model=model,
            evaluated=model,
            requirements=FORECASTER_REQUIREMENTS,
            example=history("2016-01-01", end).tail(80),
            as_of=pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime(),
            parameters=model.parameters,
            features=list(model.feature_names),
            metrics=metrics,
            data_sha256="a" * 64,
            beats_baselines=beats_both_baselines(metrics),
            promote_first=promote_first,
        )

    return make


@pytest.fixture
def make_classifier(monkeypatch: pytest.MonkeyPatch) -> MakeCandidate:
    """Train a small classifier of reviews; the more of them, the more words it knows."""
    reviews = ["un bon film", "un mauvais film", "une belle histoire", "une histoire lente"]
    stored = replace(KINDS["texts"], storage="tests.registry.polarity")
    monkeypatch.setitem(KINDS, "texts", stored)

    def make(seen: int = 4, beats_baselines: bool = True) -> Candidate:
        return Candidate(
            kind="texts",
            name="texts-polarity",
            algorithm="word_counts",
            model=Polarity.fit(reviews[:seen], [True, False, True, False][:seen]),
            example=pd.DataFrame({"review": reviews[:2]}),
            as_of=pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime(),
            parameters={"reviews": seen},
            features=["words"],
            metrics={"test": {"accuracy": 0.75, "n": 4}},
            data_sha256="b" * 64,
            beats_baselines=beats_baselines,
            promote_first=True,
        )

    return make


@pytest.fixture
def registry(engine: Engine, tmp_path: Path, tracking: str) -> ModelRegistry:
    """Open the registry of an empty database, on SQLite and on PostgreSQL."""
    return ModelRegistry(engine, tmp_path)


@pytest.fixture(scope="session")
def registered(
    tmp_path_factory: pytest.TempPathFactory,
    empty_tracking_store: Path,
    make_candidate: MakeCandidate,
) -> Project:
    """Register three versions in stores that can be copied: the first is in production."""
    project = Project(tmp_path_factory.mktemp("registered"))
    (project.path / "data").mkdir()
    shutil.copy(empty_tracking_store, project.path / "data" / "mlflow.db")
    registry = ModelRegistry(open_database(project.database_url), project.path)
    with pytest.MonkeyPatch.context() as patch:
        open_tracking(project, patch)
        for end in ("2018-01-01", "2018-02-01", "2018-03-01"):
            with mlflow.start_run():
                registry.register(make_candidate(end, promote_first=end == "2018-01-01"))
    close_database(project.database_url)
    mlflow.set_tracking_uri(None)
    return project


@pytest.fixture
def three(registered: Project, registry: ModelRegistry, tracking: str) -> ModelRegistry:
    """Copy a registry with version 1 in production, 2 and 3 candidates, to both databases."""
    store = Path(tracking.removeprefix("sqlite:///"))
    shutil.copy(registered.path / "data" / "mlflow.db", store)
    shutil.copytree(registered.path / "data" / "mlartifacts", store.parent / "mlartifacts")
    mlflow.set_experiment("test")
    prepare_artifacts(tracking)
    with registered.engine().connect() as source, registry.engine.begin() as target:
        for table in (models, model_transitions):
            columns = [column for column in table.columns if column.name != "id"]
            rows = source.execute(select(*columns)).mappings()
            target.execute(insert(table), [dict(row) for row in rows])
    return registry


@pytest.fixture(scope="session")
def trained_project(
    tmp_path_factory: pytest.TempPathFactory, empty_tracking_store: Path
) -> Project:
    """Give a project with six tracked trainings; not to be changed."""

    def train(project: Project) -> str:
        shutil.copy(empty_tracking_store, project.path / "data" / "mlflow.db")
        with pytest.MonkeyPatch.context() as patch:
            runs = train_all(project, patch)
        mlflow.set_tracking_uri(None)
        return json.dumps(runs)

    return make_once(tmp_path_factory, "trained", train)


@pytest.fixture
def trained(
    trained_project: Project, tracking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Trained:
    """Copy the project with six tracked trainings."""
    project = copy_of(trained_project, tmp_path / "project")
    runs: dict[str, Any] = json.loads((project.path / "run.log").read_text())
    return open_tracking(project, monkeypatch, runs)
