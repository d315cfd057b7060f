"""Jenkins, by its notification plugin: a build that has failed, is unstable, or has passed again.

The plugin tells of each phase of a build; what it found out is told when it is completed and once more when it is
finalized, unless it is set to tell of one of them only. Both are read, and merge by the job. What a job of a
multibranch project finds on a branch that somebody still works on is a notification. Source: the README and the
payload of the plugin (jenkinsci/notification-plugin).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from tocsin.kernel.json import Json
from tocsin.sources import bounds, builds
from tocsin.sources.builds import Build, Outcome
from tocsin.sources.places import at, text, thing
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "jenkins"

_OUTCOMES: Final = {"FAILURE": Outcome.FAILED, "UNSTABLE": Outcome.SHAKY, "SUCCESS": Outcome.PASSED}
_TOLD: Final = frozenset({"COMPLETED", "FINALIZED"})


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The alert of a build, or the fact that it is under way; None when *value* is of another shape."""
    build = thing(value, "build")
    phase = text(build, "phase").upper()
    if not phase or not text(value, "name"):
        return None
    word = text(build, "status").upper() if phase in _TOLD else phase
    path, page = text(value, "url"), text(build, "full_url")
    branch = text(build, "scm.branch").removeprefix("refs/heads/").removeprefix("origin/")
    return builds.reading(
        Build(
            source=SOURCE,
            repository=page.partition("://")[2].partition("/")[0],
            pipeline=_job(path) or text(value, "name"),
            branch=branch,
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            watched=not _multibranch(path, branch) or builds.watched(branch, ""),
            number=text(build, "number"),
            description=_description(build),
            links=((f"Build {text(build, 'number')}", page), ("Console", f"{page}console")),
            labels=(("job", text(value, "display_name", "name")), ("commit", text(build, "scm.commit"))),
            ended_at=bounds.instant(build.get("timestamp")),
        ),
        value,
        hints,
    )


def _job(path: str) -> str:
    """The names of the folders and of the job: `shop/api` of `job/shop/job/api/`; a branch's is quoted twice."""
    return "/".join(unquote(unquote(part)) for part in path.strip("/").split("/")[1::2])


def _multibranch(path: str, branch: str) -> bool:
    """Whether the job is that of one branch among others: its last name is the branch's."""
    return bool(branch) and _job(path).endswith(f"/{branch}")


def _description(build: dict[str, Json]) -> str:
    failed = at(build, "test_summary.failed_tests")
    tests = [name for name in failed if type(name) is str] if type(failed) is list else []
    count = text(build, "test_summary.failed")
    told = f"{count} of {text(build, 'test_summary.total')} tests failed." if tests else ""
    culprits = at(build, "scm.culprits")
    people = [name for name in culprits if type(name) is str] if type(culprits) is list else []
    by = f"Changes by {', '.join(people[: builds.SHOWN_MAX])}." if people else ""
    return "\n\n".join(filter(None, (text(build, "notes"), by, told, builds.named(tests), text(build, "log"))))
