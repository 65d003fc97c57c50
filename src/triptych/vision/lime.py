"""Which parts of a photo a classifier goes by (LIME), and whether those parts do matter.

Ribeiro et al., "Why should I trust you?" (2016): superpixels are painted over at random, and a
linear model of what that changes weighs each of them.
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
_DRAWS = 50  # sets of random superpixels


@dataclass(frozen=True)
class Explanation:
    """A photo, what was said of it, and how much each superpixel speaks for that.

    Attributes:
        photo: (pixels, pixels, 3).
        segments: the number of each pixel's superpixel, (pixels, pixels).
        weights: by superpixel, of the class that was named; positive speaks for it.
        label: number of that class.
        chance: its probability.
    """

    photo: Photo
    segments: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    label: int
    chance: float

    def strongest(self, count: int) -> npt.NDArray[np.int64]:
        """The superpixels that speak most for the class."""
        return np.argsort(-self.weights.round(9), kind="stable")[:count]


@dataclass(frozen=True)
class Deletion:
    """What painting over superpixels takes from the probability of the class.

    Attributes:
        count: superpixels painted over.
        marked: lost when those are the ones that LIME marks.
        random: lost on average when they are drawn at random.
        share: of the draws that lose less than the marked ones; ties count half.
    """

    count: int
    marked: float
    random: float
    share: float


def explain_photo(photo: Photo, classify: Classify, *, samples: int, seed: int) -> Explanation:
    """Weigh the superpixels of a photo for the class that it is said to be of.

    Args:
        photo: (pixels, pixels, 3).
        classify: what is explained.
        samples: variants of the photo that are classified.
        seed: of the variants.
    """
    from lime.lime_image import LimeImageExplainer

    segments = superpixels(photo)
    explainer = LimeImageExplainer(random_state=seed)
    with redirect_stderr(io.StringIO()):  # a bar of its own
        told = explainer.explain_instance(
            photo, classify, top_labels=1, num_samples=samples, batch_size=_BATCH,
            segmentation_fn=lambda _: segments, random_seed=seed,
        )  # fmt: skip
    label = int(told.top_labels[0])
    weights = np.zeros(int(segments.max()) + 1)
    for part, weight in told.local_exp[label]:
        weights[part] = weight
    return Explanation(photo, segments, weights, label, float(classify(photo[None])[0, label]))


def superpixels(photo: Photo) -> npt.NDArray[np.int64]:
    """Part a photo in patches of like colour, numbered from 0 (SLIC: Achanta et al., 2012)."""
    from skimage.segmentation import slic

    found = slic(photo, n_segments=_SUPERPIXELS, compactness=_COMPACTNESS, start_label=0)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)


def check_deletion(explanation: Explanation, classify: Classify, *, seed: int) -> Deletion:
    """Paint over the marked fifth of the superpixels, and as many drawn at random."""
    parts = len(explanation.weights)
    count = max(1, parts // 5)
    rng = np.random.default_rng(seed)
    sets = [explanation.strongest(count)]
    sets += [rng.permutation(parts)[:count] for _ in range(_DRAWS)]
    photos = np.stack([paint_over(explanation, chosen) for chosen in sets])
    left = classify(photos)[:, explanation.label]
    marked, drawn = explanation.chance - left[0], explanation.chance - left[1:]
    share = np.mean(drawn < marked) + np.mean(drawn == marked) / 2
    return Deletion(count, float(marked), float(drawn.mean()), float(share))


def paint_over(explanation: Explanation, chosen: npt.NDArray[np.int64]) -> Photo:
    """Give each chosen superpixel its mean colour, as LIME does."""
    painted = explanation.photo.copy()
    for part in chosen:
        inside = explanation.segments == part
        painted[inside] = explanation.photo[inside].mean(axis=0)
    return painted
