"""Reviews per second, and training on 160,000: perturbed copies of real ones, else synthetic."""

import gc
import os
from itertools import chain
from pathlib import Path

import numpy as np

from bench.results import Row, Stopwatch, peak_mb, row, run_isolated
from triptych.nlp.classifier import (
    CalibratedClassifier,
    Calibration,
    Labels,
    ReviewModel,
    TextClassifier,
)
from triptych.nlp.config import FAMILIES, LstmSettings
from triptych.nlp.lstm import LstmClassifier
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.reading import read_reviews
from triptych.nlp.sample import generate_reviews
from triptych.nlp.word_vectors import VectorSettings, VectorSource, train_vectors

FULL, TEST = 160_000, 20_000
FEW, SINGLE = 2_000, 200
FAMILY = "nb_weighted_svm"  # the best single model on real reviews
VECTORS = VectorSettings(epochs=5)
FOLDER = os.environ.get("TRIPTYCH_REAL_DATA")
KIND = "reviews (perturbed copies)" if FOLDER else "synthetic reviews"
KEPT = 0.9  # of the words of a copy


def measure() -> list[Row]:
    """Measure the throughput of both families, and the full size in separate processes."""
    full = (run_isolated("reviews", name) for name in ("measure_linear", "measure_lstm"))
    return [*_throughput(), *chain.from_iterable(full)]


def _throughput() -> list[Row]:
    texts, labels = _generate(2 * FEW)
    documents, texts = Preparation().prepare(texts[:FEW]), texts[FEW:]
    linear = TextClassifier(FAMILIES[FAMILY][0]).fit(documents, labels[:FEW])
    settings = LstmSettings(epochs=1)
    source = VectorSource(VECTORS)
    lstm = LstmClassifier(settings).fit(documents, labels[:FEW], np.arange(FEW), source)
    rows = []
    for name, classifier in ((FAMILY, linear), ("lstm, 48 units", lstm)):
        member = CalibratedClassifier(classifier, Calibration())
        model = ReviewModel(name, Preparation(), {name: member})
        model.probabilities(texts[:1])  # tracing and loading
        batch, single = Stopwatch(), Stopwatch()
        with batch.running():
            model.probabilities(texts)
        with single.running():
            for text in texts[:SINGLE]:
                model.probabilities([text])
        what = f"{name}: reviews per second"
        rows.append(row(f"{what}, batch of {FEW:,}", FEW / batch.seconds, "1/s"))
        rows.append(row(f"{what}, one by one", SINGLE / single.seconds, "1/s"))
    return rows


def measure_linear() -> list[Row]:
    """Preprocess, vectorise and fit 160,000 reviews, and predict 20,000."""
    texts, labels = _generate(FULL + TEST)
    preprocessing, training = Stopwatch(), Stopwatch()
    with preprocessing.running():
        documents = Preparation().prepare(texts)
    with training.running():
        classifier = TextClassifier(FAMILIES[FAMILY][0]).fit(documents[:FULL], labels[:FULL])
        classifier.scores(documents[FULL:])
    seconds = preprocessing.seconds + training.seconds
    what = f"{FULL:,} {KIND}, {FAMILY}"
    beside = f"at most 240; preprocessing: {preprocessing.seconds:.0f}"
    return [
        row(f"{what}: preprocess, fit, predict {TEST:,}", seconds, "s", beside),
        row(f"{what}: peak memory", peak_mb(), "MB", "at most 4,000"),
    ]


def measure_lstm() -> list[Row]:
    """Encode 160,000 reviews and train on them for one epoch."""
    texts, labels = _generate(FULL)
    documents = Preparation().prepare(texts)
    del texts
    gc.collect()
    vectors, epoch, encoding = Stopwatch(), Stopwatch(), Stopwatch()
    with vectors.running():
        trained = train_vectors([document.words for document in documents], VECTORS, seed=1)
    with epoch.running():
        lstm = LstmClassifier(LstmSettings(epochs=1)).fit(
            documents, labels, np.arange(FULL), trained
        )
    with encoding.running():
        lstm.encode(documents)
    epochs = LstmSettings().epochs
    words = np.mean([document.words.count(" ") + 1 for document in documents])
    what = f"{FULL:,} {KIND}"
    return [
        row(f"{what}, word2vec of their words", vectors.seconds, "s"),
        row(f"{what}, encoding as word indices", encoding.seconds, "s"),
        row(
            f"{what}, one LSTM epoch: reviews per second",
            FULL / epoch.seconds,
            "1/s",
            f"{words:.0f} words per review; includes build and tracing",
        ),
        row(
            f"{what}, one LSTM of {epochs} epochs, estimated",
            epochs * epoch.seconds / 60,
            "min",
            "from the row above",
        ),
        row(f"{what}, LSTM: peak memory", peak_mb(), "MB"),
    ]


def _generate(count: int) -> tuple[list[str], Labels]:
    if not FOLDER:
        raw = generate_reviews({"train": count}, seed=1)
        return raw["review"].tolist(), raw["polarity"].to_numpy(dtype=np.int64)
    raw = read_reviews(Path(FOLDER) / "reviews_large")
    rng = np.random.default_rng(1)
    copies = raw[raw["split"] == "train"].sample(count, replace=True, random_state=1)
    texts = [
        " ".join(word for word in review.split() if rng.random() < KEPT)
        for review in copies["review"]
    ]
    return texts, copies["polarity"].to_numpy(dtype=np.int64)
