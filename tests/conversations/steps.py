"""What can happen in a conversation, by the words in which it is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.approvals.asking_world import asking
from tests.conversations.clockwork import Clockwork
from tests.conversations.drawn import message_lines
from tests.conversations.stage import Stage
from tests.wiring.serving import ask
from tocsin.approvals.machine import Answered
from tocsin.approvals.question import Question
from tocsin.engine.ports import Received
from tocsin.kernel import json
from tocsin.testing.fake_slack import Acknowledgement, Message, View
from tocsin.testing.fake_slack.records import interactive_elements
from tocsin.wiring import questions, workflows

JSON = {"content-type": "application/json"}
Target = Message | View


def perform(made: Stage, words: str) -> None:
    """Do what *words* say. Raises AssertionError when nobody could do it."""
    for pattern, step in STEPS.items():
        if found := re.fullmatch(pattern, words):
            step(made, **found.groupdict())
            return
    raise AssertionError(f"nobody knows how to: {words}")


# ── Senders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def alert(made: Clockwork, severity: str | None, title: str, more: str | None) -> None:
    """An alert of the integration `default`."""
    _send(made, {"title": title, "severity": severity or "critical", "dedup_key": title, **json.decode(more or "{}")})


def over(made: Clockwork, title: str) -> None:
    """Its source says that it is over."""
    _send(made, {"title": title, "status": "resolved", "dedup_key": title})


def _send(made: Clockwork, body: dict[str, Any]) -> None:
    assert made.runtime
    status = ask(made.runtime.ingest_url(), json.encode(body), JSON)[0]
    assert status == 202, status


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────
def run_asks(made: Clockwork, title: str, more: str | None) -> None:
    """A run of a workflow that asks, by a payload with *more*; its `state` is more of the state that asks."""
    assert made.runtime
    payload = {"title": title, **json.decode(more or "{}")}
    kept = made.runtime.automation.definitions.keep(
        "deploy", json.encode(asking(payload.pop("state", {}), **payload)).decode()
    )
    _accept(made, workflows.ordered(workflows.start("deploy", kept, {}), made.clock()))


def run_is_stopped(made: Clockwork, cause: str | None) -> None:
    """The run that has asked last, as by `tocsin workflow stop`."""
    _accept(made, _stop(made, cause))


def run_is_stopped_at_once(made: Clockwork, who: str, choice: str) -> None:
    """An answer is stored, and the stop of its run behind it, before either is acted on."""
    given = Answered(by=who, choice=choice)
    _accept(made, questions.answered(_asked(made).id, given, made.clock()), _stop(made, None))


def _stop(made: Clockwork, cause: str | None) -> Received:
    return workflows.ordered(workflows.Order(stop=_asked(made).run, cause=cause), made.clock())


def _asked(made: Clockwork) -> Question:
    assert made.runtime
    return next(questions.listed(made.runtime.store, live_only=False)).question


def _accept(made: Clockwork, *received: Received) -> None:
    assert made.runtime
    made.runtime.store.accept(received)
    made.runtime.wake()


# ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def says(made: Stage, who: str, text: str, thread: str | None, place: str) -> None:
    """A slash command, a mention, words in a direct message, or what is not for us."""
    user, channel = made.people[who], made.channel(place)
    root = _root(made, place) if thread else None
    if text.startswith("/"):
        command, _, rest = text.partition(" ")
        _took(made.slack.slash(command, rest, user, channel))
    elif place.startswith("@"):
        _took(made.slack.tell(text, user, thread_ts=root))
    elif text.startswith("@tocsin"):
        _took(made.slack.mention(text.removeprefix("@tocsin").strip(), user, channel, thread_ts=root))
    else:
        made.slack.say(text, user, channel, thread_ts=root)


def presses(made: Stage, *, who: str, old: str | None, label: str, place: str, about: str | None) -> None:
    """A button of the newest message (or view) in a place that has it; *old*: as a former state of it was drawn."""
    target, element = _element(made, who, label, place, about or "", old=bool(old))
    _took(made.slack.click(target, element["action_id"], made.people[who]))


def chooses(made: Stage, *, who: str, option: str, old: str | None, label: str, place: str, about: str | None) -> None:
    """An option of a menu; *label* is what stands on it."""
    target, element = _element(made, who, label, place, about or "", old=bool(old))
    _took(made.slack.click(target, element["action_id"], made.people[who], _value(element, option)))


def sends(made: Stage, who: str, values: str) -> None:
    """Fills in the topmost modal, `Label: value; Label: value`, and submits it; a box is `Label: one, two`."""
    view = made.slack.views(made.people[who])[-1]
    inputs = {block["label"]["text"]: block["element"] for block in view.layout if block["type"] == "input"}
    filled: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in values.split(";"))):
        label, _, text = part.partition(":")
        assert label in inputs, f"no field {label!r}, there are {list(inputs)}"
        filled[inputs[label]["action_id"]] = _filled(inputs[label], text.strip())
    answer = _took(made.slack.submit(view, made.people[who], filled))
    errors = (answer.response or {}).get("errors", {}) if isinstance(answer.response, dict) else {}
    made.told += [f"modal of {who}: {problem}" for problem in errors.values()]


def closes(made: Stage, who: str) -> None:
    """Cancels the topmost modal."""
    user = made.people[who]
    made.slack.close_view([view for view in made.slack.views(user) if view.type == "modal"][-1], user)


def opens_home(made: Stage, who: str) -> None:
    _took(made.slack.open_home(made.people[who]))


def uses(made: Stage, who: str, name: str, text: str | None, place: str | None) -> None:
    """A shortcut by its callback id, on the newest message with *text* if one is named."""
    message = None
    if place is not None:
        message = next(each for each in reversed(made.slack.messages(made.channel(place))) if (text or "") in each.text)
    _took(made.slack.shortcut(name, made.people[who], message))


# ── Rooms and Slack itself ───────────────────────────────────────────────────────────────────────────────────────────
def joins(made: Stage, who: str, place: str) -> None:
    user = made.slack.bot if who == "bot" else made.people[who]
    _took(made.slack.invite(user, made.channel(place)))
    made.rooms[place[1:]] = made.slack.channel(made.channel(place))


def leaves(made: Stage, who: str, place: str) -> None:
    user = made.slack.bot if who == "bot" else made.people[who]
    _took(made.slack.leave(user, made.channel(place)))
    made.rooms[place[1:]] = made.slack.channel(made.channel(place))


def renamed(made: Stage, place: str, name: str) -> None:
    """Somebody gives a channel another name; here it keeps the one that it had."""
    _took(made.slack.rename(made.channel(place), name))


def pastes(made: Stage, who: str, place: str) -> None:
    """The newest line for a terminal that stands in a place, into a terminal."""
    assert who in made.people
    targets = (each for each in _targets(made, who, place, old=False) if isinstance(each, Message))
    said = (line for each in targets for line in message_lines(each, made.name))
    line = next(found for each in said if (found := re.search(r"`(curl .*)`", each)))
    *_, kind, _, body, address = shlex.split(line[1])
    name, _, value = kind.partition(": ")
    status = ask(address, body.encode(), {name: value})[0]
    assert status == 202, status


def archived(made: Stage, place: str) -> None:
    channel = made.channel(place)
    made.slack.archive(channel)
    _took(made.slack.event({"type": "channel_archive", "channel": channel.id, "user": made.slack.bot.id}))


def back(made: Stage, place: str) -> None:
    """Not archived any more."""
    channel = made.channel(place)
    made.slack.unarchive(channel)
    _took(made.slack.event({"type": "channel_unarchive", "channel": channel.id, "user": made.slack.bot.id}))


def taken_out(made: Stage, place: str) -> None:
    """Somebody takes the bot out, and no event of it arrives."""
    made.slack.remove(made.slack.bot, made.channel(place))


def person_is(made: Stage, who: str, state: str) -> None:
    """As Slack shows somebody; what it sends an event of, it sends."""
    changes: dict[str, dict[str, object]] = {
        "away": {"presence": "away"},
        "there": {"presence": "active", "dnd": False},
        "not to be disturbed": {"dnd": True},
        "deactivated": {"deleted": True},
        "active again": {"deleted": False},
    }
    user = made.people[who] = made.slack.change_user(made.people[who], **changes[state])
    if "deleted" in changes[state]:
        content = {"id": user.id, "name": user.name, "deleted": user.deleted, "tz": user.tz, "is_bot": False}
        _took(made.slack.event({"type": "user_change", "user": content}))


def moves(made: Stage, who: str, zone: str) -> None:
    """Somebody chooses another time zone."""
    user = made.people[who] = made.slack.change_user(made.people[who], tz=zone)
    content = {"id": user.id, "name": user.name, "deleted": False, "tz": user.tz, "is_bot": False}
    _took(made.slack.event({"type": "user_change", "user": content}))


def topic_is(made: Stage, place: str, text: str) -> None:
    """Somebody writes a channel's topic."""
    made.slack.set_topic(made.channel(place), text)


