"""The stage: time, the server, Slack and the people on it, and the verbs in which the script is written.

Time stands still while the server has something to do, and while somebody sends or presses; in between it is pushed on
in small steps. So the story is the same on every machine, and no busy one makes a responder come too late.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

from tocsin.demo.browser import Browser
from tocsin.demo.clock import StoryClock
from tocsin.demo.deliveries import Delivery
from tocsin.demo.server import Server, ask
from tocsin.demo.team import Team
from tocsin.demo.terminal import Terminal, Tone
from tocsin.demo.trouble import StoryError
from tocsin.demo.watcher import Watcher
from tocsin.incidents.telling import one_line
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.slack.drawing import ACTION
from tocsin.testing.fake_slack import FakeSlack, Message
from tocsin.web.console.sessions import signin_link

BEAT_S: Final = 0.02  # Real seconds between two steps of the clock.
BUSY_MAX_S: Final = 3.0  # How long time waits for the server; beyond it, it goes on, and the bound decides.
BOUND_S: Final = 120.0  # Real seconds for the whole story.
TITLE_MAX: Final = 40  # Characters of an incident's title in a line.

_POLL_S: Final = 0.003
_TOKEN_BYTES: Final = 24
_BUTTONS: Final = {"acknowledge": "Acknowledge", "pass": "Pass", "escalate": "Escalate", "resolve": "Resolve"}

T = TypeVar("T")


class Stage:
    """One performance. One thread."""

    def __init__(
        self,
        clock: StoryClock,
        server: Server,
        slack: FakeSlack,
        team: Team,
        terminal: Terminal,
        *,
        speed: float,
        bound_s: float = BOUND_S,
    ) -> None:
        """*speed*: story seconds in a real one. *bound_s*: real seconds that all of it may take."""
        self.clock = clock
        self.server = server
        self.slack = slack
        self.team = team
        self.terminal = terminal
        self.watcher = Watcher(server.runtime.store, slack, team)
        self.sent: list[Delivery] = []
        self.presses = 0
        self.broken: set[str] = set()
        self._subject = (0, "")  # When, and of which incident the last line was: its title need not be said again.
        self._step: Duration = round(speed * BEAT_S * SECOND)
        self._bound_s = bound_s
        self._deadline = time.monotonic() + bound_s

    # ── The script's verbs ───────────────────────────────────────────────────────────────────────────────────────────
    def at(self, minutes: int, seconds: int = 0) -> None:
        """Go on to this time of the story. Raises StoryError."""
        then = self.clock.start + minutes * MINUTE + seconds * SECOND
        self.wait(lambda: self.clock() >= then, f"{minutes:02}:{seconds:02} of the story", until=then)

    def send(self, delivery: Delivery, text: str) -> None:
        """Post *delivery*; *text* says to the reader what it is. Raises StoryError."""
        runtime = self.server.runtime
        url = runtime.url + "/v2/enqueue" if delivery.enqueue else runtime.ingest_url(delivery.integration)
        self._tell(delivery.sender, text, Tone.SENDER)
        answer, body = ask("POST", url, delivery.body, delivery.headers)
        if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            raise StoryError(f"{delivery.sender} was answered {answer.status}: {body.decode(errors='replace')}")
        self.sent.append(delivery)
        self.settle(f"the server to handle what {delivery.sender} sent")
        if not self._subject[1] and not self._is_busy():
            self._tell("Tocsin", "nothing new in it: nobody is asked again", Tone.TOCSIN)

    def press(self, who: str, verb: str, title: str) -> None:
        """Let *who* press a button of their page about the incident *title*, once it is there. Raises StoryError."""
        button = _BUTTONS[verb]
        message = self.wait(lambda: self._asking(who, verb, title), f'a page for {who} about "{title}" with "{button}"')
        self._tell(who, f"presses {button}: {title}", Tone.PERSON, self.watcher.named(title))
        acknowledged = self.slack.click(message, ACTION + verb, self.team.people[who])
        if not acknowledged.ok:
            raise StoryError(f"{who} pressed {button}, and the server did not take it: {acknowledged.error}")
        self.presses += 1
        self.settle(f"the server to handle what {who} pressed")

    def resolve(self, who: str, title: str, note: str) -> None:
        """Let *who* resolve an incident in the console, with a note. Raises StoryError."""
        runtime = self.server.runtime
        name = self.wait(lambda: self.watcher.named(title), f'an incident named "{title}"')
        self._tell(who, f"resolves it in the console, with a note: {title}", Tone.PERSON, name)
        link = signin_link(runtime.store, secrets.token_urlsafe(_TOKEN_BYTES), self.clock(), who)
        Browser(runtime.url, link).submit(f"/incidents/{name}", verb="resolve", text=note)
        self.settle(f"the server to handle what {who} wrote")

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def wait(self, condition: Callable[[], T | None], what: str, *, until: Instant | None = None) -> T:
        """Let time pass until *condition* is true (never beyond *until*), and return what it returned.

        Raises StoryError, which says *what* was waited for, when the bound is reached.
        """
        self.settle(what)
        while not (found := condition()):
            time.sleep(BEAT_S)
            left = self._step if until is None else until - self.clock()
            self.clock.advance(min(self._step, left))
            self.server.runtime.wake()
            self.settle(what)
        return found

    def settle(self, what: str) -> None:
        """Wait until the server has nothing to do at this instant, and tell what it did. Raises StoryError."""
        patience = time.monotonic() + BUSY_MAX_S
        while self._is_busy() and time.monotonic() < patience:
            self._check(what)
            time.sleep(_POLL_S)
        self._check(what)
        self.look()

    def look(self) -> None:
        """Tell what has happened since the last time."""
        store, now = self.server.runtime.store, self.clock()
        self.broken.update(store.health(now).broken)
        news, pages = self.watcher.look()
        for each in news:
            text = self._about(each.at, [each.incident], each.text)
            self.terminal.line(each.at - self.clock.start, "Tocsin", text, Tone.TOCSIN)
        for at, about in dict.fromkeys((page.at, page.incidents) for page in pages):
            asked = [page.to for page in pages if (page.at, page.incidents) == (at, about)]
            asked.sort(key=lambda to: (to.startswith("#"), to))  # Slack took them in any order.
            whom = " and ".join(filter(None, (", ".join(asked[:-1]), asked[-1])))
            self.terminal.line(at - self.clock.start, "Slack", self._about(at, about, f"pages {whom}"), Tone.SLACK)

    def _is_busy(self) -> bool:
        """In this order: what leaves the one is in the next before."""
        store, now = self.server.runtime.store, self.clock()
        return bool(store.backlog(1) or store.due(now, 1) or store.pending(now, per_receiver=1))

    def _check(self, what: str) -> None:
        self.server.check()
        if time.monotonic() > self._deadline:
            raise StoryError(f"it waited in vain for {what}, and {self._bound_s:g} s are over")

    # ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _tell(self, who: str, text: str, tone: Tone, subject: str = "") -> None:
        """A line of now; *subject* is the incident that it names, if it does."""
        self.terminal.line(self.clock() - self.clock.start, who, text, tone)
        self._subject = (self.clock(), subject)

    def _about(self, at: Instant, incidents: Sequence[str], text: str) -> str:
        """*text*, after the titles of *incidents* unless the line before was about the same, *at* the same time."""
        subject = (at, ", ".join(incidents))
        known, self._subject = subject == self._subject, subject
        titles = ", ".join(_short(self.watcher.called(name)) for name in incidents)
        return text if known or not titles else f"{titles}: {text}"

    def _asking(self, who: str, verb: str, title: str) -> Message | None:
        """The newest page for *who* about *title* that has the button."""
        person = self.team.people[who]
        messages = reversed(self.slack.messages(self.slack.direct_channel(person)))
        return next((each for each in messages if title in each.text and ACTION + verb in each.action_ids), None)


def _short(title: str) -> str:
    """A title that is read in passing: of a long one the end, where the events of AWS name the thing."""
    return one_line(title if len(title) <= TITLE_MAX else title.rpartition(": ")[2], TITLE_MAX)
