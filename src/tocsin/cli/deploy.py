"""`tocsin deploy` and `tocsin template`: the stack in a team's own account, from nothing, or from what is there."""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from tocsin import __version__
from tocsin.aws import artifacts, bundle, bytecode, stack_changes
from tocsin.aws.accounts import Account, Cloud
from tocsin.aws.artifacts import Artifacts, Deployment
from tocsin.aws.bundle import Bundle
from tocsin.aws.parameters import Secrets
from tocsin.aws.stacks import Proposal, Stack, Stacks, Wanted, complain
from tocsin.cli import deploy_alert, deploy_next, deploy_plan
from tocsin.cli.deploy_arguments import STACK
from tocsin.cli.deploy_progress import Screen, progress
from tocsin.cli.deploy_secrets import Filled, ask_at_terminal, fill
from tocsin.cli.printing import say, say_json
from tocsin.errors import TocsinError
from tocsin.kernel.time import SECOND, Instant, format_duration
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.settings import FILE, Settings

TEST_SECONDS: Final = 120.0  # A cold start of every function on the way takes some seconds, the first mapping a minute.
MARK_BYTES: Final = 6
TAGS: Final[Mapping[str, str]] = {"app": "tocsin"}


def run(given: argparse.Namespace) -> int:
    """`tocsin deploy`; the exit code."""
    if given.template_only or given.member:
        return template(given)
    clock = SystemClock()
    began = clock()
    screen = Screen(quiet=given.json)
    cloud = Cloud(profile=given.profile, region=given.region)
    account = cloud.identify(given.account or "")
    stacks = Stacks(cloud)
    screen.say(f"account {account.number}, region {account.region}, stack {given.stack}; you are {account.who}\n")
    work = _Work(given=given, cloud=cloud, account=account, stacks=stacks, screen=screen, clock=clock)
    done = _roll_back(work) if given.rollback else _deploy(work)
    told = done.told
    if done.stack is not None and not given.dry_run:
        told |= _next_steps(work, done, done.stack)
        if not given.no_test:
            told |= _tried(work, done.stack)
        screen.say(f"\nDone in {format_duration(_seconds(clock() - began))}.\n")
    if given.json:
        say_json(told | {"ms": clock() - began})
    return 0


def template(given: argparse.Namespace) -> int:
    """`tocsin template`: print it; AWS is not asked."""
    if given.member:
        say(deploy_plan.member_template())
        return 0
    if getattr(given, "automation", False):
        say(deploy_plan.automation_template())
        return 0
    if getattr(given, "policy", False):
        say(deploy_plan.policy(given.stack) + "\n")
        return 0
    say(deploy_plan.bare(fill(_config(given), os.environ, {}, None).inspection.settings))
    return 0


class _Work(msgspec.Struct, frozen=True, kw_only=True):
    given: argparse.Namespace
    cloud: Cloud
    account: Account
    stacks: Stacks
    screen: Screen
    clock: Callable[[], Instant]

    @property
    def name(self) -> str:
        return str(self.given.stack)

    @property
    def label(self) -> str:
        """A name for a change set: unique, and it sorts."""
        return f"tocsin-{self.clock()}-{secrets.token_hex(3)}"


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    told: dict[str, Any]
    stack: Stack | None = None
    welcome: Settings | None = None  # People have not seen its address before.


# ── Forward ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _deploy(work: _Work) -> _Done:
    vault = Secrets(work.cloud, deploy_plan.secrets_prefix(work.name))
    config = _config(work.given)
    filled = fill(config, os.environ, vault.read(), ask_at_terminal())
    for warning in filled.inspection.warnings:
        work.screen.say(f"{config}: {warning.message}\n")
    there = work.stacks.find(work.name)
    before = None
    if there is not None and not there.empty:
        complain(there)
        before = deploy_plan.json_object(work.stacks.template(work.name))
    plan = deploy_plan.make(filled.inspection.settings, _asked(work, there), there, before)
    if plan.adopts:
        deploy_plan.find_table(work.cloud, work.given.table)
    code = _code(work, filled, config, vault.expected(filled.fresh))
    bucket = _bucket(work)
    if bucket is None:
        return _first_time(work, plan, code)
    now = work.clock()
    deployment = Deployment(
        at=now,
        first=now,
        version=__version__,
        code=code.key,
        template=f"template/{deploy_plan.digest(plan.template)}.json",
        parameters=dict(plan.parameters) | deploy_plan.code_parameters(bucket.bucket, code.key),
    )
    if bucket.put(code.key, code.data):
        work.screen.say(f"code uploaded to {bucket.bucket}\n")
    bucket.put(deployment.template, plan.template.encode())

    def write_secrets() -> None:
        if filled.fresh:
            vault.write(filled.fresh)
            work.screen.say(f"secrets written: {', '.join(filled.fresh)}\n")

    done = _change(work, bucket, deployment, plan.template, write_secrets, adopts=plan.adopts)
    fresh = done.stack is not None and (there is None or there.empty)
    return msgspec.structs.replace(done, welcome=filled.inspection.settings) if fresh else done


