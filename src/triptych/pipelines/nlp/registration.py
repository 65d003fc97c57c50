"""The chosen model in the register, and what it and the version in production say of reviews."""

import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.forecasting.storage import digest
from triptych.nlp.document_models import CLASSES, ReviewModel
from triptych.nlp.storage import save_classifier
from triptych.parameters.operations import RegistryParameters
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.nlp.frames import CROSS_VALIDATION, TRAIN
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.candidate import SERVED_REVIEWS, ClassifierCandidate
from triptych.registry.models import ModelRegistry
from triptych.registry.provenance import frame_sha256

logger = logging.getLogger(__name__)

NAME = "texts-polarity"
METRICS = ("n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "roc_auc", "log_loss")
LABEL_COLUMNS = ("model_id", "item", "split", "label", "probabilities", "true_label")
_SIMPLEST = "bow_logistic"
_OF_LSTM = ("keras", "tensorflow")
_EXAMPLE = ("Un très bon film.", "Quel ennui !")  # no review of the source goes to MLflow


def prepare_text_candidate(
    text_models: dict[str, ReviewModel],
    lstm_models: dict[str, ReviewModel],
    text_ranking: list[str],
    text_comparison: pd.DataFrame,
    reviews: pd.DataFrame,
    nlp: ReviewParameters,
    as_of: str,
    today: str,
    registry: RegistryParameters,
) -> ClassifierCandidate:
    """Gather the chosen model, its data's digest and its figures on the test split."""
    chosen = {**text_models, **lstm_models}[text_ranking[0]]
    rows = text_comparison[text_comparison["split"] == nlp.test_split]
    scores: dict[str, dict[str, Any]] = {
        str(row["model"]): {str(key): value for key, value in row.items()}
        for row in rows.to_dict("records")
    }
    learned = reviews[reviews["split"] == TRAIN]
    return ClassifierCandidate(
        kind="texts",
        name=NAME,
        algorithm=chosen.name,
        classifier=chosen,
        served=SERVED_REVIEWS,
        requirements=("nltk", "scikit-learn", *(_OF_LSTM if _is_lstm(chosen) else ())),
        example=pd.DataFrame({"review": list(_EXAMPLE)}),
        parameters=dict(chosen.parameters),
        features=["review"],
        metrics={
            nlp.test_split: {key: round(float(scores[chosen.name][key]), 4) for key in METRICS}
        },
        data_sha256=frame_sha256(learned[["item", "review", "polarity"]]),
        as_of=parse_as_of(as_of, today).to_pydatetime(),
        promote_first=registry.promote_first,
        beats_baseline=_beats_baseline(chosen.name, scores, reviews, nlp.test_split),
    )


def label_reviews(
    text_registry: ModelRegistry,
    text_models: dict[str, ReviewModel],
    lstm_models: dict[str, ReviewModel],
    text_ranking: list[str],
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
) -> pd.DataFrame:
    """Label what was not learned from, by the version in production and by the new one.

    Both stand on the same reviews, so that a promotion can be decided on them.

    Returns:
        LABEL_COLUMNS: rows of `text_predictions`.
    """
    chosen = {**text_models, **lstm_models}[text_ranking[0]]
    unseen = review_predictions["split"] != CROSS_VALIDATION
    said = review_predictions[(review_predictions["model"] == chosen.name) & unseen]
    new = _model_id(chosen)
    tables = [_labels(new, said, said["positive"].to_numpy())]
    live = [
        row
        for row in text_registry.list_models()
        if row["name"] == NAME and row["stage"] == "production"
    ]
    texts = reviews.set_index("item")["review"]
    for row in live:
        logger.info("%s version %s labels the reviews", row["name"], row["version"])
        if row["model_id"] != new:
            own = look_up(said["item"], texts, "review").tolist()
            chances = text_registry.load(row).probabilities(own)
            tables.append(_labels(row["model_id"], said, chances[:, 1]))
    return pd.concat(tables, ignore_index=True)


def _labels(model_id: str, said: pd.DataFrame, positive: np.ndarray) -> pd.DataFrame:
    negative_name, positive_name = CLASSES
    chances = [
        {negative_name: round(1 - chance, 6), positive_name: round(chance, 6)}
        for chance in positive.tolist()
    ]
    return pd.DataFrame(
        {
            "model_id": model_id,
            "item": said["item"].to_numpy(),
            "split": said["split"].to_numpy(),
            "label": [CLASSES[int(chance >= 0.5)] for chance in positive],  # noqa: PLR2004
            "probabilities": chances,
            "true_label": [CLASSES[label] for label in said["polarity"]],
        }
    )[list(LABEL_COLUMNS)]


def _beats_baseline(
    name: str, scores: Mapping[str, dict[str, float]], reviews: pd.DataFrame, split: str
) -> bool:
    """Better than the more frequent class, and no worse than plain bag of words."""
    share = float(reviews.loc[reviews["split"] == split, "polarity"].mean())
    simplest = scores.get(_SIMPLEST, scores[name])["accuracy"]
    return scores[name]["accuracy"] > max(share, 1 - share) and scores[name]["accuracy"] >= simplest


def _is_lstm(model: ReviewModel) -> bool:
    return "units" in model.parameters


def _model_id(model: ReviewModel) -> str:
    """The id that the register gives it: the digest of its files."""
    with TemporaryDirectory() as folder:
        save_classifier(model, Path(folder) / "classifier")
        return digest(Path(folder) / "classifier")
