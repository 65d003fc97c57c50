"""The LSTM in Keras: how it is built and trained. TensorFlow is loaded here alone, when called."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.classification.tf_runtime import start_keras
from triptych.nlp.lstm_config import LstmSettings
from triptych.nlp.sequences import (
    PADDING,
    UNKNOWN,
    Numbers,
    Sequences,
    batches_by_length,
    shuffled_batches,
)
from triptych.nlp.word_vectors import Matrix

Labelled = tuple[Sequences, npt.NDArray[np.int64]]
_READ_AT_ONCE = 256  # reviews a batch where nothing is learned


class Network:
    """One LSTM from word numbers and weights (reviews, words) to a logit a review.

    Args:
        settings: its shape and its training.
        vectors: what the embedding starts from, a row a word number.
        seed: of the weights, and of the order and the dropout of the training.
    """

    def __init__(self, settings: LstmSettings, vectors: Matrix, seed: int) -> None:
        self._settings = settings
        self._seed = seed
        self.model = _build(start_keras(seed), settings, vectors)
        self._read: Any = None

    def __reduce__(self) -> Any:
        """Travel between processes as weights: what is compiled stays behind."""
        return _with_weights, (self._settings, self._seed, self.model.get_weights())

    def train(self, learn: Labelled, stop: Labelled) -> list[dict[str, float]]:
        """Train until the loss on `stop` no longer falls; the weights are those of its minimum.

        Returns:
            loss, accuracy, val_loss, val_accuracy by epoch.
        """
        import keras

        settings = self._settings
        steps = -(-len(learn[0]) // settings.batch_size)
        self.model.compile(
            optimizer=_optimiser(settings, steps * settings.epochs),
            loss=keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
        )
        patience = keras.callbacks.EarlyStopping(
            "val_loss", patience=settings.patience, restore_best_weights=True
        )
        history = self.model.fit(
            _stream(*learn, settings, np.random.default_rng(self._seed)), steps_per_epoch=steps,
            validation_data=_stream(*stop, settings, None),
            validation_steps=-(-len(stop[0]) // settings.batch_size),
            epochs=settings.epochs, callbacks=[patience], verbose=0, shuffle=False,
        )  # fmt: skip
        measures = history.history
        return [
            {name: float(values[epoch]) for name, values in measures.items()}
            for epoch in range(len(measures["loss"]))
        ]

    def logits(self, sequences: Sequences) -> npt.NDArray[np.float64]:
        """The logit of each text, read in batches of like length."""
        if self._read is None:  # traced once, for all shapes
            import tensorflow as tf

            self._read = tf.function(
                lambda *inputs: self.model(list(inputs), training=False), input_signature=_inputs()
            )
        found = np.zeros(len(sequences))
        for rows in batches_by_length(sequences.lengths, _READ_AT_ONCE):
            found[rows] = self._read(*sequences.padded(rows)).numpy().ravel()
        return found


def _with_weights(settings: LstmSettings, seed: int, weights: list[Matrix]) -> Network:
    network = Network(settings, weights[0], seed)  # the embedding comes first
    network.model.set_weights(weights)
    return network


def _build(keras: Any, settings: LstmSettings, vectors: Matrix) -> Any:
    layers, ops = keras.layers, keras.ops
    numbers = keras.Input((None,), dtype="int32", name="words")
    weights = keras.Input((None,), name="weights")
    read = ops.not_equal(numbers, PADDING)
    states = layers.Embedding(
        *vectors.shape, weights=[vectors], trainable=settings.embeddings != "frozen"
    )(numbers)
    states = layers.Concatenate()([states, ops.expand_dims(weights, -1)])
    states = layers.SpatialDropout1D(settings.dropout)(states)
    pooled = settings.pooling == "max and mean"
    for layer in range(settings.layers):
        lstm = layers.LSTM(
            settings.units,
            return_sequences=pooled or layer < settings.layers - 1,
            recurrent_dropout=settings.recurrent_dropout,
        )
        states = (layers.Bidirectional(lstm) if settings.bidirectional else lstm)(states, mask=read)
    if pooled:
        states = layers.Concatenate()(_max_and_mean(ops, states, read))
    logit = layers.Dense(1)(layers.Dropout(settings.dropout)(states))
    return keras.Model([numbers, weights], logit)


def _max_and_mean(ops: Any, states: Any, read: Any) -> list[Any]:
    """The maximum and the mean over the words; padding counts in neither."""
    inside = ops.expand_dims(ops.cast(read, states.dtype), -1)
    return [
        ops.max(states - (1 - inside) * 1e9, axis=1),
        ops.sum(states * inside, axis=1) / ops.sum(inside, axis=1),
    ]


def _optimiser(settings: LstmSettings, steps: int) -> Any:
    from keras import optimizers

    makers = {"adam": optimizers.Adam, "rmsprop": optimizers.RMSprop, "sgd": optimizers.SGD}
    more = {"momentum": 0.9} if settings.optimiser == "sgd" else {}
    rate = optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    return makers[settings.optimiser](rate, clipnorm=1.0, **more)


def _inputs() -> tuple[Any, Any]:
    """What a network takes: any number of reviews, of any width."""
    import tensorflow as tf

    return tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.float32)


def _stream(
    sequences: Sequences,
    labels: npt.NDArray[np.int64],
    settings: LstmSettings,
    rng: np.random.Generator | None,
) -> Any:
    """Batches without end; one is made while another is learned from."""
    import tensorflow as tf

    truth = tf.TensorSpec((None, 1), tf.float32)
    return tf.data.Dataset.from_generator(
        lambda: _endless(sequences, labels, settings, rng), output_signature=(_inputs(), truth)
    ).prefetch(1)


def _endless(
    sequences: Sequences,
    labels: npt.NDArray[np.int64],
    settings: LstmSettings,
    rng: np.random.Generator | None,
) -> Iterator[tuple[tuple[Numbers, Matrix], Matrix]]:
    """Batches one epoch after another, padded as they are asked for; with `rng`, to learn from."""
    while True:
        batches = (
            iter(batches_by_length(sequences.lengths, settings.batch_size))
            if rng is None
            else shuffled_batches(sequences.lengths, settings.batch_size, rng)
        )
        for rows in batches:
            numbers, weights = sequences.padded(rows)
            if rng is not None and settings.word_dropout:
                lost = (rng.random(numbers.shape) < settings.word_dropout) & (numbers != PADDING)
                numbers[lost], weights[lost] = UNKNOWN, 0.0
            yield (numbers, weights), labels[rows].astype(np.float32)[:, None]
