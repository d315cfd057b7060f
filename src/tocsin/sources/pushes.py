"""A push: commits that have reached a branch. Where the branch is watched it is a change; elsewhere it is a fact."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.changes.change import Change
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds
from tocsin.sources.builds import watched
from tocsin.sources.deployments import SHA_SHOWN, changed_links
from tocsin.sources.reading import Reading

COMMITS_MAX: Final = 20  # Listed in the description; the comparison has the rest.

_HEADS: Final = "refs/heads/"
_REFS: Final = "refs/"


class Commit(msgspec.Struct, frozen=True):
    """One commit: its hash, its message, and who wrote it."""

    sha: str
    message: str
    by: str


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One push to one branch.

    *ref*: the name of the branch, with or without `refs/heads/`. *after*: the newest commit, empty when the branch was
    deleted. *count*: of all commits, None if it is not told. *commits*: the newest last.
    """

    source: str
    repository: str
    ref: str
    default: str
    after: str
    by: str
    count: int | None
    forced: bool = False
    commits: tuple[Commit, ...] = ()
    links: tuple[tuple[str, Json], ...] = ()
    at: Instant | None = None


def reading(pushes: list[Push], event: Json) -> Reading:
    """The changes of *pushes*, and the facts of the others."""
    assert pushes
    facts = [_fact(push) for push in pushes if not _counts(push)]
    return Reading(
        source=pushes[0].source,
        event=event,
        changes=tuple(_change(push) for push in pushes if _counts(push)),
        fact=bounds.line("; ".join(facts)),
    )


def present(sha: str) -> str:
    """*sha*, or nothing when it is all zeros: how Git says that there is no commit."""
    return sha if sha.strip("0") else ""


def _counts(push: Push) -> bool:
    return bool(push.after) and _is_branch(push.ref) and watched(_branch(push), push.default)


def _is_branch(ref: str) -> bool:
    return ref.startswith(_HEADS) or not ref.startswith(_REFS)


def _branch(push: Push) -> str:
    return push.ref.removeprefix(_HEADS)


def _fact(push: Push) -> str:
    return f"{'push to' if push.after else 'end of'} {_branch(push)} of {push.repository}"


def _change(push: Push) -> Change:
    head = push.commits[-1].message.partition("\n")[0] if push.commits else ""
    what = "1 commit" if push.count == 1 else f"{push.count} commits" if push.count is not None else "commits"
    forced = " by force" if push.forced else ""
    place = " of ".join(part for part in (_branch(push), push.repository) if part)
    told = f"{what} pushed{forced} to {place}"
    return Change(
        title=bounds.title(f"{told}: {head}" if head else told),
        source=push.source,
        key=bounds.key(f"{push.source}:{push.repository}:push:{push.ref}:{push.after}"),
        what=bounds.line(push.repository, bounds.LABEL_MAX),
        by=bounds.line(push.by, bounds.LABEL_MAX),
        description=bounds.prose("\n".join(_row(commit) for commit in push.commits[-COMMITS_MAX:])),
        links=changed_links(push.links),
        changed_at=push.at,
    )


def _row(commit: Commit) -> str:
    first = bounds.line(commit.message.partition("\n")[0], bounds.LABEL_MAX)
    return f"{commit.sha[:SHA_SHOWN]} {first}{f' ({commit.by})' if commit.by else ''}"
