"""The functions that come with Tocsin: `tocsin-ask` asks people, `tocsin-announce` tells them something.

What their payloads hold is written in docs/workflows-shipped.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from tocsin.approvals import question as questioning
from tocsin.approvals.question import Choice, Question
from tocsin.asl import Failure
from tocsin.engine.ports import Received, Store
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.telling import clean, one_line, paragraph
from tocsin.kernel.announcement import LINES_MAX, OFFERS_MAX, Announcement
from tocsin.kernel.json import Json
from tocsin.kernel.page import Page
from tocsin.kernel.time import DAY, MINUTE, SECOND, Duration, Instant
from tocsin.saying.document import document
from tocsin.saying.message import Heading, Paragraph, Saying
from tocsin.saying.text import code
from tocsin.schedules.timeline import on_call
from tocsin.tasks.doing import Own
from tocsin.tasks.task import Task
from tocsin.wiring import questions, runs
from tocsin.wiring.news import RoomNews, room_news
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings import Settings

ASK: Final = "tocsin-ask"
ANNOUNCE: Final = "tocsin-announce"

INVALID: Final = "Tocsin.QuestionInvalid"  # The payload is none: the workflow must be changed.
NOBODY: Final = "Tocsin.NobodyToAsk"  # Too few of those whom it names may answer, or none is known.

TITLE_MAX: Final = 140
TEXT_MAX: Final = 3000
LABEL_MAX: Final = 40
VALUE_MAX: Final = 100  # Characters of a choice's value: buttons carry it.
DEADLINE_MAX: Final[Duration] = 365 * DAY
REMIND_LEAST: Final[Duration] = 5 * MINUTE
PARENTS_MAX: Final = 20  # Runs that run in one another, on the way to who has started the first.

_TEAM: Final = "team:"
_SCHEDULE: Final = "schedule:"
_PERSON: Final = "responder:"

_YES_NO: Final = (
    Choice(value="approve", label="Approve", style="good"),
    Choice(value="reject", label="Reject", style="bad"),
)
_T = TypeVar("_T")


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    title: str
    to: str = ""
    text: str = ""
    choices: tuple[Choice, ...] = _YES_NO
    approvers: tuple[str, ...] | str = ()
    needed: int = 1
    deadline_seconds: float = DAY / SECOND
    otherwise: str = ""
    comment: bool = False
    remind_seconds: float | None = None
    self_approval: bool = False
    started_by: str = ""


class _Announce(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    to: str = ""
    text: str = ""
    preformatted: bool = False


class AskingPeople:
    """Both functions. Any thread."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
        forget: Callable[[str], object],
    ) -> None:
        """*accept* stores deliveries durably. *forget*: a token is waited for no more.

        Both raise StoreUnavailableError.
        """
        self._settings = settings
        self._store = store
        self._accept = accept
        self._clock = clock
        self._forget = forget

    def functions(self) -> Mapping[str, Own]:
        """By name."""
        return {ASK: self.ask, ANNOUNCE: self.announce}

    def ask(self, payload: Json, task: Task) -> Json:
        """Ask; done again it is the same question. Raises Failure, StoreUnavailableError."""
        try:
            found = self._ask(payload, task)
        except Failure:
            # Done again after a crash it may refuse what it has asked before: settings change.
            self._give_up(task, "its task has failed")
            raise
        run = None if task.run.startswith(questions.ELSEWHERE) else runs.find(self._store, task.run)
        if run is not None and not run.awaits(task.task):
            self._give_up(task, "")  # Where lanes are of several processes, the run's own word may have come before.
        return found

    def _give_up(self, task: Task, why: str) -> None:
        self._accept([questions.unwaited(task.run, task.task, why, self._clock(), by_run=False)])

    def _ask(self, payload: Json, task: Task) -> Json:
        if not task.what.waits:
            raise Failure(INVALID, "The Resource of a question ends with .waitForTaskToken; this one would not wait.")
        given, now = _read(payload, _Ask), self._clock()
        _check(given, task)
        settings = self._settings()
        team, rooms = _room(settings, given.to)
        wanted = (given.approvers,) if isinstance(given.approvers, str) else given.approvers
        approvers = tuple(dict.fromkeys(self._people(settings, wanted or (_TEAM + team,), now)))
        workflow, started_by = self._origin(task.run)
        deadline = round(given.deadline_seconds * SECOND)
        question = Question(
            id="",
            title=one_line(given.title, TITLE_MAX),
            text=paragraph(given.text, TEXT_MAX),
            choices=tuple(replace(each, label=_label(each)) for each in given.choices),
            approvers=approvers,
            names={who: settings.responders[who].name or who for who in approvers},
            rooms=rooms,
            needed=given.needed,
            deadline=now + deadline,
            otherwise=given.otherwise,
            comment=given.comment,
            remind_every=_remind(given, deadline),
            started_by=started_by or given.started_by,
            self_approval=given.self_approval,
            run=task.run,
            task=task.task,
            workflow=workflow,
        )
        able = questioning.asked(question)
        if len(able) < given.needed:
            found = f"only {', '.join(able)} may" if able else "nobody of those whom it names may"
            raise Failure(NOBODY, f"{given.needed} must agree, and {found}; who has started the run does not count.")
        self._accept([questions.asked(question, f"{task.id}/ask", now)])
        self._forget(task.token)  # From here on the question alone answers, so that nobody goes around its rule.
        return {}

    def announce(self, payload: Json, task: Task) -> Json:
        """Tell; done again it is told once. Its answer says who is told. Raises Failure, StoreUnavailableError."""
        given = _read(payload, _Announce)
        title = one_line(given.title, TITLE_MAX)
        lines = tuple(filter(None, (line.rstrip() for line in clean(given.text[:TEXT_MAX]).splitlines())))
        receivers = self._receivers(given.to)
        told = RoomNews(
            once=hashlib.sha256(task.id.encode()).hexdigest()[:24],
            receivers=receivers,
            what=Announcement(title, lines),
            page=_table(title, lines) if given.preformatted else Page(),
        )
        self._accept([room_news(told, self._clock())])
        return {"told": list(receivers)}

    def _receivers(self, to: str) -> tuple[str, ...]:
        settings = self._settings()
        person = to.removeprefix(_PERSON)
        return (responder(person),) if person in settings.responders and to else _room(settings, to)[1]

    def _people(self, settings: Settings, wanted: Sequence[str], now: Instant) -> Iterator[str]:
        for each in wanted:
            if each.startswith(_TEAM):
                yield from _known(settings.teams, each.removeprefix(_TEAM), "team").members
            elif each.startswith(_SCHEDULE):
                known = schedules(settings, self._store)
                who = on_call(_known(known, each.removeprefix(_SCHEDULE), "schedule"), now).who
                yield from (who,) if who in settings.responders else ()
            else:
                person = each.removeprefix(_PERSON)
                _known(settings.responders, person, "responder")
                yield person

    def _origin(self, name: str) -> tuple[str, str]:
        """The workflow of a run, and who has started it, or the run that it runs in."""
        run = runs.find(self._store, name)
        workflow = run.workflow if run else ""
        for _ in range(PARENTS_MAX):
            above = runs.find(self._store, run.parent.run) if run is not None and run.parent else None
            if above is None:  # The outermost, or what a rule has started.
                return workflow, run.by if run else ""
            run = above
        raise Failure(
            INVALID, f"Runs that ask are nested {PARENTS_MAX} levels deep at most; who has begun is not known."
        )


