"""Keras on the CPU: quiet and deterministic."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from triptych.execution.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)
_OPTIMISERS = {  # classes of keras.optimizers
    "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad", "sgd": "SGD",
}  # fmt: skip


def start_keras(seed: int) -> Any:
    """Forget earlier networks, seed everything random, and return the module keras."""
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    return keras


@cache
def load_keras() -> Any:
    """Import Keras; TensorFlow computes deterministically, on one thread of this process."""
    with _silence():
        import tensorflow as tf  # before Keras: MLflow's hook on it imports Keras itself

        import keras  # isort: skip

    tf.get_logger().setLevel(logging.ERROR)  # it warns that many networks are many functions
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow has computed before, as in a notebook of its own
        logger.warning("TensorFlow runs on several threads: last digits may differ between runs.")
    return keras


def make_optimiser(
    model: "keras.Model",
    name: str,
    learning_rate: float,
    steps: int,
    *,
    clipnorm: float | None = None,
    nesterov: bool = False,
) -> "keras.Optimizer":
    """Make an optimiser whose learning rate decays to 0 on a cosine within `steps`.

    It is one of _OPTIMISERS; `nesterov` is for the momentum of sgd. It has its variables: Keras
    traces a first training step twice if that step creates variables.
    """
    import keras

    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    momentum = {"momentum": 0.9, "nesterov": nesterov} if name == "sgd" else {}
    kind = getattr(keras.optimizers, _OPTIMISERS[name])
    optimiser: keras.Optimizer = kind(rate, clipnorm=clipnorm, **momentum)
    optimiser.build(model.trainable_variables)
    return optimiser


def show_epochs(description: str, epochs: int) -> Any:
    """A callback of Keras that shows the progress of a training."""
    import keras

    shown = track(range(epochs), description)
    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda _, __: next(shown, None), on_train_end=lambda _: shown.close()
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Suppress what compiled code writes to standard error at its import; no setting does."""
    saved, devnull = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(devnull)
