"""SqueezeNet 1.1 without its top, which keras.applications lacks.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (2016); ImageNet
weights from github.com/rcmalli/keras-squeezenet (MIT), in the order of these layers.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

FILE = "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
SOURCE = "https://github.com/rcmalli/keras-squeezenet/releases"
# (squeezed, expanded) filters of each fire module; None halves the side.
_FIRES = ((16, 64), (16, 64), None, (32, 128), (32, 128), None,
          (48, 192), (48, 192), (64, 256), (64, 256))  # fmt: skip


def build_squeezenet(image_size: int) -> "keras.Model":
    """Build the network: BGR photos less the ImageNet means, to 512 channels of features."""
    import keras
    from keras import layers

    photos = keras.Input((image_size, image_size, 3))
    signal = layers.Conv2D(64, 3, strides=2, activation="relu")(photos)
    signal = layers.MaxPooling2D(3, 2)(signal)
    for fire in _FIRES:
        signal = _fire(signal, *fire) if fire else layers.MaxPooling2D(3, 2)(signal)
    return keras.Model(photos, signal)


def _fire(signal: Any, squeezed: int, expanded: int) -> Any:
    from keras import layers

    def convolve(inner: Any, filters: int, side: int) -> Any:
        return layers.Conv2D(filters, side, padding="same", activation="relu")(inner)

    narrow = convolve(signal, squeezed, 1)
    return layers.Concatenate()([convolve(narrow, expanded, side) for side in (1, 3)])
