"""vision: files of photos, to a selected classifier, its evaluation and explanation."""

from functools import partial
from itertools import starmap

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.vision import evaluation, nodes, plots, registration, training

_make_node = partial(make_node, group="vision")


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline: validate, decode, train, rank on validation, evaluate once, explain."""
    groups = {
        "preparation": [
            _make_node(
                nodes.check_raw_photos, "checked_photos", "rejected_photos", "photo_refusal"
            ),
            _make_node(nodes.accept_photos, "photos"),
            _make_node(nodes.summarise_photos, "photo_summary"),
            _make_node(nodes.select_photos, "selected_photos", "photo_phases"),
            _make_node(nodes.decode_photos, "photo_pixels"),
        ],
        "training": [
            _make_node(
                training.train_classifiers,
                *("trained_photo_models", "photo_curves", "photo_timings"),
            ),
            _make_node(training.choose_classifier, "photo_ranking", "photo_validation"),
            _make_node(
                training.run_ablation,
                *("photo_learning_rates", "photo_trials", "photo_effects", "photo_trial_runs"),
            ),
        ],
        "evaluation": [
            _make_node(evaluation.predict_photos, "photo_predictions"),
            _make_node(
                evaluation.evaluate_photo_classifiers,
                *("photo_comparison", "photo_class_scores", "photo_confusion"),
                *("photo_reliability", "photo_accuracy_by_origin", "photo_pairs", "photo_metrics"),
            ),
            _make_node(evaluation.explain_photos, "photo_explanations", "photo_deletions"),
        ],
        "registration": [
            _make_node(registration.prepare_photo_candidate, "photo_registry"),
            _make_node(registration.label_photos, "image_predictions"),
        ],
        "plots": [_plot(name) for name in
                  ("accuracy", "curves", "confusion", "reliability", "effects", "interaction",
                   "examples", "explanations")],
    }  # fmt: skip
    return group_nodes("vision", starmap(group_nodes, groups.items()), tags="vision")


def _plot(name: str) -> Node:
    return _make_node(getattr(plots, f"plot_photo_{name}"), f"photo_{name}_plot")
