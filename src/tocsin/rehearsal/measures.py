"""Figures of merit: means with their confidence intervals, percentiles, and differences between two policies.

The intervals are for ratios of sums (per incident) with the days as clusters, by linearisation: Cochran, Sampling
techniques, 1977, section 6.3. What happens on one day hangs together, one day is nearly independent of the next.
Differences are paired: both policies met the same incidents, and the same would-be answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import msgspec

from tocsin.rehearsal.rehearse import Story

LEVEL: Final = 0.95


class Mean(msgspec.Struct, frozen=True):
    """A mean with the interval that holds the true one with 95 % confidence."""

    mean: float
    low: float
    high: float


class Minutes(msgspec.Struct, frozen=True):
    """Minutes: as `Mean`, with two percentiles."""

    mean: float
    low: float
    high: float
    p50: float
    p99: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy did: the fields are those of `tocsin simulate --json`."""

    policy: str
    incidents: int
    weighted_interruptions_per_incident: Mean
    minutes_to_acknowledge: Minutes
    sleep_pages_per_week: float
    never_acknowledged: int


def figures(policy: str, stories: Sequence[Story], days: int) -> Figures:
    """Of all *stories* of *policy*."""
    minutes = [story.minutes for story in stories]
    time = mean(stories, minutes, days)
    return Figures(
        policy=policy,
        incidents=len(stories),
        weighted_interruptions_per_incident=mean(stories, [story.cost for story in stories], days),
        minutes_to_acknowledge=Minutes(
            time.mean, time.low, time.high, percentile(minutes, 0.5), percentile(minutes, 0.99)
        ),
        sleep_pages_per_week=sum(story.sleep for story in stories) * 7 / days,
        never_acknowledged=sum(story.never for story in stories),
    )


def mean(stories: Sequence[Story], values: Sequence[float], days: int) -> Mean:
    """The mean of *values*, one for each of *stories*."""
    count = len(values)
    if not count:
        return Mean(0.0, 0.0, 0.0)
    middle = sum(values) / count
    if days < 2:  # noqa: PLR2004 - of one cluster nothing is known about the others.
        return Mean(middle, middle, middle)
    residues = [0.0] * days
    for story, value in zip(stories, values, strict=True):
        residues[story.day] += value - middle
    spread = math.sqrt(days / (days - 1) * sum(residue * residue for residue in residues)) / count
    half = student(LEVEL, days - 1) * spread
    return Mean(middle, middle - half, middle + half)


def student(level: float, freedom: int) -> float:
    """Student's t that is not exceeded, either way, with *level*: Abramowitz and Stegun 26.7.5."""
    x = NormalDist().inv_cdf((1 + level) / 2)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
    )
    return x + math.fsum(term / freedom ** (power + 1) for power, term in enumerate(terms))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by *share* of them; of nothing it is 0."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1] if ordered else 0.0
