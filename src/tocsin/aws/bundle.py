"""The code of the functions, as one zip: this package, what it needs on Lambda's machines, and the configuration.

The same inputs make the same bytes: names are sorted, times fixed. What the zip is called is a digest of its contents,
so that another compressor makes no other code of it. Its bytecode is made by `tocsin.aws.bytecode`. boto3 is left out:
Lambda's own is patched by AWS, and half of the zip would be its models. Versions and hashes are those of
`functions.lock`, which `make lock` writes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

import tocsin
from tocsin.errors import TocsinError

LOCK: Final = Path(__file__).with_name("functions.lock")
BYTES_MAX: Final = 20_000_000  # Of the zip: a cold start unpacks it, and an upload waits for it.
CONFIG: Final = "tocsin.yaml"  # Its name in the zip, and so in /var/task.
LEVEL: Final = 6  # The best one takes twice as long, for one part in a hundred.
SAID_MAX: Final = 1_000
ARM_PLATFORMS: Final = ("manylinux2014_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64")

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # The first time that a zip can tell.
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3
# Nobody starts a program from there, and what an installer notes of itself differs between installers.
_LEFT_OUT: Final = ("bin", "__pycache__")
_NOTES_KEPT: Final = ("METADATA", "entry_points.txt")
_USELESS: Final = (
    # Codecs of images that nobody sends, a seventh of the whole; Pillow does without them.
    *("PIL/_avif.", "PIL/_imagingcms.", "pillow.libs/libavif-", "pillow.libs/liblcms2-"),
    # YAML is composed in Python here, for the places of what is wrong; the other half costs a start.
    "yaml/_yaml.",
    # What only a server of our own needs, which listens itself, and what builds extensions.
    *("aiosmtpd/", "atpublic/", "cffi/", "click/", "h11/", "httptools/", "public/", "uvicorn/"),
    # The fast half of web sockets, which functions do not open.
    *("aiohttp/_websocket/reader_c.", "aiohttp/_websocket/mask."),
    # The packages' own tests.
    *("icalendar/tests/", "recurring_ical_events/test/"),
)
_SUFFIXES_LEFT_OUT: Final = frozenset({".c", ".h", ".hash", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx"})
_NOT_OURS: Final = ("cli", "demo", "rehearsal", "sqlite")  # Packages of ours that no function can import.


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The machines that the code runs on: a version of Python, and tags of platforms (PEP 600), best first."""

    python: str
    platforms: tuple[str, ...]


LAMBDA: Final = Target(python="3.13", platforms=ARM_PLATFORMS)  # Amazon Linux 2023 has glibc 2.34.


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A zip. *digest* names its contents (64 hexadecimal digits)."""

    digest: str
    data: bytes

    @property
    def key(self) -> str:
        """Its name in a bucket."""
        return f"code/{self.digest}.zip"


Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - the words are ours.


def fetch(folder: Path, target: Target = LAMBDA, lock: Path = LOCK, run: Run = _run) -> None:
    """Install the locked packages for *target* into *folder*, with pip or uv. Raises TocsinError."""
    installer = _installer(target)
    done = run([*installer, "--target", str(folder), "--requirement", str(lock)])
    if done.returncode:
        said = done.stderr.strip()[-SAID_MAX:] or done.stdout.strip()[-SAID_MAX:]
        raise TocsinError(
            "packages-missing",
            f"the packages of the functions could not be fetched; is the package index reachable?\n{said}",
        )


def _installer(target: Target) -> list[str]:
    always = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--quiet"]
    if importlib.util.find_spec("pip") is not None:
        platforms = [word for each in target.platforms for word in ("--platform", each)]
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile"]
        return [*pip, "--implementation", "cp", "--python-version", target.python, *platforms, *always]
    if uv := shutil.which("uv"):
        best = target.platforms[-1]
        machine = "x86_64" if best.endswith("x86_64") else "aarch64"
        name = f"{machine}-{best.removesuffix(machine).rstrip('_')}"
        return [uv, "pip", "install", "--python-version", target.python, "--python-platform", name, *always]
    raise TocsinError(
        "packages-missing",
        "neither pip nor uv is here to fetch the packages of the functions; install one of them, or name a zip that "
        "was built elsewhere with --zip",
    )


def contents(packages: Path, configuration: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the zip holds by name: the *packages*, this package, and the *configuration* (name -> bytes)."""
    found = {name: path.read_bytes() for name, path in _files(packages, _wanted)}
    ours = Path(tocsin.__file__).parent
    found |= {f"tocsin/{name}": path.read_bytes() for name, path in _files(ours, _ours)}
    return found | dict(configuration)


def _files(folder: Path, wanted: Callable[[PurePosixPath], bool]) -> Iterable[tuple[str, Path]]:
    for path in folder.rglob("*"):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        if path.is_file() and wanted(name):
            yield str(name), path


def _wanted(name: PurePosixPath) -> bool:
    if any(part in _LEFT_OUT for part in name.parts) or str(name).startswith(_USELESS):
        return False
    if name.parts[0].endswith(".dist-info"):
        return name.name in _NOTES_KEPT or "licenses" in name.parts
    return name.suffix not in _SUFFIXES_LEFT_OUT


def _ours(name: PurePosixPath) -> bool:
    return "__pycache__" not in name.parts and name.suffix != ".pyc" and name.parts[0] not in _NOT_OURS


def pack(files: Mapping[str, bytes]) -> Bundle:
    """The zip of *files*. Raises TocsinError: too large."""
    digest = hashlib.sha256()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in sorted(files.items()):
            digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, LEVEL)
    data = made.getvalue()
    if len(data) >= BYTES_MAX:
        raise TocsinError(
            "zip-large",
            f"the zip has {len(data):,} bytes, and may have {BYTES_MAX:,}; its configuration may be too large",
        )
    return Bundle(digest=digest.hexdigest(), data=data)


def read(file: Path) -> dict[str, bytes]:
    """What a zip holds that was made before. Raises TocsinError."""
    try:
        with zipfile.ZipFile(file) as archive:
            found = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except FileNotFoundError:
        raise TocsinError("file-missing", f"there is no file {file}") from None
    except (zipfile.BadZipFile, zlib.error) as problem:
        raise TocsinError("zip-damaged", f"{file} is no zip, or damaged: {problem}") from None
    if "tocsin/__init__.py" not in found:
        raise TocsinError("zip-foreign", f"{file} is a zip, and not one that `tocsin deploy --keep-zip` has written")
    return found
