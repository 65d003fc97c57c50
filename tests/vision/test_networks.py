"""Networks: they learn, repeat, are stored, and say what is wrong with their weights."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from triptych.vision.backbones import build_network, load_pretrained, weights_file
from triptych.vision.classifier import NetworkMember, PhotoClassifier, turned
from triptych.vision.colour_baseline import CHANNELS, JOINT, ColourClassifier, Grid, colour_features
from triptych.vision.config import NetworkSettings
from triptych.vision.errors import StoredClassifierError, UnknownNetworkError, WeightsError
from triptych.vision.input_pipeline import augment, training_batches
from triptych.vision.squeezenet import FILE
from triptych.vision.storage import load_classifier, save_classifier
from triptych.vision.training import TrainedNetwork, TrainingPhotos, train_network

SMALL = NetworkSettings(
    pixels=32,
    filters=(16, 32, 32),
    epochs=24,
    batch=8,
    patience=24,
    augmentation="turns",
    learning_rate=0.01,
)
CLASSES = ["ground", "corn", "weeds"]


@pytest.fixture(scope="module")
def trained(decoded: TrainingPhotos) -> TrainedNetwork:
    return train_network(SMALL, decoded, seed=1)


@pytest.fixture(scope="module")
def classifier(trained: TrainedNetwork, decoded: TrainingPhotos) -> PhotoClassifier:
    """Give a blend of a network and the colours."""
    colour = learn_colours(CHANNELS, decoded, decoded.labels)
    network = NetworkMember(trained.settings, trained.weights, 2)
    return PhotoClassifier(CLASSES, 32, 8000, [network, colour], 0.8)


def learn_colours(
    grids: Sequence[Grid], data: TrainingPhotos, labels: npt.NDArray[np.int64]
) -> ColourClassifier:
    return ColourClassifier.fit(grids, data.pixels.photos, data.learn, labels[data.learn])


def accuracy(trained: TrainedNetwork, data: TrainingPhotos) -> float:
    member = NetworkMember(trained.settings, trained.weights, 8)
    chances = member.probabilities(data.pixels.photos[data.judge])
    return float((chances.argmax(axis=1) == data.labels[data.judge]).mean())


def test_a_network_learns_and_the_same_seed_repeats_it(
    trained: TrainedNetwork, decoded: TrainingPhotos
) -> None:
    again = train_network(replace(SMALL, epochs=2), decoded, seed=1)
    twice = train_network(replace(SMALL, epochs=2), decoded, seed=1)
    other = train_network(replace(SMALL, epochs=2), decoded, seed=2)

    assert accuracy(trained, decoded) > 0.55
    assert [epoch[0] for epoch in trained.epochs] == list(range(1, 25))
    assert again.epochs == twice.epochs
    for one, two in zip(again.weights, twice.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    assert again.epochs != other.epochs


def test_shuffled_labels_fall_to_chance(decoded: TrainingPhotos) -> None:
    """What is judged keeps its labels: a pipeline that leaks would still know them."""
    labels = decoded.labels.copy()
    labels[decoded.learn] = np.random.default_rng(1).permutation(labels[decoded.learn])
    shuffled = replace(decoded, labels=labels)

    assert 0.15 < accuracy(train_network(SMALL, shuffled, seed=1), decoded) < 0.52
    for grids in (CHANNELS, JOINT):
        colour = learn_colours(grids, decoded, labels)
        said = colour.probabilities(decoded.pixels.photos[decoded.judge]).argmax(axis=1)
        assert 0.15 < (said == decoded.labels[decoded.judge]).mean() < 0.52


def test_histograms_tell_channels_apart_or_colours() -> None:
    """Two photos of the same hues, saturations and values, combined in another way."""
    bright_red, dark_blue, dark_red, bright_blue = (
        np.full((8, 8, 3), colour, np.uint8)
        for colour in ((255, 0, 0), (0, 0, 60), (60, 0, 0), (0, 0, 255))
    )
    photos = np.stack([
        np.concatenate([bright_red, dark_blue], axis=1),
        np.concatenate([dark_red, bright_blue], axis=1),
    ])  # fmt: skip
    rows = np.arange(2)

    channels, joint = (colour_features(photos, rows, grids) for grids in (CHANNELS, JOINT))
    assert channels.shape == (2, 96)
    assert joint.shape == (2, 1024)
    np.testing.assert_array_equal(channels[0], channels[1])
    assert not np.array_equal(joint[0], joint[1])
    assert (channels**2).sum(axis=1) == pytest.approx(3)  # each histogram holds every pixel
    assert (joint**2).sum(axis=1) == pytest.approx(1)
    assert colour_features(photos, rows[:0], JOINT).shape == (0, 1024)


def test_what_is_judged_teaches_nothing(trained: TrainedNetwork, decoded: TrainingPhotos) -> None:
    """Its labels turned round change when training stops at most: the epochs stay the same."""
    labels = decoded.labels.copy()
    labels[decoded.judge] = (labels[decoded.judge] + 1) % 3
    turned_round = train_network(SMALL, replace(decoded, labels=labels), seed=1)

    learned = [epoch[1:3] for epoch in trained.epochs]
    assert [epoch[1:3] for epoch in turned_round.epochs] == learned
    planted = replace(decoded, learn=np.sort(np.append(decoded.learn, decoded.judge[:8])))
    assert [epoch[1:3] for epoch in train_network(SMALL, planted, seed=1).epochs] != learned


def test_a_stored_classifier_is_the_same_in_the_same_bytes(
    classifier: PhotoClassifier, drawn: Path, photos: pd.DataFrame, tmp_path: Path
) -> None:
    paths = [drawn / item for item in photos["item"][:5]]
    save_classifier(classifier, tmp_path / "one")
    back = load_classifier(tmp_path / "one")
    save_classifier(back, tmp_path / "two")

    assert back.classes == CLASSES
    np.testing.assert_array_equal(back.probabilities(paths), classifier.probabilities(paths))
    assert back.probabilities(paths).sum(axis=1) == pytest.approx(1)
    assert back.probabilities([]).shape == (0, 3)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["classifier.json", "member0.npz", "member1.npz"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    (tmp_path / "two" / "member0.npz").write_bytes(b"no archive")
    for folder in ("two", "nowhere"):
        with pytest.raises(StoredClassifierError, match="holds no photo classifier"):
            load_classifier(tmp_path / folder)


def test_batches_hold_each_photo_once_and_turns_lose_no_pixel(decoded: TrainingPhotos) -> None:
    photos = decoded.pixels.photos
    targets = np.eye(3, dtype=np.float32)[decoded.labels[decoded.learn]]
    fed = training_batches(
        photos, decoded.learn, targets, side=32, batch=16, augmentation="turns", seed=1
    )
    first, second = ([part[0].numpy() for part in fed] for _ in range(2))

    sums = sorted(np.concatenate(first).sum(axis=(1, 2, 3)).tolist())
    assert sums == sorted(photos[decoded.learn].sum(axis=(1, 2, 3)).tolist())
    assert max(len(part) for part in first) == 16
    assert not np.array_equal(first[0], second[0])  # each epoch in another order
    pixels = first[0]
    assert np.abs(augment(pixels, "turns_light_zoom", np.array([1, 2])).numpy() - pixels).max() > 5
    assert len({view.tobytes() for view in turned(photos[:1], 8)}) == 8


def test_names_that_are_none_are_refused(decoded: TrainingPhotos) -> None:
    with pytest.raises(UnknownNetworkError, match="There is no network 'vgg61'; there are cnn"):
        build_network(replace(SMALL, backbone="vgg61"), 3)
    with pytest.raises(UnknownNetworkError, match="There is no optimiser 'adamw'"):
        train_network(replace(SMALL, optimiser="adamw"), decoded, 1)  # type: ignore[arg-type]
    with pytest.raises(UnknownNetworkError, match="xception cannot see photos of 32 pixels"):
        build_network(NetworkSettings("xception", pixels=32), 3)


def test_a_backbone_is_filled_from_a_file_and_frozen(
    decoded: TrainingPhotos, tmp_path: Path
) -> None:
    import h5py

    settings = NetworkSettings(
        "squeezenet", pixels=32, weights="file", epochs=1, augmentation="none", batch=60
    )
    model = build_network(settings, 3)
    rng = np.random.default_rng(1)
    with h5py.File(tmp_path / FILE, "w") as file:
        for layer in model.get_layer("backbone").layers:
            for weight in layer.weights:
                kind = "b" if len(weight.shape) == 1 else "k"
                name = layer.name.replace("_", "/", 1)
                file[f"{name}/{name}_{kind}"] = rng.normal(0, 0.1, weight.shape)
        known = file["fire2/squeeze1x1/fire2/squeeze1x1_k"][()].astype(np.float32)

    def squeezed(trained: TrainedNetwork) -> np.ndarray:
        return next(part for part in trained.weights if part.shape == known.shape)

    frozen = train_network(settings, decoded, 1, folders=[tmp_path])
    np.testing.assert_array_equal(squeezed(frozen), known)
    tuned = train_network(replace(settings, tuned_epochs=1), decoded, 1, folders=[tmp_path])
    assert len(tuned.epochs) == 2
    assert 0 < np.abs(squeezed(tuned) - known).max() < 0.1


def test_missing_or_wrong_weights_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(settings: NetworkSettings) -> None:
        load_pretrained(build_network(settings, 3), settings, [tmp_path])

    squeeze = NetworkSettings("squeezenet", pixels=32, weights="file")
    with pytest.raises(WeightsError, match=rf"are not in .* name the file {FILE}, and put it"):
        fill(squeeze)
    (tmp_path / FILE).write_bytes(b"no HDF5 at all")
    with pytest.raises(WeightsError, match="is no HDF5 file"):
        fill(squeeze)
    mobile = NetworkSettings("mobilenet_v2", pixels=32, weights="file")
    (tmp_path / weights_file("mobilenet_v2")).write_bytes(b"no HDF5 at all")
    with pytest.raises(WeightsError, match="does not hold the weights of mobilenet_v2"):
        fill(mobile)
    with pytest.raises(WeightsError, match="Keras does not know weights of squeezenet"):
        fill(replace(squeeze, weights="imagenet"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=r"cannot be downloaded .* mobilenet_v2_notop.h5"):
        fill(replace(mobile, weights="imagenet"))
