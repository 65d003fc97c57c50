"""Files of reviews: what is published is read, what is wrong is named."""

import json
from pathlib import Path

import pandas as pd
import pytest

from triptych.nlp.checking import ReviewLimits, check_reviews, same_text
from triptych.nlp.errors import NlpError, ReviewSourceError, ReviewsRefusedError
from triptych.nlp.reading import RAW_COLUMNS, read_reviews

LIMITS = ReviewLimits(max_characters=200, max_rejected_share=0.9, needed=("train", "val"))


def line(review: object, polarity: object) -> bytes:
    return json.dumps({"review": review, "polarity": polarity}, ensure_ascii=False).encode() + b"\n"


def write(folder: Path, **splits: bytes) -> Path:
    for split, content in splits.items():
        (folder / f"{split}.jsonl").write_bytes(content)
    return folder


def good(words: str) -> bytes:
    return line(f"un film {words} réussi", 1) + line(f"un film {words} raté", 0)


def test_json_lines_are_read_with_their_place(tmp_path: Path) -> None:
    raw = read_reviews(write(tmp_path, train=good("très") + b"\n" + good("assez"), val=good("peu")))

    assert list(raw.columns) == list(RAW_COLUMNS)
    assert raw[["split", "line", "review", "polarity"]].values.tolist() == [
        ["train", 1, "un film très réussi", 1],
        ["train", 2, "un film très raté", 0],
        ["train", 4, "un film assez réussi", 1],
        ["train", 5, "un film assez raté", 0],
        ["val", 1, "un film peu réussi", 1],
        ["val", 2, "un film peu raté", 0],
    ]
    assert set(raw["fault"]) == {""}


def test_parquet_as_on_hugging_face_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"review": ["un film réussi", "un film raté"], "label": [1, 0]})
    table.to_parquet(tmp_path / "train.parquet")

    raw = read_reviews(tmp_path)

    assert raw["polarity"].tolist() == [1, 0]
    assert raw["split"].tolist() == ["train", "train"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"has no reviews: it must hold train\.jsonl and val\.jsonl .* has nothing"),
        ({"train": b""}, r"train\.jsonl is empty: a split needs at least one review"),
        ({"train": b'{"text": "a", "stars": 1}\n'}, r"needs the fields `review` and `polarity`"),
    ],
)
def test_a_folder_without_reviews_is_refused(
    tmp_path: Path, content: dict[str, bytes], message: str
) -> None:
    with pytest.raises(ReviewSourceError, match=message):
        read_reviews(write(tmp_path, **content))
    with pytest.raises(ReviewSourceError, match="There is no folder of reviews"):
        read_reviews(tmp_path / "nowhere")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    raw = read_reviews(write(tmp_path, train=good("très")))

    with pytest.raises(ReviewSourceError, match=r"have no split 'val'; there are: train"):
        check_reviews(raw, LIMITS)
    with pytest.raises(ReviewSourceError, match=r"need the columns .*; polarity is missing"):
        check_reviews(raw.drop(columns="polarity"), LIMITS)


def test_what_cannot_be_used_is_listed_and_nothing_is_lost(tmp_path: Path) -> None:
    bad = (
        line("un film étiqueté deux", 2)
        + line("un film étiqueté vrai", True)
        + '{"review": "déjà vu", "polarity": 0}\n'.encode("latin-1")
        + b"{no json\n"
        + line("", 1)
        + line("?!...", 1)
        + line(None, 1)
        + b'{"review": "sans note"}\n'
        + line("x" * 1_000_000, 1)
        + line("Un film très RÉUSSI !!!", 1)  # as above, but for signs and case
        + line("vu dans les deux", 1)
        + line("on dit oui, on dit non", 1)
        + line("on dit oui : on dit non", 0)
    )
    folder = write(
        tmp_path, train=good("très") + bad, val=good("peu") + line("vu dans les deux", 1)
    )
    raw = read_reviews(folder)

    kept, refused = check_reviews(raw, LIMITS)

    assert len(kept) + len(refused) == len(raw) == 18
    assert kept["item"].tolist() == [
        "train-000001", "train-000002", "val-000001", "val-000002", "val-000003",
    ]  # fmt: skip
    assert kept["polarity"].tolist() == [1, 0, 1, 0, 1]
    assert dict(zip(refused["line"], refused["reason"], strict=True)) == {
        3: "label is not 0 or 1",
        4: "label is not 0 or 1",
        5: "not UTF-8",
        6: "not JSON",
        7: "no word",
        8: "no word",
        9: "review is no text",
        10: "no fields review and polarity",
        11: "longer than 200 characters",
        12: "the same text before",
        13: "the same text in val",
        14: "the same text with another label",
        15: "the same text with another label",
    }
    assert refused["characters"].max() == 1_000_000
    assert refused["excerpt"].str.len().max() == 80


def test_too_much_that_is_wrong_is_another_file(tmp_path: Path) -> None:
    latin = '{"review": "très décevant n° %d", "polarity": 0}\n'
    content = "".join(latin % number for number in range(9)).encode("latin-1")
    raw = read_reviews(write(tmp_path, train=good("a") + content, val=good("b")))
    strict = ReviewLimits(200, 0.05, ("train", "val"))

    with pytest.raises(
        ReviewsRefusedError,
        match=r"split train, 82% of 11 .* at most 5% .* 9 × not UTF-8\. Correct",
    ):
        check_reviews(raw, strict)


def test_one_class_alone_teaches_nothing(tmp_path: Path) -> None:
    raw = read_reviews(write(tmp_path, train=line("beau", 1) + line("bien", 1), val=good("b")))

    with pytest.raises(NlpError, match="split train has reviews of one class alone"):
        check_reviews(raw, LIMITS)


def test_copies_are_told_from_different_reviews() -> None:
    assert same_text("L\u2019ÉTÉ, enfin !") == same_text("l'été... enfin")
    assert same_text("un été") != same_text("un ete")
