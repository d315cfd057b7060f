"""What comes in, understood: pure, total readers from the bytes of a delivery to alerts.

`read` finds out by itself what it was given. One module a format; `detection` chooses among them.
"""

from __future__ import annotations

from tocsin.sources.detection import read
from tocsin.sources.reading import Problem, Reading
from tocsin.sources.undecodable import undecodable

__all__ = ["Problem", "Reading", "read", "undecodable"]
