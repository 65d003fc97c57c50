"""Selection of settings, blend members and models by nested cross-validation."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from triptych.classification.metrics import balanced_log_loss
from triptych.execution.parallel import run_jobs
from triptych.execution.progress import track
from triptych.nlp.classifier import (
    CalibratedClassifier,
    Calibration,
    Documents,
    Labels,
    ReviewModel,
    Rows,
    Scores,
    TextClassifier,
    Vocabularies,
    cross_fitted_log_odds,
    fit_linear,
    make_vectoriser,
    weigh_terms,
)
from triptych.nlp.config import LstmSettings, ModelSettings, list_candidates
from triptych.nlp.folds import Fold
from triptych.nlp.preprocessing import Preparation

BLEND = "blend"
TRIAL_COLUMNS = ("model", "number", "log_loss", "accuracy", "settings")
NESTED_COLUMNS = ("fold", "n", "selected", "members", "accuracy", "log_loss")
_MAX_MEMBERS = 4


_Settings = TypeVar("_Settings", ModelSettings, LstmSettings)


@dataclass(frozen=True)
class Tuned(Generic[_Settings]):
    """The selected settings of a model and its out-of-fold scores of the training documents.

    `nested` has a row per outer fold, of settings selected without it: the scores of its training
    documents are from the inner folds, those of its held-out documents from all of the former.
    """

    settings: _Settings
    scores: Scores
    nested: Scores


# RandomizedSearchCV returns no out-of-fold scores, and fits the vectoriser for every candidate.
def cross_scores(
    candidates: Sequence[ModelSettings],
    documents: Documents,
    labels: Labels,
    levels: Sequence[Sequence[Fold]],
    seed: int,
    n_jobs: int = 1,
) -> Scores:
    """Score each document by models that have not seen it.

    `levels`: of nested_folds, or one list of folds. Returns an array (levels, candidates,
    documents), NaN for documents that no fold holds out.
    """
    order = sorted(range(len(candidates)), key=lambda row: candidates[row].features)
    tasks, places = [], []
    for _, of_key in groupby(order, key=lambda row: candidates[row].terms):
        places.append(list(of_key))
        of_terms = [candidates[row] for row in places[-1]]
        tasks.append(partial(_score_terms, of_terms, documents, labels, levels, seed))
    scores = np.full((len(levels), len(candidates), len(documents)), np.nan)
    results = track(run_jobs(tasks, n_jobs), "Cross-validation of classifiers", len(tasks))
    for rows, found in zip(places, results, strict=True):
        scores[:, rows] = found
    return scores


def _score_terms(
    candidates: Sequence[ModelSettings],
    documents: Documents,
    labels: Labels,
    levels: Sequence[Sequence[Fold]],
    seed: int,
) -> Scores:
    """cross_scores of candidates with the same terms, which are counted once."""
    counts = [
        make_vectoriser(analyzer, "counts", candidates[0].ngram_max).fit_transform(documents)
        for analyzer in candidates[0].analyzers
    ]
    scores = np.full((len(levels), len(candidates), len(documents)), np.nan)
    for level, folds in enumerate(levels):
        for train, held_out in folds:
            for _, each in groupby(enumerate(candidates), key=lambda pair: pair[1].features):
                pairs = list(each)
                known, unseen = weigh_terms(counts, pairs[0][1], train, held_out)
                for row, candidate in pairs:
                    weights, intercept = fit_linear(known, labels[train], candidate, seed)
                    scores[level, row, held_out] = unseen @ weights + intercept
    return scores


def tune(
    families: Sequence[str],
    documents: Documents,
    labels: Labels,
    levels: Sequence[Sequence[Fold]],
    *,
    n_trials: int,
    seed: int,
    n_jobs: int = 1,
) -> tuple[dict[str, Tuned[ModelSettings]], pd.DataFrame]:
    """Select the settings of each family of config.FAMILIES by out-of-fold log loss.

    Log loss distinguishes models with the same number of errors, which is frequent on few reviews.
    `n_trials` random settings of each family are tried beside its default, on the `levels` of
    nested_folds. Returns the selected settings by family, and all trials (TRIAL_COLUMNS).
    """
    named = [
        (family, number, settings)
        for family in families
        for number, settings in enumerate(list_candidates(family, n_trials, seed))
    ]
    candidates = [settings for _, _, settings in named]
    scores = cross_scores(candidates, documents, labels, levels, seed, n_jobs)
    rows = [
        (*about, *evaluate_scores(row, labels), json.dumps(asdict(settings), sort_keys=True))
        for (*about, settings), row in zip(named, scores[0], strict=True)
    ]
    trials = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    tuned = {}
    for name, of_family in trials.groupby("model", sort=False):
        places = of_family.index.to_numpy()
        best = _lowest_loss(scores[0], places, labels)
        nested = []
        for (train, held_out), inner in zip(levels[0], scores[1:], strict=True):
            chosen = _lowest_loss(inner[:, train], places, labels[train])
            nested.append(inner[chosen].copy())
            nested[-1][held_out] = scores[0, chosen, held_out]
        tuned[str(name)] = Tuned(candidates[best], scores[0, best], np.array(nested))
    return tuned, trials


def _lowest_loss(scores: Scores, places: Rows, labels: Labels) -> int:
    return int(min(places, key=lambda place: round(evaluate_scores(scores[place], labels)[0], 9)))


def evaluate_scores(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Log loss (of classes with the same weight) and accuracy, after cross-fitted calibration."""
    return _evaluate_odds(cross_fitted_log_odds(scores, labels), labels)


