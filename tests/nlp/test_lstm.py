"""One small ensemble of LSTMs: training, prediction and files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.nlp.conftest import OTHER, Prepared
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel
from triptych.nlp.config import BASELINE, CHANGES, LstmSettings
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_ablation import choose_change, summarise_trials
from triptych.nlp.preprocessing import Document, Preparation
from triptych.nlp.storage import load_classifier, save_classifier
from triptych.nlp.word_vectors import VectorSettings

SMALL = LstmSettings(units=4, epochs=15, max_length=40, batch_size=16, learning_rate=0.02)
SOURCE = VectorSettings(dimension=8, window=3, epochs=5)


@pytest.fixture(scope="module")
def fitted(training: Prepared) -> LstmClassifier:
    """Return an ensemble of two networks, trained in two processes."""
    settings = SMALL.change(ensemble_size=2)
    return LstmClassifier(settings, 1).fit(*training, SOURCE, n_jobs=2)


def test_it_learns_and_reports_its_training(fitted: LstmClassifier, held_out: Prepared) -> None:
    correct = (fitted.scores(held_out[0]) > 0) == held_out[1]

    assert correct.mean() > 0.65
    assert {(row["member"], row["epoch"]) for row in fitted.history} >= {(0, 1), (1, 1), (1, 2)}
    assert all(np.isfinite(row["val_loss"]) for row in fitted.history)


def test_a_score_does_not_depend_on_padding(fitted: LstmClassifier, held_out: Prepared) -> None:
    together = fitted.scores(held_out[0])

    alone = [fitted.scores([document])[0] for document in held_out[0][:5]]
    assert alone == pytest.approx(together[:5].tolist(), abs=1e-5)
    assert np.isfinite(fitted.scores([Document("", "", ""), OTHER])).all()


def test_the_same_seed_trains_the_same_network_in_any_process(
    fitted: LstmClassifier, training: Prepared, held_out: Prepared
) -> None:
    again = LstmClassifier(SMALL, 1).fit(*training, SOURCE)  # in this process

    assert np.array_equal(again.scores(held_out[0]), fitted.first(1).scores(held_out[0]))


def test_a_loaded_model_predicts_the_same_and_has_the_same_bytes(
    fitted: LstmClassifier, held_out: Prepared, tmp_path: Path
) -> None:
    member = CalibratedClassifier(fitted, Calibration(2.0, 0.1))
    model = ReviewModel("lstm_ensemble", Preparation(), {"lstm_ensemble": member})
    for folder in ("a", "b"):
        save_classifier(model, tmp_path / folder)

    loaded = load_classifier(tmp_path / "a")
    found = loaded.document_probabilities(held_out[0])
    assert np.array_equal(found, model.document_probabilities(held_out[0]))
    for file in ("arrays.npz", "terms.json", "classifier.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_early_stopping_split_is_a_stratified_tenth() -> None:
    labels = np.arange(200) % 2

    train, stop = early_stopping_split(labels, seed=1)

    assert sorted([*train, *stop]) == list(range(200))
    assert (len(stop), labels[stop].mean()) == (20, 0.5)


def test_every_ablation_changes_something() -> None:
    changed = [LstmSettings.model_validate(LstmSettings().change(**each).model_dump())
               for name, each in CHANGES.items() if name != BASELINE]  # fmt: skip

    assert LstmSettings() not in changed


@pytest.mark.parametrize(
    "values", [{"pooling": "sum"}, {"units": "many"}, {"units": True}, {"dropout": 1}, {"unit": 3}]
)
def test_invalid_settings_are_rejected(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        LstmSettings.model_validate(values)


def trials(*losses: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(losses, columns=["change", "seed", "log_loss"])
    return table.assign(n=10, accuracy=0.5, epochs=1, seconds=1.0)


def test_a_change_improves_the_network_if_all_seeds_agree() -> None:
    table = trials(
        (BASELINE, 1, 0.4), (BASELINE, 2, 0.5), ("last state", 1, 0.41), ("last state", 2, 0.3),
        ("24 units", 1, 0.39), ("24 units", 2, 0.48),
        ("two layers", 1, 0.6), ("two layers", 2, 0.6),
    )  # fmt: skip

    found = summarise_trials(table).set_index("change")

    assert found["finding"].to_dict() == {
        BASELINE: "", "last state": "inconclusive", "24 units": "improves", "two layers": "worsens",
    }  # fmt: skip
    assert found.index[0] == "last state"
    assert choose_change(table) == "24 units"
    assert choose_change(table[table["change"] != "24 units"]) == BASELINE
    assert set(summarise_trials(table[table["seed"] == 1])["finding"]) == {"", "inconclusive"}
