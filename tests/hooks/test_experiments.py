"""Each kind of data has an experiment with a description of its own."""

import warnings
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from kedro.framework.project import configure_project
from kedro.pipeline import Pipeline, node

from tests.fixtures.project import Project
from triptych.commands.project import read_configuration
from triptych.hooks.tracking import DESCRIPTIONS, choose_experiment

NOTE = "mlflow.note.content"


@pytest.fixture
def context(project: Project, tracking: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Kedro's context with kedro-mlflow's configuration, as the start of a session sets it up."""
    with warnings.catch_warnings(action="ignore"):  # its use of Pydantic is outdated
        from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)
    configure_project("triptych", preserve_logging=True)
    found = KedroMlflowConfig.model_validate(read_configuration(project.path, "test")["mlflow"])
    found.tracking.disable_tracking.disable_autologging = False  # it hooks into later imports
    context: Any = SimpleNamespace(project_path=project.path, _get_config_credentials=dict)
    found.setup(context)
    context.mlflow = found
    return context


def start(context: Any, tag: str) -> Any:
    """The experiment that is chosen for nodes with a tag."""
    choose_experiment(Pipeline([node(len, "a", "b", tags=tag)]), context)
    return mlflow.MlflowClient().get_experiment_by_name(tag)


@pytest.mark.parametrize(("name", "subject"), [("nlp", "film reviews"), ("vision", "field photos")])
def test_an_experiment_describes_its_own_data(context: Any, name: str, subject: str) -> None:
    temperature = mlflow.MlflowClient().get_experiment_by_name("temperature")
    assert temperature is not None
    assert temperature.tags[NOTE].startswith("Temperature of cities")

    tags = start(context, name).tags

    assert subject in tags[NOTE]
    assert "emperature" not in tags[NOTE]
    assert not any("day-ahead" in key for key in tags)


def test_no_two_experiments_have_the_same_description(context: Any) -> None:
    names = ["temperature", *DESCRIPTIONS]

    subjects = {start(context, name).tags[NOTE].partition(":")[0] for name in names}

    assert len(subjects - {""}) == len(names)


def test_the_description_of_an_earlier_version_is_replaced(context: Any) -> None:
    client = mlflow.MlflowClient()
    temperature = client.get_experiment_by_name("temperature")
    assert temperature is not None
    client.create_experiment("nlp", tags=temperature.tags)

    assert "film reviews" in start(context, "nlp").tags[NOTE]


def test_a_description_of_the_user_is_left_alone(context: Any) -> None:
    mlflow.MlflowClient().create_experiment("nlp", tags={NOTE: "ours"})

    assert start(context, "nlp").tags[NOTE] == "ours"
