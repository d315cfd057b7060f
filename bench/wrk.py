"""Load from wrk (https://github.com/wg/wrk): the scripts that it runs, and what it says at the end."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

CONNECTIONS: Final = 64
PATIENCE_SECONDS: Final = 30  # For the end of a run, beyond its own length.
LAST_ANSWERS_SECONDS: Final = 0.5  # What is stored already is answered within this time.
ANSWER_SECONDS: Final = 15  # After which wrk counts a request as timed out.

_MARK: Final = "tocsin-bench "
_ALERT: Final = (
    """'{"labels":{"alertname":"A-'..RUN..'-'..n..'","severity":"critical","instance":"web-1:9100",'"""
    """..'"job":"node","team":"t'..string.format("%02d",n%40)..'"},'"""
    """..'"annotations":{"summary":"CPU is high on web-1"},"generatorURL":"http://p:9090/g"}'"""
)
_SCRIPT: Final = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n, asked, RUN, LAST, EACH = 0, 0, "%(run)s", %(last)d, %(each)d
function request()
  asked = asked + 1
  -- One request of each connection is under way: so many more were asked than LAST that LAST of them were answered.
  if asked == LAST + %(connections)d then wrk.thread:stop() end
  local alerts = {}
  for i = 1, EACH do n = n + 1; alerts[i] = %(alert)s end
  return wrk.format(nil, nil, nil, "[" .. table.concat(alerts, ",") .. "]")
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('%(mark)s{"requests":%%d,"us":%%d,"refused":%%d,"broken":%%d,"late":%%d,"p50_us":%%d,"p99_us":%%d}\\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write, e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class Load(msgspec.Struct, frozen=True):
    """What wrk saw. *broken*: connections that failed; *late*: answers that took longer than ANSWER_SECONDS."""

    requests: int
    us: int
    refused: int
    broken: int
    late: int
    p50_us: int
    p99_us: int

    @property
    def accepted(self) -> int:
        """Requests that were answered with 2xx."""
        return self.requests - self.refused

    @property
    def rate(self) -> float:
        """Accepted requests a second."""
        return self.accepted / (self.us / 1_000_000)

    @property
    def p99_ms(self) -> float:
        """In milliseconds."""
        return self.p99_us / 1000


def script(run: str, *, each: int = 1, last: int = 0) -> str:
    """Lua that posts distinct alerts (those of another *run* too), *each* a request, and ends after *last* answers."""
    return _SCRIPT % {
        "run": run,
        "each": each,
        "last": last or 2**40,
        "connections": CONNECTIONS,
        "alert": _ALERT,
        "mark": _MARK,
    }


def parsed(output: str) -> Load:
    """The figures in wrk's output. Raises ValueError with the output when there are none."""
    found = re.search(rf"^{_MARK}(.+)$", output, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk did not come to its end: {output.strip()[-500:]}")
    return msgspec.json.decode(found[1], type=Load)


class Wrk:
    """One run of wrk, from `with` to `result`."""

    def __init__(self, url: str, lua: str, folder: Path, *, seconds: int) -> None:
        """One thread, CONNECTIONS connections, *seconds* at most."""
        path = folder / "load.lua"
        path.write_text(lua)
        self._seconds = seconds
        self._process = subprocess.Popen(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"--timeout={ANSWER_SECONDS}s", "-s", path, url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing of it stays."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def end(self) -> None:
        """Ask it to end now."""
        self._process.send_signal(signal.SIGINT)

    def result(self) -> Load:
        """Wait for the end. Raises ValueError."""
        output, _ = self._process.communicate(timeout=self._seconds + ANSWER_SECONDS + PATIENCE_SECONDS)
        return parsed(output)


def load(url: str, lua: str, folder: Path, *, seconds: int) -> Load:
    """A whole run."""
    with Wrk(url, lua, folder, seconds=seconds) as running:
        return running.result()


def load_until(url: str, lua: str, folder: Path, enough: Callable[[], bool], *, seconds: int = 120) -> Load:
    """A run that ends as soon as *enough*: wrk itself goes on waiting when its script has stopped it."""
    with Wrk(url, lua, folder, seconds=seconds) as running:
        while running.goes_on and not enough():
            time.sleep(0.02)
        time.sleep(LAST_ANSWERS_SECONDS)
        running.end()
        return running.result()
