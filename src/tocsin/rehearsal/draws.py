"""Randomness that is looked up, not consumed: the same question has the same answer, whoever asks, and when.

That is what makes the comparison of policies paired: each responder's answer to the n-th page of an incident is drawn
once for all of them.
"""

from __future__ import annotations

from math import exp, log
from statistics import NormalDist
from typing import Final

_MASK: Final = (1 << 64) - 1
_NORMAL: Final = NormalDist()
_P90: Final = _NORMAL.inv_cdf(0.9)


def unit(*question: int) -> float:
    """A number between 0 and 1, both excluded.

    The mixing is SplitMix64's (Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators).
    """
    mixed = 0
    for part in question:
        mixed = (mixed ^ part) + 0x9E3779B97F4A7C15 & _MASK
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        mixed ^= mixed >> 31
    return ((mixed >> 11) + 0.5) / (1 << 53)


def log_normal(chance: float, median: float, p90: float) -> float:
    """The value of a log-normal distribution that is not exceeded with *chance*."""
    return median * exp(_NORMAL.inv_cdf(chance) * log(p90 / median) / _P90)


def exponential(chance: float, mean: float) -> float:
    """The value of an exponential distribution that is not exceeded with *chance*."""
    return -mean * log(1.0 - chance)


def pick(chance: float, weights: tuple[int, ...]) -> int:
    """The place of one of *weights*, each with its share."""
    left = chance * sum(weights)
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return place
    return max(place for place, weight in enumerate(weights) if weight)
