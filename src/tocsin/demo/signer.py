"""Signs as Amazon SNS does, with a key and a certificate made for one run: Amazon's own key only Amazon has."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant
from tocsin.sources.sns import canonical

CERTIFICATE_URL: Final = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-demo.pem"

_KEY_BITS: Final = 2048  # As Amazon's.
_VALID: Final = timedelta(days=365)  # Who keeps the demo running all week still sees it work.


class Signer:
    """Plays Amazon's part."""

    def __init__(self, now: Instant) -> None:
        """Make a key, and a certificate that is valid from a day before *now*."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tocsin demo, not Amazon")])
        begin = datetime.fromtimestamp(now / SECOND, UTC) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + _VALID)
            .sign(self._key, SHA256())
        )
        self._pem = certificate.public_bytes(Encoding.PEM)

    def fetch(self, address: str) -> bytes:
        """What the server finds at an address of SNS. Raises OSError for all but the certificate's."""
        if address != CERTIFICATE_URL:
            raise OSError(f"the demo knows no {address}")
        return self._pem

    def signed(self, envelope: dict[str, Json]) -> dict[str, Json]:
        """*envelope* as a topic with SignatureVersion 2 sends it."""
        text = canonical(envelope)
        assert text is not None, envelope
        signature = base64.b64encode(self._key.sign(text, PKCS1v15(), SHA256())).decode()
        return envelope | {"SignatureVersion": "2", "Signature": signature, "SigningCertURL": CERTIFICATE_URL}
