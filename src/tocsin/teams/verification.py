"""Whether an activity is Microsoft's, for our app, from our tenant, and new.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (connector to
bot, step 4), RFC 7519 and RFC 8725 for what is to be checked of a token. Only RS256 is taken: with any choice of the
sender's, `none` or a public key as the secret of HS256 would do.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec

from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.teams.activities import Activity, read
from tocsin.teams.cloud import CHANNEL, ISSUER, Cloud
from tocsin.teams.keys import SigningKeys

SKEW: Final[Duration] = 5 * MINUTE  # What Microsoft calls usual.
TOKEN_MAX: Final = 8192  # Characters; Microsoft's have some fifteen hundred.
SEEN_MAX: Final = (
    10_000  # Activities. A token lives for an hour; and what changes anything counts once by its mark, too.
)

_ALGORITHM: Final = "RS256"
# The clock is ours, so that a token's time is judged as everything else is.
_OPTIONS: Final[Any] = {
    "require": ["exp", "iss", "aud"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class Verified(msgspec.Struct, frozen=True):
    """An activity that is what it says. *mark*: the same for every copy of it."""

    activity: Activity
    mark: str


class Verification:
    """Checks requests, and remembers which activities were taken. Good for all threads."""

    def __init__(self, cloud: Cloud, keys: SigningKeys, *, app_id: str, tenant: str) -> None:
        """*app_id* is the audience of every token."""
        self._cloud = cloud
        self._keys = keys
        self._app_id = app_id
        self._tenant = tenant
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def check(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Verified | str:
        """The activity in *body*, or why it is refused. *headers* have lower-case names. May fetch keys."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > TOKEN_MAX:
            return "the request bears no token"
        claims = self._claims(token.strip(), now)
        if isinstance(claims, str):
            return claims
        activity = read(body)
        if isinstance(activity, str):
            return activity
        wrong = self._wrong(claims, activity)
        if wrong:
            return wrong
        mark = hashlib.sha256(f"{activity.conversation.id}\n{activity.type}\n{activity.id}".encode()).hexdigest()
        return Verified(activity, mark)

    def claim(self, verified: Verified) -> bool:
        """Take it: a copy of it is refused from now on. False: it was taken before."""
        with self._lock:
            if verified.mark in self._seen:
                return False
            self._seen[verified.mark] = None
            while len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
            return True

    def release(self, verified: Verified) -> None:
        """It could not be stored: a copy of it is welcome."""
        with self._lock:
            self._seen.pop(verified.mark, None)

    def _claims(self, token: str, now: Instant) -> dict[str, Any] | str:
        """What a good token claims, its key's channels among that (`endorsements`)."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return "the token cannot be read"
        if header.get("alg") != _ALGORITHM:
            return f"the token is not signed by {_ALGORITHM}"
        found = self._keys.find(str(header.get("kid", "")))
        if found is None:
            return "the token's key is not known"
        try:
            claims: dict[str, Any] = jwt.decode(
                token, found.key, algorithms=[_ALGORITHM], audience=self._app_id, issuer=ISSUER, options=_OPTIONS
            )
        except jwt.InvalidAudienceError:
            return "the token is for another app"
        except jwt.InvalidIssuerError:
            return "the token is from another issuer"
        except jwt.InvalidSignatureError:
            return "the token's signature does not fit"
        except jwt.PyJWTError:
            return "the token is not valid"
        if CHANNEL not in found.endorsements:
            return "the token's key may not sign for Teams"
        return _at_odds(claims, now) or claims

    def _wrong(self, claims: Mapping[str, Any], activity: Activity) -> str:
        """What of the activity does not fit its token, or us."""
        claimed = claims.get("serviceurl", claims.get("serviceUrl"))
        if activity.channel_id != CHANNEL:
            return "the activity is of another channel than Teams"
        if not isinstance(claimed, str) or claimed != activity.service_url:
            return "the activity's service is not the one that the token names"
        if not self._cloud.trusts(activity.service_url):
            return "the activity's service is not Microsoft's"
        if any(tenant.lower() != self._tenant.lower() for tenant in activity.tenants):
            return "the activity is from another tenant"
        return ""


def _at_odds(claims: Mapping[str, Any], now: Instant) -> str:
    """What the token's times have against *now*."""
    ends, begins = claims["exp"], claims.get("nbf", 0)
    if not _is_time(ends) or not _is_time(begins):
        return "the token's times are not numbers"
    if now > ends * SECOND + SKEW:
        return "the token has expired"
    if now < begins * SECOND - SKEW:
        return "the token is not valid yet"
    return ""


def _is_time(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 1 << 40
