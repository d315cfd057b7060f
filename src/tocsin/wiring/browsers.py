"""The browsers that ring for people: kept as records, and in memory, since every page asks for them."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.kernel import json
from tocsin.kernel.later import later
from tocsin.kernel.time import HOUR, Duration, Instant
from tocsin.web.ports import BrowserView
from tocsin.wiring.settings import Mail

if TYPE_CHECKING:
    from tocsin.webpush import encryption
    from tocsin.webpush import subscriptions as pushes
    from tocsin.webpush import vapid as vapids
else:
    encryption = later("tocsin.webpush.encryption")
    pushes = later("tocsin.webpush.subscriptions")
    vapids = later("tocsin.webpush.vapid")

BROWSERS_MAX: Final = 10  # Of one person; the one registered first makes room.
LABEL_MAX: Final = 80  # Characters.
# A page that is under way counts the ways that it has given up. A person's last browser, when it is gone, therefore
# stays one of their ways, which fails, for longer than any page is tried: such a page would miss the next way.
FADING: Final[Duration] = HOUR

_BROWSER: Final = "browser"  # The kind of records.
_SECRET: Final = ("push-secret", "vapid")

_NAME_LENGTH: Final = 24  # Hexadecimal digits.


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    responder: str
    subscription: pushes.Subscription
    label: str
    at: Instant
    gone_at: Instant | None = None


class BrowserBook:
    """`tocsin.web.ports.Browsers` and `tocsin.webpush.transport.Browsers`. Good for all threads."""

    def __init__(
        self, records: Records, clock: Callable[[], Instant], subject: str, resolve: pushes.Resolve | None = None
    ) -> None:
        """*subject*: where operators of push services find us. *resolve* is for tests. Raises StoreUnavailableError."""
        self._records = records
        self._clock = clock
        self._resolve = resolve
        self._subject = subject
        self._vapid: vapids.Vapid | None = None
        self._lock = threading.Lock()
        self._kept = _load(records)

    @property
    def vapid(self) -> vapids.Vapid:
        """Our key pair, made when it is first asked for. Raises StoreUnavailableError."""
        with self._lock:
            if self._vapid is None:
                self._vapid = vapids.Vapid(_secret(self._records), self._subject)
            return self._vapid

    @property
    def public_key(self) -> str:
        """See `tocsin.web.ports.Browsers`."""
        return self.vapid.public

    def rings(self, responder: str) -> bool:
        """Whether *responder* has a browser that rings, or had one a moment ago."""
        now = self._clock()
        with self._lock:
            return any(each.responder == responder and not _is_over(each, now) for each in self._kept.values())

    def subscriptions(self, responder: str) -> Sequence[pushes.Subscription]:
        """See `tocsin.webpush.transport.Browsers`."""
        return [each.subscription for _, each in self._of(responder)]

    def of(self, responder: str) -> Sequence[BrowserView]:
        """See `tocsin.web.ports.Browsers`."""
        return [BrowserView(name=name, label=each.label, since=each.at) for name, each in self._of(responder)]

    def add(self, responder: str, subscription: str, label: str) -> str:
        """See `tocsin.web.ports.Browsers`."""
        found = pushes.read_subscription(subscription)
        if isinstance(found, str):
            return found
        endpoint = pushes.read_endpoint(found.endpoint)
        assert endpoint is not None, "it was read"
        if (self._resolve or pushes.public_address)(endpoint.host, endpoint.port) is None:
            return "its address is not a public one"
        name = _name(found.endpoint)
        if self._is_foreign(name, responder, found):
            return "it rings for somebody else already"
        self._keep(name, _Kept(responder=responder, subscription=found, label=label[:LABEL_MAX], at=self._clock()))
        for oldest, _ in self._of(responder)[:-BROWSERS_MAX]:
            self._drop(oldest)
        return ""

    def remove(self, responder: str, name: str) -> bool:
        """See `tocsin.web.ports.Browsers`."""
        found = name in dict(self._of(responder))
        if found:
            self._drop(name)
        return found

    def forget(self, endpoint: str) -> None:
        """See `tocsin.webpush.transport.Browsers`."""
        self._drop(_name(endpoint))

    def _is_foreign(self, name: str, responder: str, given: pushes.Subscription) -> bool:
        """Whether it is another one's, and *given* does not prove by its secret to be the same browser."""
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or kept.gone_at is not None or kept.responder == responder:
            return False
        return not hmac.compare_digest(kept.subscription.secret.encode(), given.secret.encode())

    def _of(self, responder: str) -> list[tuple[str, _Kept]]:
        """Those of *responder*, the one registered first first."""
        with self._lock:
            found = [
                (name, each)
                for name, each in self._kept.items()
                if each.responder == responder and each.gone_at is None
            ]
        return sorted(found, key=lambda item: (item[1].at, item[0]))

    def _drop(self, name: str) -> None:
        """This one is gone; those that have faded are forgotten for good."""
        now = self._clock()
        with self._lock:
            found = self._kept.get(name)
            over = [each for each, kept in self._kept.items() if _is_over(kept, now)]
        if found is not None and found.gone_at is None:
            self._keep(name, replace(found, gone_at=now))
        for each in over:
            self._records.take_record(_BROWSER, each)
            with self._lock:
                self._kept.pop(each, None)

    def _keep(self, name: str, kept: _Kept) -> None:
        self._records.put_record(_BROWSER, name, json.decode(json.encode(kept)))
        with self._lock:
            self._kept[name] = kept


def subject(url: str, mail: Mail | None) -> str:
    """Where operators of push services find us: our address, if everybody can reach it, or that of our mails."""
    return url if url.startswith("https://") else f"mailto:{mail.sender if mail else 'tocsin@example.com'}"


def _is_over(kept: _Kept, now: Instant) -> bool:
    return kept.gone_at is not None and now - kept.gone_at > FADING


def _load(records: Records) -> dict[str, _Kept]:
    return {
        name: found for name, document in records.records(_BROWSER).items() if (found := _kept(document)) is not None
    }


def _kept(document: json.Json) -> _Kept | None:
    try:
        return msgspec.convert(document, _Kept)
    except msgspec.ValidationError:  # Of another version than ours.
        return None


def _secret(records: Records) -> bytes:
    """The private number of our key pair; made when it is first needed. With another one every browser is lost."""
    found = records.record(*_SECRET)
    if not isinstance(found, str):
        found = vapids.make_secret()
        records.put_record(*_SECRET, found)
    raw = encryption.read_base64(found)
    assert raw is not None, "we have written it"
    return raw


def _name(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()[:_NAME_LENGTH]
