"""Who is looking: one-time sign-in links, sessions behind a cookie, and the proof that a form is ours.

Only SHA-256 digests of tokens are stored: whoever reads the database cannot sign in with what is there. Cookie and form
token follow the OWASP cheat sheets on session management and on cross-site request forgery.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tocsin.engine.ports import Records
from tocsin.kernel.time import DAY, SECOND, Duration, Instant

SIGNIN_TTL: Final[Duration] = DAY  # A link is sent to a colleague, who may sleep.
SESSION_TTL: Final[Duration] = 30 * DAY  # Who is woken at three must not look for a link first.
SECRET_MAX: Final = 256  # Characters of a cookie or a link; longer is nothing of ours.

_SIGNIN: Final = "signin"
_SESSION: Final = "session"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser. *name*: its cookie's digest; *acts_as*: a responder or empty; *csrf*: its forms' token."""

    name: str
    acts_as: str
    csrf: str
    expires_at: Instant


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """A record of either kind as stored."""

    acts_as: str = msgspec.field(name="as", default="")
    csrf: str = ""
    expires_at: Instant


def signin_link(store: Records, token: str, now: Instant, as_: str = "") -> str:
    """The path of a new link that signs one browser in, once, within SIGNIN_TTL, as the responder *as_* (or nobody).

    *token* is fresh and unguessable: at least 128 random bits, safe in a URL.
    """
    _forget_expired(store, now)
    store.put_record(_SIGNIN, digest(token), {"as": as_, "expires_at": now + SIGNIN_TTL})
    return f"/signin/{token}"


def link_is_good(store: Records, token: str, now: Instant) -> bool:
    """Whether the link could be used; looking does not use it."""
    return _read(store.record(_SIGNIN, digest(token)), now) is not None


def redeem(store: Records, link: str, token: Callable[[], str], now: Instant) -> str | None:
    """Use the sign-in token *link* up for a new session; its cookie's value, or None when the link is no good."""
    found = _read(store.take_record(_SIGNIN, digest(link)), now)
    if found is None:
        return None
    cookie = token()
    document = {"as": found.acts_as, "csrf": token(), "expires_at": now + SESSION_TTL}
    store.put_record(_SESSION, digest(cookie), document)
    return cookie


def current(store: Records, cookie: str | None, now: Instant) -> Session | None:
    """The session of a cookie; None when there is none or it has expired."""
    if not cookie or len(cookie) > SECRET_MAX:
        return None
    name = digest(cookie)
    found = _read(store.record(_SESSION, name), now)
    if found is None:
        return None
    return Session(name=name, acts_as=found.acts_as, csrf=found.csrf, expires_at=found.expires_at)


def act_as(store: Records, session: Session, responder: str) -> None:
    """From now on this browser speaks for *responder*."""
    document = {"as": responder, "csrf": session.csrf, "expires_at": session.expires_at}
    store.put_record(_SESSION, session.name, document)


def sign_out(store: Records, session: Session) -> None:
    """End the session."""
    store.take_record(_SESSION, session.name)


def digest(secret: str) -> str:
    """The name under which a secret's record is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_secure(public_url: str) -> bool:
    """Whether browsers reach the console over TLS."""
    return urlsplit(public_url).scheme == "https"


def cookie_name(public_url: str) -> str:
    """The session cookie; `__Host-` makes browsers refuse one that a neighbour or plain HTTP has set (RFC 6265bis)."""
    return "__Host-tocsin" if is_secure(public_url) else "tocsin"


def set_cookie(response: Response, cookie: str, public_url: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(public_url),
        cookie,
        max_age=SESSION_TTL // SECOND,
        path="/",
        secure=is_secure(public_url),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, public_url: str) -> None:
    """Take it away again."""
    response.delete_cookie(
        cookie_name(public_url), path="/", secure=is_secure(public_url), httponly=True, samesite="lax"
    )


def is_ours(session: Session, given: str) -> bool:
    """Whether a form carries the session's token."""
    return hmac.compare_digest(session.csrf.encode(), given.encode("utf-8", "surrogatepass"))


def from_here(request: Request, public_url: str) -> bool:
    """Whether the browser says that the form is from our own pages; a client that says nothing is left to the token.

    Under our `no-referrer` policy browsers send `Origin: null` for forms; then Sec-Fetch-Site and the token decide.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return True
    hosts = {request.headers.get("host", ""), urlsplit(public_url).netloc}
    return urlsplit(origin).netloc in hosts - {""}


def seal(session: Session, text: str) -> str:
    """A signature of *text* that only this session's browser can be shown."""
    return hmac.new(session.csrf.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_sealed(session: Session, text: str, given: str) -> bool:
    """Whether *given* is the `seal` of *text*."""
    return hmac.compare_digest(seal(session, text).encode(), given.encode("utf-8", "surrogatepass"))


def _read(document: object, now: Instant) -> _Document | None:
    """The document, if it is one and still counts."""
    try:
        found = msgspec.convert(document, _Document)
    except msgspec.ValidationError:
        return None
    return found if found.expires_at > now else None


def _forget_expired(store: Records, now: Instant) -> None:
    """Expired links and sessions go when a link is made: that is seldom, and nothing else makes sessions grow."""
    for kind in (_SIGNIN, _SESSION):
        for name, document in store.records(kind).items():
            if _read(document, now) is None:
                store.take_record(kind, name)
