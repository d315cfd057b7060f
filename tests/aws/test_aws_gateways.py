"""API Gateway and connections of EventBridge: requests that are signed, or that carry what a connection keeps."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoRegionError  # type: ignore[import-untyped]
from botocore.stub import Stubber  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT
from tests.mail.post_office import Certificate, certificate
from tests.posting.vendor import Vendor, vendor
from tests.tasks.task_examples import task
from tocsin import asl
from tocsin.kernel.json import Json
from tocsin.tasks import gateways
from tocsin.tasks.amazon import Amazon
from tocsin.tasks.connections import Connections
from tocsin.tasks.gateways import Gateways
from tocsin.tasks.task import Task
from tocsin.tasks.web import Added, Web
from tocsin.wiring.clock import SystemClock

pytestmark = pytest.mark.usefixtures("cloud")

HOST = "a1b2c3.execute-api.eu-west-1.amazonaws.com"
CONNECTION = f"arn:aws:events:eu-west-1:{ACCOUNT}:connection/chores/7"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(made: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    with vendor(made.serving) as server:
        server.headers["Content-Type"] = "application/json"
        monkeypatch.setattr(gateways, "PORT", server.port)
        yield server


@pytest.fixture
def amazon() -> Amazon:
    return Amazon(SystemClock())


def web(made: Certificate, **more: Any) -> Web:  # noqa: ANN401 - what Web takes.
    """Which leads every name here, where the certificate is of another name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    del made
    return Web(lambda *_: "127.0.0.1", context, **more)


def ask(made: Certificate, amazon: Amazon, wanted: dict[str, Json], **more: Any) -> Json:  # noqa: ANN401 - of Task.
    given = {"ApiEndpoint": HOST, "Method": "POST", **wanted}
    return Gateways(web(made), amazon.signed).do(task("arn:aws:states:::apigateway:invoke", given, **more))


def test_a_gateway_is_asked_and_its_answer_told(server: Vendor, made: Certificate, amazon: Amazon) -> None:
    server.body = b'{"ok": true}'
    wanted: dict[str, Json] = {
        "Stage": "live",
        "Path": "/orders/a b",
        "QueryParameters": {"q": ["1", "2"]},
        "Headers": {"X-Own": ["a", "b"]},
        "RequestBody": {"n": 1},
    }
    found = ask(made, amazon, wanted)
    assert (found["StatusCode"], found["StatusText"], found["ResponseBody"]) == (201, "Created", {"ok": True})
    (posted,) = server.posted
    assert (posted.path, posted.body) == ("/live/orders/a%20b?q=1&q=2", b'{"n":1}')
    assert posted.headers["x-own"] == "a, b"
    assert "authorization" not in posted.headers


@pytest.mark.parametrize("roles", [{}, {"role": f"arn:aws:iam::{ACCOUNT}:role/caller"}])
def test_a_request_is_signed_as_the_role_of_its_task(
    roles: dict[str, str], server: Vendor, made: Certificate, amazon: Amazon
) -> None:
    ask(made, amazon, {"AuthType": "IAM_ROLE", "RequestBody": "text"}, **roles)
    (posted,) = server.posted
    assert posted.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/eu-west-1/execute-api/aws4_request" in posted.headers["authorization"]
    assert ("x-amz-security-token" in posted.headers) is bool(roles)
    assert posted.body == b"text"


def test_what_a_gateway_refuses_fails_with_its_answer(server: Vendor, made: Certificate, amazon: Amazon) -> None:
    server.status, server.body = 403, b'{"message": "Forbidden"}'
    with pytest.raises(asl.Failure) as caught:
        ask(made, amazon, {})
    assert (caught.value.error, caught.value.cause) == ("ApiGateway.403", '{"message": "Forbidden"}')


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"ApiEndpoint": "example.org"}, "must be the name of a host of API Gateway, not 'example.org'"),
        ({"ApiEndpoint": f"{HOST}@example.org"}, "must be the name of a host"),
        ({"Method": "BREW"}, "Method must be one of"),
        ({"AuthType": "NONE"}, "AuthType one of NO_AUTH"),
        ({"Headers": {"Authorization": "x"}}, "'authorization' cannot be sent"),
        ({"Headers": {"Host": "x"}}, "'Host' cannot be sent"),
    ],
)
def test_what_cannot_be_asked_is_told(wanted: dict[str, Json], words: str, made: Certificate, amazon: Amazon) -> None:
    with pytest.raises(asl.Failure) as caught:
        ask(made, amazon, wanted)
    assert caught.value.error == "States.Runtime"
    assert words in str(caught.value.cause)


