"""The project speaks of itself only, and holds no secret."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]

# Each is written in pieces, so that this file does not contain what it forbids.
FORBIDDEN = {
    "a word that has no place here": [
        "clau" + "de",
        "anthro" + "pic",
        "open" + "ai",
        "chat" + "gpt",
        "copi" + "lot",
        "assist" + "ants?",
        "sub" + "-?agents?",
        "(?:ai|coding) " + "agents?",
        "language " + "models?",
        "ll" + "ms?",
    ],
    "a package registry": [
        "py" + "pi" + r"\.org",
        "python" + "hosted",
        "npm" + "js",
        "crates" + r"\.io",
        "piw" + "heels",
    ],
    "a path of one machine": [
        r"(?<![\w.])/" + "work",
        r"(?<![\w.])/" + "root",
        r"(?<![\w.])/" + "tmp",
        r"(?<![\w.])/opt/" + "(?:wheels|py" + "pi)",
    ],
    "a secret": [
        "xox" + "[abeoprs]-[0-9a-z]{5,}",
        "xapp" + "-[0-9]-[0-9a-z]{5,}",
        "(?:akia|asia)" + "[0-9a-z]{16}",
        "gh[opsu]" + "_[0-9a-z]{20,}",
        "-----begin [a-z ]*private" + " key-----",
        r"hooks\." + r"slack\.com/services/t[0-9a-z]{5,}",
    ],
}
FORBIDDEN_RE = {
    what: re.compile(r"(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)", re.IGNORECASE)
    if what != "a secret"
    else re.compile("|".join(patterns), re.IGNORECASE)
    for what, patterns in FORBIDDEN.items()
}


def kept_files() -> list[Path]:
    """Every file that git keeps, or would keep."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [HOUSE / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def findings(text: str) -> list[str]:
    """What *text* says and must not, one sentence each."""
    return [
        f"line {text.count(chr(10), 0, found.start()) + 1}: {what}: {found.group()!r}"
        for what, pattern in FORBIDDEN_RE.items()
        for found in pattern.finditer(text)
    ]


def test_no_kept_file_says_what_the_house_forbids() -> None:
    files = kept_files()
    assert HOUSE / "pyproject.toml" in files
    wrong = []
    for path in files:
        name = str(path.relative_to(HOUSE))
        wrong += [f"{name}: its name: {finding}" for finding in findings(name)]
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # A picture.
        wrong += [f"{name}: {finding}" for finding in findings(text)]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "as Clau" + "de said",
        "from https://py" + "pi.org/simple",
        "look in /" + "tmp/x",
        "open('/" + "work/main')",
        "xoxb" + "-123456",
        "AK" + "IA" + "Q" * 16,
    ],
)
def test_the_house_finds_what_it_forbids(text: str) -> None:
    assert len(findings(text)) == 1


@pytest.mark.parametrize("text", ["the user-agent header", "a web session", "https://host.example/tmp/", "xoxb-..."])
def test_the_house_lets_ordinary_words_pass(text: str) -> None:
    assert findings(text) == []
