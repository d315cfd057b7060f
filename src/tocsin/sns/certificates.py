"""The signing certificates of SNS: fetched once, kept by address, checked for their dates."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tocsin.kernel.time import SECOND, Instant

KEPT_MAX: Final = 64  # Each region has one or two.


class CertificateError(Exception):
    """What was fetched is no certificate that can be used now; the text says why."""


class Certificates:
    """Gives the public key of a certificate; safe to share between threads."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """*fetch* gives the PEM text at an address, or raises OSError."""
        self._fetch = fetch
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._lock = threading.Lock()

    def key(self, address: str, now: Instant) -> RSAPublicKey:
        """The key at *address*, which the caller has pinned. Raises OSError and CertificateError."""
        certificate = self._certificate(address)
        moment = datetime.fromtimestamp(now / SECOND, UTC)
        if moment < certificate.not_valid_before_utc:
            raise CertificateError(f"the certificate is valid from {certificate.not_valid_before_utc:%F %T} UTC only")
        if moment > certificate.not_valid_after_utc:
            raise CertificateError(f"the certificate was valid until {certificate.not_valid_after_utc:%F %T} UTC")
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise CertificateError("the certificate's key is not an RSA key")
        return key

    def _certificate(self, address: str) -> x509.Certificate:
        with self._lock:
            known = self._kept.get(address)
            if known is not None:
                self._kept.move_to_end(address)
                return known
        raw = self._fetch(address)  # Outside of the lock: one slow region must not stop the others.
        try:
            certificate = x509.load_pem_x509_certificate(raw)
            certificate.public_key()
        except (ValueError, TypeError) as error:
            raise OSError(f"what stands at {address} is no certificate") from error
        with self._lock:
            self._kept[address] = certificate
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return certificate
