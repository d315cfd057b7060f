"""Pages: templates in which nothing is unescaped, and text from the world made harmless before it is shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tocsin.incidents.moments import moments
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant, format_instant
from tocsin.web.console.assets import Assets

# What a title may contain but must not do: control characters (a NUL is an error in HTML), lone surrogates (they have
# no UTF-8), and the marks that turn the direction of the text around them (Unicode TR 36, "bidirectional spoofing").
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f]")
_UNSEEN: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_CONTROL_PICTURES: Final = 0x2400  # U+2400 is the picture of NUL, and so on in order.

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KIB: Final = 1024


class Pages:
    """Renders the templates of this package."""

    def __init__(self, assets: Assets) -> None:
        """*assets* tells the addresses of style and script."""
        self._environment = Environment(
            loader=PackageLoader("tocsin.web.console"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            ago=ago,
            capitalize_first=capitalize_first,
            clock=clock,
            drawing=Markup,
            moments=moments,
            segment=segment,
            size=size,
            stamp=format_instant,
        )
        self._environment.globals["asset"] = assets.url

    def render(self, template: str, **facts: object) -> str:
        """The page *template* with *facts*."""
        return self._environment.get_template(template).render(**facts)


def visible(text: str) -> str:
    """*text* with a visible sign for each character that could harm or hide."""
    return _UNSEEN.sub("\ufffd", _CONTROLS.sub(_picture, text))


def spelled(text: str) -> str:
    """*text* with each such character spelled out, for who must know what a body really contains; newlines stay."""
    plain = text.replace("\r\n", "\n")
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", _CONTROLS.sub(_picture, plain))


def clock(instant: Instant) -> str:
    """`21 Nov 10:00 UTC`: what people read where no script puts it into their own zone."""
    text = format_instant(instant)
    return f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]} {text[11:16]} UTC"


def ago(instant: Instant, now: Instant) -> str:
    """`in 4 min`, `2 h ago`, `now`; the script keeps it true by the same rule."""
    distance = abs(instant - now)
    if distance < MINUTE:
        return "in under a minute" if instant > now else "just now"
    if distance < HOUR:
        words = f"{distance // MINUTE} min"
    elif distance < DAY:
        words = f"{distance // HOUR} h {distance % HOUR // MINUTE} min"
    else:
        words = f"{distance // DAY} d {distance % DAY // HOUR} h"
    return f"in {words}" if instant > now else f"{words} ago"


def size(amount: int) -> str:
    """`312 B`, `4.5 KiB`, `10.0 MiB`."""
    if amount < _KIB:
        return f"{amount} B"
    return f"{amount / _KIB:.1f} KiB" if amount < _KIB * _KIB else f"{amount / _KIB / _KIB:.1f} MiB"


def capitalize_first(text: str) -> str:
    """*text* as the beginning of a sentence; names in it keep their letters."""
    return text[:1].upper() + text[1:]


def segment(text: str) -> str:
    """*text* as the tail of a path: an id may contain slashes and colons."""
    return quote(text, safe="/:@-._~")


def _finalize(value: object) -> object:
    """Every value that a template prints passes here; what is markup already was made by a template."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _picture(found: re.Match[str]) -> str:
    return chr(_CONTROL_PICTURES + ord(found[0]))
