"""vision: files of photos, to a chosen classifier, its evaluation and what it goes by."""

from collections.abc import Callable
from itertools import starmap
from typing import Any

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.vision import evaluation, nodes, plots, registration
from triptych.pipelines.vision import training as learning

_SETTINGS = "params:vision"
_SEED = "params:seed"


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: check, decode, learn, choose on validation, judge once, explain."""
    groups = {
        "preparation": _preparation(),
        "training": _learning(),
        "evaluation": _evaluation(),
        "registration": _registration(),
        "plots": _plots(),
    }
    return group_nodes("vision", starmap(group_nodes, groups.items()), tags="vision")


def _node(function: Callable[..., Any], inputs: list[str], *outputs: str) -> Node:
    """A node named after its function; several outputs go by their names."""
    given: Any = outputs[0] if len(outputs) == 1 else {name: name for name in outputs}
    return Node(function, inputs=inputs, outputs=given, name=function.__name__)


def _preparation() -> list[Node]:
    return [
        _node(
            nodes.check_raw_photos,
            ["photo_source", _SETTINGS, _SEED],
            *("checked_photos", "rejected_photos", "photo_refusal"),
        ),
        _node(nodes.accept_photos, ["checked_photos", "photo_refusal"], "photos"),
        _node(nodes.summarise_photos, ["photos"], "photo_summary"),
        _node(nodes.select_photos, ["photos", _SETTINGS, _SEED], "selected_photos"),
        _node(
            nodes.decode_photos,
            ["photo_source", "selected_photos", _SETTINGS, _SEED],
            "photo_pixels",
        ),
    ]


def _learning() -> list[Node]:
    """What is decided, from training and validation photos alone."""
    photos = ["selected_photos", "photo_pixels"]
    return [
        _node(
            learning.train_classifiers,
            [*photos, "weight_folders", _SETTINGS, _SEED],
            *("trained_photo_models", "photo_curves", "photo_timings"),
        ),
        _node(
            learning.choose_classifier,
            ["trained_photo_models", *photos],
            *("photo_ranking", "photo_validation"),
        ),
        _node(
            learning.run_experiments,
            [*photos, _SETTINGS, _SEED],
            *("photo_trials", "photo_effects", "photo_trial_runs"),
        ),
    ]


def _evaluation() -> list[Node]:
    """What the test photos say, once everything is chosen."""
    photos = ["selected_photos", "photo_pixels"]
    return [
        _node(
            evaluation.predict_photos,
            ["trained_photo_models", *photos, "photo_ranking", "photo_validation"],
            "photo_predictions",
        ),
        _node(
            evaluation.evaluate_photo_classifiers,
            [
                *("photo_predictions", "selected_photos", "photo_timings", "photo_ranking"),
                *("photo_curves", _SETTINGS, _SEED),
            ],
            *("photo_comparison", "photo_class_scores", "photo_confusion", "photo_reliability"),
            *("photo_accuracy_by_origin", "photo_pairs", "photo_metrics"),
        ),
        _node(
            evaluation.explain_photos,
            [
                *("photo_predictions", *photos, "trained_photo_models", "photo_ranking"),
                *(_SETTINGS, _SEED),
            ],
            *("photo_explanations", "photo_deletions"),
        ),
    ]


def _registration() -> list[Node]:
    """The chosen model in the register, and the table of what it and the one before say."""
    return [
        _node(
            registration.prepare_photo_candidate,
            [
                *("trained_photo_models", "photo_ranking", "photo_comparison", "selected_photos"),
                *("photo_source", _SETTINGS, _SEED),
                *("params:as_of", "params:today", "params:registry"),
            ],
            "photo_registry",
        ),
        _node(
            registration.label_photos,
            [
                *("photo_registry", "trained_photo_models", "photo_ranking", "photo_predictions"),
                *("photo_source", _SETTINGS, _SEED),
            ],
            "image_predictions",
        ),
    ]


def _plots() -> list[Node]:
    drawn: dict[Callable[..., Any], list[str]] = {
        plots.plot_photo_accuracy: ["photo_comparison", _SETTINGS],
        plots.plot_photo_curves: ["photo_curves", _SETTINGS],
        plots.plot_photo_confusion: ["photo_confusion", "photo_ranking"],
        plots.plot_photo_reliability: ["photo_reliability", "photo_ranking"],
        plots.plot_photo_effects: ["photo_effects"],
        plots.plot_photo_explanations: ["photo_explanations", "photo_deletions"],
    }
    return [
        _node(draw, inputs, draw.__name__.removeprefix("plot_") + "_plot")
        for draw, inputs in drawn.items()
    ]
