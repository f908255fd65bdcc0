"""Intervals of many comparisons at once: a file of its own, which no training imports."""

import numpy as np

from reelbook.metrics.bootstrap import LEVEL


def widen_intervals(values: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous intervals of many comparisons: in 95% of the draws all lie within theirs.

    value_j -+ c s_j, with s_j the deviation of the samples of j and c the 95% quantile over draws
    of the largest |sample_j - mean_j| / s_j (single-step max-t, Romano and Wolf 2005). So they
    correct for as many comparisons as there are, and for how alike these are.

    Args:
        values: the figures (comparisons,).
        samples: resampled with the same draws for all of them (resamples, comparisons).

    Returns:
        low and high, each (comparisons,).
    """
    deviations = samples.std(axis=0)
    distances = np.abs(samples - samples.mean(axis=0))
    scaled = np.divide(distances, deviations, out=np.zeros_like(distances), where=deviations > 0)
    width = np.quantile(scaled.max(axis=1), LEVEL) * deviations
    return values - width, values + width
