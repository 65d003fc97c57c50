"""Published files of reviews are read; unusable files and reviews are reported."""

import codecs
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import _NO_UNICODE, RAW_COLUMNS, read_reviews
from triptych.nlp.validation import check_reviews, explain_refusal, normalise_text

Checked = tuple[pd.DataFrame, pd.DataFrame]


def line(review: object, polarity: object) -> bytes:
    return json.dumps({"review": review, "polarity": polarity}, ensure_ascii=False).encode() + b"\n"


def write(folder: Path, **splits: bytes) -> Path:
    for split, content in splits.items():
        (folder / f"{split}.jsonl").write_bytes(content)
    return folder


def check(raw: pd.DataFrame) -> Checked:
    return check_reviews(raw, max_characters=200, needed=("train", "val"))


def good(words: str) -> bytes:
    return line(f"un film {words} réussi", 1) + line(f"un film {words} raté", 0)


def test_json_lines_are_read_with_their_line_number(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"has no reviews: it must hold train, val .* has nothing"),
        ({"train": b""}, r"train\.jsonl is empty: a split needs at least one review"),
        ({"train": b'{"text": "a", "stars": 1}\n'}, r"needs the fields `review` and `polarity`"),
    ],
)
def test_a_folder_without_reviews_is_rejected(
    tmp_path: Path, content: dict[str, bytes], message: str
) -> None:
    with pytest.raises(ReviewSourceError, match=message):
        read_reviews(write(tmp_path, **content))
    with pytest.raises(ReviewSourceError, match="There is no folder of reviews"):
        read_reviews(tmp_path / "nowhere")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    raw = read_reviews(write(tmp_path, train=good("très")))

    with pytest.raises(ReviewSourceError, match=r"have no split 'val'; there are: train"):
        check(raw)


