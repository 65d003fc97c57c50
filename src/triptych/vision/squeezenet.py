"""SqueezeNet 1.1 without its top, and its weights from a file that can be had without asking.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (2016); weights of
ImageNet as github.com/rcmalli/keras-squeezenet publishes them (MIT).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.vision.errors import WeightsError

if TYPE_CHECKING:
    import keras

FILE = "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
WHERE = "https://github.com/rcmalli/keras-squeezenet/releases"
_MEANS = (103.939, 116.779, 123.68)  # of ImageNet: blue, green, red
# (squeezed, expanded) filters of each fire module; where None stands, the side is halved.
_FIRES = ((16, 64), (16, 64), None, (32, 128), (32, 128), None,
          (48, 192), (48, 192), (64, 256), (64, 256))  # fmt: skip


def build_squeezenet(pixels: int, name: str) -> "keras.Model":
    """Build the network: photos (n, pixels, pixels, 3), 0 to 255, to features of 512 channels."""
    import keras
    from keras import layers

    seen = keras.Input((pixels, pixels, 3))
    signal = seen[..., ::-1] - np.array(_MEANS, np.float32)
    signal = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(signal)
    signal = layers.MaxPooling2D(3, 2)(signal)
    number = 2
    for fire in _FIRES:
        if fire is None:
            signal = layers.MaxPooling2D(3, 2)(signal)
            continue
        signal = _fire(signal, f"fire{number}", *fire)
        number += 1
    return keras.Model(seen, signal, name=name)


def load_squeezenet(model: "keras.Model", file: Path) -> None:
    """Fill the network with the weights of a file.

    Raises:
        WeightsError: the file is not one of this network's weights.
    """
    import h5py

    try:
        with h5py.File(file) as stored:
            for layer in model.layers:
                if layer.weights:
                    layer.set_weights(_layer_weights(stored, layer, file))
    except OSError as error:
        raise WeightsError(
            f"{file} is no HDF5 file that can be read ({error}). Get {FILE} from {WHERE} again."
        ) from error


def _layer_weights(stored: Any, layer: Any, file: Path) -> list[Any]:
    """Kernel and bias of a layer: the published names have a / where Keras 3 allows none."""
    name = layer.name.replace("_", "/", 1)
    found: list[Any] = []
    if name in stored:
        stored[name].visititems(
            lambda _, item: found.append(item[()]) if hasattr(item, "shape") else None
        )
    found.sort(key=lambda weight: -weight.ndim)
    shapes = [weight.shape for weight in found]
    if shapes != [tuple(weight.shape) for weight in layer.weights]:
        raise WeightsError(
            f"{file} does not hold the weights of SqueezeNet 1.1 without its top: the layer {name} "
            f"needs the shapes {[tuple(weight.shape) for weight in layer.weights]}, and has "
            f"{shapes or 'nothing'}. Get {FILE} from {WHERE}."
        )
    return found


def _fire(signal: Any, name: str, squeezed: int, expanded: int) -> Any:
    from keras import layers

    def convolve(inner: Any, filters: int, side: int, part: str) -> Any:
        return layers.Conv2D(
            filters, side, padding="same", activation="relu", name=f"{name}_{part}"
        )(inner)

    narrow = convolve(signal, squeezed, 1, "squeeze1x1")
    wide = [convolve(narrow, expanded, side, f"expand{side}x{side}") for side in (1, 3)]
    return layers.Concatenate()(wide)
