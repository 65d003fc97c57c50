"""Fitted forecasters as files: JSON, plain arrays and LightGBM's text, never pickles."""

import hashlib
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from triptych.forecasting.errors import StorageError
from triptych.forecasting.evaluation.conformal import MONTHS, Intervals
from triptych.forecasting.features.climatology import Climatology
from triptych.forecasting.models.base import Arrays, PanelForecaster, Training
from triptych.forecasting.models.ensemble import EnsembleForecaster
from triptych.forecasting.models.factory import make_forecaster

FORMAT = 2
INTERVALS = ("ages", "leads", "half_widths", "pooled")
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
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise StorageError(f"{folder} is not empty: save a forecaster in a folder of its own.")
    arrays = {**_training_arrays(forecaster), **forecaster.arrays()}
    (folder / SPECIFICATION).write_text(
        json.dumps(_specification(forecaster), indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    named: dict[str, Any] = {name: arrays[name] for name in sorted(arrays)}
    np.savez(folder / ARRAYS, **named)
    for name, text in sorted(forecaster.texts().items()):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    for member in _members(forecaster):
        save_forecaster(member, folder / member.name)


def load_forecaster(folder: Path) -> PanelForecaster:
    """Read what `save_forecaster` wrote; StorageError if the folder holds anything else."""
    specification, arrays = _read(folder)
    forecaster = make_forecaster(
        specification["name"],
        specification["parameters"],
        max_lead=specification["max_lead"],
        seed=specification["seed"],
    )
    forecaster.training = _training(specification, arrays)
    forecaster.intervals = _intervals(specification, arrays)
    if isinstance(forecaster, EnsembleForecaster):
        forecaster.members = [load_forecaster(path) for path in specification["folders"]]
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


def _specification(forecaster: PanelForecaster) -> dict[str, Any]:
    training, intervals = forecaster.fitted, forecaster.intervals
    return {
        "format": FORMAT,
        "name": forecaster.name,
        "parameters": forecaster.parameters,
        "max_lead": forecaster.max_lead,
        "seed": forecaster.seed,
        "start": training.start,
        "end": training.end,
        "locations": training.climatology.locations,
        "variables": list(training.climatology.coefficients),
        "interval_locations": None if intervals is None else intervals.locations,
        "members": [member.name for member in _members(forecaster)],
    }


def _members(forecaster: PanelForecaster) -> list[PanelForecaster]:
    return forecaster.members if isinstance(forecaster, EnsembleForecaster) else []


def _training_arrays(forecaster: PanelForecaster) -> Arrays:
    climatology, intervals = forecaster.fitted.climatology, forecaster.intervals
    arrays: Arrays = {}
    for name, table in climatology.coefficients.items():
        arrays[f"climatology.{name}"] = table
        arrays[f"scale.{name}"] = climatology.scale[name]
    if intervals is not None:
        for name in INTERVALS:
            arrays[f"interval.{name}"] = getattr(intervals, name)
        if intervals.scale is not None:
            arrays["interval.scale"] = intervals.scale
    return arrays


def _read(folder: Path) -> tuple[dict[str, Any], Arrays]:
    try:
        specification = json.loads((folder / SPECIFICATION).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise StorageError(
            f"{folder} does not hold a saved forecaster ({SPECIFICATION} and {ARRAYS}): {error}"
        ) from error
    if not isinstance(specification, dict) or specification.get("format") not in (1, FORMAT):
        raise StorageError(
            f"{folder} holds a forecaster of another format than {FORMAT}: train it again with "
            "this version."
        )
    specification["folders"] = [folder / name for name in specification["members"]]
    if specification["format"] == 1:
        _upgrade(specification)
    return specification, arrays


def _upgrade(specification: dict[str, Any]) -> None:
    """Rename what version 0.1 called otherwise."""
    name, given = _renamed(specification["name"], specification["parameters"])
    if "members" in given:
        given["members"] = dict(_renamed(*member) for member in given["members"].items())
        given["weights"] = {MODELS_0_1.get(n, n): own for n, own in given["weights"].items()}
    specification.update(name=name, parameters=given)


def _renamed(name: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = MODELS_0_1.get(name, name)
    new = PENALTY_0_1.get(name, "penalty")
    return name, {new if key == "penalty" else key: own for key, own in parameters.items()}


def _training(specification: dict[str, Any], arrays: Arrays) -> Training:
    names = specification["variables"]
    climatology = Climatology(
        tuple(specification["locations"]),
        {name: arrays[f"climatology.{name}"] for name in names},
        {name: arrays[f"scale.{name}"] for name in names},
    )
    return Training(specification["start"], specification["end"], climatology)


def _intervals(specification: dict[str, Any], arrays: Arrays) -> Intervals | None:
    if specification["interval_locations"] is None:
        return None
    half_widths, pooled = arrays["interval.half_widths"], arrays["interval.pooled"]
    if pooled.ndim == 1:  # models saved by version 0.1: one width a lead
        half_widths = np.repeat(half_widths[:, None, None], MONTHS, axis=2)
        pooled = np.repeat(pooled[None, None], MONTHS, axis=1)
    return Intervals(
        tuple(specification["interval_locations"]),
        arrays.get("interval.ages", np.zeros(1, dtype=np.int64)),
        arrays["interval.leads"],
        half_widths,
        pooled,
        arrays.get("interval.scale"),
    )
