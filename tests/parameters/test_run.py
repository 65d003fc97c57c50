"""Unknown names and wrong values of parameters, at every level."""

from copy import deepcopy
from typing import Any

import pytest
from kedro.framework.project import configure_project

from tests.fixtures.project import ROOT
from triptych.commands.project import read_configuration
from triptych.errors import ParameterError
from triptych.parameters.base import walk
from triptych.parameters.run import RunParameters, check_parameters


@pytest.fixture(params=["base", "live", "test"])
def parameters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    configure_project("triptych")
    found: dict[str, Any] = read_configuration(ROOT, request.param)["parameters"]
    return found


def changed(parameters: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The parameters with one set by its dotted name, as --params does."""
    copy = deepcopy(parameters)
    *groups, last = name.split(".")
    inner = copy
    for group in groups:
        inner = inner.setdefault(group, {})
    inner[last] = value
    return copy


def accepted(parameters: dict[str, Any]) -> bool:
    try:
        check_parameters(parameters)
    except ParameterError:
        return False
    return True


def test_the_parameters_of_every_environment_are_accepted(parameters: dict[str, Any]) -> None:
    check_parameters(parameters)

    assert set(parameters) == set(RunParameters.model_fields)


def test_no_group_takes_an_unknown_name(parameters: dict[str, Any]) -> None:
    groups = ["", *(f"{name}." for name, value in walk(parameters) if isinstance(value, dict))]

    assert len(groups) > 25
    assert [g for g in groups if accepted(changed(parameters, f"{g}unheard_of", 1))] == []


def test_no_value_takes_another_type(parameters: dict[str, Any]) -> None:
    values = [name for name, value in walk(parameters) if not isinstance(value, dict)]

    assert len(values) > 100
    assert [v for v in values if accepted(changed(parameters, v, {"unheard_of": 1}))] == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("asof", 1, "Unknown parameter `asof`. Did you mean `as_of`?"),
        ("train_start", 1, "Unknown parameter `train_start`. Did you mean `forecast.train_start`?"),
        ("forecast.train_yaers", 2, "`forecast.train_yaers`. Did you mean `forecast.train_years`?"),
        ("vision.networks.cnn.filterz", 1, "Did you mean `vision.networks.cnn.filters`?"),
        ("vision.image_siz", 32, "Did you mean `vision.image_size`?"),
        ("vision.ablation.dropuot", [0.1], "Did you mean `vision.ablation.dropout`?"),
        ("nlp.lstm.network.unitz", 1, "Did you mean `nlp.lstm.network.units`?"),
        ("models.learned.ridge.alhpa", 1, "Did you mean `models.learned.ridge.alpha`?"),
        ("models.learned.rigde", {}, "Did you mean `models.learned.ridge`?"),
        ("models.learned.ridge.alpha", "x", "ridge.alpha must be like 0.03 (float), not 'x'"),
        ("models.learned.lightgbm.threads", True, "threads must be like 2 (int), not True"),
        ("models.learned.lightgbm.threads", 0, "lightgbm.threads must be at least 1, not 0"),
        ("models.learned.lightgbm.trees", [500, 0], "lightgbm.trees must be at least 1, not 0"),
        ("models.learned.ridge.neighbours", -1, "ridge.neighbours must be at least 0, not -1"),
        ("models.learned.ensemble", {"weights": 3}, "weights must be like"),
        ("statistical.models.arima.ar", -1, "whole numbers from 0, but ar is -1"),
        ("tuning.models", ["ar"], "names ar, but the study compares ridge"),
        ("nlp.effects_model", "x", "Parameter nlp.effects_model: There is no text classifier 'x'"),
        ("nlp.length_edges", [60, 30], "nlp.length_edges: Each number must be larger than the one"),
        ("seed", "20", "Parameter seed: Input should be a valid integer. Found '20'."),
        ("source", "somewhere", "Parameter source: Input should be 'sample' or 'open_meteo'."),
        ("today", "soon", "Parameter today: Invalid isoformat string: 'soon'. Found 'soon'."),
    ],
)
@pytest.mark.parametrize("parameters", ["base"], indirect=True)
def test_what_is_wrong_is_named_and_what_is_meant_suggested(
    parameters: dict[str, Any], name: str, value: Any, message: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        check_parameters(changed(parameters, name, value))

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("parameters", ["base"], indirect=True)
def test_threads_may_be_all_cores(parameters: dict[str, Any]) -> None:
    assert accepted(changed(parameters, "models.learned.random_forest.threads", -1))


@pytest.mark.parametrize("parameters", ["base"], indirect=True)
def test_a_weather_model_that_is_named_twice_is_requested_once(parameters: dict[str, Any]) -> None:
    given = changed(parameters, "nwp.models", "gfs_global; icon_global;gfs_global")

    assert RunParameters.model_validate(given).nwp.models == ("gfs_global", "icon_global")


@pytest.mark.parametrize("parameters", ["base"], indirect=True)
def test_null_leaves_a_model_out(parameters: dict[str, Any]) -> None:
    base_models = parameters["models"]["learned"]
    given = changed(parameters, "models.learned.random_forest", None)
    given = changed(given, "vision.networks", {"cnn": {}, "other": None})

    known = RunParameters.model_validate(given)

    assert set(base_models) - set(known.models.learned) == {"random_forest"}
    assert list(known.vision.networks) == ["cnn"]


@pytest.mark.parametrize("parameters", ["live"], indirect=True)
def test_a_value_may_be_given_by_data_set(parameters: dict[str, Any]) -> None:
    splits = parameters["nlp"]["n_splits"]
    for dataset in ("reviews", "reviews_large"):
        found = RunParameters.model_validate(changed(parameters, "nlp.dataset", dataset)).nlp
        assert (found.dataset, found.n_splits) == (dataset, splits[dataset])
    plain = changed(parameters, "nlp.n_splits", 7)

    assert RunParameters.model_validate(plain).nlp.n_splits == 7
    assert not accepted(changed(parameters, "nlp.n_splits", {"reviews": 5}))
