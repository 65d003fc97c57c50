"""The input of a network: photos read from a file batch by batch, and augmented."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from triptych.vision.config import Augmentation, NetworkSettings
from triptych.vision.decoding import Photo, fit_size

if TYPE_CHECKING:
    import tensorflow as tf

Rows = npt.NDArray[np.intp]
_BRIGHTNESS = 0.15  # of the range of values
_CONTRAST = 0.2
_ZOOM = 0.25  # of the side that may be cut away
_PREFETCHED = 2  # batches


def make_batches(
    photos: Photo,
    rows: Rows,
    targets: npt.NDArray[np.float32],
    settings: NetworkSettings,
    seed: int | None = None,
) -> "tf.data.Dataset":
    """Batches of the `rows` of photos (n, side, side, 3), and their targets (rows, classes).

    A memory map is read batch by batch. A seed shuffles and augments, differently in each epoch.
    """
    import tensorflow as tf

    def read(chosen: Any, target: Any) -> tuple[Any, Any]:
        pixels = tf.numpy_function(
            lambda some: fit_size(photos[some], settings.image_size), [chosen], tf.uint8
        )
        pixels.set_shape((None, settings.image_size, settings.image_size, 3))
        return tf.cast(pixels, tf.float32), target

    batches = tf.data.Dataset.from_tensor_slices((rows, targets))
    if seed is None:
        return batches.batch(settings.batch_size).map(read).prefetch(_PREFETCHED)
    augment = make_augmentation(settings.augmentation, seed)
    batches = batches.shuffle(len(rows), seed=seed).batch(settings.batch_size).map(read)
    return batches.map(lambda pixels, target: (augment(pixels), target)).prefetch(_PREFETCHED)


def make_augmentation(kind: Augmentation, seed: int) -> Any:
    """Make the augmentation of a batch (n, side, side, 3), 0 to 255.

    Args:
        kind: `turns`: rotations by 90° and reflections, for photos from above have no upright;
            `light`: brightness and contrast; `zoom`: a closer look.
        seed: of the random changes.
    """
    import tensorflow as tf
    from keras import layers

    if kind == "none":
        return lambda pixels: pixels
    steps: list[Any] = [
        layers.RandomFlip("horizontal", seed=seed), layers.RandomFlip("vertical", seed=seed + 1)
    ]  # fmt: skip
    if "light" in kind:
        steps.append(layers.RandomBrightness(_BRIGHTNESS, seed=seed + 2))
        steps.append(layers.RandomContrast(_CONTRAST, seed=seed + 3))
    if "zoom" in kind:
        steps.append(layers.RandomZoom((-_ZOOM, 0.0), seed=seed + 4))
    changes = layers.Pipeline(steps)

    def augment(pixels: Any) -> Any:
        # Keras cannot transpose: every second photo of a batch, whose order is random.
        second = tf.range(tf.shape(pixels)[0])[:, None, None, None] % 2 == 0
        return changes(tf.where(second, tf.transpose(pixels, (0, 2, 1, 3)), pixels))

    return augment
