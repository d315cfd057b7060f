"""Style, script and pictures: read once from the package, served with a name that changes with the content."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_TYPES: Final = {
    "bell.svg": "image/svg+xml",
    "calendar.css": "text/css; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "push.js": "text/javascript; charset=utf-8",
    "worker.js": "text/javascript; charset=utf-8",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


class Assets:
    """The files below `static/`."""

    def __init__(self) -> None:
        """Read them."""
        folder = resources.files("tocsin.web.console") / "static"
        self._files = {name: (folder / name).read_bytes() for name in _TYPES}
        self._marks = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._files.items()}

    def url(self, name: str) -> str:
        """The address of a file; another content has another address."""
        return f"/static/{name}?v={self._marks[name]}"

    async def worker(self, request: Request) -> Response:
        """GET /worker.js: where a service worker stands decides which pages it may speak for."""
        del request
        return Response(self._files["worker.js"], media_type=_TYPES["worker.js"], headers={"cache-control": "no-cache"})

    async def serve(self, request: Request) -> Response:
        """GET /static/{name}."""
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(404)
        forever = request.query_params.get("v") == self._marks[name]
        headers = {"cache-control": _FOREVER if forever else "no-cache"}
        return Response(self._files[name], media_type=_TYPES[name], headers=headers)
