"""Nodes that register the selected photo classifier, and store its predictions."""

import pandas as pd

from triptych.parameters.forecasting import RegistryParameters
from triptych.pipelines.classifier_registration import label_items
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.pipelines.vision.nodes import photo_paths
from triptych.pipelines.vision.training import COLOURS, Models, Ranking, selected_model
from triptych.registry.models import ModelRegistry
from triptych.registry.provenance import frame_sha256
from triptych.registry.tracking import Candidate
from triptych.vision.classifier import NetworkMember, PhotoClassifier

METRICS = ("n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss")
_KIND = "images"
_SPLIT = "test"
_EXAMPLES = 3


def prepare_photo_candidate(
    trained_photo_models: Models,
    photo_ranking: Ranking,
    photo_comparison: pd.DataFrame,
    selected_photos: pd.DataFrame,
    as_of: str,
    registry: RegistryParameters,
) -> Candidate:
    """Return the selected model with the digest of its data and its metrics on the test photos."""
    classes, algorithm, model = selected_model(trained_photo_models, photo_ranking)
    chosen = photo_comparison["classes"].eq(classes) & photo_comparison["split"].eq(_SPLIT)
    scores = photo_comparison[chosen].set_index("model")
    accuracy = scores["accuracy"]
    training = selected_photos[
        selected_photos["split"].eq("train") & (selected_photos["number"] < classes)
    ]
    examples = photo_paths(training.head(_EXAMPLES))
    networks = [each.settings for each in model.members if isinstance(each, NetworkMember)]
    return Candidate(
        kind=_KIND,
        name=_name(model),
        algorithm=algorithm,
        model=model,
        requirements=("keras", "matplotlib", "pillow", "tensorflow"),
        example=pd.DataFrame({"path": [str(path) for path in examples]}),
        parameters={
            "image_size": model.image_size,
            "temperature": round(model.temperature, 4),
            "networks": [settings.model_dump() for settings in networks],
        },
        features=["pixels"],
        metrics={_SPLIT: scores.loc[algorithm, list(METRICS)].astype(float).round(4).to_dict()},
        data_sha256=frame_sha256(training[["item", "label", "sha256"]]),
        as_of=parse_as_of(as_of).to_pydatetime(),
        promote_first=registry.promote_first,
        beats_baselines=bool((accuracy[algorithm] > accuracy[list(COLOURS)]).all()),
    )


def label_photos(
    photo_registry: ModelRegistry,
    trained_photo_models: Models,
    photo_ranking: Ranking,
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
) -> pd.DataFrame:
    """Label the validation and test photos with the new version and with that in production.

    Returns rows of the table `image_predictions`.
    """
    classes, name, selected = selected_model(trained_photo_models, photo_ranking)
    chosen = photo_predictions["classes"].eq(classes) & photo_predictions["model"].eq(name)
    items = photo_predictions[chosen]
    return label_items(
        photo_registry, _KIND, _name(selected), selected, items,
        lambda: photo_paths(selected_photos.set_index("item").loc[items["item"]]),
    )  # fmt: skip


def _name(model: PhotoClassifier) -> str:
    """The name of the versions: models of the same classes succeed each other."""
    return "-".join(["images", *model.classes])
