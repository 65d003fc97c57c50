"""The photo pipeline by command: its outputs, their repetition, and user errors."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.framework.project import configure_project
from pydantic import ValidationError

from tests.fixtures.project import ROOT, Project, copy_of, run_once
from tests.pipelines.test_bad_input import refused
from tests.vision.test_layouts import KAGGLE
from triptych.commands.project import read_configuration
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.vision.evaluation import explain_photos
from triptych.pipelines.vision.training import COLOURS
from triptych.vision.config import CLASSES
from triptych.vision.reading import CLASS_FOLDERS
from triptych.vision.sample import write_sample

RUN = ("--pipeline", "vision")
PIXELS = np.zeros((0, 8, 8, 3), np.uint8)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project in which the pipeline has run on the sample; do not change it."""
    return run_once(tmp_path_factory, "vision", *RUN)


def report(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.path / "data" / "08_reporting" / f"{name}.csv")


def ranking(project: Project) -> dict[str, list[str]]:
    file = project.path / "data" / "06_models" / "photo_ranking.json"
    return dict(json.loads(file.read_text()))


def predictions(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.path / "data/07_model_output/photo_predictions.parquet")


def test_all_models_are_evaluated_on_the_same_photos(ran: Project) -> None:
    scores, found = report(ran, "photo_comparison"), predictions(ran)

    assert set(zip(scores["classes"], scores["n"], strict=True)) == {(3, 24), (4, 32)}
    for classes, rows in scores.groupby("classes"):
        assert set(rows["model"]) == {*COLOURS, "cnn", "narrow", "blend"}
        assert ranking(ran)[str(classes)] == list(dict.fromkeys(rows["model"]))
        assert set(rows["training_photos"]) == {20 * classes}
    assert set(scores["dataset"]) == {"sample"}
    assert (scores["accuracy_low"] <= scores["accuracy"]).all()
    assert (scores["seconds"] > 0).all()
    key = ["classes", "model", "split"]
    assert found.groupby([*key, "item"]).size().max() == 1
    rates = found.assign(correct=found["label"] == found["true_label"]).groupby(key)["correct"]
    assert scores.set_index(key)["accuracy"].to_dict() == pytest.approx(rates.mean().to_dict())
    assert found[list(CLASSES)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert found.loc[found["classes"] == 3, "corn_weeds"].isna().all()


def test_rejected_photos_are_listed(ran: Project) -> None:
    listed = report(ran, "rejected_photos").set_index("item")["reason"].to_dict()

    names = ("broken_off", "copied", "no_photo")
    assert set(listed) == {f"train/corn/{name}.jpg" for name in names}
    assert listed["train/corn/no_photo.jpg"] == "no JPEG or PNG"
    assert listed["train/corn/copied.jpg"] == "the same file as test/corn/corn-0000.jpg"
    assert report(ran, "photo_summary")["n"].sum() == 4 * (20 + 8 + 8)


def test_every_trial_is_a_nested_run(ran: Project) -> None:
    client = mlflow.MlflowClient(ran.tracking_uri)
    experiments = {found.name: found.experiment_id for found in client.search_experiments()}

    runs = client.search_runs([experiments["vision"]])
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    inside = [run for run in runs if run is not parent]
    trials, tuned = report(ran, "photo_trials"), report(ran, "photo_learning_rates")
    assert len(inside) == len(trials) + len(tuned) == 8 + 3
    assert {run.data.tags["mlflow.parentRunId"] for run in inside} == {parent.info.run_id}
    assert {run.data.params["optimiser"] for run in inside} == {
        "adam", "adamw", "rmsprop", "adagrad", "sgd"
    }  # fmt: skip
    assert all(0 <= run.data.metrics["valid_accuracy"] <= 1 for run in inside)
    assert {run.info.status for run in inside} == {"FINISHED"}
    assert parent.data.metrics["cnn-4.test.accuracy"] <= 1
    assert [metric.step for metric in client.get_metric_history(
        parent.info.run_id, "cnn-4.training.valid_accuracy")] == [1, 2]  # fmt: skip
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"photo_comparison.csv", "photo_confusion.png", "photo_curves.png"} <= files
    # files that show photos are not logged
    assert not files & {"photo_explanations.png", "rejected_photos.csv"}


def test_the_selected_model_is_explained(ran: Project) -> None:
    deletions = report(ran, "photo_deletions")

    assert set(deletions["true_label"]) == set(CLASSES)
    assert len(deletions) > len(CLASSES)  # right and wrong predictions
    assert not deletions["correct"].all()
    assert deletions["percentile"].between(0, 1).all()
    assert (ran.path / "data/08_reporting/photo_explanations.png").stat().st_size > 10_000


