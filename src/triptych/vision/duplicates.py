"""Photos that show the same: by perceptual hash, and by what the source says of its groups."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

Hashes = npt.NDArray[np.uint64]
_BLOCK = 1024  # rows compared at once: memory stays bounded on tens of thousands of photos


def perceptual_hash(image: Image.Image) -> int:
    """The 64 bits of a photo that light, size and compression hardly change.

    Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010): signs of
    the lowest frequencies of a cosine transform, against their median.
    """
    import imagehash

    return int(str(imagehash.phash(image)), 16)


def near_duplicates(hashes: Hashes, bits: int) -> Iterator[tuple[int, int]]:
    """All pairs of rows (the earlier first) whose hashes differ in at most `bits`."""
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK]
        apart = np.bitwise_count(block[:, None] ^ hashes[None, :])
        for row, other in np.argwhere(apart <= bits).tolist():
            if start + row < other:
                yield start + row, other


def group_photos(hashes: Hashes, named: Sequence[str], bits: int) -> npt.NDArray[np.int64]:
    """Number the groups of photos that show the same, however long the chain between two of them.

    Args:
        hashes: of the photos.
        named: the group that the source names; empty where it names none.
        bits: hashes that differ in at most as many are near-duplicates.

    Returns:
        The row of each group's first photo, by photo.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = list(near_duplicates(hashes, bits))
    first: dict[str, int] = {}
    for row, name in enumerate(named):
        if name:
            pairs.append((first.setdefault(name, row), row))
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(hashes),) * 2)
    _, part = connected_components(graph, directed=False)
    _, firsts, place = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(firsts[place], dtype=np.int64)


def straddling(photos: pd.DataFrame) -> list[str]:
    """The groups that have photos in more than one split: what was learned would be judged."""
    splits = photos.groupby("group")["split"].nunique()
    return [str(name) for name in splits[splits > 1].index]
