"""Pictures in Slack's messages: they come after the words, and what fails leaves the words as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, NOW, ROOM, SETTING, alert, incident, job
from tocsin.charts.chart import Chart, Series
from tocsin.charts.chart import document as chart_document
from tocsin.charts.drawing import picture
from tocsin.engine.ports import Delivered, Job
from tocsin.incidents.alerts import Metric
from tocsin.incidents.inputs import Acknowledged, Resolved
from tocsin.incidents.state import Incident
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.json import Json
from tocsin.kernel.page import Page
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Instant
from tocsin.saying.document import document
from tocsin.saying.message import Heading, Paragraph, Picture, Saying
from tocsin.slack import illustrating
from tocsin.slack.gallery import AGAIN_AFTER, Pictures, graph_words
from tocsin.slack.loop import LoopThread
from tocsin.slack.pages import no_charts, page_message
from tocsin.slack.transport import SlackTransport
from tocsin.slack.uploads import BYTES_MAX, KEPT_MAX
from tocsin.testing.fake_slack import Channel, FakeSlack, Limits, Message, User

PNG = b"\x89PNG\r\n\x1a\nrest"
CHART = Chart(title="Alerts", labels=("Mon", "Tue", "Wed"), series=(Series("high", "high", (1, 2, 3)),))
LINES = Announcement("ops: the last week", ("1 alert, 1 page.",))
SAYING = Saying(
    summary="ops: the last week. 6 alerts.",
    parts=(Heading("ops: the last week"), Picture(alt="Alerts: 6", name="alerts"), Paragraph("Thank you.")),
)
METRIC = Metric(namespace="AWS/EC2", name="CPUUtilization")
WITHOUT_FILES = ["chat:write", "im:write"]


def watched(*inputs: tuple[Instant, Acknowledged | Resolved]) -> Incident:
    return incident(*inputs, first=alert(metric=METRIC))


def week(saying: Json = None, charts: dict[str, Json] | None = None) -> Job:
    page = Page(saying=saying or document(SAYING), charts=charts or {"alerts": chart_document(CHART)})
    told = job("announce", ROOM, None)
    return replace(told, outgoing=replace(told.outgoing, facts=LINES.facts() | page.facts()))


class Drawer:
    """Draws graphs when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.content: bytes | None = PNG
        self.begun = threading.Semaphore(0)
        self.let = threading.Event()
        self.let.set()

    def has(self, incident: Incident) -> bool:
        return incident.face.metric is not None

    def graph(self, name: str, incident: Incident) -> bytes | None:
        assert incident.face.metric is METRIC or incident.face.metric == METRIC
        self.asked.append(name)
        self.begun.release()
        assert self.let.wait(10)
        return self.content


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Instant = NOW

    def __call__(self) -> Instant:
        return self.now


@dataclass
class World:
    """A workspace with a room and a person, and the transport to it."""

    slack: FakeSlack
    loop: LoopThread
    clock: Clock
    tries: Sequence[int] = (0,)
    drawer: Drawer = field(default_factory=Drawer)
    transport: SlackTransport = field(init=False)
    room: Channel = field(init=False)
    ada: User = field(init=False)

    def __post_init__(self) -> None:
        self.ada = self.slack.add_user("ada")
        self.room = self.slack.add_channel("ops", [self.ada])
        self.transport = SlackTransport(
            self.loop,
            self.slack.bot_token,
            now=self.clock,
            setting=SETTING,
            base_url=self.slack.base_url,
            timeout=5 * SECOND,
            pictures=Pictures(charts=picture, graphs=self.drawer, tries_after=self.tries),
        )

    def send(self, *jobs: Job, to: str = "") -> dict[str, Json] | None:
        """Deliver; the receipt of the last."""
        results = self.transport.deliver(to or self.room.id, jobs)
        assert all(isinstance(result, Delivered) for result in results), results
        self.clock.now += 2 * SECOND
        last = results[-1]
        assert isinstance(last, Delivered)
        return last.receipt

    def settle(self) -> None:
        self.loop.run(self.transport._gallery.settled())

    def shown(self, channel: Channel | None = None) -> list[str]:
        """The types of the blocks of the newest message."""
        return [block["type"] for block in self.newest(channel).blocks]

    def newest(self, channel: Channel | None = None) -> Message:
        return self.slack.messages(channel or self.room)[-1]

    def uploads(self) -> int:
        return sum(call.method == "files.completeUploadExternal" for call in self.slack.calls)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    found = LoopThread("slack-test")
    yield found
    found.close()


@pytest.fixture
def world(clock: Clock, loop: LoopThread) -> Iterator[World]:
    with FakeSlack(clock=lambda: clock.now / SECOND, wall_clock=lambda: clock.now / SECOND) as slack:
        found = World(slack, loop, clock)
        yield found
        found.transport.close()