def fails(made: Stage, method: str, error: str, times: str) -> None:
    """A method of Slack refuses what it would take."""
    made.slack.fail(method, error, int(times))


def too_many(made: Stage, method: str, after: str) -> None:
    """Slack says 429 once."""
    made.slack.rate_limit(method, int(after))


def token_is(made: Stage, state: str) -> None:
    """The application is uninstalled, and installed again."""
    if state == "revoked":
        made.slack.revoke()
    else:
        made.slack.restore()


def event(made: Stage, content: str) -> None:
    for name, user in made.people.items():
        content = content.replace(f"@{name}", user.id)
    for name, room in made.rooms.items():
        content = content.replace(f"#{name}", room.id)
    _took(made.slack.event(json.decode(content)))


def slack_is(made: Stage, state: str) -> None:
    if state == "up":
        made.slack.up()
    else:
        made.slack.down("unavailable")


def looks(made: Stage) -> None:
    """What is done every two minutes by the clock of the machine: see who seems to be there."""
    made.look_who_is_there()


def nothing(made: Clockwork) -> None:
    """Time passes; what happens by itself is told."""


_WHO = r"(?P<who>\w+)"
_PLACE = r"(?P<place>[#@]\w+|modal|home)"
_ABOUT = r'(?: about "(?P<about>[^"]*)")?'
_OLD = r"(?P<old>the old )?"