def _asked(work: _Work, there: Stack | None) -> deploy_plan.Asked:
    given = work.given
    email = given.email
    if not email and (there is None or not deploy_plan.email(there)):
        email = work.screen.ask_for("Who hears of it when Tocsin itself is ill? An e-mail address: ")
    return deploy_plan.Asked(stack=given.stack, email=email, settings=tuple(given.set), table=given.table)


def _code(work: _Work, filled: Filled, config: Path, versions: Mapping[str, int]) -> Bundle:
    files = deploy_plan.files(filled.raw, filled.inspection.settings, config.parent, versions)
    if work.given.zip:
        made = bundle.pack(bundle.read(work.given.zip) | files)
    else:
        work.screen.say("fetching the packages of the functions, and packing them ...\n")
        with tempfile.TemporaryDirectory() as folder:
            bundle.fetch(Path(folder))
            found = bundle.contents(Path(folder), files)
            added = bytecode.compiled(found, bundle.LAMBDA.python)
            if not added:
                work.screen.say(bytecode.MISSING.format(version=bundle.LAMBDA.python))
            made = bundle.pack(found | added)
    work.screen.say(f"code: {len(made.data):,} bytes, {made.digest[:12]}\n")
    if work.given.keep_zip:
        work.given.keep_zip.write_bytes(made.data)
    return made


def _bucket(work: _Work) -> Artifacts | None:
    """The bucket, made if need be; None on a dry run in an account that has none."""
    found = artifacts.found(work.cloud, work.stacks, work.name)
    if work.given.dry_run:
        return found
    events = artifacts.make(work.stacks, work.name, work.label, TAGS)
    for event in events:
        if event.status == "CREATE_COMPLETE" and event.kind == "AWS::S3::Bucket":
            work.screen.say("a bucket for the code was made\n")
    made = found or artifacts.found(work.cloud, work.stacks, work.name)
    if made is None:
        raise TocsinError(
            "stack-state", f"the stack {work.name}{artifacts.SUFFIX} has no bucket; delete it, and try again"
        )
    return made


def _first_time(work: _Work, plan: deploy_plan.Plan, code: Bundle) -> _Done:
    """A dry run where nothing is yet: no bucket, and so no change set; the template says what would be made."""
    planned = deploy_plan.all_added(plan.template)
    _show(work, planned)
    work.screen.say("\nThat was a dry run: nothing is here yet, and nothing was made.\n")
    return _Done(told=_told(work, planned) | {"code": code.digest, "changed": False})


def _change(
    work: _Work,
    bucket: Artifacts,
    deployment: Deployment,
    text: str,
    begin: Callable[[], None] = lambda: None,
    *,
    adopts: bool = False,
) -> _Done:
    """Make the stack as *deployment* says; ask before, and *begin* once people have agreed."""
    wanted = Wanted(
        template=text,
        parameters=deployment.parameters,
        tags=TAGS,
        url=bucket.url(deployment.template),
        adopts=adopts,
    )
    proposal = work.stacks.propose(work.name, wanted, work.label)
    if proposal is None:
        work.screen.say("\nThe stack is so already: nothing changes.\n")
        if not work.given.dry_run:
            _remember_late(bucket, deployment)
        return _Done(told=_told(work, ()) | {"changed": False}, stack=work.stacks.find(work.name))
    _show(work, proposal.changes)
    told = _told(work, proposal.changes)
    if work.given.dry_run:
        work.stacks.discard(proposal)
        work.screen.say("\nThat was a dry run: nothing was changed.\n")
        return _Done(told=told | {"changed": False})
    _consent(work, proposal)
    work.screen.say("\n")
    begin()
    names = {each.name for each in proposal.changes if each.deed is not stack_changes.Deed.FOLLOW}
    try:
        progress(work.screen, work.stacks.execute(proposal), names)
    except KeyboardInterrupt:
        work.screen.say("\nAWS goes on with it. When it is done, `tocsin deploy` says how things are.\n")
        raise
    bucket.remember(deployment)
    return _Done(told=told | {"changed": True}, stack=work.stacks.find(work.name))


