"""Our own small network, and the optimisers it can learn by."""

from typing import TYPE_CHECKING, Any

from triptych.vision.config import NetworkSettings
from triptych.vision.errors import UnknownNetworkError

if TYPE_CHECKING:
    import keras

_MOMENTUM = 0.9
OPTIMISERS = ("adam", "rmsprop", "adagrad", "sgd")


def build_cnn(settings: NetworkSettings, classes: int) -> "keras.Model":
    """Build blocks of convolution, normalisation, ReLU and pooling; then means, dropout, softmax.

    Its input is (n, pixels, pixels, 3), 0 to 255; its output a probability a class.
    """
    import keras
    from keras import layers

    seen = keras.Input((settings.pixels, settings.pixels, 3))
    signal = layers.Rescaling(1 / 127.5, offset=-1)(seen)
    for filters in settings.filters:
        signal = layers.Conv2D(
            filters, 3, padding="same", use_bias=not settings.batch_norm,
            kernel_initializer="he_normal",
        )(signal)  # fmt: skip
        if settings.batch_norm:
            signal = layers.BatchNormalization(momentum=0.9)(signal)
        signal = layers.MaxPooling2D()(layers.ReLU()(signal))
    return keras.Model(seen, classify(signal, settings.dropout, classes))


def classify(signal: Any, dropout: float, classes: int) -> Any:
    """The end of every network: the means of its features, dropout, a probability a class."""
    from keras import layers

    signal = layers.GlobalAveragePooling2D()(signal)
    return layers.Dense(classes, activation="softmax")(layers.Dropout(dropout)(signal))


def make_optimiser(name: str, learning_rate: float, steps: int) -> "keras.Optimizer":
    """Make an optimiser whose learning rate falls to 0 on a cosine within `steps`.

    Raises:
        UnknownNetworkError: there is no such optimiser.
    """
    import keras

    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    if name == "adam":
        return keras.optimizers.Adam(rate)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    if name == "adagrad":
        return keras.optimizers.Adagrad(rate)
    if name == "sgd":
        return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)
    raise UnknownNetworkError(
        f"There is no optimiser {name!r}; there are {', '.join(OPTIMISERS)}. Correct the name."
    )
