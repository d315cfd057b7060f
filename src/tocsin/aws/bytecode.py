"""Bytecode for the zip of the functions, as Lambda's Python reads it: without it each cold start compiles all modules.

Lambda's disk cannot be written, so Python cannot keep there what it has compiled. The files are *unchecked hash-based*:
valid without a look at their sources, which stay for the lines of tracebacks. They must be made by a Python of the
version that reads them; where none is, the zip goes without, and works. Only what functions can load is compiled: the
limit of the zip is near. Source: PEP 552, and "Cached bytecode invalidation" in the Python Language Reference.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from tocsin.errors import TocsinError

MISSING: Final = (
    "no Python {version} is here, so the zip has no bytecode: each cold start takes about twice as long. With it "
    "installed (`uv python install {version}`, or your system's package), the next `tocsin deploy` adds it\n"
)
SECONDS_MAX: Final = 300.0
FOLDER: Final = "/var/task"  # Where Lambda unpacks the zip: what tracebacks shall name.

# The handlers and all that they name; then the ways to people, as far as their libraries are installed here.
_LOADS: Final = """\
import importlib, json, pkgutil, sys
import tocsin.lambdas
from tocsin.wiring.transports import WAYS
for found in pkgutil.iter_modules(tocsin.lambdas.__path__, "tocsin.lambdas."):
    importlib.import_module(found.name)
for name in WAYS:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print(json.dumps(sorted(sys.modules)))
"""
_COMPILES: Final = """\
import importlib.util, json, py_compile, sys
if "%d.%d" % sys.version_info[:2] != sys.argv[1] or sys.version_info.releaselevel != "final":
    sys.exit(3)
for name in json.load(sys.stdin):
    try:
        py_compile.compile(
            name, importlib.util.cache_from_source(name), sys.argv[2] + "/" + name, doraise=True,
            optimize=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except (py_compile.PyCompileError, ValueError):
        pass
"""

Run = Callable[[Sequence[str], str, Path], "subprocess.CompletedProcess[str]"]


def _run(words: Sequence[str], given: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # The order of sets, and with it the bytes, must not depend on chance.
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    environ.pop("PYTHONPYCACHEPREFIX", None)
    return subprocess.run(  # noqa: S603 - the words are ours.
        words, input=given, cwd=folder, env=environ, check=False, capture_output=True, text=True, timeout=SECONDS_MAX
    )


def interpreters(version: str) -> Iterable[str]:
    """What may be a Python of this *version* (`3.13`), best first; whoever uses one finds out whether it is."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    if uv := shutil.which("uv"):
        done = _run([uv, "python", "find", "--no-python-downloads", "--no-project", version], "", Path.cwd())
        if done.returncode == 0:
            yield done.stdout.strip()


def loaded() -> frozenset[str]:
    """The names of the modules that functions load. Raises TocsinError."""
    done = _run([sys.executable, "-c", _LOADS], "", Path.cwd())
    if done.returncode:
        raise TocsinError("bytecode-failed", f"the functions cannot be loaded here: {done.stderr.strip()[-1000:]}")
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def compiled(
    files: Mapping[str, bytes],
    version: str,
    modules: Iterable[str] | None = None,
    candidates: Iterable[str] | None = None,
    run: Run = _run,
) -> dict[str, bytes]:
    """The bytecode of those *files* (name -> bytes) that are *modules*, by its name in the zip; none without a Python.

    *modules*: by default what functions load; *candidates*: as `interpreters` gives them. Raises TocsinError.
    """
    wanted = sorted(_sources(files, loaded() if modules is None else modules))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in wanted:
            (folder / source).parent.mkdir(parents=True, exist_ok=True)
            (folder / source).write_bytes(files[source])
        for python in interpreters(version) if candidates is None else candidates:
            try:
                done = run([python, "-s", "-c", _COMPILES, version, FOLDER], json.dumps(wanted), folder)
            except OSError:  # It is none that can be started.
                continue
            if done.returncode == 0:
                return {
                    path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.pyc"))
                }
    return {}


def _sources(files: Mapping[str, bytes], modules: Iterable[str]) -> Iterable[str]:
    for module in modules:
        place = PurePosixPath(*module.split("."))
        for source in (f"{place}.py", f"{place}/__init__.py"):
            if source in files:
                yield source
