"""When figures over a window are worth a warning: what chance alone brings about is not."""

CHANCE = 0.01  # a month is judged every day: at 5 % a sound model would be cried over each year


def coverage_fails(coverage: float, days: int, level: float, tolerance: float) -> bool:
    """Tell whether intervals miss their level by more than `tolerance` and by more than chance.

    The errors of one day are alike, so a day counts as one trial: the share is held against the
    binomial distribution of `days` trials at `level`, one-sided at CHANCE.
    """
    from scipy.stats import binom

    if abs(coverage - level) <= tolerance:
        return False
    covered = coverage * days
    if coverage < level:
        return bool(binom.cdf(round(covered), days, level) < CHANCE)
    return bool(binom.sf(round(covered) - 1, days, level) < CHANCE)
