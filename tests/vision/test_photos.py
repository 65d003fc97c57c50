"""Which photos are used: every fault is listed, and what shows the same stays in one split."""

import shutil
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image, ImageOps

from tests.vision.conftest import LIMITS
from tests.vision.conftest import plain_photo as photo
from triptych.datasets import PhotoPixelsDataset
from triptych.pipelines.vision.nodes import select_photos
from triptych.vision import decoding
from triptych.vision.decoding import fit_size, no_pillow_warnings, open_photo, read_photos
from triptych.vision.duplicates import Signature, group_photos, straddling
from triptych.vision.errors import BadPhotoError, PhotoSourceError
from triptych.vision.reading import find_root, list_photos
from triptych.vision.validation import explain_refusal, validate_photos


def large_png(path: Path, width: int, height: int) -> None:
    """Plant a file whose head promises more pixels than it has."""
    photo(3).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the Kaggle layout, a few folders down: two photos of each class and split."""
    root = tmp_path / "images" / "archive" / "ImagensTCCRotuladas"
    for number, split in enumerate(("Treino", "Valid", "Teste")):
        for place, label in enumerate(("Chao", "Milho", "Ervas")):
            (root / split / label).mkdir(parents=True)
            for copy in range(2):
                photo(100 * number + 10 * place + copy).save(root / split / label / f"{copy}.jpg")
    return root


def checked(root: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    used, rejected = validate_photos(list_photos(root), *LIMITS)
    assert len(used) + len(rejected) == len(list_photos(root))  # nothing is lost
    return used, rejected.set_index("item")["reason"].to_dict()


def test_the_set_is_found_where_an_archive_unpacks_it(folder: Path, tmp_path: Path) -> None:
    root = find_root(tmp_path / "images")
    used, rejected = checked(root)

    assert root == folder
    assert rejected == {}
    assert used.groupby(["split", "label"]).size().to_dict() == {
        (split, label): 2
        for split in ("train", "valid", "test")
        for label in ("ground", "corn", "weeds")
    }
    assert set(used["origin"]) == {"unknown"}


def test_each_fault_is_listed_with_its_reason(folder: Path) -> None:
    place = folder / "Treino" / "Milho"
    (place / "text.jpg").write_text("no photo")
    (place / "note.txt").write_text("a stray file")
    (folder / "notes.md").write_text("another")
    whole = (place / "0.jpg").read_bytes()
    (place / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    photo(1).convert("L").save(place / "grey.jpg")
    photo(2).convert("CMYK").save(place / "print.jpg")
    large_png(place / "huge.png", 20_000, 20_000)
    large_png(place / "wide.png", 9_900, 9_900)

    used, rejected = validate_photos(list_photos(folder), *LIMITS)

    names = [Path(item).name for item in rejected["item"]]
    reasons = dict(zip(names, rejected["reason"], strict=True))
    assert reasons.pop("broken.jpg").startswith("cannot be decoded (image file is truncated")
    assert reasons == {
        "text.jpg": "no JPEG or PNG",
        "note.txt": "is not named .jpg, .jpeg or .png",
        "notes.md": "lies in no folder of a class",
        "grey.jpg": "no RGB colours (mode L)",
        "print.jpg": "no RGB colours (mode CMYK)",
        "huge.png": "far too large; at most 8,000 pixels a side",
        "wide.png": "9,900 × 9,900 pixels; at most 8,000 a side",
    }
    assert len(used) == 18
    assert explain_refusal(used, rejected, 0.6) == ""
    assert explain_refusal(used, rejected, 0.2).startswith(
        "Files of the split train: 7 of 13 rejected (53.85 %), at most 2 allowed: 1 × "
    )


def test_copies_and_near_duplicates_stay_in_the_evaluated_split(folder: Path) -> None:
    test, train = folder / "Teste" / "Ervas", folder / "Treino" / "Ervas"
    shutil.copy(test / "0.jpg", train / "same.jpg")
    image = Image.open(test / "1.jpg")
    image.resize((90, 90)).save(train / "smaller.jpg", quality=60)
    shutil.copy(test / "0.jpg", test / "again.jpg")
    shutil.copy(folder / "Valid" / "Chao" / "0.jpg", folder / "Valid" / "Milho" / "doubt.jpg")

    used, rejected = checked(folder)

    assert rejected == {
        "Treino/Ervas/same.jpg": "the same file as Teste/Ervas/0.jpg",
        "Teste/Ervas/again.jpg": "the same file as Teste/Ervas/0.jpg",
        "Treino/Ervas/smaller.jpg": "nearly the same as Teste/Ervas/1.jpg",
        "Valid/Chao/0.jpg": "the same file in two classes",
        "Valid/Milho/doubt.jpg": "the same file in two classes",
    }
    assert straddling(used) == []
    planted = used.copy()
    first = planted.index[planted["split"] == "test"][0]
    planted.loc[planted.index[0], "group"] = planted.loc[first, "group"]
    assert straddling(planted) == [planted.loc[first, "group"]]


def test_groups_that_the_source_names_count_too(folder: Path) -> None:
    items = ["Treino/Chao/0.jpg", "Treino/Chao/1.jpg", "Teste/Chao/0.jpg"]
    rows = pd.DataFrame({"file": items, "group": ["a", "b", "b"], "label_origin": "human"})
    rows.to_csv(folder / "manifest.csv", index=False)

    used, rejected = checked(folder)

    assert rejected == {"Treino/Chao/1.jpg": "nearly the same as Teste/Chao/0.jpg"}
    assert used.set_index("item")["origin"].value_counts().to_dict() == {"unlisted": 15, "human": 2}
    rows.drop(columns="group").to_csv(folder / "manifest.csv", index=False)
    with pytest.raises(PhotoSourceError, match="group is missing"):
        list_photos(folder)


def signed(*hashes: int) -> list[Signature]:
    """Signatures with equal thumbnails: a pair depends on the hashes alone."""
    thumbnail = np.arange(256, dtype=np.uint8).reshape(16, 16)
    others = np.random.default_rng(3).integers(0, 2**63, (len(hashes), 7)).astype(np.uint64)
    rows = zip(hashes, others, strict=True)
    return [Signature(np.append(np.uint64(own), other), thumbnail) for own, other in rows]


def test_groups_grow_along_chains() -> None:
    chain = signed(0b0, 0b11, 0b1111, 2**60, 2**63 - 1)

    assert group_photos(chain, [""] * 5, 2).tolist() == [0, 0, 0, 0, 4]
    assert group_photos(chain, ["", "", "", "a", "a"], 1).tolist() == [0, 1, 2, 0, 0]
    many = np.random.default_rng(1).integers(0, 2**63, 3000).tolist()
    found = group_photos(signed(*many, *many[:5]), [""] * 3005, 4)
    assert found[-5:].tolist() == [0, 1, 2, 3, 4]
    assert group_photos([], [], 4).tolist() == []


def test_hashes_that_coincide_by_chance_link_nothing() -> None:
    """Equal hashes of unlike thumbnails: single linkage of hashes would merge them all."""
    rng = np.random.default_rng(1)
    unlike = [one._replace(thumbnail=rng.integers(0, 255, (16, 16), dtype=np.uint8))
              for one in signed(*[7] * 50)]  # fmt: skip

    assert group_photos(unlike, [""] * 50, 10).tolist() == list(range(50))


def test_frames_that_are_all_alike_take_little_memory() -> None:
    frames = signed(*[7] * 600)

    tracemalloc.start()
    found = group_photos(frames, [""] * 600, 4)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert set(found.tolist()) == {0}
    assert peak < 250 * 2**20  # 180,000 pairs of 2 KB were 550 MB


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_mirrored_and_rotated_copies_stay_in_the_evaluated_split(
    folder: Path, turn: Image.Transpose
) -> None:
    copy = folder / "Treino" / "Ervas" / "copy.jpg"
    Image.open(folder / "Teste" / "Ervas" / "1.jpg").transpose(turn).save(copy, quality=70)

    _, rejected = checked(folder)

    assert rejected == {"Treino/Ervas/copy.jpg": "nearly the same as Teste/Ervas/1.jpg"}


def test_an_empty_folder_and_a_missing_class_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place, message in (("empty", "and has nothing"), ("nowhere", "There is no folder")):
        with pytest.raises(PhotoSourceError, match=message):
            find_root(tmp_path / place)
    shutil.rmtree(folder / "Valid" / "Ervas")
    used, _ = checked(folder)

    with pytest.raises(PhotoSourceError, match=r"none of weeds in valid\. Add .*Ervas or weeds"):
        select_photos(used, [3], None, seed=1)


@pytest.mark.parametrize(
    ("tag", "kind", "error"),
    [(0x9000, 11, TypeError), (0x100, 7, struct.error), (0x131, 5, AttributeError)],
)
def test_a_photo_with_broken_exif_is_used_upright(
    tmp_path: Path, tag: int, kind: int, error: type[Exception]
) -> None:
    """The tag has a type that it never has: Pillow fails to write the block again."""
    entries = sorted([(0x112, 3, struct.pack("<HH", 6, 0)), (tag, kind, b"\x1a\0\0\0")])
    packed = b"".join(struct.pack("<HHI", name, of, 1) + value for name, of, value in entries)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + bytes(4)
    photo(5).resize((60, 40)).save(tmp_path / "odd.jpg", exif=exif)
    with pytest.raises(error), no_pillow_warnings():
        ImageOps.exif_transpose(Image.open(tmp_path / "odd.jpg")).load()

    with no_pillow_warnings():
        assert open_photo(tmp_path / "odd.jpg", 100).size == (40, 60)


def test_a_decoder_may_raise_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo(5).save(tmp_path / "photo.jpg")

    def fail(_: Image.Image) -> None:
        raise KeyError

    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(BadPhotoError, match=r"cannot be decoded \(KeyError\)"):
        open_photo(tmp_path / "photo.jpg", 100)


def test_photos_are_read_upright_and_shrunk_by_averaging(tmp_path: Path) -> None:
    half = np.zeros((40, 40, 3), np.uint8)
    half[:20] = 200
    turned = Image.fromarray(half)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90°: the top comes to the right
    turned.save(tmp_path / "turned.jpg", exif=exif)

    (seen,) = read_photos([tmp_path / "turned.jpg"], 8, 100)

    assert seen[:, :3].max() < 20
    assert seen[:, 5:].min() > 180
    small = fit_size(half[None], 6)[0, :, :, 0]
    assert (small[0].tolist(), small[-1].tolist()) == ([200] * 6, [0] * 6)
    assert fit_size(half[:0].reshape(0, 40, 40, 3), 6).shape == (0, 6, 6, 3)
    with pytest.raises(BadPhotoError, match=r"nowhere.jpg is not a usable photo"):
        read_photos([tmp_path / "nowhere.jpg"], 8, 100)


def test_chunks_replace_the_file_of_decoded_photos_when_they_are_complete(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_CHUNK", 4)
    paths = sorted(folder.rglob("*.jpg"))[:10]
    dataset = PhotoPixelsDataset(filepath=str(tmp_path / "data" / "pixels.npy"))
    with pytest.raises(DatasetError, match="run the node decode_photos first"):
        dataset.load()
    for chunk in decoding.decode_chunks(paths, 8, 100):
        assert not dataset.exists()
        dataset.save(chunk)

    np.testing.assert_array_equal(dataset.load(), read_photos(paths, 8, 100))
    dataset.save(next(decoding.decode_chunks(paths[:5], 8, 100)))  # interrupted
    assert len(dataset.load()) == 10
