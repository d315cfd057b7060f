"""A browser as far as the story needs one: it signs in to the console, and sends the console's own forms."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from tocsin.demo.server import ask
from tocsin.demo.trouble import StoryError

_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


class Browser:
    """Signed in as one person."""

    def __init__(self, url: str, link: str) -> None:
        """Use up the sign-in *link* of the console at *url*. Raises StoryError."""
        self._url = url
        self._cookie = self._post(link, {})

    def submit(self, page: str, **fields: str) -> None:
        """Open *page*, fill in a form on it, send it. Raises StoryError."""
        answer, html = ask("GET", self._url + page, headers={"cookie": self._cookie})
        found = _CSRF.search(html.decode())
        if answer.status != HTTPStatus.OK or found is None:
            raise StoryError(f"{page} answered {answer.status} without a form")
        self._post(page, {"csrf": found[1], **fields}, cookie=self._cookie)

    def _post(self, page: str, fields: dict[str, str], **headers: str) -> str:
        """Send a form; the cookie that comes back. Every form of the console answers with a redirect."""
        answer, _ = ask("POST", self._url + page, urlencode(fields).encode(), _FORM | headers)
        if answer.status != HTTPStatus.SEE_OTHER:
            raise StoryError(f"{page} answered {answer.status} to its form")
        return (answer.getheader("set-cookie") or "").partition(";")[0]
