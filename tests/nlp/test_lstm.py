"""One small ensemble of LSTMs: training, prediction and files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.nlp.conftest import OTHER, Prepared
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel
from triptych.nlp.config import BASELINE, CHANGES, LstmSettings
from triptych.nlp.folds import grouped_folds
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_ablation import cross_lstm, summarise_trials
from triptych.nlp.preprocessing import Document, Preparation
from triptych.nlp.storage import load_classifier, save_classifier
from triptych.nlp.word_vectors import VectorSettings, VectorSource

SMALL = LstmSettings(
    analyzer="stems", units=4, bidirectional=False, epochs=15, max_length=40, batch_size=16,
    learning_rate=0.02,
)  # fmt: skip
SOURCE = VectorSource(VectorSettings(dimension=8, window=3, epochs=5))

ROWS = np.arange(300)  # no groups


@pytest.fixture(scope="module")
def fitted(training: Prepared) -> LstmClassifier:
    """Return an ensemble of two networks, trained in two processes."""
    settings = SMALL.change(ensemble_size=2)
    return LstmClassifier(settings, 1).fit(*training, ROWS, SOURCE, n_jobs=2)


def test_it_learns_and_reports_its_training(fitted: LstmClassifier, held_out: Prepared) -> None:
    correct = (fitted.scores(held_out[0]) > 0) == held_out[1]

    assert correct.mean() > 0.65
    assert {(row["member"], row["epoch"]) for row in fitted.history} >= {(0, 1), (1, 1), (1, 2)}
    assert all(np.isfinite(row["val_loss"]) for row in fitted.history)


# here the processes of `fitted` are still there
def test_reviews_are_scored_in_processes_whatever_the_number_of_folds(
    training: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow in this process would take memory beside the processes that train."""
    monkeypatch.setattr(LstmClassifier, "scores", None)  # of this process
    folds = grouped_folds(training[1], ROWS, 3, seed=1)
    data = *training, ROWS

    short = SMALL.change(epochs=1, bidirectional=True)
    found = cross_lstm(short, data, [folds], SOURCE, seed=1, n_jobs=2)

    assert np.isfinite(found[1]).all()


def test_a_score_does_not_depend_on_padding(fitted: LstmClassifier, held_out: Prepared) -> None:
    together = fitted.scores(held_out[0])

    alone = [fitted.scores([document])[0] for document in held_out[0][:5]]
    assert alone == pytest.approx(together[:5].tolist(), abs=1e-5)
    assert np.isfinite(fitted.scores([Document("", "", ""), OTHER])).all()


def test_the_same_seed_trains_the_same_network_in_any_process(
    fitted: LstmClassifier, training: Prepared, held_out: Prepared
) -> None:
    again = LstmClassifier(SMALL, 1).fit(*training, ROWS, SOURCE)  # in this process

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


def test_a_change_improves_the_network_if_the_paired_interval_says_so() -> None:
    changes = {
        BASELINE: (0, 0, 0),
        "last state": (0.1, -0.1, 0.01),
        "24 units": (-0.1, -0.11, -0.1),
        "two layers": (0.2, 0.21, 0.2),
    }
    table = trials(*(
        (change, seed, 0.5 + 0.1 * seed + difference)
        for change, differences in changes.items()
        for seed, difference in enumerate(differences)
    ))  # fmt: skip

    found = summarise_trials(table).set_index("change")

    assert found["finding"].to_dict() == {
        BASELINE: "", "last state": "inconclusive", "24 units": "improves", "two layers": "worsens",
    }  # fmt: skip
    assert found.index[0] == "24 units"
    row = found.loc["24 units"]
    # Student's t of three differences: 4.303 standard errors of 0.00333
    assert row["difference_high"] - row["difference"] == pytest.approx(0.01434, abs=1e-4)
    assert set(summarise_trials(table[table["seed"] == 1])["finding"]) == {"", "inconclusive"}
