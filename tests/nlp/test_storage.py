"""Review models as files: the same predictions after loading, and messages for other files."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.nlp.conftest import Prepared
from triptych.datasets import ModelFolderDataset
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel, TextClassifier
from triptych.nlp.config import FAMILIES
from triptych.nlp.errors import ModelFilesError
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.storage import load_classifier, save_classifier

FAMILY_NAMES = ("tfidf_svm", "bow_naive_bayes", "nb_weighted_chars", "both_svm")
TEXTS = ["Un film très bon, rien à redire !", "Quel ennui :-(", "zzz", ""]


@pytest.fixture(scope="module")
def blend(training: Prepared) -> ReviewModel:
    """Return a blend of a classifier of each kind of features."""
    members = {
        name: CalibratedClassifier(
            TextClassifier(FAMILIES[name][0], 1).fit(*training), Calibration(1.5, -0.2)
        )
        for name in FAMILY_NAMES
    }
    preparation = Preparation(drop_stop_words=True, stop_words=("un", "une"))
    return ReviewModel("blend", preparation, members, Calibration(0.9, 0.1), {"members": 4})


def test_a_loaded_model_predicts_the_same_and_has_the_same_bytes(
    blend: ReviewModel, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        save_classifier(blend, tmp_path / folder)

    loaded = load_classifier(tmp_path / "a")
    assert np.array_equal(loaded.probabilities(TEXTS), blend.probabilities(TEXTS))
    assert loaded.probabilities(TEXTS).sum(axis=1) == pytest.approx([1, 1, 1, 1])
    assert (loaded.name, *loaded.classes) == ("blend", "negative", "positive")
    assert loaded.preparation == blend.preparation
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 1 + 3 * len(FAMILY_NAMES)
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert {file.suffix for file in files} == {".json", ".npz"}


def test_models_of_version_0_1_load(blend: ReviewModel, tmp_path: Path) -> None:
    save_classifier(blend, tmp_path)
    file = tmp_path / "classifier.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    steps = about["preparation"]
    del steps["drop_stop_words"]
    tokens = {name: steps.pop(name) for name in ("punctuation", "negation", "stop_words")}
    about["preparation"] = {"cleaning": steps, "tokens": tokens}
    file.write_text(json.dumps(about), encoding="utf-8")
    old = {"analyzer": "counted", "min_df": "min_documents", "ngram_max": "longest"}
    for name in FAMILY_NAMES:
        file = tmp_path / name / "classifier.json"
        about = json.loads(file.read_text(encoding="utf-8"))
        unused, used = ("C", "alpha") if name == "bow_naive_bayes" else ("alpha", "C")
        del about["settings"][unused]
        names = {**old, used: "strength"}
        about["settings"] = {names.get(key, key): value for key, value in about["settings"].items()}
        file.write_text(json.dumps(about), encoding="utf-8")

    loaded = load_classifier(tmp_path)
    assert np.array_equal(loaded.probabilities(TEXTS), blend.probabilities(TEXTS))
    assert loaded.preparation == blend.preparation
    for name, member in loaded.members.items():
        assert member.classifier.settings == blend.members[name].classifier.settings


def test_other_files_are_rejected(blend: ReviewModel, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_classifier(blend, folder)
    with pytest.raises(ModelFilesError, match="is not empty"):
        save_classifier(blend, folder)
    with pytest.raises(ModelFilesError, match=r"absent does not hold a saved model"):
        load_classifier(tmp_path / "absent")

    arrays = folder / "tfidf_svm" / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])
    with pytest.raises(ModelFilesError, match="Restore the files, or train again"):
        load_classifier(folder)
    file = folder / "classifier.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(ModelFilesError, match="of another format than 1"):
        load_classifier(folder)


def test_saving_replaces_all_models_of_a_folder(blend: ReviewModel, tmp_path: Path) -> None:
    dataset = ModelFolderDataset(filepath=str(tmp_path / "models"), kind="review")
    assert not dataset.exists()

    dataset.save({"b": blend, "a": blend})
    dataset.save({"b": blend})
    (tmp_path / "models.new").mkdir()  # left by a killed run
    dataset.save({"c": blend, "a": blend})

    assert list(dataset.load()) == ["c", "a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models"]
