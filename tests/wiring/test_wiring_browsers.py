"""The book of browsers that ring."""

from __future__ import annotations

from tests.webpush.browser import FakeBrowser
from tocsin.testing.memory import MemoryStore
from tocsin.webpush.encryption import write_base64
from tocsin.wiring.browsers import BROWSERS_MAX, FADING, BrowserBook, subject
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.settings import Mail
from tocsin.wiring.settings_file import parse


class Clock:
    now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


def book(store: MemoryStore, clock: Clock | None = None) -> BrowserBook:
    return BrowserBook(
        store,
        clock or Clock(),
        "https://tocsin.example",
        lambda host, _: None if host == "intern.example" else "192.0.2.7",
    )


def browser(number: int = 1, host: str = "push.example") -> FakeBrowser:
    return FakeBrowser(f"https://{host}/{number}")


def test_what_is_registered_rings_also_after_a_restart() -> None:
    store, ours = MemoryStore(), browser()
    before = book(store)
    assert not before.rings("ada")
    assert before.add("ada", ours.written, "Firefox on Linux") == ""
    for each in (before, book(store)):
        assert each.rings("ada")
        assert not each.rings("bo")
        assert each.subscriptions("ada") == [ours.subscription]
        assert [view.label for view in each.of("ada")] == ["Firefox on Linux"]
        assert each.public_key == before.public_key


def test_what_leads_nowhere_is_refused() -> None:
    ours = book(MemoryStore())
    assert ours.add("ada", "x", "") == "that is no subscription of a browser"
    assert ours.add("ada", browser(host="intern.example").written, "") == "its address is not a public one"
    assert not ours.rings("ada")


def test_only_their_owner_removes_them() -> None:
    store = MemoryStore()
    ours = book(store)
    ours.add("ada", browser().written, "")
    (view,) = ours.of("ada")
    assert not ours.remove("bo", view.name)
    assert not ours.remove("ada", "other")
    assert ours.remove("ada", view.name)
    assert (ours.of("ada"), ours.subscriptions("ada"), book(store).of("ada")) == ([], [], [])
    assert not ours.remove("ada", view.name)


def test_a_browser_rings_for_one_person() -> None:
    ours, one = book(MemoryStore()), browser()
    ours.add("ada", one.written, "")
    ours.add("bo", one.written, "")
    assert (ours.rings("ada"), ours.rings("bo")) == (False, True)


def test_the_first_makes_room() -> None:
    ours = book(MemoryStore())
    for number in range(BROWSERS_MAX + 2):
        ours.add("ada", browser(number).written, f"{number}")
    assert [view.label for view in ours.of("ada")] == [f"{number}" for number in range(2, BROWSERS_MAX + 2)]


def test_what_its_service_knows_no_more_is_forgotten() -> None:
    ours = book(MemoryStore())
    ours.add("ada", browser().written, "")
    ours.forget("https://push.example/1")
    assert ours.subscriptions("ada") == []


def test_the_last_browser_that_is_gone_stays_a_way_until_no_page_is_under_way() -> None:
    store, clock = MemoryStore(), Clock()
    ours = book(store, clock)
    directory = SettingsDirectory(parse(b"responders: {ada: {ntfy: 'http://a/x'}}", {}).settings, ours.rings)
    before = directory.ways("responder:ada")
    assert [way.transport for way in before] == ["ntfy"]
    ours.add("ada", browser().written, "")
    ways = directory.ways("responder:ada")
    assert [way.transport for way in ways] == ["ntfy", "push"]
    ours.forget("https://push.example/1")
    assert directory.ways("responder:ada") == ways  # Who has given up the first of them still finds the second.
    clock.now += FADING
    assert directory.ways("responder:ada") == before
    assert len(store.records("browser")) == 1
    ours.add("bo", browser(2).written, "")
    ours.forget("https://push.example/2")
    ours.forget("https://push.example/2")
    assert len(store.records("browser")) == 1


def test_a_browser_comes_back() -> None:
    ours = book(MemoryStore())
    for _ in range(2):
        ours.add("ada", browser().written, "")
        assert len(ours.subscriptions("ada")) == 1
        ours.forget("https://push.example/1")


def test_a_record_of_another_version_is_left_alone() -> None:
    store = MemoryStore()
    store.put_record("browser", "odd", {"something": "else"})
    assert not book(store).rings("ada")


def test_operators_of_push_services_find_us() -> None:
    mail = Mail(smtp="a:25", sender="tocsin@example.org")
    assert subject("https://tocsin.example", mail) == "https://tocsin.example"
    assert subject("http://127.0.0.1:8420", mail) == "mailto:tocsin@example.org"
    assert subject("http://127.0.0.1:8420", None) == "mailto:tocsin@example.com"


def test_who_knows_only_the_address_of_a_browser_cannot_take_it_away() -> None:
    ours, hers = book(MemoryStore()), browser()
    assert ours.add("ada", hers.written, "") == ""
    stranger = hers.written.replace(hers.subscription.secret, write_base64(b"another sixteen!"))
    assert ours.add("bo", stranger, "") == "it rings for somebody else already"
    assert ours.subscriptions("ada") == [hers.subscription]
    assert ours.add("bo", hers.written, "") == ""  # Two people share a browser: the last one has it.
    assert (ours.subscriptions("ada"), ours.subscriptions("bo")) == ([], [hers.subscription])
    ours.forget(hers.subscription.endpoint)
    assert ours.add("ada", stranger, "") == ""
