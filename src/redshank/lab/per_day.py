"""How often something happens in a day, and how well that is known.

In: how often it was seen, and in how many hours. Out: events per 24 h, and the exact interval of a Poisson rate.
Source: Garwood, Fiducial limits for the Poisson distribution, Biometrika 1936.
"""

from scipy import stats

DAY_H = 24.0
LEVEL = 0.95


def per_day(count: int, hours: float) -> tuple[float, float, float]:
    """Return events per 24 h, and Garwood's interval at 95 %.

    Args:
        count: Events that were seen, 0 or more.
        hours: How long was looked, above 0.

    Example:
        >>> [round(value, 2) for value in per_day(0, 24.0)]
        [0.0, 0.0, 3.69]
    """
    days, tail = hours / DAY_H, (1 - LEVEL) / 2
    low = float(stats.chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return count / days, low / days, float(stats.chi2.ppf(1 - tail, 2 * count + 2)) / 2 / days