STEPS: dict[str, Callable[..., None]] = {
    r'alert(?: (?P<severity>critical|high|warning|info))? "(?P<title>.*?)"(?: (?P<more>\{.*\}))?': alert,
    r'ok "(?P<title>.*)"': over,
    r'a run asks "(?P<title>.*?)"(?: (?P<more>\{.*\}))?': run_asks,
    r'the run is stopped(?: "(?P<cause>.*)")?': run_is_stopped,
    rf"{_WHO} answers (?P<choice>\w+), and the run is stopped at once": run_is_stopped_at_once,
    rf'{_WHO} says "(?P<text>.*)" in (?P<thread>the thread of )?{_PLACE}': says,
    rf"{_WHO} presses {_OLD}(?P<label>.+?) in {_PLACE}{_ABOUT}": presses,
    rf"{_WHO} chooses (?P<option>.+?) from {_OLD}(?P<label>.+?) in {_PLACE}{_ABOUT}": chooses,
    rf"{_WHO} sends(?: (?P<values>.+))?": lambda made, who, values: sends(made, who, values or ""),
    rf"{_WHO} closes it": closes,
    rf"{_WHO} opens home": opens_home,
    rf'{_WHO} uses (?P<name>[\w-]+)(?: on "(?P<text>.*)" in (?P<place>[#@]\w+))?': uses,
    r"(?P<who>\w+) joins (?P<place>#\w+)": joins,
    r"(?P<who>\w+) leaves (?P<place>#\w+)": leaves,
    rf"{_WHO} pastes the line in {_PLACE} into a terminal": pastes,
    r"(?P<place>#\w+) is renamed to (?P<name>[\w-]+)": renamed,
    r"(?P<place>#\w+) is archived": archived,
    r"(?P<place>#\w+) is back": back,
    r"bot is taken out of (?P<place>#\w+)": taken_out,
    r'topic of (?P<place>#\w+) is "(?P<text>.*)"': topic_is,
    r"(?P<who>\w+) is (?P<state>away|there|not to be disturbed|deactivated|active again)": person_is,
    r"(?P<who>\w+) lives in (?P<zone>[\w/]+)": moves,
    r"(?P<method>[\w.]+) fails with (?P<error>\w+) (?P<times>\d+) times": fails,
    r"(?P<method>[\w.]+) says 429, for (?P<after>\d+) s": too_many,
    r"the token is (?P<state>revoked|restored)": token_is,
    r"slack is (?P<state>up|down)": slack_is,
    r"event (?P<content>\{.*\})": event,
    r"tocsin looks who is there": looks,
    r"wait": nothing,
}


# ── Finding ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _took(answer: Acknowledgement) -> Acknowledgement:
    assert answer.ok, f"not acknowledged: {answer.error}"
    return answer


def _root(made: Stage, place: str) -> str:
    """The newest message of ours in *place* that is in no thread."""
    ours = [each for each in made.slack.messages(made.channel(place)) if each.user == made.slack.bot.id]
    return next(each.ts for each in reversed(ours) if not each.thread_ts)


def _element(made: Stage, who: str, label: str, place: str, about: str, *, old: bool) -> tuple[Target, dict[str, Any]]:
    """What bears *label*, and where."""
    seen: list[str] = []
    for target in _targets(made, who, place, old=old):
        if (
            about
            and isinstance(target, Message)
            and not any(about in line for line in message_lines(target, made.name))
        ):
            continue
        for _, element in interactive_elements(target.layout):
            shown = _label(element)
            seen.append(shown)
            if shown == label:
                return target, element
    raise AssertionError(f"{who} sees no {label!r} in {place}; there are {seen}")


def _targets(made: Stage, who: str, place: str, *, old: bool) -> Iterator[Target]:
    user = made.people[who]
    if place in {"modal", "home"}:
        yield from reversed([view for view in made.slack.views(user) if view.type == place])
        return
    channel = made.channel(place)
    messages: Sequence[Message] = (*made.slack.messages(channel), *made.slack.ephemerals(channel))
    if old:
        messages = [each for each in made.history if each.channel == channel.id and each not in messages]
    yield from reversed([each for each in messages if each.ephemeral_to in {None, user.id}])


def _label(element: dict[str, Any]) -> str:
    text = element.get("text") or element.get("placeholder") or {"text": element["type"]}
    return str(text["text"])


def _value(element: dict[str, Any], label: str) -> str:
    options = {option["text"]["text"]: option["value"] for option in element["options"]}
    assert label in options, f"no {label!r}, there are {list(options)}"
    return str(options[label])


def _filled(element: dict[str, Any], text: str) -> object:
    kind = element["type"]
    if kind in {"checkboxes", "multi_static_select"}:
        return [_value(element, each.strip()) for each in text.split(",") if each.strip()]
    if kind in {"static_select", "radio_buttons"}:
        return _value(element, text)
    return int(text) if kind == "datetimepicker" else text
