"""Reviews: a model's answers a second, and what 160,000 reviews of the grammar take."""

import gc
import time
from typing import Any

import numpy as np

from bench.alone import peak_mb, run_alone
from triptych.nlp.calibration import Calibration
from triptych.nlp.classifier import TextClassifier
from triptych.nlp.config import FAMILIES
from triptych.nlp.document_models import CalibratedClassifier, ReviewModel
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.sample import generate_reviews
from triptych.nlp.word_vectors import VectorSettings, VectorSource

FULL, JUDGED = 160_000, 20_000
_LEARNED, _ASKED, _SINGLE = 2_000, 2_000, 200
_VECTORS = VectorSettings(epochs=5)
_FAMILY = "nb_weighted_svm"  # the best single one of the recorded reviews
_LIMITS = {"classical": "at most 240", "classical memory": "at most 4,000"}
Drawn = tuple[list[str], Labels]


def measure() -> list[dict[str, Any]]:
    """Answers a second of both families; the full size in processes of their own."""
    full = (row for path in ("classical", "lstm") for row in run_alone("reviews", f"full_{path}"))
    return [*_answers(), *full]


def _answers() -> list[dict[str, Any]]:
    texts, labels = _draw(_LEARNED + _ASKED)
    documents = Preparation().prepare(texts[:_LEARNED])
    linear = TextClassifier(FAMILIES[_FAMILY][0]).fit(documents, labels[:_LEARNED])
    settings = LstmSettings(epochs=1)
    lstm = LstmClassifier(settings).fit(documents, labels[:_LEARNED], VectorSource(_VECTORS))
    rows = []
    for name, classifier in ((_FAMILY, linear), ("lstm, 48 units", lstm)):
        calibrated = CalibratedClassifier(classifier, Calibration(1, 0))
        model = ReviewModel(name, Preparation(), calibrated)
        model.probabilities(texts[:1])  # traced, loaded
        asked = texts[_LEARNED:]
        batch = _seconds(lambda model=model, asked=asked: model.probabilities(asked))
        single = _seconds(
            lambda model=model, asked=asked: [model.probabilities([t]) for t in asked[:_SINGLE]]
        )
        rows.append(_row(f"{name}: reviews a second, {_ASKED:,} at once", _ASKED / batch, "1/s"))
        rows.append(_row(f"{name}: reviews a second, one by one", _SINGLE / single, "1/s"))
    return rows


def full_classical() -> list[dict[str, Any]]:
    """Prepare, vectorise and fit 160,000 reviews, and predict 20,000."""
    texts, labels = _draw(FULL + JUDGED)
    started = time.monotonic()
    documents = Preparation().prepare(texts)
    prepared = time.monotonic() - started
    classifier = TextClassifier(FAMILIES[_FAMILY][0]).fit(documents[:FULL], labels[:FULL])
    classifier.scores(documents[FULL:])
    seconds = time.monotonic() - started
    what = f"{FULL:,} reviews of the grammar, {_FAMILY}"
    beside = f"{_LIMITS['classical']}; of it cleaning, words and stems {prepared:.0f}"
    return [
        _row(f"{what}: prepare, fit, predict {JUDGED:,}", seconds, "s", beside),
        _row(f"{what}: peak memory", peak_mb(), "MB", _LIMITS["classical memory"]),
    ]


def full_lstm() -> list[dict[str, Any]]:
    """Encode 160,000 reviews, and train one epoch on them, in one process."""
    texts, labels = _draw(FULL)
    documents = Preparation().prepare(texts)
    del texts
    gc.collect()
    started = time.monotonic()
    stems = [document.stems for document in documents]
    source = VectorSource(_VECTORS).learned(stems, seed=1)
    learned = time.monotonic() - started
    started = time.monotonic()
    lstm = LstmClassifier(LstmSettings(epochs=1)).fit(documents, labels, source)
    epoch = time.monotonic() - started
    started = time.monotonic()
    lstm.encode(documents)
    encoded = time.monotonic() - started
    rate = FULL / epoch
    whole = LstmSettings().epochs * FULL / rate / 60
    words = np.mean([document.stems.count(" ") + 1 for document in documents])
    return [
        _row(f"{FULL:,} reviews of the grammar, word2vec of their stems", learned, "s"),
        _row(f"{FULL:,} reviews of the grammar, as word numbers", encoded, "s"),
        _row(
            f"{FULL:,} reviews of the grammar, one epoch of the LSTM: reviews a second", rate,
            "1/s", f"{words:.0f} words a review; build and tracing counted",
        ),
        _row(
            f"{FULL:,} reviews, one network of {LstmSettings().epochs} epochs, estimated", whole,
            "min", "from the row above; real reviews are longer: by the words a review",
        ),
        _row(f"{FULL:,} reviews, LSTM: peak memory", peak_mb(), "MB", "no limit set"),
    ]  # fmt: skip


def _draw(count: int) -> Drawn:
    raw = generate_reviews({"train": count}, seed=1)
    return raw["review"].tolist(), raw["polarity"].to_numpy(dtype=np.int64)


def _seconds(work: Any) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _row(what: str, value: float, unit: str, beside: str = "no limit set") -> dict[str, Any]:
    return {"what": what, "value": round(value, 2), "unit": unit, "beside": beside}
