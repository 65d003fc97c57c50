"""Models of reviews as files: JSON and plain arrays, nothing that runs code when it is read.

A folder holds `classifier.json`, `terms.json` (a vocabulary) and `arrays.npz`; a blend has a folder
a member. The same model gives the same bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from triptych.nlp.calibration import Calibration
from triptych.nlp.classifier import TextClassifier
from triptych.nlp.cleaning import CleaningRules
from triptych.nlp.config import ModelSettings
from triptych.nlp.document_models import Blend, CalibratedClassifier, DocumentModel, ReviewModel
from triptych.nlp.errors import ModelFilesError
from triptych.nlp.features import Terms
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tokens import TokenRules
from triptych.nlp.word_vectors import WordVectors

FORMAT = 1
SPECIFICATION, TERMS, ARRAYS = "classifier.json", "terms.json", "arrays.npz"
Arrays = dict[str, npt.NDArray[Any]]


def save_classifier(classifier: ReviewModel, folder: Path) -> None:
    """Write a fitted model of reviews into `folder`, which is made and must be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ModelFilesError(f"{folder} is not empty: save a model in a folder of its own.")
    _save_model(classifier.model, folder, {
        "name": classifier.name,
        "parameters": dict(classifier.parameters),
        "preparation": asdict(classifier.preparation),
    })  # fmt: skip


def load_classifier(folder: Path) -> ReviewModel:
    """Read what `save_classifier` wrote.

    Raises:
        ModelFilesError: the folder holds anything else, or another format.
    """
    try:
        about = _specification(folder)
        rules = about["preparation"]
        tokens = {**rules["tokens"], "stop_words": tuple(rules["tokens"]["stop_words"])}
        preparation = Preparation(CleaningRules(**rules["cleaning"]), TokenRules(**tokens))
        return ReviewModel(
            about["name"], preparation, _load_model(folder, about), _renamed(about["parameters"])
        )
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelFilesError(
            f"{folder} does not hold a saved model of reviews ({SPECIFICATION}, {TERMS}, "
            f"{ARRAYS}): {error}. Restore the files, or train again."
        ) from error


def _save_model(model: DocumentModel, folder: Path, about: Mapping[str, Any]) -> None:
    if isinstance(model, Blend):
        specification: dict[str, Any] = {"kind": "blend", "members": list(model.members)}
        for name, member in model.members.items():
            (folder / name).mkdir()
            _save_model(member, folder / name, {})
    else:
        assert isinstance(model, CalibratedClassifier)  # noqa: S101 (there is no third kind)
        specification = _save_inner(model.classifier, folder)
    specification |= {"format": FORMAT, "calibration": asdict(model.calibration), **about}
    _write_json(folder / SPECIFICATION, specification)


def _save_inner(classifier: TextClassifier | LstmClassifier, folder: Path) -> dict[str, Any]:
    arrays: Arrays
    if isinstance(classifier, TextClassifier):
        parts, (weights, intercept) = classifier.terms_by_part(), classifier.line
        arrays = {"weights": weights, "intercept": np.array(intercept)}
        arrays |= {f"idf.{k}": part.idf for k, part in enumerate(parts) if part.idf is not None}
        terms, kind, more = [part.terms for part in parts], "linear", {}
    else:
        arrays = classifier.arrays()
        terms, kind = [list(classifier.vectors.words)], "lstm"
        more = {"seed": classifier.seed, "dimension": classifier.vectors.matrix.shape[1]}
    _write_json(folder / TERMS, terms)
    named: dict[str, Any] = {name: arrays[name] for name in sorted(arrays)}
    np.savez(folder / ARRAYS, **named)
    return {"kind": kind, "settings": asdict(classifier.settings), **more}


def _load_model(folder: Path, about: Mapping[str, Any]) -> DocumentModel:
    calibration = Calibration(**about["calibration"])
    if about["kind"] == "blend":
        members = {name: _load_model(folder / name, _specification(folder / name))
                   for name in about["members"]}  # fmt: skip
        return Blend(members, calibration)  # type: ignore[arg-type]
    terms = json.loads((folder / TERMS).read_text(encoding="utf-8"))
    with (folder / ARRAYS).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays: Arrays = {name: file[name] for name in file.files}
    if about["kind"] == "linear":
        parts = [Terms(words, arrays.get(f"idf.{k}")) for k, words in enumerate(terms)]
        linear = TextClassifier(ModelSettings(**_renamed(about["settings"])))
        linear.restore(parts, arrays["weights"], float(arrays["intercept"]))
        return CalibratedClassifier(linear, calibration)
    vectors = WordVectors(
        tuple(terms[0]), np.zeros((len(terms[0]), about["dimension"]), np.float32)
    )
    lstm = LstmClassifier(LstmSettings(**_renamed(about["settings"])), about["seed"])
    return CalibratedClassifier(lstm.restore(vectors, arrays), calibration)


def _renamed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by today's names; version 0.1 had others."""
    names = {"counted": "analyzer", "min_documents": "min_df"}
    if "units" in settings:
        names |= {"batch": "batch_size", "longest": "max_length", "members": "ensemble_size"}
    elif "classifier" in settings:
        naive_bayes = settings["classifier"] == "naive_bayes"
        names |= {"longest": "ngram_max", "strength": "alpha" if naive_bayes else "C"}
    return {names.get(name, name): value for name, value in settings.items()}


def _specification(folder: Path) -> dict[str, Any]:
    about = json.loads((folder / SPECIFICATION).read_text(encoding="utf-8"))
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{SPECIFICATION} is of another format than {FORMAT}")
    return about


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
