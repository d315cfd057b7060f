"""Amazon SNS over HTTPS: who really sent it, and the answer to a request for confirmation.

Everything here happens before a delivery is stored, so a forged one is refused (403) and our own trouble is said to be
ours (503: SNS tries again). Source: "Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide.
"""

from __future__ import annotations

from tocsin.sns.fetching import Fetcher, FetchError
from tocsin.sns.verification import Confirmed, Forged, Unavailable, Verified, Verifier

__all__ = ["Confirmed", "FetchError", "Fetcher", "Forged", "Unavailable", "Verified", "Verifier"]