def _read(payload: Json, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as problem:
        raise Failure(INVALID, f"The payload cannot be read: {problem}") from None


def _check(given: _Ask, task: Task) -> None:
    """Raises Failure for what no question can be made of."""
    values = [each.value for each in given.choices]
    wrong = ""
    if not hmac.compare_digest(given.token.encode(), task.token.encode()):
        wrong = "token: this is not the token of the task that asks; take $states.context.Task.Token"
    elif not given.title.strip():
        wrong = "title: a question needs one"
    elif not 1 <= len(values) <= OFFERS_MAX or len(set(values)) < len(values) or not all(map(str.strip, values)):
        wrong = f"choices: give 1 to {OFFERS_MAX}, each with a value of its own"
    elif any(len(value) > VALUE_MAX for value in values):
        wrong = f"choices: a value has at most {VALUE_MAX} characters"
    elif given.needed < 1:
        wrong = f"needed: {given.needed} people cannot agree; 1 is the least"
    elif not SECOND <= given.deadline_seconds * SECOND <= DEADLINE_MAX:
        wrong = f"deadline_seconds: {given.deadline_seconds:g} is not between 1 and {DEADLINE_MAX // SECOND}"
    elif given.otherwise and given.otherwise not in values:
        wrong = f"otherwise: {given.otherwise[:LABEL_MAX]!r} is none of the choices"
    elif given.remind_seconds and not REMIND_LEAST <= given.remind_seconds * SECOND <= DEADLINE_MAX:
        wrong = f"remind_seconds: {REMIND_LEAST // SECOND} to {DEADLINE_MAX // SECOND}, or 0 for never"
    if wrong:
        raise Failure(INVALID, wrong)


def _label(choice: Choice) -> str:
    """What stands on its button: never nothing, which chats refuse."""
    return one_line(choice.label, LABEL_MAX) or one_line(choice.value, LABEL_MAX)


def _remind(given: _Ask, deadline: Duration) -> Duration:
    """How often to remind: if nothing is said, once, when half of the time is over."""
    if given.remind_seconds is not None:
        return round(given.remind_seconds * SECOND)
    return deadline // 2 if deadline // 2 >= REMIND_LEAST else 0


def _room(settings: Settings, to: str) -> tuple[str, tuple[str, ...]]:
    """The team that a channel or a team's name means, and the receiver that is its room. Raises Failure."""
    name = to.removeprefix(_TEAM)
    if not to:
        return settings.first_team, (room(settings.first_team),)
    found = next((team for team, each in settings.teams.items() if to in {each.slack, each.teams_channel}), name)
    _known(settings.teams, found, "team or channel")
    return found, (room(found),)


def _known(known: Mapping[str, _T], name: str, what: str) -> _T:
    found: Any = known.get(name)
    if found is None:
        there = ", ".join(known) or "none"
        raise Failure(NOBODY, f"There is no {what} {name[:LABEL_MAX]!r} in tocsin.yaml; there are: {there}"[:1000])
    return found  # type: ignore[no-any-return] # Of the mapping's type.


def _table(title: str, lines: Sequence[str]) -> Page:
    """Lines whose letters are of one width."""
    body = "\n".join(code(line) for line in lines[:LINES_MAX])
    return Page(saying=document(Saying(summary=title, parts=(Heading(title), Paragraph(body)))))