@pytest.fixture
def narrow(clock: Clock, loop: LoopThread) -> Iterator[World]:
    """Without the scope for files."""
    with FakeSlack(scopes=WITHOUT_FILES, clock=lambda: clock.now / SECOND) as slack:
        found = World(slack, loop, clock)
        yield found
        found.transport.close()


# ── Digests ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_is_drawn_and_its_charts_follow(world: World) -> None:
    world.send(week())
    world.settle()
    assert world.shown() == ["header", "image", "section"]
    message = world.newest()
    assert message.text == "ops: the last week. 6 alerts."
    [file] = world.slack.files
    assert message.blocks[1]["slack_file"] == {"id": file.id}
    assert message.blocks[1]["alt_text"] == file.alt == "Alerts: 6"
    assert file.content == picture(chart_document(CHART))
    assert (file.name, file.title) == ("alerts.png", "alerts")
    world.slack.assert_clean()


def test_what_goes_to_several_is_uploaded_once(world: World) -> None:
    world.send(week())
    world.settle()
    world.send(week(), to=world.ada.id)
    world.settle()
    assert world.uploads() == 1
    assert world.shown(world.slack.direct_channel(world.ada)) == ["header", "image", "section"]


def test_without_the_scope_the_words_stand_alone_and_slack_is_not_asked_again(narrow: World) -> None:
    for _ in range(2):
        narrow.send(week())
        narrow.settle()
        assert narrow.shown() == ["header", "section"]
    asked = [call.method for call in narrow.slack.calls]
    assert asked.count("files.getUploadURLExternal") == 1
    narrow.clock.now += HOUR
    narrow.send(week())
    narrow.settle()
    assert [call.method for call in narrow.slack.calls].count("files.getUploadURLExternal") == 2
    narrow.slack.assert_clean(allow=["missing_scope"])


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
def test_an_upload_that_fails_leaves_the_words(world: World, method: str) -> None:
    world.slack.fail(method, "internal_error")
    world.send(week())
    world.settle()
    assert world.shown() == ["header", "section"]
    world.clock.now += MINUTE
    world.send(week())
    world.settle()
    assert world.shown() == ["header", "image", "section"]
    world.slack.assert_clean()


def test_slack_that_asks_to_wait_is_not_asked_meanwhile(world: World) -> None:
    world.slack.rate_limit("files.getUploadURLExternal", retry_after=30)
    for _ in range(2):
        world.send(week())
        world.settle()
    assert world.uploads() == 0
    world.clock.now += 30 * SECOND
    world.send(week())
    world.settle()
    assert world.uploads() == 1


def test_a_file_that_is_not_ready_is_shown_at_a_later_try(loop: LoopThread, clock: Clock) -> None:
    with FakeSlack(limits=Limits(file_processing_seconds=0.01)) as slack:
        world = World(slack, loop, clock, tries=(0, 20, 100, 500))
        world.send(week())
        world.settle()
        assert world.shown() == ["header", "image", "section"]
        slack.assert_clean(allow=["invalid_blocks"])
        world.transport.close()


def test_a_file_that_is_never_ready_leaves_the_words(loop: LoopThread, clock: Clock) -> None:
    with FakeSlack(limits=Limits(file_processing_seconds=1000)) as slack:
        world = World(slack, loop, clock, tries=(0, 1))
        world.send(week())
        world.settle()
        assert world.shown() == ["header", "section"]
        world.transport.close()


def test_a_message_that_was_deleted_meanwhile_is_let_go(world: World) -> None:
    world.slack.fail("chat.update", "message_not_found")
    world.send(week())
    world.settle()
    assert [call.method for call in world.slack.calls].count("chat.update") == 1


def test_charts_that_fail_or_are_none_leave_the_words(world: World) -> None:
    world.send(week(charts={"alerts": {"no": "chart"}}))
    world.settle()
    world.send(week(charts={"other": chart_document(CHART)}))
    world.settle()
    assert world.shown() == ["header", "section"]
    assert world.slack.files == ()


def test_pictures_that_break_something_here_leave_the_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(world.transport._gallery, "_pictures", Pictures(charts=broken, tries_after=(0,)))
    world.send(week())
    world.settle()
    assert world.shown() == ["header", "section"]
    assert "pictures for a message" in caplog.text


def test_pictures_that_take_too_long_are_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illustrating, "TIMEOUT", 10)
    world.drawer.let.clear()
    world.send(job("show", ROOM, watched()))
    world.settle()
    world.drawer.let.set()
    assert "image" not in world.shown()


@pytest.mark.parametrize("saying", ["loud", {"summary": "no parts"}])
def test_what_is_no_page_is_shown_as_lines(world: World, saying: Json) -> None:
    world.send(week(saying))
    assert "1 alert, 1 page." in str(world.newest().blocks)
    assert page_message({}) is None
    assert no_charts(None) is None


