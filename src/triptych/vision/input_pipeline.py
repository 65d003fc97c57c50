"""Photos as TensorFlow eats them: read a batch at a time from a file, turned and lit at random."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from triptych.vision.config import Augmentation
from triptych.vision.decoding import Photo, fit_size

if TYPE_CHECKING:
    import tensorflow as tf

Rows = npt.NDArray[np.intp]
_LIGHT = 0.2  # brightness and contrast vary by as much
_COLOUR = 0.05  # and each channel by itself
_ZOOM = 0.25  # of the side that may be cut away
_READ_AHEAD = 2


def training_batches(
    photos: Photo,
    rows: Rows,
    targets: npt.NDArray[np.float32],
    *,
    side: int,
    batch: int,
    augmentation: Augmentation,
    seed: int,
) -> "tf.data.Dataset":
    """Shuffle rows anew each epoch, read their photos, and vary these.

    Args:
        photos: all photos, (n, pixels, pixels, 3); a memory map stays on disk.
        rows: those to learn from.
        targets: of each row, a share a class.
        side: pixels that the network sees; it divides that of the photos.
        seed: of order and variation; the same seed gives the same batches in each epoch.
    """
    import tensorflow as tf

    order = tf.data.Dataset.from_tensor_slices((rows, targets)).shuffle(len(rows), seed=seed)
    dice = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    batches = tf.data.Dataset.zip(order.batch(batch), dice)

    def read(chosen: tuple[Any, Any], throw: Any) -> tuple[Any, Any]:
        pixels = _read(photos, chosen[0], side)
        return augment(pixels, augmentation, throw), chosen[1]

    return batches.map(read, num_parallel_calls=1).prefetch(_READ_AHEAD)


def validation_batches(photos: Photo, rows: Rows, *, side: int, batch: int) -> "tf.data.Dataset":
    """Read the photos of rows in their order."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(rows).batch(batch)
    return batches.map(lambda chosen: _read(photos, chosen, side)).prefetch(_READ_AHEAD)


def augment(pixels: Any, augmentation: Augmentation, throw: Any) -> Any:
    """Vary a batch: one of the eight turns of a view from above, light, and a closer look.

    Args:
        pixels: (n, side, side, 3), 0 to 255.
        throw: two integers, from which all that is random follows.
    """
    import tensorflow as tf

    if augmentation == "none":
        return pixels
    number = tf.shape(pixels)[0]
    coins = tf.random.stateless_uniform((3, number, 1, 1, 1), throw) < 0.5  # noqa: PLR2004
    pixels = tf.where(coins[0], pixels[:, ::-1], pixels)
    pixels = tf.where(coins[1], pixels[:, :, ::-1], pixels)
    pixels = tf.where(coins[2], tf.transpose(pixels, (0, 2, 1, 3)), pixels)
    if augmentation == "turns":
        return pixels
    if augmentation == "turns_light_zoom":
        pixels = _zoom(pixels, number, throw + 1)
    light = tf.random.stateless_uniform((2, number, 1, 1, 1), throw + 2, 1 - _LIGHT, 1 + _LIGHT)
    colour = tf.random.stateless_uniform((number, 1, 1, 3), throw + 3, 1 - _COLOUR, 1 + _COLOUR)
    middle = tf.reduce_mean(pixels, (1, 2, 3), keepdims=True)
    return tf.clip_by_value((middle + (pixels - middle) * light[0]) * light[1] * colour, 0, 255)


def _zoom(pixels: Any, number: Any, throw: Any) -> Any:
    import tensorflow as tf

    side = 1 - tf.random.stateless_uniform((number, 1), throw, 0, _ZOOM)
    corner = tf.random.stateless_uniform((number, 2), throw + 7) * (1 - side)
    boxes = tf.concat([corner, corner + side], axis=1)
    return tf.image.crop_and_resize(pixels, boxes, tf.range(number), tf.shape(pixels)[1:3])


def _read(photos: Photo, rows: Any, side: int) -> Any:
    import tensorflow as tf

    pixels = tf.numpy_function(lambda chosen: fit_size(photos[chosen], side), [rows], tf.uint8)
    pixels.set_shape((None, side, side, 3))
    return tf.cast(pixels, tf.float32)
