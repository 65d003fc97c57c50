"""Folders and manifests of photos as users have them."""

import logging
import os
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from tests.vision.conftest import LIMITS, plain_photo
from triptych.vision.errors import PhotoSourceError
from triptych.vision.reading import find_root, list_photos, list_source
from triptych.vision.validation import validate_photos

KAGGLE = "ImagensTCCRotuladas/ImagensTCCRotuladas"
FOLDERS = ("Chao", "Ervas", "Milho", "Milho_ervas")


def make_set(root: Path, train: str, valid: str, test: str) -> Path:
    """Write a photo of each class and split."""
    for number, split in enumerate((train, valid, test)):
        for place, label in enumerate(FOLDERS):
            (root / split / label).mkdir(parents=True)
            plain_photo(10 * number + place).save(root / split / label / "0.jpg")
    return root


def counted(root: Path) -> dict[str, int]:
    used, rejected = validate_photos(list_photos(root), *LIMITS)
    assert rejected.empty
    assert used.groupby("split")["label"].nunique().eq(4).all()
    used.to_parquet(root / "used.parquet")  # every name can be stored
    return used.groupby("split").size().to_dict()


@pytest.mark.parametrize(
    "valid",
    [
        "Validação",
        unicodedata.normalize("NFD", "Validação"),
        "Valida├º├úo",
        "ValidaÃ§Ã£o",
        "Validaç~ao",
        "VALIDAÇÃO",
        os.fsdecode("Validação".encode("latin-1")),
        os.fsdecode("Validação".encode("cp850")),
        "Valid",
    ],
)
def test_the_kaggle_set_is_read_however_its_archive_was_unpacked(
    tmp_path: Path, valid: str
) -> None:
    root = make_set(tmp_path / "images" / "archive" / KAGGLE, "Treino", valid, "Teste")
    (tmp_path / "images" / "archive" / "__MACOSX" / "Treino").mkdir(parents=True)

    assert find_root(tmp_path / "images") == root
    assert counted(root) == {"train": 4, "valid": 4, "test": 4}


@pytest.mark.parametrize("above", ["", "images", "archive"])
def test_the_only_set_is_found_if_the_dataset_has_no_folder(tmp_path: Path, above: str) -> None:
    make_set(tmp_path / above / KAGGLE, "Treino", "Validação", "Teste")
    (tmp_path / "open_meteo").mkdir()

    found = list_source("folder", "images_mixed", {}, 1, filepath="", folder=str(tmp_path))
    assert found["split"].value_counts().to_dict() == {"train": 4, "valid": 4, "test": 4}

    make_set(tmp_path / "images_mixed", "Treino", "Valid", "Teste")
    named = list_source("folder", "images_mixed", {}, 1, filepath="", folder=str(tmp_path))
    assert {path.parents[2].name for path in named["path"]} == {"images_mixed"}


@pytest.mark.parametrize(
    "names",
    [("Train", "Validation", "Test"), ("train", "val", "test"), ("TRAINING", "valid", "Teste")],
)
def test_other_names_of_splits_are_known(tmp_path: Path, names: tuple[str, str, str]) -> None:
    root = make_set(tmp_path / "corn", *names)

    assert find_root(tmp_path) == root
    assert counted(root) == {"train": 4, "valid": 4, "test": 4}


def test_linked_folders_are_followed_and_cycles_end(tmp_path: Path) -> None:
    stored = make_set(tmp_path / "disk", "Treino", "Valid", "Teste")
    images = tmp_path / "images"
    images.mkdir()
    (images / "corn").symlink_to(stored)
    (stored / "Treino").rename(tmp_path / "elsewhere")
    (stored / "Treino").symlink_to(tmp_path / "elsewhere")
    (stored / "Teste" / "Chao" / "again").symlink_to(stored)

    root = find_root(images)
    used, rejected = validate_photos(list_photos(root), *LIMITS)

    assert root == images / "corn"
    assert len(used) == 12
    assert rejected["item"].tolist() == ["Teste/Chao/again"]