def _evaluate_odds(odds: Scores, labels: Labels) -> tuple[float, float]:
    from scipy.special import expit

    return balanced_log_loss(labels, expit(odds)), float(((odds >= 0) == labels).mean())


def choose_members(scores: Mapping[str, Scores], labels: Labels) -> list[str]:
    """Select the members of the blend on out-of-fold scores: the best, then the most helpful ones.

    Caruana et al., "Ensemble selection from libraries of models" (ICML 2004), without repeats.
    """
    odds = {name: cross_fitted_log_odds(row, labels) for name, row in scores.items()}
    members: list[str] = []
    loss = np.inf
    while len(members) < min(_MAX_MEMBERS, len(odds)):
        losses = {
            name: evaluate_scores(np.mean([odds[m] for m in [*members, name]], axis=0), labels)[0]
            for name in odds
            if name not in members
        }
        best = min(losses, key=lambda name: (round(losses[name], 9), name))
        if round(losses[best], 9) >= round(loss, 9):
            break
        members, loss = [*members, best], losses[best]
    return members


def blend_scores(scores: Mapping[str, Scores], members: Sequence[str], labels: Labels) -> Scores:
    """The out-of-fold log-odds of a blend, before its own calibration."""
    odds = [cross_fitted_log_odds(scores[name], labels) for name in members]
    return np.asarray(np.mean(odds, axis=0))


def rank(scores: Mapping[str, Scores], labels: Labels) -> list[str]:
    """Order models by log loss, the lowest first."""
    losses = {name: round(evaluate_scores(row, labels)[0], 9) for name, row in scores.items()}
    return sorted(losses, key=lambda name: (losses[name], name))


def estimate_nested(
    tuned: Mapping[str, Tuned[Any]], labels: Labels, folds: Sequence[Fold]
) -> tuple[dict[str, Scores], pd.DataFrame]:
    """Estimate every model, the blend and the selection itself on folds they did not see.

    In each outer fold, settings, calibration, members of the blend and the selected model come from
    the inner folds of its training documents.

    Returns the log-odds of each model, and the selection by fold (NESTED_COLUMNS); the last row is
    of all folds.
    """
    odds = {name: np.zeros(len(labels)) for name in (*tuned, BLEND, "")}  # "": the selected one
    rows = []
    for number, (train, held_out) in enumerate(folds):
        inner = {name: found.nested[number][train] for name, found in tuned.items()}
        known, lines = labels[train], {}
        for name, found in tuned.items():
            lines[name] = Calibration.learn(inner[name], known)
            odds[name][held_out] = lines[name].log_odds(found.nested[number][held_out])
        members = choose_members(inner, known)
        blended = blend_scores(inner, members, known)
        mean = np.mean([odds[name][held_out] for name in members], axis=0)
        odds[BLEND][held_out] = Calibration.learn(blended, known).log_odds(mean)
        if len(members) > 1:
            inner = {**inner, BLEND: blended}
        selected = rank(inner, known)[0]
        odds[""][held_out] = odds[selected][held_out]
        loss, accuracy = _evaluate_odds(odds[""][held_out], labels[held_out])
        rows.append((str(number), len(held_out), selected, ", ".join(members), accuracy, loss))
    loss, accuracy = _evaluate_odds(odds.pop(""), labels)
    rows.append(("all", len(labels), "", "", accuracy, loss))
    return odds, pd.DataFrame(rows, columns=list(NESTED_COLUMNS))


def fit_models(
    tuned: Mapping[str, Tuned[ModelSettings]],
    documents: Documents,
    labels: Labels,
    *,
    seed: int,
    preparation: Preparation,
    tuning_labels: Labels,
    n_jobs: int,
) -> Iterator[tuple[ReviewModel, float]]:
    """Fit tuned classifiers on all training documents, with the seconds that each took.

    `tuning_labels` are those of the out-of-fold scores. Models share vocabularies.
    """
    tasks = (partial(_fit, each.settings, documents, labels, seed) for each in tuned.values())
    fitted = track(run_jobs(tasks, n_jobs), "Fitting classifiers", len(tuned))
    vocabularies: Vocabularies = {}
    for (name, found), (classifier, seconds) in zip(tuned.items(), fitted, strict=True):
        classifier.share_vocabularies(vocabularies)
        member = CalibratedClassifier(classifier, Calibration.learn(found.scores, tuning_labels))
        about = asdict(found.settings)
        yield ReviewModel(name, preparation, {name: member}, parameters=about), seconds


def _fit(
    settings: ModelSettings, documents: Documents, labels: Labels, seed: int
) -> tuple[TextClassifier, float]:
    started = time.perf_counter()
    classifier = TextClassifier(settings, seed).fit(documents, labels)
    return classifier, time.perf_counter() - started


def blend_models(
    models: Mapping[str, ReviewModel],
    tuned: Mapping[str, Tuned[Any]],
    members: Sequence[str],
    tuning_labels: Labels,
) -> ReviewModel:
    """Blend fitted models; the blend is calibrated on out-of-fold scores."""
    scores = {name: tuned[name].scores for name in members}
    calibration = Calibration.learn(blend_scores(scores, members, tuning_labels), tuning_labels)
    fitted = {name: models[name].members[name] for name in members}
    preparation = models[members[0]].preparation
    return ReviewModel(BLEND, preparation, fitted, calibration, {"members": list(members)})
