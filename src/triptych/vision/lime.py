"""LIME explanations of photo classifiers, and a deletion check of their superpixels.

Ribeiro et al., "Why should I trust you?" (2016).
"""

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triptych.vision.classifier import Probabilities
from triptych.vision.decoding import Photo

Classify = Callable[[Photo], Probabilities]  # decoded photos to probabilities
_SUPERPIXELS = 40
_COMPACTNESS = 10.0
_BATCH = 64
_RANDOM_SETS = 50  # of superpixels


@dataclass(frozen=True)
class Explanation:
    """The weight of each superpixel of a photo for its predicted class.

    Attributes:
        segments: the number of each pixel's superpixel, (side, side).
        weights: by superpixel; positive supports the predicted class.
        label: number of that class.
        confidence: its probability.
    """

    photo: Photo
    segments: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    label: int
    confidence: float

    def strongest(self, count: int) -> npt.NDArray[np.int64]:
        """The superpixels with the largest weights."""
        return np.argsort(-self.weights.round(9), kind="stable")[:count]


def explain_photo(photo: Photo, classify: Classify, *, samples: int, seed: int) -> Explanation:
    """Explain the predicted class of a photo (side, side, 3) by classifying variants of it."""
    from lime.lime_image import LimeImageExplainer
    from skimage.segmentation import slic

    # Superpixels: SLIC (Achanta et al., 2012), numbered from 0.
    found = slic(photo, n_segments=_SUPERPIXELS, compactness=_COMPACTNESS, start_label=0)
    segments = np.unique(found, return_inverse=True)[1].reshape(found.shape)
    explainer = LimeImageExplainer(random_state=seed)
    with redirect_stderr(io.StringIO()):  # its progress bar
        explained = explainer.explain_instance(
            photo, classify, top_labels=1, num_samples=samples, batch_size=_BATCH,
            segmentation_fn=lambda _: segments, random_seed=seed,
        )  # fmt: skip
    label = int(explained.top_labels[0])
    weights = np.zeros(int(segments.max()) + 1)
    for part, weight in explained.local_exp[label]:
        weights[part] = weight
    return Explanation(photo, segments, weights, label, float(classify(photo[None])[0, label]))


def check_deletion(explanation: Explanation, classify: Classify, seed: int) -> dict[str, float]:
    """Delete the fifth of the superpixels with the largest weights, and as many random ones.

    Returns superpixels: deleted; lime_drop: of the confidence by those of LIME; random_drop: the
    mean by random ones; percentile: fraction of the random sets with a smaller drop, ties half.
    """
    parts = len(explanation.weights)
    count = max(1, parts // 5)
    rng = np.random.default_rng(seed)
    sets = [explanation.strongest(count)]
    sets += [rng.permutation(parts)[:count] for _ in range(_RANDOM_SETS)]
    photos = np.stack([delete_superpixels(explanation, chosen) for chosen in sets])
    drops = explanation.confidence - classify(photos)[:, explanation.label]
    lime, random = drops[0], drops[1:]
    return {
        "superpixels": count,
        "lime_drop": float(lime),
        "random_drop": float(random.mean()),
        "percentile": float(np.mean(random < lime) + np.mean(random == lime) / 2),
    }


def delete_superpixels(explanation: Explanation, chosen: npt.NDArray[np.int64]) -> Photo:
    """Replace the pixels of each chosen superpixel by their mean colour, as LIME does."""
    deleted = explanation.photo.copy()
    for part in chosen:
        inside = explanation.segments == part
        deleted[inside] = explanation.photo[inside].mean(axis=0)
    return deleted