def test_an_ambiguous_or_missing_split_is_an_error(tmp_path: Path) -> None:
    root = make_set(tmp_path / "images", "Treino", "Valid", "Teste")
    (root / "Validação").mkdir()
    with pytest.raises(
        PhotoSourceError, match="several folders of the split valid: Valid, Validação"
    ):
        find_root(root)
    (root / "Validação").rename(root / "Prova")
    (root / "Valid").rename(root / "Amostra")
    with pytest.raises(
        PhotoSourceError,
        match=r"no folder of the split valid\. It has Amostra, Prova, Teste, Treino\. "
        r"Name them Treino, Validação .* valid \(validation, val\) and test",
    ):
        find_root(root)
    for name in ("one", "two"):
        (tmp_path / "both" / name / "train").mkdir(parents=True)
    with pytest.raises(PhotoSourceError, match=r"several sets of photos: .*one, .*two\. Name"):
        find_root(tmp_path / "both")


def write_manifest(root: Path, files: list[str], encoding: str = "utf-8") -> None:
    rows = pd.DataFrame({"file": files, "group": "g", "label_origin": "human"})
    rows.to_csv(root / "manifest.csv", index=False, encoding=encoding)


def test_a_manifest_with_windows_separators_is_matched_and_gaps_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = make_set(tmp_path, "Treino", "Valida├º├úo", "Teste")
    inside = [rf"Treino\{label}\0.jpg" for label in FOLDERS[:2]]
    write_manifest(root, [*inside, r".\Validação\Chao\0.jpg", r"Teste\Chao\gone.jpg"], "utf-8-sig")

    with caplog.at_level(logging.WARNING):
        listing = list_photos(root)
    used, rejected = validate_photos(listing, *LIMITS)

    assert caplog.messages == [
        r"manifest.csv: 1 rows name no file, the first: Teste\Chao\gone.jpg",
        "manifest.csv: 9 photos have no row, the first: Teste/Chao/0.jpg",
    ]
    assert listing["origin"].value_counts().to_dict() == {"unlisted": 9, "human": 4}
    assert dict(zip(rejected["item"], rejected["reason"], strict=True)) == {
        r"Teste\Chao\gone.jpg": "is in manifest.csv, but there is no such file",
        # a group that the manifest names stays in one split
        "Treino/Chao/0.jpg": "nearly the same as Valida├º├úo/Chao/0.jpg",
        "Treino/Ervas/0.jpg": "nearly the same as Valida├º├úo/Chao/0.jpg",
    }
    assert len(used) == 10


def test_a_manifest_that_cannot_be_joined_is_an_error(tmp_path: Path) -> None:
    root = make_set(tmp_path, "Treino", "Valid", "Teste")
    write_manifest(root, ["a.jpg", "b.jpg"])
    with pytest.raises(PhotoSourceError, match=r"2 rows, and none names .*; the first is a\.jpg"):
        list_photos(root)
    write_manifest(root, ["Treino/Chao/0.jpg", r"Treino\Chao\0.jpg"])
    with pytest.raises(PhotoSourceError, match=r"names Treino\\Chao\\0\.jpg twice"):
        list_photos(root)
    write_manifest(root, ["Validação/Chao/0.jpg"], encoding="latin-1")
    with pytest.raises(PhotoSourceError, match="is no CSV file in UTF-8"):
        list_photos(root)


def test_a_file_name_that_is_not_utf_8_is_rejected_alone(tmp_path: Path) -> None:
    root = make_set(tmp_path, "Treino", "Valid", "Teste")
    odd = root / "Treino" / "Chao" / os.fsdecode(b"folha_\xe9.jpg")
    plain_photo(99).save(odd)

    used, rejected = validate_photos(list_photos(root), *LIMITS)

    assert len(used) == 12
    assert rejected[["item", "reason"]].values.tolist() == [
        [r"Treino/Chao/folha_\udce9.jpg", "file name is not UTF-8"]
    ]
    rejected.to_csv(tmp_path / "rejected.csv")
