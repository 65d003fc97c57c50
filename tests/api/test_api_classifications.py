"""Predictions of the production classifiers: filters, pages and errors."""

from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from tests.api.tables import CLASSIFIERS
from tests.api.test_api_surface import check_problem
from triptych.store.tables import models, text_predictions

TEXTS, IMAGES = "/texts/predictions", "/images/predictions"


def items(client: Any, path: str, **filters: str) -> list[str]:
    response = client.get(path, params=filters)
    assert response.status_code == 200, response.text
    return [each["item"] for each in response.json()["data"]]


def test_the_version_in_production_answers_with_its_accuracy(client: Any) -> None:
    answer = client.get(TEXTS).json()

    assert [each["item"] for each in answer["data"]] == [
        "test-000001", "test-000002", "test-000010",
    ]  # fmt: skip
    assert answer["data"][1] == {
        "item": "test-000002", "model_id": CLASSIFIERS["F"], "split": "test", "label": "positive",
        "probabilities": {"positive": 0.6, "negative": 0.4}, "true_label": "negative",
    }  # fmt: skip
    assert answer["scores"] == {"count": 3, "right": 2, "accuracy": pytest.approx(2 / 3)}
    (model,) = answer["models"]
    assert model == {
        "model_id": CLASSIFIERS["F"], "name": "texts-polarity", "version": 2,
        "algorithm": "tf-idf", "stage": "production", "as_of": "2019-01-01T00:00:00Z",
        "metrics": {"test": {"accuracy": 0.667, "n": 3}},
    }  # fmt: skip
    unknown = client.get(IMAGES, params={"item": "new/3.jpg"}).json()
    assert unknown["data"][0]["true_label"] is None
    assert unknown["scores"] == {"count": 0, "right": 0, "accuracy": None}


@pytest.mark.parametrize(
    ("path", "filters", "expected"),
    [
        # by their bytes, whatever the database's own order
        (IMAGES, {}, ["Teste/Chao/1 é.jpg", "Teste/Milho/2.jpg", "new/3.jpg"]),
        (IMAGES, {"wrong": "true"}, ["Teste/Milho/2.jpg"]),
        (IMAGES, {"wrong": "false"}, ["Teste/Chao/1 é.jpg"]),
        (IMAGES, {"item": "Teste/Chao/1 é.jpg"}, ["Teste/Chao/1 é.jpg"]),
        (IMAGES, {"label": "Milho", "wrong": "true"}, []),
        (TEXTS, {"label": "positive"}, ["test-000001", "test-000002"]),
        (TEXTS, {"true_label": "negative", "label": "positive"}, ["test-000002"]),
        (TEXTS, {"model": "texts-polarity", "item": "test-000010"}, ["test-000010"]),
    ],
)
def test_filters_restrict(
    client: Any, path: str, filters: dict[str, str], expected: list[str]
) -> None:
    assert items(client, path, **filters) == expected


def test_csv_names_the_model_of_each_item(client: Any) -> None:
    text = client.get(IMAGES, params={"wrong": "true"}, headers={"Accept": "text/csv"}).text

    head, row, *_ = text.split("\r\n")
    assert head == (
        "item,model_id,split,label,probabilities,true_label,model_name,model_version,"
        "model_algorithm,model_stage,model_as_of,model_metrics"
    )
    assert row.startswith(f"Teste/Milho/2.jpg,{'d' * 64},test,Chao,")
    assert row.count("images-field,1,cnn,production") == 1


@pytest.mark.parametrize(
    ("path", "filters", "kind", "said"),
    [
        (TEXTS, {"model": "images-field"}, "unknown-model", "Known: texts-polarity, texts-topics."),
        (TEXTS, {"model": "texts-topics"}, "no-prediction", "Of texts-topics, no version"),
        (TEXTS, {"label": "neutral"}, "unknown-label", "Known: negative, positive."),
        (IMAGES, {"true_label": "Ervas"}, "unknown-label", "no true label 'ervas'"),
        (IMAGES, {"item": "test-000001"}, "unknown-item", "no item 'test-000001'"),
        (TEXTS, {"model": "Texts-Polarity"}, "unknown-model", "Did you mean `texts-polarity`?"),
        (TEXTS, {"label": "Positive"}, "unknown-label", "Did you mean `positive`?"),
        (IMAGES, {"true_label": "milo"}, "unknown-label", "Did you mean `Milho`?"),
    ],
)
def test_an_unknown_name_is_404_with_what_exists(
    client: Any, path: str, filters: dict[str, str], kind: str, said: str
) -> None:
    problem = check_problem(client.get(path, params=filters), 404, path)

    assert problem["type"] == f"urn:triptych:problem:{kind}"
    assert said.lower() in problem["detail"].lower()


def test_a_bad_filter_is_422_and_a_foreign_cursor_is_harmless(client: Any) -> None:
    for filters in ({"wrong": "yes"}, {"label": ""}, {"item": "a\0"}, {"model": "x" * 301}):
        problem = check_problem(client.get(TEXTS, params=filters), 422, TEXTS)
        assert [each["parameter"] for each in problem["errors"]] == list(filters)
    assert items(client, TEXTS, cursor="f" * 64 + ".00ff") == []  # neither UTF-8 nor an item


def test_with_nothing_in_production_or_nothing_stored_it_is_404(
    own_client: Any, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(update(models).where(models.c.kind == "images").values(stage="archived"))
        connection.execute(delete(text_predictions))
    for path, advice in ((IMAGES, "kedro model promote"), (TEXTS, "Run its pipeline again")):
        assert advice in check_problem(own_client.get(path), 404, path)["detail"]


def test_every_item_is_paged_and_found(own_client: Any, engine: Engine) -> None:
    odd = ["é" * 451, "木" * 300, "木" * 1365, "line\nbreak\tand tab", "100 %/&?#+.jpg", "a.b"]
    with engine.begin() as connection:
        row = connection.execute(select(text_predictions)).mappings().first()
        new = [{**(row or {}), "model_id": CLASSIFIERS["F"], "item": item} for item in odd]
        connection.execute(insert(text_predictions), new)
    expected = items(own_client, TEXTS)
    found, target = [], f"{TEXTS}?limit=1"
    while target:
        response = own_client.get(target)
        assert response.status_code == 200, response.text[:300]
        found += [each["item"] for each in response.json()["data"]]
        target = response.json()["next"]

    assert set(odd) < set(expected)
    assert found == expected
    assert [items(own_client, TEXTS, item=item) for item in odd] == [[item] for item in odd]
