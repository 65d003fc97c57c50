"""Features weighted by how much more often they stand in one class than in the other.

Wang and Manning, "Baselines and Bigrams" (ACL 2012), equation 1: the log-count ratio
r = log((p / |p|₁) / (q / |q|₁)), with p and q the feature sums of the two classes plus alpha.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]


def log_count_ratio(matrix: Any, labels: Labels, alpha: float) -> npt.NDArray[np.float32]:
    """The ratio r of each column of a sparse matrix, positive where it speaks for class 1."""
    positive = alpha + np.asarray(matrix[labels == 1].sum(axis=0), dtype=np.float64).ravel()
    negative = alpha + np.asarray(matrix[labels == 0].sum(axis=0), dtype=np.float64).ravel()
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return np.asarray(ratio, dtype=np.float32)


def weigh(matrix: Any, ratio: npt.NDArray[np.float32]) -> Any:
    """Multiply each column by its weight; the matrix stays sparse."""
    return matrix.multiply(ratio[None, :]).tocsr()