def test_unusable_reviews_are_listed_with_the_reason(tmp_path: Path) -> None:
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
        + line("Un film très RÉUSSI !!!", 1)  # the same text as in line 1
        + line("vu dans les deux", 1)
        + line("on dit oui, on dit non", 1)
        + line("on dit oui : on dit non", 0)
    )
    folder = write(
        tmp_path, train=good("très") + bad, val=good("peu") + line("vu dans les deux", 1)
    )
    raw = read_reviews(folder)

    kept, rejected = check(raw)

    assert len(kept) + len(rejected) == len(raw) == 18
    assert kept["item"].tolist() == [
        "train-000001", "train-000002", "val-000001", "val-000002", "val-000003",
    ]  # fmt: skip
    assert kept["polarity"].tolist() == [1, 0, 1, 0, 1]
    assert dict(zip(rejected["line"], rejected["reason"], strict=True)) == {
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
    assert rejected["characters"].max() == 1_000_000
    assert rejected["excerpt"].str.len().max() == 80


def test_a_data_set_with_many_rejected_reviews_is_refused(tmp_path: Path) -> None:
    latin = '{"review": "très décevant n° %d", "polarity": 0}\n'
    content = "".join(latin % number for number in range(9)).encode("latin-1")
    raw = read_reviews(write(tmp_path, train=good("a") + content, val=good("b")))

    assert explain_refusal(*check(raw), 0.05).startswith(
        "Reviews of the split train: 9 of 11 rejected (81.82 %), at most 0 allowed: 9 × not UTF-8."
    )
    assert explain_refusal(*check(raw), 0.9) == ""


def test_a_split_with_one_class_is_refused(tmp_path: Path) -> None:
    raw = read_reviews(write(tmp_path, train=line("beau", 1) + line("bien", 1), val=good("b")))

    assert explain_refusal(*check(raw), 0.9) == (
        "The split train needs reviews of both classes, 0 (negative) and 1 (positive); of its 2 "
        "reviews 2 can be used, all of one class. Correct the file."
    )


def test_duplicates_are_found_by_letters_and_digits() -> None:
    assert normalise_text("L\u2019ÉTÉ, enfin !") == normalise_text("l'été... enfin")
    assert normalise_text("un été") != normalise_text("un ete")


def test_byte_order_marks_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    content = (good("très") + good("assez")).replace(b"\n", b"\r\n")
    val = codecs.BOM_UTF8 + b"\r\n" + codecs.BOM_UTF8 + good("peu")  # two concatenated files
    raw = read_reviews(write(tmp_path, train=codecs.BOM_UTF8 + content, val=val))

    assert raw["review"].str.contains("film").all()
    assert raw.groupby("split").size().to_dict() == {"train": 4, "val": 2}
    assert raw[raw["split"] == "val"]["line"].tolist() == [2, 3]


def test_lines_with_surrogates_or_broken_json_are_rejected_alone(tmp_path: Path) -> None:
    bad = (
        b'{"review": "un film \\ud83d", "polarity": 1}\n'
        b'{"review": "un film entier \\ud83d\\ude00", "polarity": 1}\n'
        b'{"review": "un film cher", "polarity": "\\ud83d"}\n'
        b'{"review": "un film cher", "polarity": ' + b"9" * 5000 + b"}\n" + b"[" * 100_000 + b"\n"
        b'"\\ud83d"\n'
    )
    raw = read_reviews(write(tmp_path, train=good("très") + bad, val=good("peu")))

    kept, rejected = check(raw)

    assert len(kept) == 5
    assert "un film entier 😀" in set(kept["review"])
    reasons = {3: _NO_UNICODE, 5: "label is not 0 or 1", 6: "not JSON", 7: "not JSON"}
    reasons[8] = "no fields review and polarity"
    assert dict(zip(rejected["line"], rejected["reason"], strict=True)) == reasons
    assert rejected["excerpt"].iloc[0] == r"un film \ud83d"
    for table in (kept, rejected):
        table.to_csv(tmp_path / "table.csv")
        table.to_parquet(tmp_path / "table.parquet")


def table(words: str) -> pd.DataFrame:
    texts = [f"un film {words},\nréussi", f"un film {words} raté"]
    return pd.DataFrame({"film-url": "/film", "review": texts, "polarity": [1, 0]})


def test_the_csv_files_of_the_kaggle_mirror_are_read(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        table(name).to_csv(tmp_path / f"{name}.csv")
    whole = (tmp_path / "train.csv").read_bytes()
    odd = b'2,/film,"d\xe9j\xe0 vu",0\r\n3,/film\r\n'
    (tmp_path / "train.csv").write_bytes(codecs.BOM_UTF8 + whole + odd)

    raw = read_reviews(tmp_path)
    kept, rejected = check(raw)

    assert kept.groupby("split").size().to_dict() == {"test": 2, "train": 2, "val": 2}
    assert set(kept["review"]) == {
        text for name in ("train", "valid", "test") for text in table(name)["review"]
    }
    assert kept.groupby("split")["polarity"].sum().eq(1).all()
    assert rejected[["line", "reason"]].values.tolist() == [
        [3, _NO_UNICODE],
        [4, "no fields review and polarity"],
    ]
    (tmp_path / "train.csv").write_bytes(whole + b'2,/film,"never closed,1\n')
    with pytest.raises(ReviewSourceError, match=r"train\.csv is no CSV file .* from row 3 on"):
        read_reviews(tmp_path)


def test_the_shards_of_hugging_face_are_read_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "allocine"
    folder.mkdir()
    for part in (1, 0):
        rows = table(f"part {part}").rename(columns={"polarity": "label"})
        rows.to_parquet(folder / f"train-{part:05d}-of-00002.parquet")
    bad = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"un film vu", b"un film d\xe9\xe7u"], pa.binary()).buffers()
    )
    shard = pa.table({"review": bad, "label": [1, 0]})
    pq.write_table(shard, folder / "validation-00000-of-00001.parquet")

    raw = read_reviews(tmp_path)

    train = raw[raw["split"] == "train"]
    assert train["line"].tolist() == [1, 2, 3, 4]
    assert [text.split()[3] for text in train["review"]] == ["0,", "0", "1,", "1"]
    assert raw[raw["split"] == "val"]["fault"].tolist() == ["", _NO_UNICODE]
    (folder / "train-00000-of-00002.parquet").unlink()
    with pytest.raises(ReviewSourceError, match="2 parts of the split train, 00000 is missing"):
        read_reviews(tmp_path)
    (folder / "train-00001-of-00002.parquet").unlink()
    (folder / "valid.csv").write_text("review,polarity\n")
    with pytest.raises(ReviewSourceError, match=r"files of the split val: valid\.csv, validation"):
        read_reviews(tmp_path)
