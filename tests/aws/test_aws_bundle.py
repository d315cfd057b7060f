"""The zip of the functions: the same bytes for the same inputs, below its limit, and everything in it that runs."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.house.test_house_dependencies import locked
from tocsin.aws import bundle
from tocsin.aws.bundle import LAMBDA, Target
from tocsin.errors import TocsinError
from tocsin.stack import reading

HANDLERS = ("dead", "inbox", "outbox", "slack", "sweep", "web")
RUNTIMES_OWN = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3"}  # Lambda has them.


def pinned() -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", bundle.LOCK.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_functions_run_with_the_versions_that_the_server_runs_with() -> None:
    assert pinned().items() <= locked("requirements.lock").items(), "run `make lock`"


def test_the_lock_of_the_functions_has_hashes_and_no_host() -> None:
    text = bundle.LOCK.read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") >= len(pinned()) > 20
    assert "://" not in text


def test_the_template_asks_for_the_machines_that_the_code_is_built_for() -> None:
    resources = reading.load()["Resources"]
    assert isinstance(resources, dict)
    found = {
        (each["Properties"]["Runtime"], *each["Properties"]["Architectures"])
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Function"
    }
    assert found == {(f"python{LAMBDA.python}", "arm64")}
    assert all(each.endswith("aarch64") for each in LAMBDA.platforms)


@pytest.mark.parametrize("name", HANDLERS)
def test_what_a_function_imports_is_in_its_zip(name: str) -> None:
    """In a process of its own: which packages of the machine are loaded with the handler?"""
    program = (
        f"import sys; import tocsin.lambdas.{name}; import importlib.metadata as m;"
        "tops = {x.partition('.')[0] for x in sys.modules}; of = m.packages_distributions();"
        "print(*sorted({d for t in tops for d in of.get(t, ())}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    used = {each.lower().replace("_", "-") for each in done.stdout.split()} - {"tocsin", "coverage", "setuptools"}
    assert used - RUNTIMES_OWN <= {each.lower() for each in pinned()}


def test_the_same_inputs_make_the_same_bytes(tmp_path: Path) -> None:
    for folder, order in (("one", ("a.py", "b.py")), ("two", ("b.py", "a.py"))):
        for name in order:
            (tmp_path / folder / "pkg").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "pkg" / name).write_bytes(name.encode())
    one, two = (bundle.pack(bundle.contents(tmp_path / each, {"tocsin.yaml": b"a: 1"})) for each in ("one", "two"))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one.data)) as archive:
        infos = archive.infolist()
        assert [each.filename for each in infos] == sorted(each.filename for each in infos)
        assert {each.date_time for each in infos} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.external_attr >> 16 for each in infos} == {0o100644}
        assert archive.read("tocsin.yaml") == b"a: 1"
        assert "tocsin/lambdas/inbox.py" in archive.namelist()
    other = bundle.pack(bundle.contents(tmp_path / "one", {"tocsin.yaml": b"a: 2"}))
    assert other.key != one.key == f"code/{one.digest}.zip"


def test_what_only_an_installer_or_a_developer_needs_is_left_out(tmp_path: Path) -> None:
    kept = ("pkg/a.py", "pkg/data.json", "a-1.dist-info/METADATA", "a-1.dist-info/licenses/LICENSE")
    left = (
        *("bin/tool", "pkg/__pycache__/a.pyc", "pkg/a.pyi", "a-1.dist-info/RECORD", "a-1.dist-info/INSTALLER"),
        *("PIL/_avif.cpython-313-aarch64-linux-gnu.so", "pillow.libs/libavif-1.so.16"),
    )
    for name in (*kept, *left):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert {name for name in bundle.contents(tmp_path, {}) if not name.startswith("tocsin/")} == set(kept)


def test_a_zip_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "BYTES_MAX", 100)
    with pytest.raises(TocsinError, match=r"the zip has \d+ bytes, and may have 100"):
        bundle.pack({"a": bytes(range(256))})


# ── A zip that was made before ───────────────────────────────────────────────────────────────────────────────────────
def test_a_zip_that_was_made_before_is_read(tmp_path: Path) -> None:
    made = bundle.pack({"tocsin/__init__.py": b"", "tocsin.yaml": b"a: 1"})
    (tmp_path / "a.zip").write_bytes(made.data)
    assert bundle.pack(bundle.read(tmp_path / "a.zip")) == made


def test_what_is_no_zip_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TocsinError, match="there is no file"):
        bundle.read(tmp_path / "a.zip")
    (tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(TocsinError, match="is no zip, or damaged"):
        bundle.read(tmp_path / "a.zip")
    (tmp_path / "a.zip").write_bytes(bundle.pack({"other": b""}).data)
    with pytest.raises(TocsinError, match="not one that `tocsin deploy --keep-zip` has written"):
        bundle.read(tmp_path / "a.zip")


# ── Fetching ─────────────────────────────────────────────────────────────────────────────────────────────────────────
class Runs:
    """A command that ends as it is told."""

    def __init__(self, code: int = 0, said: str = "") -> None:
        self.words: list[str] = []
        self._end = code, said

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.words = list(words)
        code, said = self._end
        return subprocess.CompletedProcess(words, code, "", said)


def test_pip_is_asked_for_wheels_of_the_target_with_hashes(tmp_path: Path) -> None:
    run = Runs()
    bundle.fetch(tmp_path, run=run)
    assert run.words[:4] == [sys.executable, "-m", "pip", "install"]
    text = " ".join(run.words)
    assert "--python-version 3.13 --platform manylinux2014_aarch64" in text
    assert "--no-deps --require-hashes --only-binary :all:" in text
    assert text.endswith(f"--target {tmp_path} --requirement {bundle.LOCK}")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (LAMBDA, "aarch64-manylinux_2_34"),
        (Target(python="3.12", platforms=("manylinux2014_x86_64",)), "x86_64-manylinux2014"),
    ],
)
def test_uv_is_asked_where_pip_is_not(
    target: Target, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/uv")
    run = Runs()
    bundle.fetch(tmp_path, target, run=run)
    assert run.words[:7] == [
        "/usr/bin/uv",
        "pip",
        "install",
        "--python-version",
        target.python,
        "--python-platform",
        name,
    ]


def test_without_an_installer_there_is_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(TocsinError, match="name a zip that was built elsewhere with --zip"):
        bundle.fetch(tmp_path, run=Runs())


def test_what_the_installer_says_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(TocsinError, match="is the package index reachable\\?\nNo matching distribution"):
        bundle.fetch(tmp_path, run=Runs(1, "No matching distribution"))


def test_a_real_command_is_run_and_heard(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("--no-index\nno-such-package==1 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    with pytest.raises(TocsinError, match="could not be fetched"):
        bundle.fetch(tmp_path / "packages", lock=lock)
