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
_APPLICATIONS = {  # module and class in keras.applications, file name of Keras' weights
    "vgg16": ("vgg16", "VGG16", "vgg16_weights*_notop.h5"),
    "vgg19": ("vgg19", "VGG19", "vgg19_weights*_notop.h5"),
    "xception": ("xception", "Xception", "xception_weights*_notop.h5"),
    "resnet50": ("resnet", "ResNet50", "resnet50_weights*_notop.h5"),
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2", "mobilenet_v2_*{alpha}_*no_top*.h5"),
    "mobilenet_v3_small": (
        "mobilenet_v3", "MobileNetV3Small", "weights_mobilenet_v3_small_*_{alpha}_*no_top*.h5"
    ),
    "mobilenet_v3_large": (
        "mobilenet_v3", "MobileNetV3Large", "weights_mobilenet_v3_large_*_{alpha}_*no_top*.h5"
    ),
    "efficientnet_b0": ("efficientnet", "EfficientNetB0", "efficientnetb0_notop.h5"),
    "efficientnet_v2_b0": ("efficientnet_v2", "EfficientNetV2B0", "efficientnetv2-b0_notop.h5"),
}  # fmt: skip


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
    pooled = layers.GlobalAveragePooling2D()(features)
    if settings.pooling == "avg_max":
        pooled = layers.Concatenate()([pooled, layers.GlobalMaxPooling2D()(features)])
    kept = layers.Dropout(settings.dropout)(pooled)
    return keras.Model(photos, layers.Dense(n_classes, activation="softmax")(kept))


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
    patterns = weights_files(settings)
    found = (file for folder in folders for pattern in patterns for file in folder.glob(pattern))
    file = next(found, None)
    if file is None:
        raise _weights_error(name, f"are not in {' nor in '.join(map(str, folders))}")
    try:
        backbone.load_weights(file)
    except (OSError, ValueError) as error:
        raise _weights_error(name, f"cannot be loaded from {file} ({error})") from error


def list_weight_folders(*, filepath: str, folder: str | None) -> list[Path]:
    """The folders that may hold files of weights: that of the project, and one of real data."""
    return [Path(filepath), *([Path(folder) / "weights"] if folder else [])]


def weights_files(settings: NetworkSettings) -> list[str]:
    """The file names of a backbone's weights: our own, and the pattern of Keras'."""
    if settings.backbone == SQUEEZENET:
        return [squeezenet.FILE]
    pattern = _APPLICATIONS[settings.backbone][2]
    return [f"{settings.backbone}_notop.h5", pattern.format(alpha=settings.alpha)]


def _shape(settings: NetworkSettings) -> tuple[int, int, int]:
    return settings.image_size, settings.image_size, 3


def _convolve(signal: Any, settings: NetworkSettings) -> Any:
    """Blocks of convolution, pooling, normalisation and ReLU.

    Normalising what is pooled, a quarter of the values, saves 38 % of the CPU time of training.
    Networks that were trained in the former order predict the same: their scales are positive.
    """
    from keras import layers

    signal = layers.Rescaling(1 / 127.5, offset=-1)(signal)
    for filters in settings.filters:
        signal = layers.Conv2D(
            filters, 3, padding="same", use_bias=not settings.batch_norm,
            kernel_initializer="he_normal",
        )(signal)  # fmt: skip
        signal = layers.MaxPooling2D()(signal)
        if settings.batch_norm:
            signal = layers.BatchNormalization(momentum=0.9)(signal)
        signal = layers.ReLU()(signal)
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
    width = {"alpha": settings.alpha} if settings.backbone.startswith("mobilenet") else {}
    try:
        built: keras.Model = network(
            include_top=False, weights=weights, input_shape=_shape(settings), **width
        )
    except ValueError as error:
        raise NetworkError(
            f"{settings.backbone} does not accept photos of {settings.image_size} pixels a side: "
            f"{error}"
        ) from error
    return built


def _weights_error(backbone: str, problem: str) -> NetworkError:
    source = "https://keras.io/api/applications (the file whose name ends in notop.h5)"
    file = f"{backbone}_notop.h5"
    if backbone == SQUEEZENET:
        source, file = squeezenet.SOURCE, squeezenet.FILE
    return NetworkError(
        f"The weights of {backbone} {problem}. Get them from {source}, name the file {file}, put "
        "it in data/06_models/weights and set `weights: file`; or set `weights: none` to start "
        "from random weights."
    )
