"""Review models as files: JSON and arrays, without pickle.

A folder holds `classifier.json`, `terms.json` (vocabularies) and `arrays.npz`; a blend has a
subfolder per member. The same model gives the same bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel, TextClassifier
from triptych.nlp.config import LstmSettings, ModelSettings
from triptych.nlp.errors import ModelFilesError
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_network import Network
from triptych.nlp.preprocessing import Preparation

FORMAT = 1
SPECIFICATION, TERMS, ARRAYS = "classifier.json", "terms.json", "arrays.npz"


def save_classifier(model: ReviewModel, folder: Path) -> None:
    """Write a fitted model into `folder`, which is created and must be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ModelFilesError(f"{folder} is not empty: save a model in a folder of its own.")
    about = {
        "name": model.name,
        "parameters": dict(model.parameters),
        "preparation": model.preparation.model_dump(),
    }
    if len(model.members) == 1:
        (member,) = model.members.values()
        _save_member(member, folder, about)
        return
    about |= {"kind": "blend", "members": list(model.members)}
    _write_specification(folder, about, model.calibration)
    for name, member in model.members.items():
        (folder / name).mkdir()
        _save_member(member, folder / name, {})


def load_classifier(folder: Path) -> ReviewModel:
    """Read what `save_classifier` wrote.

    Raises:
        ModelFilesError: the folder holds anything else, or another format.
    """
    try:
        about = _read_specification(folder)
        calibration = Calibration()
        if about["kind"] == "blend":
            calibration = Calibration(**about["calibration"])
            members = {name: _load_member(folder / name) for name in about["members"]}
        else:
            members = {about["name"]: _load_member(folder)}
        preparation = _current_preparation(about["preparation"])
        parameters = _current_names(about["parameters"])
        return ReviewModel(about["name"], preparation, members, calibration, parameters)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelFilesError(
            f"{folder} does not hold a saved model of reviews ({SPECIFICATION}, {TERMS}, "
            f"{ARRAYS}): {error}. Restore the files, or train again."
        ) from error


def _save_member(member: CalibratedClassifier, folder: Path, about: Mapping[str, Any]) -> None:
    classifier = member.classifier
    arrays: dict[str, Any]
    if isinstance(classifier, TextClassifier):
        vocabularies = classifier.vocabularies()
        terms = [terms for terms, _ in vocabularies]
        arrays = {"weights": classifier.weights, "intercept": np.array(classifier.intercept)}
        arrays |= {f"idf.{k}": idf for k, (_, idf) in enumerate(vocabularies) if idf is not None}
        more: dict[str, Any] = {"kind": "linear", "settings": asdict(classifier.settings)}
    else:
        assert isinstance(classifier, LstmClassifier)  # noqa: S101 (there is no third kind)
        terms = [list(classifier.vocabulary)]
        arrays = {"words": classifier.word_weights}
        for place, network in enumerate(classifier.networks):
            arrays |= {f"{place}.{k:02d}": array for k, array in enumerate(network.weights)}
        settings = classifier.settings.model_dump()
        more = {"kind": "lstm", "settings": settings, "seed": classifier.seed}
    _write_json(folder / TERMS, terms)
    np.savez(folder / ARRAYS, **{name: arrays[name] for name in sorted(arrays)})
    _write_specification(folder, {**about, **more}, member.calibration)


def _load_member(folder: Path) -> CalibratedClassifier:
    about = _read_specification(folder)
    terms = json.loads((folder / TERMS).read_text(encoding="utf-8"))
    with (folder / ARRAYS).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays: dict[str, Any] = {name: file[name] for name in file.files}
    settings, calibration = _current_names(about["settings"]), Calibration(**about["calibration"])
    if about["kind"] == "linear":
        linear = TextClassifier(ModelSettings(**settings))
        vocabularies = [(words, arrays.get(f"idf.{k}")) for k, words in enumerate(terms)]
        linear.restore(vocabularies, arrays["weights"], float(arrays["intercept"]))
        return CalibratedClassifier(linear, calibration)
    lstm = LstmClassifier(LstmSettings(**settings), about["seed"])
    networks = [
        Network(lstm.settings, [arrays[k] for k in sorted(arrays) if k.startswith(f"{place}.")])
        for place in range(lstm.settings.ensemble_size)
    ]
    return CalibratedClassifier(lstm.restore(terms[0], arrays["words"], networks), calibration)


def _current_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Rename settings of version 0.1."""
    names = {"counted": "analyzer", "min_documents": "min_df"}
    if "units" in settings:
        names |= {"batch": "batch_size", "longest": "max_length", "members": "ensemble_size"}
    elif "classifier" in settings:
        naive_bayes = settings["classifier"] == "naive_bayes"
        names |= {"longest": "ngram_max", "strength": "alpha" if naive_bayes else "C"}
    renamed = {names.get(name, name): value for name, value in settings.items()}
    if renamed.get("embeddings") == "learned":
        renamed["embeddings"] = "random"
    return renamed


def _current_preparation(steps: Mapping[str, Any]) -> Preparation:
    """Read the preparation; version 0.1 had two groups of steps."""
    if "cleaning" in steps:
        tokens = steps["tokens"]
        steps = {**steps["cleaning"], **tokens, "drop_stop_words": bool(tokens["stop_words"])}
    return Preparation(**steps)


def _read_specification(folder: Path) -> dict[str, Any]:
    about = json.loads((folder / SPECIFICATION).read_text(encoding="utf-8"))
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{SPECIFICATION} is of another format than {FORMAT}")
    return about


def _write_specification(folder: Path, about: Mapping[str, Any], calibration: Calibration) -> None:
    complete = {**about, "format": FORMAT, "calibration": asdict(calibration)}
    _write_json(folder / SPECIFICATION, complete)


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