def _remember_late(bucket: Artifacts, deployment: Deployment) -> None:
    """Whoever was interrupted while the stack changed has not noted what was deployed."""
    history = bucket.history()
    if not history or _what(history[-1]) != _what(deployment):
        bucket.remember(deployment)


def _consent(work: _Work, proposal: Proposal) -> None:
    """Raises TocsinError: not allowed by people, or by us."""
    lost = stack_changes.forbidden(proposal.changes)
    if lost is not None:
        work.stacks.discard(proposal)
        raise TocsinError(
            "table-replaced",
            f"refused: this change would take {lost.name} ({lost.kind}) away with all incidents in it. Nothing was "
            "changed. `tocsin backup` keeps what is in it; then destroy, deploy, and restore",
        )
    agreed = bool(work.given.yes)
    try:
        agreed = agreed or work.screen.ask("\nChange the stack like this? [y/N] ")
    finally:  # Also where nobody can be asked, or somebody presses Ctrl-C.
        if not agreed:
            work.stacks.discard(proposal)
    if not agreed:
        raise TocsinError("not-confirmed", "nothing was changed")


# ── Back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _roll_back(work: _Work) -> _Done:
    bucket = artifacts.found(work.cloud, work.stacks, work.name)
    history = bucket.history() if bucket is not None else []
    last = history[-1] if history else None
    before = [each for each in history if last is not None and each.first < last.first and _what(each) != _what(last)]
    if bucket is None or not before:
        raise TocsinError("history-empty", f"nothing else was deployed as {work.name} before: there is no way back")
    target = max(before, key=lambda each: each.first)
    work.screen.say(f"back to Tocsin {target.version}, as deployed {deploy_plan.when(target.first)}\n")
    text = bucket.get(target.template).decode()
    return _change(work, bucket, msgspec.structs.replace(target, at=work.clock()), text)


def _what(deployment: Deployment) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return deployment.code, deployment.template, tuple(sorted(deployment.parameters.items()))


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _show(work: _Work, planned: tuple[stack_changes.Change, ...]) -> None:
    work.screen.say(f"\n{stack_changes.summary(planned)}:\n")
    for line in stack_changes.lines(planned):
        work.screen.say(f"{line}\n")


def _told(work: _Work, planned: Iterable[stack_changes.Change]) -> dict[str, Any]:
    return {
        "account": work.account.number,
        "region": work.account.region,
        "stack": work.name,
        "changes": [
            {"deed": each.deed.value, "name": each.name, "type": each.kind, "properties": list(each.properties)}
            for each in planned
        ],
    }


def _tried(work: _Work, stack: Stack) -> dict[str, Any]:
    """The test alert goes in, and is seen to come out. Raises TocsinError."""
    outputs = deploy_plan.outputs(stack)
    mark = secrets.token_hex(MARK_BYTES)
    work.screen.say("\nA test alert goes the real way ...\n")
    with closing(deploy_plan.open_store(work.cloud, outputs.table)) as store:
        deploy_alert.ring(work.cloud, outputs.topic, mark, over=False)
        arrived = deploy_alert.await_arrival(store, mark, TEST_SECONDS, work.clock)
        deploy_alert.ring(work.cloud, outputs.topic, mark, over=True)
    by = f", and was sent by {', '.join(arrived.ways)}" if arrived.ways else "; no room is configured that shows it"
    work.screen.say(f"it came out as incident {arrived.incident} after {arrived.ms / SECOND:.1f} s{by}\n")
    return {"test_alert": {"incident": arrived.incident, "ms": arrived.ms, "ways": list(arrived.ways)}}


def _next_steps(work: _Work, done: _Done, stack: Stack) -> dict[str, Any]:
    """Tell people where it is, and what to do with a new one; the same for scripts."""
    scene = deploy_next.Scene(outputs=deploy_plan.outputs(stack), place=_place(work), email=deploy_plan.email(stack))
    told = deploy_next.tell(work.screen, scene)
    if done.welcome is not None:
        with closing(deploy_plan.open_store(work.cloud, scene.outputs.table)) as store:
            told |= deploy_next.welcome(work.screen, scene, done.welcome, store, work.clock())
    return told


def _place(work: _Work) -> str:
    """How further commands name the stack, as far as they must."""
    given = work.given
    stack = given.stack if given.stack != STACK else ""
    said = (("stack", stack), ("region", given.region), ("profile", given.profile))
    return "".join(f" --{name} {value}" for name, value in said if value)


def _seconds(ms: int) -> int:
    return max(SECOND, ms // SECOND * SECOND)


def _config(given: argparse.Namespace) -> Path:
    return given.config or Path(FILE)
