"""Nodes that register the selected model, and store its predictions."""

from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from triptych.classification.matching import look_up
from triptych.nlp.classifier import CLASSES, ReviewModel
from triptych.nlp.lstm import LstmClassifier
from triptych.parameters.forecasting import RegistryParameters
from triptych.pipelines.classifier_registration import label_items
from triptych.pipelines.nlp.frames import CROSS_VALIDATION, TRAIN
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.registry.models import ModelRegistry
from triptych.registry.provenance import frame_sha256
from triptych.registry.tracking import Candidate

NAME = "texts-polarity"
METRICS = ("n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "roc_auc", "log_loss")
_BASELINE = "bow_logistic"
_EXAMPLE = ("Un très bon film.", "Quel ennui !")  # real reviews are not logged to MLflow


def prepare_text_candidate(
    selected_text_model: Mapping[str, ReviewModel],
    text_comparison: pd.DataFrame,
    reviews: pd.DataFrame,
    test_split: str,
    as_of: str,
    registry: RegistryParameters,
) -> Candidate:
    """Return the selected model with the digest of its data and its metrics on the test split."""
    (selected,) = selected_text_model.values()
    of_test = text_comparison[text_comparison["split"] == test_split].set_index("model")
    scores = cast("pd.Series[Any]", of_test.loc[selected.name])
    members = selected.members.values()
    networks = any(isinstance(member.classifier, LstmClassifier) for member in members)
    frameworks = ("keras", "tensorflow") if networks else ()
    training = reviews[reviews["split"] == TRAIN]
    positive = float(reviews.loc[reviews["split"] == test_split, "polarity"].mean())
    return Candidate(
        kind="texts",
        name=NAME,
        algorithm=selected.name,
        model=selected,
        requirements=("nltk", "scikit-learn", *frameworks),
        example=pd.DataFrame({"review": list(_EXAMPLE)}),
        parameters=dict(selected.parameters),
        features=["review"],
        metrics={test_split: {key: round(float(scores[key]), 4) for key in METRICS}},
        data_sha256=frame_sha256(training[["item", "review", "polarity"]]),
        as_of=parse_as_of(as_of).to_pydatetime(),
        promote_first=registry.promote_first,
        beats_baselines=bool(
            scores["accuracy"] > max(positive, 1 - positive)  # the more frequent class
            and scores["accuracy"] >= of_test["accuracy"].get(_BASELINE, 0.0)
        ),
    )


def label_reviews(
    text_registry: ModelRegistry,
    selected_text_model: Mapping[str, ReviewModel],
    review_predictions: pd.DataFrame,
    reviews: pd.DataFrame,
) -> pd.DataFrame:
    """Label the held-out reviews with the new version and with that in production.

    Returns rows of the table `text_predictions`.
    """
    (selected,) = selected_text_model.values()
    held_out = review_predictions["split"] != CROSS_VALIDATION
    items = review_predictions[(review_predictions["model"] == selected.name) & held_out]
    negative, positive = CLASSES
    items = items.assign(
        true_label=items["y_true"].map(dict(enumerate(CLASSES))),
        **{negative: 1 - items["p_positive"], positive: items["p_positive"]},
    )
    texts = reviews.set_index("item")["review"]
    return label_items(
        text_registry, "texts", NAME, selected, items,
        lambda: look_up(items["item"], texts, "review").tolist(),
    )  # fmt: skip
