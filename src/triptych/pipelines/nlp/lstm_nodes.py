"""Nodes of word vectors and the LSTM, within the training split."""

import logging
import time
from pathlib import Path
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel
from triptych.nlp.config import CHANGES, LstmSettings
from triptych.nlp.lstm import LstmClassifier, early_stopping_split
from triptych.nlp.lstm_ablation import choose_change, cross_lstm, run_trials, summarise_trials
from triptych.nlp.preprocessing import stem
from triptych.nlp.tuning import Tuned, stratified_folds
from triptych.nlp.word_vectors import (
    VectorSource,
    find_vectors,
    load_vectors,
    measure_coverage,
    nearest_words,
)
from triptych.parameters.resolvers import project_path
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.nlp.frames import documents_of, labels_of

logger = logging.getLogger(__name__)

LSTM, LSTM_ENSEMBLE = "lstm", "lstm_ensemble"


def learn_word_vectors(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    vectors_file: str | None,
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Train word2vec on the training reviews without early-stopping split, or read a file.

    Returns:
        `word_vectors` (word, v000, v001, …); `vocabulary_coverage` by split; `word_neighbours`.
    """
    analyzer = nlp.lstm.network.analyzer
    train, _ = early_stopping_split(labels_of(training_documents), seed)
    source = vector_source(training_documents, vectors_file, nlp)
    vectors = find_vectors(training_documents[analyzer].iloc[train].tolist(), source, seed)
    logger.info("Word vectors: %s words, %s dimensions", *vectors.shape)
    splits = pd.concat([training_documents, holdout_documents]).groupby("split")[analyzer]
    shown = [stem(word) if analyzer == "stems" else word for word in nlp.vectors.shown_words]
    return {
        "word_vectors": vectors.reset_index(),
        "vocabulary_coverage": measure_coverage(vectors, {str(s): texts for s, texts in splits}),
        "word_neighbours": nearest_words(vectors, shown, nlp.vectors.shown_neighbours),
    }


def compare_lstms(
    training_documents: pd.DataFrame,
    vectors_file: str | None,
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Any]:
    """Run the ablations of the LSTM, and choose a change if one improves it with every seed.

    Returns:
        `lstm_trials`, `lstm_histories` and `lstm_summary`; `lstm_runs` for MLflow; `chosen_lstm`:
        the change and the settings.
    """
    rows = draw_rows(labels_of(training_documents), nlp.lstm.study_reviews, seed)
    studied = training_documents.iloc[rows]
    trials, histories = run_trials(
        nlp.lstm.changes, nlp.lstm.network, documents_of(studied), labels_of(studied),
        vector_source(training_documents, vectors_file, nlp),
        seeds=nlp.lstm.seeds, seed=seed, n_jobs=nlp.n_jobs,
    )  # fmt: skip
    change = choose_change(trials)
    logger.info("LSTM: chosen change: %s", change)
    chosen = nlp.lstm.network.change(**CHANGES[change], ensemble_size=nlp.lstm.ensemble_size)
    return {
        "lstm_trials": trials,
        "lstm_histories": histories,
        "lstm_summary": summarise_trials(trials),
        "lstm_runs": _nested_runs(trials, histories, nlp.lstm.network),
        "chosen_lstm": {"change": change, "settings": chosen.model_dump()},
    }


def cross_validate_lstm(
    training_documents: pd.DataFrame,
    tuning_documents: pd.DataFrame,
    vectors_file: str | None,
    chosen_lstm: dict[str, Any],
    nlp: ReviewParameters,
    seed: int,
) -> dict[str, Tuned[LstmSettings]]:
    """Score the tuning reviews out of fold, by one network and by the ensemble."""
    settings = LstmSettings(**chosen_lstm["settings"])
    labels = labels_of(tuning_documents)
    scores = cross_lstm(
        settings, documents_of(tuning_documents), labels,
        stratified_folds(labels, nlp.lstm.n_splits, seed),
        vector_source(training_documents, vectors_file, nlp), seed=seed, n_jobs=nlp.n_jobs,
    )  # fmt: skip
    return {
        LSTM if size == 1 else LSTM_ENSEMBLE: Tuned(settings.change(ensemble_size=size), of_size)
        for size, of_size in scores.items()
    }


def fit_lstms(
    training_documents: pd.DataFrame,
    tuning_documents: pd.DataFrame,
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
    known = labels_of(tuning_documents)
    sizes = {name: found.settings.ensemble_size for name, found in tuned_lstms.items()}
    largest = tuned_lstms[max(sizes, key=sizes.__getitem__)].settings
    started = time.perf_counter()
    ensemble = LstmClassifier(largest, seed)
    ensemble.fit(documents, labels, word_vectors.set_index("word"), nlp.n_jobs)
    elapsed = time.perf_counter() - started
    logger.info("Fitted %s LSTM networks in %.0f s", largest.ensemble_size, elapsed)
    per_network = elapsed * min(nlp.n_jobs, largest.ensemble_size) / largest.ensemble_size
    models = {}
    for name, found in tuned_lstms.items():
        classifier = ensemble.first(sizes[name])
        member = CalibratedClassifier(classifier, Calibration.learn(found.scores, known))
        about = classifier.settings.model_dump()
        models[name] = ReviewModel(name, nlp.preparation, {name: member}, parameters=about)
    seconds = [per_network * size for size in sizes.values()]
    timings = pd.DataFrame({"model": list(sizes), "fit_seconds": seconds})
    return {"lstm_models": models, "lstm_timings": timings}


def vector_source(
    training_documents: pd.DataFrame, vectors_file: str | None, nlp: ReviewParameters
) -> VectorSource:
    """The settings of word2vec, or the vectors of a file; relative to the project."""
    if vectors_file is None:
        return nlp.vectors
    words = {word for text in training_documents["words"] for word in text.split()}
    return load_vectors(Path(project_path()) / vectors_file, nlp.vectors.dimension, words)


def _nested_runs(
    trials: pd.DataFrame, histories: pd.DataFrame, settings: LstmSettings
) -> pd.DataFrame:
    """Each trial as a nested run with its epochs as steps, for MlflowNestedRunsDataset."""
    rows = []
    for trial in trials.to_dict("records"):
        change, seed = trial["change"], trial["seed"]
        run = f"{change} · seed {seed}"
        changed = settings.change(**CHANGES[change]).model_dump()
        parameters = {**changed, "change": change, "seed": seed}
        rows += [(run, "parameter", key, value, 0) for key, value in parameters.items()]
        metrics = ("accuracy", "log_loss", "seconds")
        rows += [(run, "metric", f"held_out/{key}", trial[key], 0) for key in metrics]
        of_trial = histories[(histories["change"] == change) & (histories["seed"] == seed)]
        long = of_trial.melt("epoch", ["loss", "val_loss", "accuracy", "val_accuracy"])
        rows += [
            (run, "metric", f"epoch/{key}", value, epoch)
            for epoch, key, value in long.itertuples(index=False)
        ]
    return pd.DataFrame(rows, columns=["run", "kind", "key", "value", "step"])
