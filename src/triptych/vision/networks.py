"""The networks: our own CNN, and pretrained backbones with their weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.vision import squeezenet
from triptych.vision.config import CNN, SQUEEZENET, NetworkSettings
from triptych.vision.errors import NetworkError

if TYPE_CHECKING:
    import keras

BACKBONE = "backbone"  # the name of this layer of a network
_APPLICATIONS = {  # module and class in keras.applications
    "vgg16": ("vgg16", "VGG16"),
    "vgg19": ("vgg19", "VGG19"),
    "xception": ("xception", "Xception"),
    "resnet50": ("resnet", "ResNet50"),
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2"),
    "efficientnet_v2_b0": ("efficientnet_v2", "EfficientNetV2B0"),
}
_OPTIMISERS: dict[str, tuple[str, dict[str, Any]]] = {  # class in keras.optimizers, arguments
    "adam": ("Adam", {}),
    "rmsprop": ("RMSprop", {}),
    "adagrad": ("Adagrad", {}),
    "sgd": ("SGD", {"momentum": 0.9, "nesterov": True}),
}


def build_network(settings: NetworkSettings, n_classes: int) -> "keras.Model":
    """Build a network with random weights.

    Its input is (n, image_size, image_size, 3), 0 to 255; its output a probability per class.

    Raises:
        NetworkError: the backbone does not accept photos of that size.
    """
    import keras
    from keras import layers

    photos = keras.Input(_shape(settings))
    if settings.backbone == CNN:
        features = _convolve(photos, settings)
    else:  # training=False: batch normalisation keeps its ImageNet statistics in fine-tuning too
        features = _build_backbone(settings)(photos, training=False)
    pooled = layers.Dropout(settings.dropout)(layers.GlobalAveragePooling2D()(features))
    return keras.Model(photos, layers.Dense(n_classes, activation="softmax")(pooled))


def load_pretrained(
    model: "keras.Model", settings: NetworkSettings, folders: Sequence[Path]
) -> None:
    """Load the pretrained weights of the backbone that `settings.weights` names.

    Args:
        model: from build_network.
        folders: searched for files of weights, in order.

    Raises:
        NetworkError: the weights are missing, or belong to another network.
    """
    name, backbone = settings.backbone, model.get_layer(BACKBONE).layers[-1]
    if settings.weights == "imagenet":
        if name == SQUEEZENET:
            raise _weights_error(name, "are unknown to Keras")
        try:
            backbone.set_weights(_build_application(settings, "imagenet").get_weights())
        except Exception as error:  # Keras raises a bare one if the download fails
            raise _weights_error(name, f"cannot be downloaded ({error})") from error
        return
    files = [folder / weights_file(name) for folder in folders]
    found = [file for file in files if file.is_file()]
    if not found:
        raise _weights_error(name, f"are not in {' nor in '.join(map(str, folders))}")
    try:
        backbone.load_weights(found[0])
    except (OSError, ValueError) as error:
        raise _weights_error(name, f"cannot be loaded from {found[0]} ({error})") from error


def list_weight_folders(*, filepath: str, folder: str | None) -> list[Path]:
    """The folders that may hold files of weights: that of the project, and one of real data."""
    return [Path(filepath), *([Path(folder) / "weights"] if folder else [])]


def make_optimiser(name: str, learning_rate: float, steps: int) -> "keras.Optimizer":
    """Make an optimiser whose learning rate decays to 0 on a cosine within `steps`."""
    import keras

    class_name, arguments = _OPTIMISERS[name]
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimiser: keras.Optimizer = getattr(keras.optimizers, class_name)(rate, **arguments)
    return optimiser


def weights_file(backbone: str) -> str:
    """The file name of a backbone's weights."""
    return squeezenet.FILE if backbone == SQUEEZENET else f"{backbone}_notop.h5"


def _shape(settings: NetworkSettings) -> tuple[int, int, int]:
    return settings.image_size, settings.image_size, 3


def _convolve(signal: Any, settings: NetworkSettings) -> Any:
    """Blocks of convolution, normalisation, ReLU and pooling."""
    from keras import layers

    signal = layers.Rescaling(1 / 127.5, offset=-1)(signal)
    for filters in settings.filters:
        signal = layers.Conv2D(
            filters, 3, padding="same", use_bias=not settings.batch_norm,
            kernel_initializer="he_normal",
        )(signal)  # fmt: skip
        if settings.batch_norm:
            signal = layers.BatchNormalization(momentum=0.9)(signal)
        signal = layers.MaxPooling2D()(layers.ReLU()(signal))
    return signal


def _build_backbone(settings: NetworkSettings) -> "keras.Model":
    """The backbone behind the scaling of its pixels."""
    import keras

    photos = keras.Input(_shape(settings))
    if settings.backbone == SQUEEZENET:
        scaled = keras.applications.imagenet_utils.preprocess_input(photos, mode="caffe")
        features = squeezenet.build_squeezenet(settings.image_size)(scaled)
    else:
        module = getattr(keras.applications, _APPLICATIONS[settings.backbone][0])
        scaled = module.preprocess_input(photos)
        features = _build_application(settings)(scaled, training=False)
    return keras.Model(photos, features, name=BACKBONE)


def _build_application(settings: NetworkSettings, weights: str | None = None) -> "keras.Model":
    import keras

    network = getattr(keras.applications, _APPLICATIONS[settings.backbone][1])
    try:
        built: keras.Model = network(
            include_top=False, weights=weights, input_shape=_shape(settings)
        )
    except ValueError as error:
        raise NetworkError(
            f"{settings.backbone} does not accept photos of {settings.image_size} pixels a side: "
            f"{error}"
        ) from error
    return built


def _weights_error(backbone: str, problem: str) -> NetworkError:
    source = "https://keras.io/api/applications (the file whose name ends in notop.h5)"
    return NetworkError(
        f"The weights of {backbone} {problem}. Get them from "
        f"{squeezenet.SOURCE if backbone == SQUEEZENET else source}, name the file "
        f"{weights_file(backbone)}, put it in data/06_models/weights and set `weights: file`; or "
        "set `weights: none` to start from random weights."
    )
