"""Nodes of word vectors and the LSTM, within the training split."""

import logging
import time
from typing import Any

import pandas as pd

from triptych.classification.sampling import draw_rows
from triptych.nlp.classifier import CalibratedClassifier, Calibration, ReviewModel
from triptych.nlp.config import CHANGES, LstmSettings
from triptych.nlp.folds import Fold, early_stopping_split
from triptych.nlp.lstm import LstmClassifier, find_vectors
from triptych.nlp.lstm_ablation import cross_lstm, run_trials, summarise_trials
from triptych.nlp.preprocessing import Document, stem
from triptych.nlp.tuning import Tuned
from triptych.nlp.word_vectors import (
    ReadVectors,
    VectorSource,
    frequent_words,
    measure_coverage,
    nearest_words,
)
from triptych.parameters.reviews import LstmParameters, PreparationParameters, VectorParameters
from triptych.pipelines.nlp.frames import labelled, labels_of

logger = logging.getLogger(__name__)

LSTM, LSTM_ENSEMBLE = "lstm", "lstm_ensemble"


def read_vectors(
    vector_reader: ReadVectors, vectors_file: str | None, vectors: VectorParameters
) -> VectorSource:
    """Read the pretrained vectors, if a file is named; others are trained with the parameters."""
    if vectors_file is None:
        return VectorSource(vectors)
    table = vector_reader(vectors_file, vectors.dimension, vectors.limit)
    logger.info("Pretrained word vectors: %s words, %s dimensions", *table.shape)
    return VectorSource(vectors, table)


def learn_word_vectors(
    training_documents: pd.DataFrame,
    holdout_documents: pd.DataFrame,
    vector_source: VectorSource,
    lstm: LstmParameters,
    vectors: VectorParameters,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Find the vectors of the network, without the early-stopping split.

    Returns `word_vectors` (word, v000, v001, …); `vocabulary_coverage` by origin of the vectors and
    split; `word_neighbours`.
    """
    network = lstm.network
    _, labels, groups = labelled(training_documents)
    rows, _ = early_stopping_split(labels, groups, seed)
    texts = training_documents[network.analyzer].iloc[rows].tolist()
    table = find_vectors(texts, vector_source, network, seed)
    splits = pd.concat([training_documents, holdout_documents]).groupby("split")[network.analyzer]
    found = {"training reviews": frequent_words(texts, vectors.min_df)}  # all have a vector
    if vector_source.pretrained is not None:
        found = {"file": set(table.index[table.any(axis=1)]), **found}
    by_split = {str(split): texts for split, texts in splits}
    coverage = [
        measure_coverage(each, by_split).assign(vectors=origin) for origin, each in found.items()
    ]
    shown = vectors.shown_words
    if network.analyzer == "stems":
        shown = [stem(word) for word in shown]
    return {
        "word_vectors": table.reset_index(),
        "vocabulary_coverage": pd.concat(coverage, ignore_index=True),
        "word_neighbours": nearest_words(table, shown, vectors.shown_neighbours),
    }


def compare_lstms(
    training_documents: pd.DataFrame,
    vector_source: VectorSource,
    lstm: LstmParameters,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Run the ablations of the LSTM.

    Returns `lstm_trials`, `lstm_histories` and `lstm_summary`; `lstm_runs` for MLflow.
    """
    rows = draw_rows(labels_of(training_documents), lstm.study_reviews, seed)
    studied = training_documents.iloc[rows]
    trials, histories = run_trials(
        lstm.changes if lstm.ablation else [], lstm.network, labelled(studied), vector_source,
        seeds=lstm.seeds, seed=seed, n_jobs=n_jobs,
    )  # fmt: skip
    return {
        "lstm_trials": trials,
        "lstm_histories": histories,
        "lstm_summary": summarise_trials(trials),
        "lstm_runs": _nested_runs(trials, histories, lstm.network),
    }


def cross_validate_lstm(
    tuning_documents: pd.DataFrame,
    text_folds: list[list[Fold]],
    vector_source: VectorSource,
    lstm: LstmParameters,
    n_jobs: int,
    seed: int,
) -> dict[str, Tuned[LstmSettings]]:
    """Score the tuning reviews by nested cross-validation, by one network and by the ensemble."""
    settings = lstm.network.change(ensemble_size=lstm.ensemble_size)
    # the texts that the network does not read need not be in every process
    others = dict.fromkeys({*Document._fields} - {settings.analyzer}, "")
    data = labelled(tuning_documents.assign(**others))
    found = cross_lstm(settings, data, text_folds, vector_source, seed=seed, n_jobs=n_jobs)
    tuned = {}
    for size, scores in found.items():
        nested = scores[1:].copy()
        for row, (_, held_out) in zip(nested, text_folds[0], strict=True):
            row[held_out] = scores[0, held_out]
        name = LSTM if size == 1 else LSTM_ENSEMBLE
        tuned[name] = Tuned(settings.change(ensemble_size=size), scores[0], nested)
    return tuned


def fit_lstms(
    training_documents: pd.DataFrame,
    tuning_documents: pd.DataFrame,
    word_vectors: pd.DataFrame,
    tuned_lstms: dict[str, Tuned[LstmSettings]],
    preparation: PreparationParameters,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Train the ensemble on all training reviews; its first network is the single LSTM.

    Returns `lstm_models`: ReviewModels by name; `lstm_timings`: model, fit_seconds;
    `lstm_training`: loss and accuracy of each network by epoch.
    """
    known = labels_of(tuning_documents)
    sizes = {name: found.settings.ensemble_size for name, found in tuned_lstms.items()}
    largest = tuned_lstms[max(sizes, key=sizes.__getitem__)].settings
    started = time.perf_counter()
    ensemble = LstmClassifier(largest, seed)
    ensemble.fit(*labelled(training_documents), word_vectors.set_index("word"), n_jobs)
    elapsed = time.perf_counter() - started
    logger.info("Fitted %s LSTM networks in %.0f s", largest.ensemble_size, elapsed)
    per_network = elapsed * min(n_jobs, largest.ensemble_size) / largest.ensemble_size
    models = {}
    for name, found in tuned_lstms.items():
        classifier = ensemble.first(sizes[name])
        member = CalibratedClassifier(classifier, Calibration.learn(found.scores, known))
        about = classifier.settings.model_dump()
        models[name] = ReviewModel(name, preparation, {name: member}, parameters=about)
    seconds = [per_network * size for size in sizes.values()]
    timings = pd.DataFrame({"model": list(sizes), "fit_seconds": seconds})
    return {
        "lstm_models": models,
        "lstm_timings": timings,
        "lstm_training": pd.DataFrame(ensemble.history),
    }


def _nested_runs(
    trials: pd.DataFrame, histories: pd.DataFrame, settings: LstmSettings
) -> pd.DataFrame:
    """Each trial as a nested run with its epochs as steps, for MlflowNestedRunsDataset."""
    rows = []
    for trial in trials.to_dict("records"):
        change, seed = trial["change"], trial["seed"]
        run = f"{change} · seed {seed}"
        changed = settings.change(**CHANGES[str(change)]).model_dump()
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
