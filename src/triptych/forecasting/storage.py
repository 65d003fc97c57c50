"""Fitted forecasters as files: JSON, plain arrays and LightGBM's text, never pickles."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from triptych.forecasting.arrays import Arrays
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.conformal import MONTHS, Intervals
from triptych.forecasting.features.panel import Climatology
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import make_forecaster

FORMAT = 2
# Names of version 0.1 (format 1): models, and the parameter `penalty` of each.
MODELS_0_1 = {"sarimax": "sarima_ridge"}
PENALTY_0_1 = {
    "ridge": "alpha",
    "pooled_ridge": "alpha",
    "kernel_ridge": "noise",
    "sarima_ridge": "alpha_per_lead",
}
SPECIFICATION = "forecaster.json"
ARRAYS = "arrays.npz"
EVALUATED = "evaluated"  # subfolder of the forecaster that was evaluated before the refit


def save_forecaster(forecaster: PanelForecaster, folder: Path) -> None:
    """Write a fitted forecaster into an empty `folder`; the same state gives the same bytes."""
    climatology, intervals = forecaster.fitted, forecaster.intervals
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ForecastingError(f"{folder} is not empty: save a forecaster in a folder of its own.")
    specification = {
        "format": FORMAT,
        "name": forecaster.name,
        "parameters": forecaster.parameters,
        "max_lead": forecaster.max_lead,
        "seed": forecaster.seed,
        "start": climatology.start,
        "end": climatology.end,
        "locations": climatology.locations,
        "variables": list(climatology.coefficients),
        "interval_locations": None if intervals is None else intervals.locations,
        "members": [member.name for member in forecaster.members],
    }
    (folder / SPECIFICATION).write_text(
        json.dumps(specification, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    arrays: dict[str, Any] = {
        **_prefixed("climatology", climatology.coefficients),
        **_prefixed("scale", climatology.scale),
        **_prefixed("interval", {} if intervals is None else asdict(intervals)),
        **forecaster.state,
    }
    stored = {name: arrays[name] for name in sorted(arrays) if isinstance(arrays[name], np.ndarray)}
    np.savez(folder / ARRAYS, **stored)
    for name, text in sorted(forecaster.texts.items()):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    for member in forecaster.members:
        save_forecaster(member, folder / member.name)


def load_forecaster(folder: Path) -> PanelForecaster:
    """Read what `save_forecaster` wrote; ForecastingError if the folder holds anything else."""
    specification, arrays = _read(folder)
    forecaster = make_forecaster(
        specification["name"],
        specification["parameters"],
        max_lead=specification["max_lead"],
        seed=specification["seed"],
    )
    coefficients, scale = _taken("climatology", arrays), _taken("scale", arrays)
    forecaster.climatology = Climatology(
        tuple(specification["locations"]),
        specification["start"],
        specification["end"],
        {name: coefficients[name] for name in specification["variables"]},
        {name: scale[name] for name in specification["variables"]},
    )
    intervals, places = _taken("interval", arrays), specification["interval_locations"]
    forecaster.intervals = None if places is None else _intervals(tuple(places), intervals)
    forecaster.members = [load_forecaster(folder / name) for name in specification["members"]]
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
    forecaster.restore(arrays, texts)
    return forecaster


def digest(folder: Path) -> str:
    """SHA-256 (hexadecimal) over the names and contents of every file under `folder`."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _prefixed(prefix: str, arrays: Any) -> Arrays:
    return {f"{prefix}.{name}": values for name, values in arrays.items()}


def _taken(prefix: str, arrays: Arrays) -> Arrays:
    """Remove the arrays of a prefix, and return them by their own names."""
    names = [name for name in arrays if name.startswith(f"{prefix}.")]
    return {name.removeprefix(f"{prefix}."): arrays.pop(name) for name in names}


def _read(folder: Path) -> tuple[dict[str, Any], Arrays]:
    try:
        specification = json.loads((folder / SPECIFICATION).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, BadZipFile) as error:
        raise ForecastingError(
            f"{folder} does not hold a saved forecaster ({SPECIFICATION} and {ARRAYS}): {error}"
        ) from error
    if not isinstance(specification, dict) or specification.get("format") not in (1, FORMAT):
        raise ForecastingError(
            f"{folder} holds a forecaster of another format than {FORMAT}: train it again with "
            "this version."
        )
    if specification["format"] == 1:
        _upgrade(specification)
    return specification, arrays


def _upgrade(specification: dict[str, Any]) -> None:
    """Rename what version 0.1 called otherwise; the folders of members keep their names."""
    name, given = _renamed(specification["name"], specification["parameters"])
    if "members" in given:
        given["members"] = dict(_renamed(*member) for member in given["members"].items())
        given["weights"] = {MODELS_0_1.get(n, n): own for n, own in given["weights"].items()}
    specification.update(name=name, parameters=given)


def _renamed(name: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = MODELS_0_1.get(name, name)
    new = PENALTY_0_1.get(name, "penalty")
    return name, {new if key == "penalty" else key: own for key, own in parameters.items()}


def _intervals(locations: tuple[str, ...], arrays: Arrays) -> Intervals:
    half_widths, pooled = arrays["half_widths"], arrays["pooled"]
    if pooled.ndim == 1:  # models saved by version 0.1: one width a lead
        half_widths = np.repeat(half_widths[:, None, None], MONTHS, axis=2)
        pooled = np.repeat(pooled[None, None], MONTHS, axis=1)
    ages = arrays.get("ages", np.zeros(1, dtype=np.int64))
    scale = arrays.get("scale")
    return Intervals(locations, ages, arrays["leads"], half_widths, pooled, scale)
