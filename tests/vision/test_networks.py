"""Networks: training, repetition, storage, augmentation and pretrained weights."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from triptych.pipelines.vision.training import _calibrate
from triptych.vision.classifier import NetworkMember, PhotoClassifier, make_views
from triptych.vision.colour_baseline import CHANNELS, JOINT, ColourClassifier, Grid, colour_features
from triptych.vision.config import Backbone, NetworkSettings
from triptych.vision.errors import NetworkError, StoredClassifierError
from triptych.vision.input_pipeline import make_augmentation, make_batches
from triptych.vision.networks import BACKBONE, build_network, load_pretrained, weights_files
from triptych.vision.squeezenet import FILE
from triptych.vision.storage import load_classifier, save_classifier
from triptych.vision.training import MEASURES, TrainedNetwork, TrainingPhotos, train_network

SMALL = NetworkSettings(
    image_size=32, filters=(16, 32, 32), epochs=16, batch_size=8, patience=16,
    augmentation="turns", learning_rate=0.01,
)  # fmt: skip
SHORT = SMALL.model_copy(update={"epochs": 1})
CLASSES = ["ground", "corn", "weeds"]
# Keras warns when it writes a legacy file of weights.
LEGACY = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LEARNED = ["loss", "accuracy"]


@pytest.fixture(scope="module")
def trained(decoded: TrainingPhotos) -> TrainedNetwork:
    return train_network(SMALL, decoded, seed=1)


def fit_colours(
    grids: Sequence[Grid], data: TrainingPhotos, labels: npt.NDArray[np.int64]
) -> ColourClassifier:
    return ColourClassifier.fit(grids, data.photos, data.training, labels[data.training])


def accuracy(trained: TrainedNetwork, data: TrainingPhotos) -> float:
    member = NetworkMember(trained.settings, trained.weights, 8)
    predicted = member.probabilities(data.photos[data.validation]).argmax(axis=1)
    return float((predicted == data.labels[data.validation]).mean())


def test_a_network_learns(trained: TrainedNetwork, decoded: TrainingPhotos) -> None:
    assert accuracy(trained, decoded) > 0.55
    assert trained.epochs["epoch"].tolist() == list(range(1, 17))


def test_validation_photos_teach_nothing(decoded: TrainingPhotos) -> None:
    """Other validation labels change nothing in training, but a leak does."""
    labels = decoded.labels.copy()
    labels[decoded.validation] = (labels[decoded.validation] + 1) % 3
    training = np.sort(np.append(decoded.training, decoded.validation[:8]))
    once, other, leaking = (
        train_network(SHORT, data, seed=1)
        for data in (decoded, replace(decoded, labels=labels), replace(decoded, training=training))
    )

    assert other.epochs[LEARNED].equals(once.epochs[LEARNED])
    assert not leaking.epochs[LEARNED].equals(once.epochs[LEARNED])
    for one, two in zip(once.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, two)  # the same seed gives the same network


def test_shuffled_labels_give_chance_accuracy(decoded: TrainingPhotos) -> None:
    labels = decoded.labels.copy()
    labels[decoded.training] = np.random.default_rng(1).permutation(labels[decoded.training])
    shuffled = replace(decoded, labels=labels)

    assert 0.15 < accuracy(train_network(SMALL, shuffled, seed=1), decoded) < 0.52
    for grids in (CHANNELS, JOINT):
        colours = fit_colours(grids, decoded, labels)
        predicted = colours.probabilities(decoded.photos[decoded.validation]).argmax(axis=1)
        assert 0.15 < (predicted == decoded.labels[decoded.validation]).mean() < 0.52


def test_histograms_of_channels_and_of_colours() -> None:
    """Two photos of the same hues, saturations and values, combined in another way."""
    bright_red, dark_blue, dark_red, bright_blue = (
        np.full((8, 8, 3), colour, np.uint8)
        for colour in ((255, 0, 0), (0, 0, 60), (60, 0, 0), (0, 0, 255))
    )
    pairs = ((bright_red, dark_blue), (dark_red, bright_blue))
    photos = np.stack([np.concatenate(pair, axis=1) for pair in pairs])
    rows = np.arange(2)

    channels, joint = (colour_features(photos, rows, grids) for grids in (CHANNELS, JOINT))
    assert channels.shape == (2, 96)
    assert joint.shape == (2, 1024)
    np.testing.assert_array_equal(channels[0], channels[1])
    assert not np.array_equal(joint[0], joint[1])
    assert (channels**2).sum(axis=1) == pytest.approx(3)  # each histogram counts every pixel
    assert (joint**2).sum(axis=1) == pytest.approx(1)
    assert colour_features(photos, rows[:0], JOINT).shape == (0, 1024)


def test_a_stored_classifier_is_the_same_in_the_same_bytes(
    trained: TrainedNetwork, decoded: TrainingPhotos, sample: Path, photos: pd.DataFrame,
    tmp_path: Path,
) -> None:  # fmt: skip
    colours = fit_colours(CHANNELS, decoded, decoded.labels)
    network = NetworkMember(trained.settings, trained.weights, 2)
    classifier = PhotoClassifier(CLASSES, 32, 8000, [network, colours], 0.8, [1.0, 2.0, 0.5])
    paths = [sample / item for item in photos["item"][:5]]
    expected = classifier.probabilities(paths)
    save_classifier(classifier, tmp_path / "one")
    loaded = load_classifier(tmp_path / "one")
    save_classifier(loaded, tmp_path / "two")

    assert loaded.classes == CLASSES
    np.testing.assert_array_equal(loaded.probabilities(paths), expected)
    assert expected.sum(axis=1) == pytest.approx(1)
    assert loaded.probabilities([]).shape == (0, 3)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["classifier.json", "member0.npz", "member1.npz"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()

    file = tmp_path / "one" / "classifier.json"
    text = file.read_text()
    for now, former in (
        ("image_size", "pixels"), ("tta_views", "turns"), ("label_smoothing", "smoothing"),
        ("fine_tune_", "tuned_"), ("batch_size", "batch"),
    ):  # fmt: skip
        text = text.replace(now, former)
    file.write_text(text)  # as version 0.1 wrote it
    assert "image_size" not in json.loads(text)
    np.testing.assert_array_equal(load_classifier(tmp_path / "one").probabilities(paths), expected)

    (tmp_path / "two" / "member0.npz").write_bytes(b"no archive")
    for folder in ("two", "nowhere"):
        with pytest.raises(StoredClassifierError, match="holds no readable photo classifier"):
            load_classifier(tmp_path / folder)


def test_networks_of_the_former_order_predict_the_same(
    trained: TrainedNetwork, decoded: TrainingPhotos
) -> None:
    """They normalised before they pooled; models of that version may be in production."""
    from keras import Input, Model, layers

    photos = Input((32, 32, 3))
    signal = layers.Rescaling(1 / 127.5, offset=-1)(photos)
    for filters in SMALL.filters:
        signal = layers.Conv2D(filters, 3, padding="same", use_bias=False)(signal)
        signal = layers.ReLU()(layers.BatchNormalization()(signal))
        signal = layers.MaxPooling2D()(signal)
    pooled = layers.GlobalAveragePooling2D()(signal)
    former = Model(photos, layers.Dense(3, activation="softmax")(pooled))
    former.set_weights(trained.weights)
    now = NetworkMember(trained.settings, trained.weights, 1).probabilities(decoded.photos)

    assert former.predict(decoded.photos, verbose=0) == pytest.approx(now, abs=1e-6)


def test_a_class_of_few_training_photos_weighs_as_much_as_the_others(
    decoded: TrainingPhotos,
) -> None:
    labels = decoded.labels[decoded.training]
    few = np.flatnonzero(labels == 1)[:3]
    rows = np.sort(np.append(np.flatnonzero(labels != 1), few))
    data = replace(decoded, training=decoded.training[rows])
    members = [ColourClassifier.fit(CHANNELS, data.photos, data.training, labels[rows])]

    model = _calibrate(members, data, cast(Any, SimpleNamespace(image_size=32, max_side=8000)))

    counts = np.bincount(labels[rows])
    np.testing.assert_allclose(np.multiply(model.class_weights, counts), len(rows) / 3)
    plain = replace(model, class_weights=1.0, temperature=1.0).photo_probabilities(data.photos)
    given = replace(model, temperature=1.0).photo_probabilities(data.photos)
    np.testing.assert_allclose(given[:, 1] / given[:, 0], plain[:, 1] / plain[:, 0] * counts[0] / 3)


def test_batches_hold_each_photo_once_and_turns_lose_no_pixel(decoded: TrainingPhotos) -> None:
    photos, rows = decoded.photos, decoded.training
    targets = np.eye(3, dtype=np.float32)[decoded.labels[rows]]
    batches = make_batches(photos, rows, targets, SMALL, seed=1)
    first, second = ([(x.numpy(), y.numpy()) for x, y in batches] for _ in range(2))
    pixels = np.concatenate([x for x, _ in first])

    sums = sorted(pixels.sum(axis=(1, 2, 3)).tolist())
    assert sums == sorted(photos[rows].sum(axis=(1, 2, 3)).tolist())
    assert max(len(x) for x, _ in first) == SMALL.batch_size
    assert not np.array_equal(first[0][1], second[0][1])  # each epoch has another order
    views = [view.tobytes() for view in make_views(photos[:1], 8)]
    assert len(set(views)) == 8
    copies = np.repeat(photos[:1], 64, axis=0).astype(np.float32)
    turned = make_augmentation("turns", 1)(copies).numpy().astype(np.uint8)
    assert {view[None].tobytes() for view in turned} == set(views)
    changed = make_augmentation("turns_light_zoom", 1)(copies).numpy()
    assert len({photo.tobytes() for photo in changed}) == 64


@LEGACY
def test_a_backbone_is_loaded_from_a_file_and_frozen(
    decoded: TrainingPhotos, tmp_path: Path
) -> None:
    settings = NetworkSettings(
        backbone="squeezenet", image_size=32, weights="file", epochs=1, augmentation="none"
    )
    pretrained = build_network(settings, 3).get_layer(BACKBONE).layers[-1]
    rng = np.random.default_rng(1)
    known = [rng.normal(0, 0.1, weight.shape) for weight in pretrained.get_weights()]
    pretrained.set_weights(known)
    pretrained.save(tmp_path / FILE)
    data = replace(decoded, training=decoded.training[::4], validation=decoded.validation[::8])

    def train(fine_tune_epochs: int) -> tuple[TrainedNetwork, float]:
        changed = settings.model_copy(update={"fine_tune_epochs": fine_tune_epochs})
        trained = train_network(changed, data, 1, folders=[tmp_path])
        pairs = zip(trained.weights, known, strict=False)
        return trained, max(float(np.abs(one - two).max()) for one, two in pairs)

    assert train(0)[1] < 1e-7
    tuned, change = train(1)
    assert tuned.epochs[["epoch", *MEASURES]].shape == (2, 5)
    assert 1e-4 < change < 0.1


@pytest.mark.parametrize(
    "backbone", [name for name in get_args(Backbone) if name not in {"cnn", "squeezenet"}]
)
def test_every_backbone_is_built_by_name(backbone: Backbone) -> None:
    settings = NetworkSettings(backbone=backbone, image_size=72, weights="imagenet")

    assert build_network(settings, 4).output_shape == (None, 4)
    assert len(weights_files(settings)) == 2


@LEGACY
def test_missing_or_wrong_weights_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squeezenet = NetworkSettings(backbone="squeezenet", image_size=32, weights="file")
    mobilenet = NetworkSettings(backbone="mobilenet_v2", image_size=32, weights="file")
    networks = {name.backbone: build_network(name, 3) for name in (squeezenet, mobilenet)}

    def load(settings: NetworkSettings, weights: str = "file") -> None:
        changed = settings.model_copy(update={"weights": weights})
        load_pretrained(networks[settings.backbone], changed, [tmp_path])

    with pytest.raises(NetworkError, match=rf"are not in .* name the file {FILE}, put it in"):
        load(squeezenet)
    for settings in (squeezenet, mobilenet):
        (tmp_path / weights_files(settings)[0]).write_bytes(b"no HDF5 at all")
        with pytest.raises(NetworkError, match=f"{settings.backbone} cannot be loaded from"):
            load(settings)
    networks["squeezenet"].save(tmp_path / weights_files(mobilenet)[0])
    with pytest.raises(NetworkError, match="mobilenet_v2 cannot be loaded from"):
        load(mobilenet)
    with pytest.raises(NetworkError, match="squeezenet are unknown to Keras"):
        load(squeezenet, "imagenet")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(NetworkError, match=r"cannot be downloaded .* mobilenet_v2_notop.h5"):
        load(mobilenet, "imagenet")
    networks["mobilenet_v2"].get_layer(BACKBONE).layers[-1].save_weights(
        tmp_path / "mobilenet_v2_1.0_224_no_top.weights.h5"  # as Keras names it
    )
    (tmp_path / weights_files(mobilenet)[0]).unlink()
    load(mobilenet)
    with pytest.raises(NetworkError, match="xception does not accept photos of 32 pixels"):
        build_network(NetworkSettings(backbone="xception", image_size=32), 3)
