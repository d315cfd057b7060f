"""Modules that are loaded when something of them is first used: for what most starts of a process never need.

    asl = later("tocsin.asl")  # Loads nothing.
    asl.parse(text)            # Loads the module, once.

A type checker sees an ordinary import, which stands beside it under `if TYPE_CHECKING`, and so does the contract of
layers. A process that lives long loads all of them when it starts (`load_all`), so that nobody waits for them later.
Which modules may be loaded later is told in docs/architecture.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

_KNOWN: Final[dict[str, None]] = {}  # In the order in which they were named.


class _Later:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the module has.
        return getattr(_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<later {self._name}>"


def later(name: str) -> Any:  # noqa: ANN401 - stands for a module.
    """The module *name* (whole, with its packages), which is loaded when something of it is first used."""
    _KNOWN[name] = None
    return _Later(name)


def function(place: str) -> Callable[..., Any]:
    """The function at *place* (`package.module.function`), whose module is loaded when it is first called."""
    name, _, attribute = place.rpartition(".")
    _KNOWN[name] = None

    def call(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - as the function has it.
        return getattr(_module(name), attribute)(*given, **more)

    call.__name__ = attribute
    return call


def attributes(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a *package* that shows what stands at *places*, by name; it is loaded when asked for."""
    _KNOWN.update(dict.fromkeys(place.rpartition(".")[0] for place in places.values()))

    def find(name: str) -> Any:  # noqa: ANN401 - whatever stands there.
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = places[name].rpartition(".")
        return getattr(_module(module), attribute)

    return find


def load_all() -> None:
    """Load all modules that were named so far, and those that they name."""
    done: set[str] = set()
    while left := [name for name in _KNOWN if name not in done]:
        for name in left:
            import_module(name)
            done.add(name)


def _module(name: str) -> Any:  # noqa: ANN401 - any module.
    found = sys.modules.get(name)
    # One that another thread is just loading stands there half made; `import_module` waits for it.
    if found is None or getattr(found.__spec__, "_initializing", False):
        return import_module(name)
    return found