def test_none_is_explained_if_none_is_to_be(ran: Project) -> None:
    selected = pd.read_parquet(ran.path / "data/05_model_input/selected_photos.parquet")
    models: dict[str, Any] = {"cnn-4": None}

    found = explain_photos(predictions(ran), selected, PIXELS, models, {"4": ["cnn"]}, 0, 9, 2, 1)

    assert (found["photo_explanations"], len(found["photo_deletions"])) == ({}, 0)


def stored(project: Project, table: str) -> pd.DataFrame:
    found = pd.read_sql_table(table, project.engine()).drop(columns="created_at")
    return found.sort_values(list(found.columns.intersection(["model_id", "item"])))


def test_the_selected_model_is_registered_and_training_it_again_changes_nothing(
    ran: Project, tmp_path: Path
) -> None:
    """`model_id` is the digest of the model's files; the same seed gives the same networks."""
    (model,), labels = stored(ran, "models").to_dict("records"), stored(ran, "image_predictions")
    found = predictions(ran)
    best = ranking(ran)["4"][0]
    selected = found[(found["model"] == best) & (found["classes"] == 4)].set_index("item")

    assert (model["kind"], model["name"]) == ("images", "images-ground-corn-weeds-corn_weeds")
    assert model["algorithm"] == best
    assert set(labels["model_id"]) == {model["model_id"]}
    assert labels.set_index("item")["label"].to_dict() == selected["label"].to_dict()

    again = copy_of(ran, tmp_path / "again")
    nodes = "train_classifiers,choose_classifier,predict_photos,label_photos"
    again.output("run", "--env", "test", *RUN, "--nodes", nodes)
    assert stored(again, "image_predictions").to_dict("list") == labels.to_dict("list")
    pd.testing.assert_frame_equal(predictions(again), found, check_exact=True)
    curves = "photo_curves"
    pd.testing.assert_frame_equal(report(again, curves), report(ran, curves), check_exact=True)
    folders = (project.path / "data/06_models/photo_models" for project in (ran, again))
    networks = [{file.name: file.read_bytes() for file in each.glob("cnn-*/*")} for each in folders]
    assert networks[0] == networks[1] != {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phases": [5]}, "Input should be 3 or 4"),
        ({"networks": {"cnn": {"filterz": 3}}}, "filterz"),
        ({"networks": {"cnn": {"optimiser": "lion"}}}, "'rmsprop', 'adagrad' or 'sgd'"),
        ({"networks": {"cnn": {"image_size": 8}}}, "8 pixels are too few"),
        ({"blend": ["vgg"]}, "the blend names vgg, and the networks are cnn"),
    ],
)
def test_a_wrong_parameter_is_refused(
    change: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    configure_project("triptych")
    written = read_configuration(ROOT, "base")["parameters"]["vision"]
    VisionParameters.model_validate(written)

    with pytest.raises(ValidationError, match=message):
        VisionParameters.model_validate({**written, **change})


def kaggle_copy(folder: Path) -> Path:
    """Write a sample with the folders of the Kaggle set as an archive with wrong names has them."""
    root = write_sample(folder / KAGGLE, {"train": 2, "valid": 2, "test": 2}, 1)
    for split, name in {"train": "Treino", "valid": "Valida├º├úo", "test": "Teste"}.items():
        for portuguese, label in CLASS_FOLDERS.items():
            (root / split / label).rename(root / split / portuguese.capitalize())
        (root / split).rename(root / name)
    return root


def test_the_kaggle_set_is_read_and_rejected_photos_are_listed_even_if_all_are_refused(
    project: Project, tmp_path: Path
) -> None:
    root = kaggle_copy(tmp_path)
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.jpg"))
    named = [path.replace("/", "\\") for path in files[1:]]
    rows = pd.DataFrame({"file": named, "group": named, "label_origin": "human"})
    rows.to_csv(root / "manifest.csv", index=False)
    until = [*RUN, "--to-nodes", "accept_photos"]
    recorded = {"TRIPTYCH_REAL_DATA": str(tmp_path)}

    message = refused(project, *until, env="live", **recorded)

    assert message.startswith(
        "Files of the split train: 2 of 11 rejected (18.18 %), at most 0 allowed: 1 × "
    )
    listed = report(project, "rejected_photos")
    assert {"Treino/Milho/broken_off.jpg", "Treino/Milho/no_photo.jpg"} <= set(listed["item"])
    assert not (project.path / "data/03_primary/photos.parquet").exists()

    allowed = ["--params", "vision.max_rejected_share=0.2"]
    result = project.output("run", "--env", "live", *until, *allowed, **recorded)
    assert f"Photos: {len(files) - len(listed)} used, {len(listed)} rejected" in result
    assert "Photos without a row in manifest.csv: 1" in result
