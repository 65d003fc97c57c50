"""The review pipeline by command: outputs, a second run and user errors."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml
from sqlalchemy import Table, select

from notebooks.execute import REVIEWS, execute
from tests.fixtures.project import ROOT, Project, copy_of, run_once
from tests.pipelines.test_bad_input import refused
from triptych.store.tables import models, text_predictions

RUN = ("--pipeline", "nlp")


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project in which the pipeline has run on the sample; do not change it."""
    return run_once(tmp_path_factory, "nlp", *RUN)


def report(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.path / "data" / "08_reporting" / f"{name}.csv")


def stored(project: Project, table: Table) -> list[dict[str, Any]]:
    engine = project.engine()
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
    engine.dispose()
    return rows


def ranking(project: Project) -> list[str]:
    file = project.path / "data" / "06_models" / "text_ranking.json"
    return list(json.loads(file.read_text()))


def test_all_models_are_evaluated_on_the_same_reviews(ran: Project) -> None:
    scores = report(ran, "text_comparison")
    predictions = pd.read_parquet(ran.path / "data/07_model_output/review_predictions.parquet")

    assert scores.groupby("split")["n"].unique().to_dict() == {
        "cross_validation": [199], "test": [100], "val": [40],  # one review is a near-duplicate
    }  # fmt: skip
    assert set(scores["model"]) == set(ranking(ran)) == set(predictions["model"])
    assert (scores["accuracy_low"] <= scores["accuracy"]).all()
    assert predictions.groupby(["model", "item"]).size().max() == 1
    found = predictions.assign(right=predictions["label"] == predictions["y_true"])
    rates = found.groupby(["model", "split"])["right"].mean()
    assert scores.set_index(["model", "split"])["accuracy"].to_dict() == pytest.approx(
        rates.to_dict()
    )
    chosen = scores[(scores["model"] == ranking(ran)[0]) & (scores["split"] == "test")]
    assert chosen["accuracy"].item() > 0.6


def test_the_error_analysis_counts_all_errors(ran: Project) -> None:
    chosen = ranking(ran)[0]
    predictions = pd.read_parquet(ran.path / "data/07_model_output/review_predictions.parquet")
    of_chosen = predictions[predictions["model"] == chosen]
    wrong = of_chosen[of_chosen["label"] != of_chosen["y_true"]].groupby("split").size()

    counted = report(ran, "slice_tests")
    told = (counted["errors_with"] + counted["errors_without"]).groupby(counted["split"]).unique()
    assert {split: n.tolist() for split, n in told.items()} == {s: [n] for s, n in wrong.items()}
    shown = report(ran, "confident_errors")
    assert set(shown["split"]) == {"val", "test"}
    assert (shown["y_true"] != (shown["p_positive"] >= 0.5)).all()
    steps = report(ran, "preparation_effects")["step"]
    assert {"baseline", "stemming", "negation", "drop_stop_words"} <= set(steps)
    assert report(ran, "text_learning_curve")["size"].max() == 199


def test_lengths_are_those_of_the_raw_reviews(ran: Project) -> None:
    reviews = pd.read_parquet(ran.path / "data/03_primary/reviews.parquet")
    words = reviews.loc[reviews["split"] == "test", "review"].map(lambda text: len(text.split()))
    table = report(ran, "accuracy_by_length")
    of_chosen = table[(table["model"] == ranking(ran)[0]) & (table["split"] == "test")]

    assert of_chosen.set_index("words")["n"].to_dict() == {
        name: n
        for name, low, high in (("0-29", 0, 29), ("30-59", 30, 59), ("60-119", 60, 119))
        if (n := int(words.between(low, high).sum()))
    }


def test_a_run_has_an_experiment_of_its_own(ran: Project) -> None:
    client = mlflow.MlflowClient(ran.tracking_uri)
    experiments = {found.name: found.experiment_id for found in client.search_experiments()}

    runs = client.search_runs([experiments["nlp"]])
    (run,) = (found for found in runs if "mlflow.parentRunId" not in found.data.tags)
    trials = {found.info.run_name: found for found in runs if found is not run}
    assert set(trials) == {"baseline · seed 20", "last state · seed 20"}
    assert {found.data.tags["mlflow.parentRunId"] for found in trials.values()} == {run.info.run_id}
    tried = trials["last state · seed 20"]
    assert tried.data.params["pooling"] == "last state"
    assert len(client.get_metric_history(tried.info.run_id, "epoch/loss")) == 2
    assert 0 < tried.data.metrics["held_out/accuracy"] < 1
    assert client.search_runs([experiments["temperature"]]) == []
    chosen = ranking(ran)[0]
    assert run.data.metrics[f"{chosen}.test.accuracy"] > 0.6
    assert run.data.tags["mlflow.runName"].startswith(chosen)
    assert run.data.tags["triptych.modality"] == "nlp"
    assert "synthetic reviews" in run.data.tags["mlflow.note.content"]
    assert run.data.params["nlp.n_splits"] == "2"
    # its fields alone say what differs between runs
    assert run.data.params["nlp.preparation"] == "PreparationParameters"
    assert run.data.params["nlp.preparation.negation"] == "False"
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"text_comparison.csv", "text_confusion.png", "text_learning_curve.png"} <= files
    # texts of the source stay where the data is
    assert not files & {
        "confident_errors.csv", "rejected_reviews.csv", "error_explanations.csv"
    }  # fmt: skip


