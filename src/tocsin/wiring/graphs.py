"""Who draws metrics, as far as the settings want that."""

from __future__ import annotations

import importlib

from tocsin.errors import TocsinError
from tocsin.posting.graphs import Graphs, NoGraphs
from tocsin.wiring.settings import Settings


def graphs(settings: Settings) -> Graphs:
    """The port to CloudWatch, or to nobody. Raises TocsinError if the SDK of AWS is needed and not installed."""
    if settings.graphs is None:
        return NoGraphs()
    try:
        module = importlib.import_module("tocsin.aws.graphs")
    except ModuleNotFoundError as problem:
        raise TocsinError(
            "aws-missing", 'tocsin[aws] is not installed, and there is a section `graphs`: pip install "tocsin[aws]"'
        ) from problem
    found: Graphs = module.CloudWatchGraphs(settings.graphs.span)
    return found
