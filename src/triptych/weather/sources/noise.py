"""Noise without a state: the value of an hour depends on the hour alone."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Hours = npt.NDArray[np.int64]

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_STREAM = 0xD1B54A32D192ED03


def uniform(seed: int, stream: int, hours: Hours) -> Floats:
    """Draw a number in [0, 1) for each hour."""
    return (_hash(seed, stream, hours) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def white(seed: int, stream: int, hours: Hours) -> Floats:
    """Draw a number of mean 0 and variance 1 for each hour: four uniforms' sum, near normal."""
    bits = _hash(seed, stream, hours)
    quarters = [(bits >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    total = np.sum(quarters, axis=0, dtype=np.float64) / 2.0**16 - 2.0
    return np.asarray(total * np.sqrt(3.0))


def coloured(seed: int, stream: int, hours: Hours, kernel: Floats) -> Floats:
    """Noise of unit variance for consecutive hours: white noise weighed over the past."""
    past = np.arange(hours[0] - len(kernel) + 1, hours[-1] + 1)
    return trailing(white(seed, stream, past), kernel / np.sqrt(np.sum(kernel**2)))


def trailing(values: Floats, kernel: Floats) -> Floats:
    """Weigh each value and those before it; the first len(kernel) - 1, without a past, drop out."""
    size = 1 << (len(values) + len(kernel) - 2).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    return np.asarray(np.fft.irfft(product, size)[len(kernel) - 1 : len(values)])


def decay(scale: float, length: int = 0) -> Floats:
    """Weights that fall by e every `scale` hours, over `length` hours or five times `scale`."""
    return np.asarray(np.exp(-np.arange(length or int(5 * scale)) / scale))


def _hash(seed: int, stream: int, hours: Hours) -> npt.NDArray[np.uint64]:
    """Mix seed, stream and hour as splitmix64 does (Steele, Lea and Flood, OOPSLA 2014)."""
    key = np.uint64((seed * _GOLDEN + (stream + 1) * _STREAM) & _WORD)
    return _mix(_mix(hours.astype(np.uint64) * np.uint64(_GOLDEN) + key) ^ key)


def _mix(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