def test_the_chosen_model_is_registered_and_its_labels_are_stored(ran: Project) -> None:
    (model,) = stored(ran, models)
    labels = stored(ran, text_predictions)
    predictions = pd.read_parquet(ran.path / "data/07_model_output/review_predictions.parquet")
    unseen = predictions[(predictions["model"] == ranking(ran)[0])]
    unseen = unseen[unseen["split"] != "cross_validation"].set_index("item")

    assert (model["name"], model["kind"], model["version"]) == ("texts-polarity", "texts", 1)
    assert model["algorithm"] == ranking(ran)[0]
    assert model["metrics"]["test"]["n"] == 100
    assert {row["model_id"] for row in labels} == {model["model_id"]}
    assert {row["item"] for row in labels} == set(unseen.index)
    for row in labels:
        expected = unseen.loc[row["item"]]
        assert row["split"] == expected["split"]
        assert (row["label"] == "positive") == (expected["p_positive"] >= 0.5)
        assert (row["true_label"] == "positive") == (expected["y_true"] == 1)
        assert row["probabilities"]["positive"] == pytest.approx(expected["p_positive"], abs=1e-6)


def test_errors_are_explained_word_by_word(ran: Project) -> None:
    words = report(ran, "error_explanations")
    best_lstm = next(name for name in ranking(ran) if name.startswith("lstm"))

    assert set(words["model"]) == {ranking(ran)[0], best_lstm}
    assert (words["y_true"] != (words["p_positive"] >= 0.5)).all()
    assert words["fit"].between(0, 1).all()
    assert set(words.groupby(["model", "item"])["rank"].min()) == {1}


def test_fitting_again_gives_the_same_results(ran: Project, tmp_path: Path) -> None:
    again = copy_of(ran, tmp_path / "project")
    part = ("--from-nodes", "fit_classifiers", "--to-nodes", "evaluate_classifiers,label_reviews")
    result = again.output("run", "--env", "test", *RUN, *part)
    told = (
        report(ran, "text_comparison").set_index(["model", "split"]).loc[(ranking(ran)[0], "test")]
    )
    assert f"Reviews: {ranking(ran)[0]} * is right on {told['accuracy']:.1%}" in result
    assert "Reviews: lstm" in result

    first, second = (
        pd.read_parquet(project.path / "data/07_model_output/review_predictions.parquet")
        for project in (ran, again)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert stored(again, models) == stored(ran, models)
    assert stored(again, text_predictions) == stored(ran, text_predictions)


def test_the_notebook_can_be_executed_on_the_sample(ran: Project, tmp_path: Path) -> None:
    book = execute(REVIEWS, copy_of(ran, tmp_path / "project"), "test")

    shown = [output for cell in book.cells for output in cell.get("outputs", [])]
    text = " ".join(str(output["data"].get("text/markdown", "")) for output in shown)
    assert f"Selected in cross-validation: *{ranking(ran)[0]}*" in text
    assert "339 reviews" in text
    # one seed is inconclusive
    assert "inconclusive: *last state*" in text
    assert "- worsens: none" in text
    assert "What worsens the LSTM** (log loss, 95 % interval above zero): none" in text


@pytest.mark.parametrize(
    "name",
    ["rejected_reviews", "word_neighbours", "confident_errors", "error_explanations",
     "top_features"],
)  # fmt: skip
def test_the_word_null_is_a_word(name: str) -> None:
    entry = yaml.safe_load((ROOT / "conf/base/catalog_nlp.yml").read_text())[name]
    options = entry.get("dataset", entry).get("load_args", {})

    assert pd.read_csv(StringIO("word\nnull\n"), **options)["word"].item() == "null"


def test_wrong_parameters_are_rejected_together(project: Project) -> None:
    parameters = "nlp.models=[bert],nlp.preparation.stop_words=[pas]"

    message = refused(project, *RUN, "--params", f"{parameters},nlp.lstm.changes=[GRU]")

    for part in (
        "There is no text classifier 'bert'; there are bow_naive_",
        "must not contain negations: without pas",
        "There is no change of the LSTM 'GRU'",
    ):
        assert part in message


def test_missing_files_are_user_errors(project: Project) -> None:
    assert "There is no file of word vectors" in refused(
        project, *RUN, "--params", "vectors_file=absent.bin", "--to-nodes", "read_vectors"
    )
    assert "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA" in refused(
        project, *RUN, "--to-nodes", "accept_reviews", env="live"
    )


def test_the_rejected_reviews_are_listed_even_if_all_are_refused(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "reviews"
    folder.mkdir()
    line = '{"review": "un film %d \\ud83d", "polarity": 1}\n{"review": "non %d", "polarity": 0}\n'
    for name in ("train", "val"):
        (folder / f"{name}.jsonl").write_text("".join(line % (n, n) for n in range(500)))
    recorded = {"TRIPTYCH_REAL_DATA": str(tmp_path)}

    message = refused(project, *RUN, "--to-nodes", "accept_reviews", env="live", **recorded)

    assert re.match(
        r"Reviews of the split train: [\d,]+ of 1,000 rejected \(.* %\), at most 50 allowed: ",
        message,
    )
    listed = report(project, "rejected_reviews")
    assert listed["reason"].str.startswith("not valid Unicode").sum() == 1000
    assert not (project.path / "data/03_primary/reviews.parquet").exists()
