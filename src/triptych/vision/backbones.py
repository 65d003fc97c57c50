"""Pretrained networks by name: those of keras.applications, and SqueezeNet from a file."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.vision import squeezenet
from triptych.vision.config import NetworkSettings
from triptych.vision.errors import UnknownNetworkError, WeightsError
from triptych.vision.networks import build_cnn, classify

if TYPE_CHECKING:
    import keras

CNN = "cnn"
SQUEEZENET = "squeezenet"
# Module and class within keras.applications.
APPLICATIONS = {
    "vgg16": ("vgg16", "VGG16"),
    "vgg19": ("vgg19", "VGG19"),
    "xception": ("xception", "Xception"),
    "resnet50": ("resnet", "ResNet50"),
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2"),
    "efficientnet_v2_b0": ("efficientnet_v2", "EfficientNetV2B0"),
}
_BACKBONE = "backbone"  # the name of that part within the whole network


def build_network(settings: NetworkSettings, classes: int) -> "keras.Model":
    """Build a network without any learned weights.

    Raises:
        UnknownNetworkError: there is no such backbone, or it cannot see photos of that size.
    """
    import keras

    if settings.backbone == CNN:
        return build_cnn(settings, classes)
    seen = keras.Input((settings.pixels, settings.pixels, 3))
    # training=False: batch normalisation keeps what it learned on ImageNet, also when tuned
    signal = _backbone(settings)(seen, training=False)
    return keras.Model(seen, classify(signal, settings.dropout, classes))


def load_pretrained(
    model: "keras.Model", settings: NetworkSettings, folders: Sequence[Path]
) -> None:
    """Fill the backbone of a network with pretrained weights, as `settings.weights` says.

    Args:
        model: of build_network.
        folders: where files of weights may lie.

    Raises:
        WeightsError: they are not there, or are not those of the backbone.
    """
    if settings.backbone == CNN or settings.weights == "none":
        return
    part = model.get_layer(_BACKBONE)
    if settings.weights == "imagenet":
        part.set_weights(_imagenet(settings).get_weights())
        return
    file = _find(settings.backbone, folders)
    if settings.backbone == SQUEEZENET:
        squeezenet.load_squeezenet(part, file)
        return
    try:
        part.set_weights(_make(settings, str(file)).get_weights())
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{file} does not hold the weights of {settings.backbone} without its top: {error}"
        ) from error


def freeze(model: "keras.Model", frozen: bool) -> None:
    """Let the backbone learn, or not."""
    model.get_layer(_BACKBONE).trainable = not frozen


def weights_file(backbone: str) -> str:
    """What the file of a backbone's weights must be named."""
    return squeezenet.FILE if backbone == SQUEEZENET else f"{backbone}_notop.h5"


def _backbone(settings: NetworkSettings) -> "keras.Model":
    import keras

    if settings.backbone == SQUEEZENET:
        return squeezenet.build_squeezenet(settings.pixels, _BACKBONE)
    module, _ = _application(settings.backbone)
    seen = keras.Input((settings.pixels, settings.pixels, 3))
    made = _make(settings, None)
    return keras.Model(seen, made(module.preprocess_input(seen), training=False), name=_BACKBONE)


def _application(name: str) -> tuple[Any, Any]:
    if name not in APPLICATIONS:
        raise UnknownNetworkError(
            f"There is no network {name!r}; there are {CNN}, {SQUEEZENET}, "
            f"{', '.join(APPLICATIONS)}. Correct the name of the backbone."
        )
    module_name, class_name = APPLICATIONS[name]
    module = import_module(f"keras.applications.{module_name}")
    return module, getattr(module, class_name)


def _make(settings: NetworkSettings, weights: str | None) -> "keras.Model":
    _, network = _application(settings.backbone)
    shape = (settings.pixels, settings.pixels, 3)
    try:
        made: keras.Model = network(include_top=False, weights=weights, input_shape=shape)
    except ValueError as error:
        if weights is not None:
            raise
        raise UnknownNetworkError(
            f"{settings.backbone} cannot see photos of {settings.pixels} pixels a side: {error}"
        ) from error
    return made


def _imagenet(settings: NetworkSettings) -> "keras.Model":
    if settings.backbone == SQUEEZENET:
        raise WeightsError(
            f"Keras does not know weights of {SQUEEZENET}. Get {squeezenet.FILE} from "
            f"{squeezenet.WHERE} and name `weights: file`."
        )
    try:
        return _make(settings, "imagenet")
    except Exception as error:  # Keras raises a bare one where its download fails
        raise WeightsError(
            f"The ImageNet weights of {settings.backbone} cannot be downloaded ({error}). Where "
            "there is no network, download the file of that address elsewhere, name it "
            f"{weights_file(settings.backbone)}, put it in data/06_models/weights and set "
            "`weights: file`."
        ) from error


def _find(backbone: str, folders: Sequence[Path]) -> Path:
    name = weights_file(backbone)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    told = " nor in ".join(str(folder) for folder in folders) or "any folder"
    where = squeezenet.WHERE if backbone == SQUEEZENET else (
        "https://keras.io/api/applications (the file whose name ends in notop.h5)"
    )  # fmt: skip
    raise WeightsError(
        f"The weights of {backbone} are not in {told}. Get them from {where}, name the "
        f"file {name}, and put it there; or set `weights: none` to start from nothing."
    )
