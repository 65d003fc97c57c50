"""Word vectors and the LSTM: learned, compared and judged within the training split."""

import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.nlp.calibration import Calibration
from triptych.nlp.document_models import LSTM, LSTM_ENSEMBLE, CalibratedClassifier, ReviewModel
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_ablation import (
    choose_settings,
    cross_lstm,
    run_trials,
    summarise_trials,
)
from triptych.nlp.lstm_config import BASE, LstmSettings, change_settings, make_settings
from triptych.nlp.tuning import Tuned, stratified_folds
from triptych.nlp.word_vectors import VectorSettings, VectorSource, WordVectors, load_vectors
from triptych.parameters.resolvers import project_path
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.nlp.frames import documents_of, labels_of

logger = logging.getLogger(__name__)


def learn_word_vectors(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    vectors_file: str | None,
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Learn word2vec from the training reviews, or read a pretrained file for their words.

    The reviews that stop the training of the networks are left out.

    Returns:
        `word_vectors` (word, v000, …); `vocabulary_coverage` by split; `word_neighbours`.
    """
    analyzer = nlp.lstm.build().analyzer
    train, _ = early_stopping_split(labels_of(training_documents), seed)
    source = vector_source(training_documents, vectors_file, nlp)
    vectors = source.vectors(training_documents[analyzer].iloc[train].tolist(), seed)
    every = pd.concat([training_documents, holdout_documents])
    coverage = vectors.coverage({str(s): rows[analyzer] for s, rows in every.groupby("split")})
    logger.info("Word vectors: %s words, %s numbers each", *map(str, vectors.matrix.shape))
    return {
        "word_vectors": vectors.frame(),
        "vocabulary_coverage": coverage,
        "word_neighbours": vectors.neighbours(
            _shown(nlp.vectors.shown_words, analyzer), nlp.vectors.shown_neighbours
        ),
    }


def compare_lstms(
    training_documents: pd.DataFrame,
    vectors_file: str | None,
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Any]:
    """Change one thing of the LSTM at a time, and train each with several seeds.

    Returns:
        `lstm_trials`, `lstm_histories` and `lstm_summary`; `lstm_runs` for MLflow; `chosen_lstm`:
        the change that is taken, if one helped with every seed, and the settings.
    """
    rows = draw_rows(labels_of(training_documents), nlp.lstm.study_reviews, seed)
    studied = training_documents.iloc[rows]
    settings = nlp.lstm.build()
    logger.info(
        "LSTM: %s changes with %s seeds, %s reviews", len(nlp.lstm.changes), nlp.lstm.seeds,
        f"{len(studied):,}",
    )  # fmt: skip
    trials, histories = run_trials(
        nlp.lstm.changes, settings, documents_of(studied), labels_of(studied),
        vector_source(training_documents, vectors_file, nlp),
        seeds=nlp.lstm.seeds, seed=seed, n_jobs=nlp.n_jobs,
    )  # fmt: skip
    change, chosen = choose_settings(trials, settings)
    logger.info("LSTM chosen: %s", change)
    return {
        "lstm_trials": trials,
        "lstm_histories": histories,
        "lstm_summary": summarise_trials(trials),
        "lstm_runs": _runs(trials, histories, settings),
        "chosen_lstm": {
            "change": change,
            "settings": asdict(replace(chosen, ensemble_size=nlp.lstm.ensemble_size)),
        },
    }


def cross_validate_lstm(
    training_documents: pd.DataFrame,
    vectors_file: str | None,
    chosen_lstm: dict[str, Any],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Tuned[LstmSettings]]:
    """Score the tuning reviews out of fold, by one network and by the ensemble of all members.

    Returns:
        By model name the settings and the scores, as those of the classical models.
    """
    rows = draw_rows(labels_of(training_documents), nlp.tuning_reviews, seed)
    tuned_on = training_documents.iloc[rows]
    settings = make_settings(chosen_lstm["settings"])
    documents, labels = documents_of(tuned_on), labels_of(tuned_on)
    scores = cross_lstm(
        settings, documents, labels, stratified_folds(labels, nlp.lstm.n_splits, seed),
        vector_source(training_documents, vectors_file, nlp), seed=seed, n_jobs=nlp.n_jobs,
    )  # fmt: skip
    return {
        LSTM if count == 1 else LSTM_ENSEMBLE: Tuned(replace(settings, ensemble_size=count), of)
        for count, of in scores.items()
    }


def fit_lstms(
    training_documents: pd.DataFrame,
    word_vectors: pd.DataFrame,
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Any]:
    """Train the ensemble on all training reviews; its first network is the single LSTM.

    Returns:
        `lstm_models`: ReviewModels by name; `lstm_timings`: model, fit_seconds.
    """
    documents, labels = documents_of(training_documents), labels_of(training_documents)
    known = labels[draw_rows(labels, nlp.tuning_reviews, seed)]
    largest = max((found.settings for found in tuned_lstms.values()), key=lambda s: s.ensemble_size)
    source = VectorSource(pretrained=WordVectors.from_frame(word_vectors))
    started = time.perf_counter()
    ensemble = LstmClassifier(largest, seed).fit(documents, labels, source, nlp.n_jobs)
    elapsed = time.perf_counter() - started
    each = elapsed * min(nlp.n_jobs, largest.ensemble_size) / largest.ensemble_size
    models, timings = {}, []
    for name, found in tuned_lstms.items():
        classifier = ensemble.first(found.settings.ensemble_size)
        calibrated = CalibratedClassifier(classifier, Calibration.learn(found.scores, known))
        about = asdict(classifier.settings)
        models[name] = ReviewModel(name, nlp.preparation.build(), calibrated, about)
        timings.append((name, each * found.settings.ensemble_size))
    logger.info("Fitted %s networks of LSTM in %.0f s", largest.ensemble_size, elapsed)
    table = pd.DataFrame(timings, columns=["model", "fit_seconds"])
    return {"lstm_models": models, "lstm_timings": table}


def vector_source(
    training_documents: pd.DataFrame, vectors_file: str | None, nlp: ReviewParameters
) -> VectorSource:
    """Where the word vectors of a run come from; a relative path begins at the project."""
    asked = nlp.vectors
    settings = VectorSettings(asked.dimension, asked.window, asked.epochs, asked.min_df)
    if vectors_file is None:
        return VectorSource(settings)
    texts = training_documents["words"]
    words = {word for text in texts for word in text.split()}
    return VectorSource(
        settings, load_vectors(Path(project_path()) / vectors_file, asked.dimension, words)
    )


def _shown(words: Iterable[str], analyzer: str) -> list[str]:
    from triptych.nlp.tokens import stem

    return [stem(word) if analyzer == "stems" else word for word in words]


def _runs(trials: pd.DataFrame, histories: pd.DataFrame, settings: LstmSettings) -> pd.DataFrame:
    """Each trial as a run of its own, its epochs as steps: what MlflowNestedRunsDataset takes."""
    rows = []
    for trial in trials.to_dict("records"):
        change, seed = str(trial["change"]), trial["seed"]
        run = f"{change} · seed {seed}"
        changed = settings if change == BASE else change_settings(settings, change)
        told = {**asdict(changed), "change": change, "seed": seed}
        rows += [(run, "parameter", key, value, 0) for key, value in told.items()]
        judged = ("accuracy", "log_loss", "seconds")
        rows += [(run, "metric", f"held_out/{key}", trial[key], 0) for key in judged]
        of_trial = histories[(histories["change"] == change) & (histories["seed"] == seed)]
        long = of_trial.melt("epoch", ["loss", "val_loss", "accuracy", "val_accuracy"])
        rows += [
            (run, "metric", f"epoch/{key}", value, epoch)
            for epoch, key, value in long.itertuples(index=False)
        ]
    return pd.DataFrame(rows, columns=["run", "kind", "key", "value", "step"])