def test_without_credentials_nothing_is_signed(
    made: Certificate, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon._session, "get_credentials", lambda: None)
    with pytest.raises(asl.Failure, match="no credentials"):
        ask(made, amazon, {"AuthType": "IAM_ROLE"})


def test_a_role_that_cannot_be_assumed_is_told(
    made: Certificate, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = [ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"), NoRegionError()]

    def refused(*_: object) -> None:
        raise troubles.pop(0)

    monkeypatch.setattr(amazon, "_assumed", refused)
    for words in ("role/caller cannot be assumed", "cannot be signed"):
        with pytest.raises(asl.Failure, match=words) as caught:
            ask(made, amazon, {"AuthType": "IAM_ROLE"}, role=f"arn:aws:iam::{ACCOUNT}:role/caller")
        assert caught.value.error == "States.Permissions"


# ── Connections ──────────────────────────────────────────────────────────────────────────────────────────────────────
def stubbed(amazon: Amazon, kind: str, secret: object) -> None:
    events, secrets = (
        Stubber(amazon._client(task("arn:aws:states:::http:invoke"), name)) for name in ("events", "secretsmanager")
    )
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:events!connection/chores"
    events.add_response("describe_connection", {"AuthorizationType": kind, "SecretArn": arn}, {"Name": "chores"})
    secrets.add_response("get_secret_value", {"SecretString": secret}, {"SecretId": arn})
    events.activate()
    secrets.activate()


def wanted(server: Vendor) -> Task:
    given = {
        "ApiEndpoint": f"https://localhost:{server.port}/a",
        "Method": "POST",
        "RequestBody": {},
        "Authentication": {"ConnectionArn": CONNECTION},
    }
    return task("arn:aws:states:::http:invoke", given)


def test_a_connection_adds_its_key_and_its_parameters(server: Vendor, made: Certificate, amazon: Amazon) -> None:
    more = {
        "header_parameters": [{"key": "x-team", "value": "ops"}, {"key": "nothing"}],
        "query_string_parameters": [{"key": "v", "value": "2"}],
    }
    secret = {"api_key_name": "x-key", "api_key_value": "it", "invocation_http_parameters": more}
    stubbed(amazon, "API_KEY", json.dumps(secret))
    web(made, authorize=Connections(amazon).added).do(wanted(server))
    (posted,) = server.posted
    assert posted.path == "/a?v=2"
    assert (posted.headers["x-key"], posted.headers["x-team"]) == ("it", "ops")


def test_a_connection_adds_a_name_and_a_word(amazon: Amazon, server: Vendor) -> None:
    stubbed(amazon, "BASIC", json.dumps({"username": "ada", "password": "x"}))
    found = Connections(amazon).added(wanted(server), CONNECTION)
    assert found == Added(headers={"Authorization": "Basic YWRhOng="})


@pytest.mark.parametrize(
    ("kind", "secret", "error"),
    [
        ("API_KEY", "{", "Events.ConnectionResource.InvalidConnectionState"),
        ("API_KEY", "[]", "Events.ConnectionResource.InvalidConnectionState"),
        ("BASIC", '{"username": "ada"}', "Events.ConnectionResource.InvalidConnectionState"),
        ("OAUTH_CLIENT_CREDENTIALS", "{}", "States.Runtime"),
    ],
)
def test_a_connection_that_cannot_be_used_is_told(
    kind: str, secret: str, error: str, amazon: Amazon, server: Vendor
) -> None:
    stubbed(amazon, kind, secret)
    with pytest.raises(asl.Failure) as caught:
        Connections(amazon).added(wanted(server), CONNECTION)
    assert caught.value.error == error


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceNotFoundException", "Events.ConnectionResource.NotFound"),
        ("AccessDeniedException", "Events.ConnectionResource.AccessDenied"),
        ("InternalException", "EventBridge.InternalException"),
    ],
)
def test_a_connection_that_cannot_be_read_is_told(code: str, error: str, amazon: Amazon, server: Vendor) -> None:
    with Stubber(amazon._client(wanted(server), "events")) as stub:
        stub.add_client_error("describe_connection", code, "no", http_status_code=400)
        with pytest.raises(asl.Failure) as caught:
            Connections(amazon).added(wanted(server), CONNECTION)
    assert caught.value.error == error
    with pytest.raises(asl.Failure, match="no ARN of a connection"):
        Connections(amazon).added(wanted(server), "chores")
