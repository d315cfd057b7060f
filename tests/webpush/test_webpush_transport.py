"""Pages as push messages, against a push service that plays its part over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence

import pytest

from tests.mail.post_office import Certificate, certificate
from tests.posting.vendor import HOST, Vendor, vendor
from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tests.webpush.browser import FakeBrowser
from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import Told
from tocsin.kernel import json
from tocsin.kernel.time import SECOND
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Limits
from tocsin.webpush.encryption import PAYLOAD_BYTES_MAX, read_base64
from tocsin.webpush.subscriptions import Subscription
from tocsin.webpush.transport import WebPushTransport, payload
from tocsin.webpush.vapid import Vapid, make_secret

URL = "https://tocsin.example"
PUBLIC = "192.0.2.7"  # What stands in the certificate; it is resolved to the server of the test.
VAPID = Vapid(read_base64(make_secret()) or b"", URL)
PAGE = job("page", ADA, incident(), None, "inc-1", why="You are the first to be asked.")


class Shelf:
    """The browsers of ada."""

    def __init__(self, *browsers: Subscription) -> None:
        self.browsers = list(browsers)

    def subscriptions(self, responder: str) -> Sequence[Subscription]:
        return self.browsers if responder == "ada" else []

    def forget(self, endpoint: str) -> None:
        self.browsers = [each for each in self.browsers if each.endpoint != endpoint]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"), (PUBLIC,))


@pytest.fixture
def server(made: Certificate) -> Iterator[Vendor]:
    with vendor(made.serving) as server:
        yield server


@pytest.fixture
def context(made: Certificate) -> ssl.SSLContext:
    return made.trusting


def browser(server: Vendor, name: str = "1") -> FakeBrowser:
    return FakeBrowser(f"https://{PUBLIC}:{server.port}/send/{name}")


def send(shelf: Shelf, context: ssl.SSLContext, at: str | None = HOST) -> DeliveryResult:
    transport = WebPushTransport(
        shelf,
        VAPID,
        Paging(now=lambda: NOW, names=SETTING.names, url=URL),
        now=lambda: NOW,
        resolve=lambda *_: at,
        limits=Limits(5 * SECOND, 5 * SECOND),
        context=context,
    )
    (result,) = transport.deliver("ada", [PAGE])
    return result


def test_a_page_is_read_by_the_browser_it_is_for(server: Vendor, context: ssl.SSLContext) -> None:
    ours = browser(server)
    assert send(Shelf(ours.subscription), context) == Delivered()
    (posted,) = server.posted
    assert posted.path == "/send/1"
    assert posted.headers["content-encoding"] == "aes128gcm"
    assert posted.headers["ttl"] == "3600"
    assert posted.headers["urgency"] == "high"
    assert posted.headers["authorization"].endswith(f", k={VAPID.public}")
    told = ours.read(posted.body)
    assert told["title"] == "[critical] CPU is high — asks you"
    assert told["url"] == f"{URL}/incidents/inc-1"
    assert told["body"].startswith("You are the first to be asked.")


def test_all_browsers_of_a_person_ring_and_one_is_enough(server: Vendor, context: ssl.SSLContext) -> None:
    first, second = browser(server, "1"), browser(server, "2")
    server.refused = {"/1": 503}
    assert send(Shelf(first.subscription, second.subscription), context) == Delivered()
    assert len(server.posted) == 2


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(server: Vendor, context: ssl.SSLContext, status: int) -> None:
    shelf = Shelf(browser(server).subscription)
    server.status = status
    assert send(shelf, context) == Refused("the browser does not want push messages any more")
    assert shelf.browsers == []
    assert send(shelf, context) == Refused("no browser is registered any more")


@pytest.mark.parametrize(
    ("status", "headers", "result"),
    [
        (429, {"Retry-After": "9"}, Postponed("the push service answered 429", after=9 * SECOND, counts=False)),
        (503, {}, Postponed("the push service answered 503")),
        (403, {}, Refused("the push service answered 403")),
    ],
)
def test_what_a_service_answers_means_what_it_says(
    server: Vendor, context: ssl.SSLContext, status: int, headers: dict[str, str], result: DeliveryResult
) -> None:
    server.status, server.headers = status, headers
    assert send(Shelf(browser(server).subscription), context) == result


def test_what_does_not_lead_to_a_public_address_is_not_connected_to(server: Vendor, context: ssl.SSLContext) -> None:
    result = send(Shelf(browser(server).subscription), context, at=None)
    assert result == Postponed("the push service has no public address now")
    assert server.posted == []


def test_a_service_without_a_trusted_certificate_gets_nothing(server: Vendor) -> None:
    result = send(Shelf(browser(server).subscription), ssl.create_default_context())
    assert result == Refused("the push service's certificate is not trusted")
    assert server.posted == []


def test_a_subscription_that_cannot_be_read_costs_itself_only(server: Vendor, context: ssl.SSLContext) -> None:
    spoiled = Subscription(endpoint="https://push.example/", key="", secret="")
    assert send(Shelf(spoiled), context) == Refused("the browser's subscription cannot be read")
    assert send(Shelf(spoiled, browser(server).subscription), context) == Delivered()


def test_a_message_always_fits() -> None:
    link = "https://tocsin.example/" + "x" * 5000
    raw = payload(Told(headline="高" * 500, text="高\n" * 5000, link=link, severity=Severity.HIGH))
    assert len(raw) <= PAYLOAD_BYTES_MAX
    assert json.decode(raw)["title"] == "高" * 200
