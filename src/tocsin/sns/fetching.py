"""Fetches the two things that SNS makes a receiver fetch: https only, one host, no redirect, no proxy, bounded.

`http.client` follows no redirect and looks at no proxy variable, which is why it is used here.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from tocsin.sns.addresses import is_certificate, is_confirmation

BODY_BYTES_MAX: Final = 64 * 1024  # A certificate has 2 KB, the answer to a confirmation less.
TIMEOUT_S: Final = 5.0  # Seconds in all; SNS itself gives up after 15.

_CHUNK: Final = 8192
_OK: Final = 200

Connect: TypeAlias = Callable[[str, float], http.client.HTTPConnection]
"""Makes a connection to a host with a timeout in seconds; it is opened by the request."""


class FetchError(OSError):
    """It could not be fetched; the text says why. Trying again may help."""


def _tls(host: str, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPSConnection(host, timeout=timeout, context=ssl.create_default_context())


class Fetcher:
    """Fetches addresses of SNS and no others; safe to share between threads."""

    def __init__(self, connect: Connect = _tls, *, timeout: float = TIMEOUT_S) -> None:
        """*connect* is for tests, *timeout* is in seconds for all of a fetch."""
        self._connect = connect
        self._timeout = timeout

    def __call__(self, address: str) -> bytes:
        """The body at *address*. Raises FetchError: a foreign address, any status but 200, too slow, too large."""
        if not is_certificate(address) and not is_confirmation(address):
            raise FetchError(f"{address[:200]!r} is not an address of Amazon SNS")
        parts = urlsplit(address)
        deadline = time.monotonic() + self._timeout
        connection = self._connect(parts.netloc, self._timeout)
        try:
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
            return self._body(connection.getresponse(), parts.netloc, deadline)
        except FetchError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise FetchError(f"{parts.netloc} could not be asked: {str(error) or type(error).__name__}") from error
        finally:
            connection.close()

    def _body(self, response: http.client.HTTPResponse, host: str, deadline: float) -> bytes:
        if response.status != _OK:
            raise FetchError(f"{host} answered {response.status}")
        body = b""
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                raise FetchError(f"{host} answered more than {BODY_BYTES_MAX} bytes")
            if time.monotonic() > deadline:
                raise FetchError(f"{host} took longer than {self._timeout:g} s")
        if response.length:
            raise FetchError(f"the answer of {host} broke off")
        return body
