"""How the Bot Connector signs what it sends to a bot, and how somebody else would try to.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any, Final, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tocsin.testing.fake_teams.records import JsonObject

Forge = Literal[
    "",
    "no token",
    "no algorithm",
    "public key as secret",
    "another key",
    "unknown key",
    "another audience",
    "another issuer",
    "another service",
    "expired",
    "early",
    "no expiry",
    "not endorsed",
    "garbage",
]
HOUR_S: Final = 3600


class Signer:
    """A pair of keys under an id, and one that nobody has published."""

    def __init__(self) -> None:
        """Made by each process anew, so that no key is ever kept."""
        self.kid = "key-1"
        self.endorsements = ["msteams", "webchat"]
        self._key = _made("Microsoft's")

    def published(self) -> JsonObject:
        """The document of keys."""
        own: JsonObject = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        key = own | {"kid": self.kid, "use": "sig", "endorsements": self.endorsements}
        bare = own | {"kid": "key-0", "use": "sig"}
        return {"keys": [{"kty": "EC", "kid": "other"}, bare, key]}

    def header(self, app_id: str, service: str, now_s: float, forge: Forge = "") -> dict[str, str]:
        """The headers of a request of the connector's, or of one that only looks like it."""
        if forge == "no token":
            return {}
        if forge == "garbage":
            return {"Authorization": "Bearer a.b.c"}
        return {"Authorization": f"Bearer {self._token(app_id, service, now_s, forge)}"}

    def _token(self, app_id: str, service: str, now_s: float, forge: Forge) -> str:
        now = int(now_s)
        claims: JsonObject = {
            "iss": "https://sts.windows.net/other/" if forge == "another issuer" else "https://api.botframework.com",
            "aud": "00000000-0000-0000-0000-0000000000ff" if forge == "another audience" else app_id,
            "nbf": now + HOUR_S if forge == "early" else now - 60,
            "exp": now - HOUR_S if forge == "expired" else now + HOUR_S,
            "serviceurl": "https://evil.example/" if forge == "another service" else service,
        }
        if forge == "no expiry":
            del claims["exp"]
        headers = {"kid": {"unknown key": "key-9", "not endorsed": "key-0"}.get(forge, self.kid)}
        if forge == "no algorithm":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if forge == "public key as secret":
            return _by_hand(claims, headers, self._public_pem())
        key = _made("a stranger's") if forge == "another key" else self._key
        return jwt.encode(claims, key, algorithm="RS256", headers=headers)

    def _public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@cache
def _made(_: str) -> rsa.RSAPrivateKey:
    """A key of somebody's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _by_hand(claims: JsonObject, headers: dict[str, str], secret: bytes) -> str:
    """HS256 with a public key as its secret; good libraries do not sign so."""
    parts = [_encoded({"alg": "HS256", "typ": "JWT", **headers}), _encoded(claims)]
    mac = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=").decode()])


def _encoded(document: Any) -> str:  # noqa: ANN401 - JSON.
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
