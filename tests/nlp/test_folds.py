"""Groups of reviews: films and near-duplicates, which no split separates."""

import numpy as np
import pandas as pd
import pytest
from cloudpickle import dumps

from triptych.nlp.duplicates import find_near_duplicates, group_rows
from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.folds import early_stopping_split, grouped_folds, nested_folds
from triptych.nlp.learning_curve import list_fits
from triptych.nlp.preprocessing import Document
from triptych.nlp.validation import check_reviews

TEXT = "ce film raconte la vie d un homme qui ne sait plus quoi faire de son temps libre"


def test_folds_and_early_stopping_keep_groups_together() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(900) < 0.7).astype(np.int64)
    groups = np.where(np.arange(900) < 300, 0, np.arange(900) // 3)  # one film has a third

    splits = [fold for level in nested_folds(labels, groups, 3, 2, seed=1) for fold in level]
    splits.append(early_stopping_split(labels, groups, seed=1))

    for train, held_out in splits:
        assert not set(groups[train]) & set(groups[held_out])
    for _, held_out in splits[:3]:
        assert 250 < len(held_out) < 350
        assert abs(labels[held_out].mean() - labels.mean()) < 0.05
    assert 60 < len(splits[-1][1]) < 120  # not the large film


def test_few_films_make_few_folds_and_one_makes_none() -> None:
    labels, films = np.tile([0, 1], 30), np.repeat(np.arange(4), 15)

    assert len(grouped_folds(labels, films, 10, seed=1)) == 4
    with pytest.raises(ReviewSourceError, match="Too few training reviews for cross-validation"):
        grouped_folds(labels, np.zeros(60, dtype=np.int64), 10, seed=1)


def test_ungrouped_rows_are_split_evenly() -> None:
    labels = np.arange(3000) % 2

    folds = grouped_folds(labels, np.arange(3000), 10, seed=1)

    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(3000))
    for _, held_out in folds:
        assert abs(len(held_out) - 300) <= 16
        assert abs(labels[held_out].mean() - 0.5) < 0.04
    train, stop = early_stopping_split(labels[:200], np.arange(200), seed=1)
    assert (len(train), len(stop), labels[stop].mean()) == (180, 20, 0.5)


def test_a_fit_of_the_learning_curve_carries_its_sample_alone() -> None:
    documents, labels = [Document("", "", str(row)) for row in range(3000)], np.arange(3000) % 2
    training, test = (documents, labels, labels), (documents[:2], labels[:2], labels[:2])
    count = {"count": lambda some, *_: lambda _: np.array([-1, 5 - len(some)])}

    fits = [*list_fits(count, training, test, [(4, 2), (8, 1)], seed=1)]

    assert [fit()[1:] for fit in fits] == [(4, 0, 2, 1.0), (4, 1, 2, 1.0), (8, 0, 2, 0.5)]
    assert max(len(dumps(fit)) for fit in fits) < len(dumps(training)) / 10


def test_near_duplicates_are_found_and_grouped_with_films() -> None:
    other = "un tout autre avis sur un tout autre film"
    texts = [TEXT, f"{TEXT} vraiment", other, "court", TEXT[:40]]

    pairs = find_near_duplicates(texts)
    groups = group_rows(["a", "", "", "a", ""], pairs)

    assert [(int(row), int(other)) for row, other in zip(*pairs, strict=True)] == [(0, 1)]
    assert len({groups[0], groups[1], groups[3]}) == 1
    assert len(set(groups.tolist())) == 3


def test_a_text_pasted_very_often_is_one_group() -> None:
    copies = [f"{TEXT} {number}" for number in range(60)]
    others = [
        f"{TEXT[:20]} {number} " + " ".join(f"{number}{k}" for k in range(9)) for number in "ab"
    ]

    groups = group_rows([""] * 62, find_near_duplicates([*copies, *others]))

    assert len(set(groups[:60].tolist())) == 1
    assert len(set(groups.tolist())) == 3


def test_a_training_review_nearly_the_same_as_a_held_out_one_is_rejected() -> None:
    pasted = [f"{TEXT} {number}" for number in range(60)]
    raw = pd.DataFrame({
        "split": ["train"] * 61 + ["val"], "line": [*range(1, 62), 1],
        "review": [*pasted, "autre avis", TEXT], "polarity": 1, "film": "", "fault": "",
    })  # fmt: skip

    kept, rejected = check_reviews(raw, max_characters=500, needed=("train", "val"))

    assert kept["item"].tolist() == ["train-000061", "val-000001"]
    assert rejected["reason"].tolist() == ["nearly the same text in val"] * 60
