"""Saved forecasters are restored exactly, from safe and deterministic files."""

import json
from copy import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.synthetic import MAX_LEAD, SMALL
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.backtest import backtest
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.features.feature_table import LAGS_0_1
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.ensemble import EnsembleForecaster
from triptych.forecasting.models.factory import make_forecaster
from triptych.forecasting.storage import digest, load_forecaster, save_forecaster

ORIGINS = pd.to_datetime(["2021-04-05 00:00", "2021-04-06 15:00"], utc=True)
SPAN = (pd.Timestamp("2021-03-02", tz="UTC"), pd.Timestamp("2021-04-01", tz="UTC"))
every_model = pytest.mark.parametrize("name", SMALL)


@every_model
def test_a_restored_model_forecasts_the_same(
    name: str, fitted: dict[str, PanelForecaster], history: pd.DataFrame, tmp_path: Path
) -> None:
    assert_restored(copy(fitted[name]), history, tmp_path)


def test_an_ensemble_of_both_families_is_restored(
    fitted: dict[str, PanelForecaster], history: pd.DataFrame, tmp_path: Path
) -> None:
    members = [
        fitted[name] for name in ("arima", "sarima", "sarimax", "sarima_ridge", "ridge", "lightgbm")
    ]
    weights = {m.name: [1.0 + row, 2.0] for row, m in enumerate(members)}
    model = EnsembleForecaster.of_fitted(members, weights)
    assert_restored(model, history, tmp_path)
    assert model.importance()["importance"].sum() == pytest.approx(1)
    assert set(model.importance()["feature"]) == set(model.feature_names)
    own = model.inputs(history, ORIGINS[0]).set_index(["location", "feature"])["value"]
    for member in members:  # one name is one value, whichever member asks for it
        asked = member.inputs(history, ORIGINS[0]).set_index(["location", "feature"])["value"]
        pd.testing.assert_series_equal(own.loc[asked.index], asked, atol=1e-5)


def assert_restored(model: PanelForecaster, history: pd.DataFrame, tmp_path: Path) -> None:
    leads = range(1, MAX_LEAD + 1)
    model.intervals = learn_intervals(backtest(model, history, *SPAN, leads))
    save_forecaster(model, tmp_path / "model")
    again = load_forecaster(tmp_path / "model")
    expected = model.predict(history, ORIGINS, leads)
    assert expected["lower"].notna().all()
    pd.testing.assert_frame_equal(
        again.predict(history, ORIGINS, leads), expected, check_exact=True
    )
    for attribute in ("train_start", "train_end", "locations", "feature_names", "max_lead", "seed"):
        assert getattr(again, attribute) == getattr(model, attribute)
    assert json.loads(json.dumps(again.parameters)) == json.loads(json.dumps(model.parameters))
    pd.testing.assert_frame_equal(
        again.inputs(history, ORIGINS[0]), model.inputs(history, ORIGINS[0])
    )
    pd.testing.assert_frame_equal(again.importance(), model.importance())
    save_forecaster(again, tmp_path / "again")
    assert digest(tmp_path / "again") == digest(tmp_path / "model")


@every_model
def test_the_same_training_gives_the_same_bytes(
    name: str, fitted: dict[str, PanelForecaster], training: pd.DataFrame, tmp_path: Path
) -> None:
    again = make_forecaster(name, SMALL[name], max_lead=MAX_LEAD, seed=3).fit(training)
    save_forecaster(fitted[name], tmp_path / "one")
    save_forecaster(again, tmp_path / "two")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_another_seed_or_parameter_is_another_model(training: pd.DataFrame, tmp_path: Path) -> None:
    for folder, parameters, seed in (("a", {}, 0), ("b", {}, 1), ("c", {"alpha": 1.0}, 0)):
        model = make_forecaster("ridge", parameters, max_lead=1, seed=seed).fit(training)
        save_forecaster(model, tmp_path / folder)
    assert len({digest(tmp_path / folder) for folder in "abc"}) == 3


def test_no_file_can_run_code(fitted: dict[str, PanelForecaster], tmp_path: Path) -> None:
    save_forecaster(fitted["ensemble"], tmp_path / "model")
    save_forecaster(fitted["lightgbm"], tmp_path / "boosters")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".npz", ".txt"}
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays.files)


def test_an_invalid_folder_is_rejected(fitted: dict[str, PanelForecaster], tmp_path: Path) -> None:
    with pytest.raises(ForecastingError, match="does not hold a saved forecaster"):
        load_forecaster(tmp_path)
    folder = tmp_path / "model"
    save_forecaster(fitted["climatology"], folder)
    with pytest.raises(ForecastingError, match="is not empty"):
        save_forecaster(fitted["climatology"], folder)
    (folder / "arrays.npz").write_bytes(b"PK half a file")
    with pytest.raises(ForecastingError, match="does not hold a saved forecaster"):
        load_forecaster(folder)
    specification = json.loads((folder / "forecaster.json").read_text())
    (folder / "forecaster.json").write_text(json.dumps({**specification, "format": 99}))
    np.savez(folder / "arrays.npz")
    with pytest.raises(ForecastingError, match="another format than 2"):
        load_forecaster(folder)


def test_the_sarimax_of_version_0_1_is_read_as_sarima_ridge(
    fitted: dict[str, PanelForecaster],
    training: pd.DataFrame,
    history: pd.DataFrame,
    tmp_path: Path,
) -> None:
    member = make_forecaster("sarima_ridge", SMALL["sarima_ridge"], max_lead=MAX_LEAD, seed=3)
    vars(member)["_lags"] = LAGS_0_1
    member.fit(training)
    weights = {"sarima_ridge": [1.0], "ridge": [2.0]}
    model = EnsembleForecaster.of_fitted([member, fitted["ridge"]], weights)
    save_forecaster(model, tmp_path)
    (tmp_path / "sarima_ridge").rename(tmp_path / "sarimax")
    for path in tmp_path.rglob("forecaster.json"):
        text = path.read_text().replace("sarima_ridge", "sarimax")
        text = text.replace('"alpha_per_lead"', '"penalty"').replace('"alpha"', '"penalty"')
        path.write_text(text.replace('"format": 2', '"format": 1'))

    again = load_forecaster(tmp_path)

    assert again.parameters == model.parameters
    assert "temperature_2m_lag1" in again.feature_names
    expected = model.predict(history, ORIGINS, [1, 9])
    pd.testing.assert_frame_equal(again.predict(history, ORIGINS, [1, 9]), expected)


def test_an_unfitted_model_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ForecastingError):
        save_forecaster(make_forecaster("ridge", {}, max_lead=8, seed=0), tmp_path / "model")
