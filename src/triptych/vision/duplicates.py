"""Near-duplicate photos, by perceptual hash and by the groups that the source names."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

Hashes = npt.NDArray[np.uint64]
_BLOCK = 1024  # rows compared at once, to bound memory


def perceptual_hash(image: Image.Image) -> int:
    """The 64 bits of a photo that light, size and compression hardly change.

    Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010).
    """
    import imagehash

    return int(str(imagehash.phash(image)), 16)


def group_photos(hashes: Hashes, named: Sequence[str], bits: int) -> npt.NDArray[np.int64]:
    """Find the groups of near-duplicates: connected components of their pairs.

    Args:
        hashes: of the photos.
        named: the group that the source names for each photo, or empty.
        bits: the hashes of near-duplicates differ in at most as many.

    Returns:
        The row of the first photo of each photo's group.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first = {name: row for row, name in reversed(list(enumerate(named))) if name}
    pairs = [
        np.array([(first[name], row) for row, name in enumerate(named) if name], dtype=np.int64)
    ]
    for start in range(0, len(hashes), _BLOCK):
        apart = np.bitwise_count(hashes[start : start + _BLOCK, None] ^ hashes)
        pairs.append(np.argwhere(apart <= bits) + np.array([start, 0]))
    rows, others = np.concatenate([some.reshape(-1, 2) for some in pairs]).T
    graph = coo_array((np.ones(len(rows)), (rows, others)), shape=(len(hashes),) * 2)
    _, part = connected_components(graph, directed=False)
    _, firsts, place = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(firsts[place], dtype=np.int64)


def straddling(photos: pd.DataFrame) -> list[str]:
    """The groups with photos in more than one split, which would leak training photos."""
    splits = photos.groupby("group")["split"].nunique()
    return [str(name) for name in splits[splits > 1].index]