# ── Graphs ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_graph_of_an_incident_follows_its_message(world: World) -> None:
    world.send(job("show", ROOM, watched()))
    world.settle()
    before_last, last = world.shown()[-2:]
    assert (before_last, last) == ("image", "actions")
    image = world.newest().blocks[-2]
    assert image["alt_text"] == "Graph of AWS/EC2 CPUUtilization for CPU is high"
    assert world.drawer.asked == ["inc-1"]
    world.slack.assert_clean()


def test_the_message_goes_out_while_the_graph_is_still_drawn(world: World) -> None:
    world.drawer.let.clear()
    receipt = world.send(job("show", ROOM, watched()))
    assert world.drawer.begun.acquire(timeout=10)
    assert "image" not in world.shown()
    acknowledged = watched((NOW + 1, Acknowledged("ada")))
    world.send(job("show", ROOM, acknowledged, receipt))
    world.drawer.let.set()
    world.settle()
    # The newest state is shown, with the graph.
    assert "image" in world.shown()
    assert "is on it" in str(world.newest().blocks)
    assert world.drawer.asked == ["inc-1"]


def test_what_changes_the_message_later_shows_the_graph_too(world: World) -> None:
    receipt = world.send(job("show", ROOM, watched()))
    world.settle()
    world.send(job("show", ROOM, watched((NOW + 1, Resolved(by="ada"))), receipt))
    world.settle()
    assert "image" in world.shown()
    assert world.uploads() == 1
    world.send(job("page", ADA, watched(), None), to=world.ada.id)
    assert "image" in world.shown(world.slack.direct_channel(world.ada))
    assert world.uploads() == 1


def test_the_room_and_the_person_get_the_same_graph(world: World) -> None:
    world.drawer.let.clear()
    world.send(job("show", ROOM, watched()))
    assert world.drawer.begun.acquire(timeout=10)
    world.send(job("page", ADA, watched(), None), to=world.ada.id)
    world.drawer.let.set()
    world.settle()
    assert "image" in world.shown()
    assert "image" in world.shown(world.slack.direct_channel(world.ada))
    assert world.uploads() == 1


def test_a_graph_that_cannot_be_had_is_not_asked_for_again_at_once(world: World) -> None:
    world.drawer.content = None
    receipt = world.send(job("show", ROOM, watched()))
    world.settle()
    world.send(job("show", ROOM, watched((NOW + 1, Acknowledged("ada"))), receipt))
    world.settle()
    assert world.drawer.asked == ["inc-1"]
    world.clock.now += AGAIN_AFTER
    world.send(job("show", ROOM, watched((NOW + 1, Acknowledged("ada"))), receipt))
    world.settle()
    assert world.drawer.asked == ["inc-1", "inc-1"]
    assert "image" not in world.shown()


def test_what_has_no_metric_or_is_over_gets_no_graph(world: World) -> None:
    world.send(job("show", ROOM, incident()))
    world.send(job("show", ROOM, watched((NOW + 1, Resolved(by="ada"))), name="inc-2"))
    world.settle()
    assert world.drawer.asked == []
    assert graph_words(incident(first=alert(title=""))) == "Graph of the metric for this alert"


def test_a_storm_waits_for_few_pictures(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illustrating, "UNDER_WAY_MAX", 1)
    world.drawer.let.clear()
    world.send(job("show", ROOM, watched(), name="inc-1"))
    world.send(job("show", ROOM, watched(), name="inc-2"))
    world.drawer.let.set()
    world.settle()
    assert world.drawer.asked == ["inc-1"]


def test_a_graph_that_slack_does_not_show_yet_costs_no_buttons(loop: LoopThread, clock: Clock) -> None:
    with FakeSlack(limits=Limits(file_processing_seconds=1000)) as slack:
        world = World(slack, loop, clock, tries=(0,))
        receipt = world.send(job("show", ROOM, watched()))
        world.settle()
        world.send(job("show", ROOM, watched((NOW + 1, Acknowledged("ada"))), receipt))
        assert world.shown()[-1] == "actions"
        assert "image" not in world.shown()
        world.transport.close()


# ── Uploads ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_empty_or_vast_is_not_uploaded_and_few_are_remembered(world: World) -> None:
    uploads = world.transport._gallery._illustrator._uploads
    for content in (b"", b"x" * (BYTES_MAX + 1)):
        assert world.loop.run(uploads.file("a", content, "")) is None
    assert world.slack.files == ()
    for number in range(KEPT_MAX + 1):
        uploads._known[f"{number}"] = "F1"
    assert world.loop.run(uploads.file("a", PNG, "words"))
    assert len(uploads._known) == KEPT_MAX


def test_an_address_that_is_none_is_not_posted_to(world: World) -> None:
    api = world.transport._api
    assert not world.loop.run(api.upload("http://127.0.0.1:9/upload", PNG))
    assert not world.loop.run(api.upload("nowhere", PNG))
