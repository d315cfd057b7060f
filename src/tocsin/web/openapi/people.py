"""What people and watchmen read: the console, health, the buttons of chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.web.openapi.answers import JSON, page, plain
from tocsin.web.openapi.writing import ANY, OBJECT, Answer, Content, Operation, Schema, Surface

_FORM: Final = Content(media={"application/x-www-form-urlencoded": OBJECT})
_SESSION: Final = ("session",)
_SIGN_IN: Final = page("Sign in first.")
_NOTHING: Final = page("There is nothing at this address.")
_BROKEN: Final = {503: page("The store does not answer.")}
_FORM_TROUBLE: Final = {
    400: page("The form was not understood, or did not arrive whole."),
    401: _SIGN_IN,
    403: page("The form is not ours."),
    404: _NOTHING,
    408: page("The form did not arrive in time."),
    413: page("The form is too large."),
    415: page("This is no form."),
    **_BROKEN,
}
_ON: Final = Answer(says="To the page that shows what came of it.", headers=("Location",))


def _get(path: str, says: str, more: Mapping[int, Answer] | None = None) -> Operation:
    answers = {200: page(says), 401: _SIGN_IN, **_BROKEN, **(more or {})}
    return Operation(method="GET", path=path, says=says, answers=answers, security=_SESSION)


def _post(path: str, says: str, more: Mapping[int, Answer] | None = None) -> Operation:
    answers = {303: _ON, **_FORM_TROUBLE, **(more or {})}
    return Operation(method="POST", path=path, says=says, answers=answers, body=_FORM, security=_SESSION)


_MISSING: Final[Mapping[int, Answer]] = {404: _NOTHING}
_EVENTS: Final = Answer(says="Server-sent events: which incidents have changed.", media={"text/event-stream": ANY})

CONSOLE: Final = Surface(
    name="console",
    says="Pages for people, behind a session cookie. Forms carry the session's `csrf` token.",
    operations=(
        _get("/", "The incidents."),
        _get("/incidents/{id}", "One incident.", _MISSING),
        _post("/incidents/{id}", "A button of an incident."),
        _get("/deliveries", "What came in."),
        _get("/deliveries/{id}", "One delivery.", _MISSING),
        _get(
            "/deliveries/{id}/raw",
            "The bytes of a delivery.",
            {200: Answer(says="The bytes as they came.", media={"application/octet-stream": ANY}), 404: _NOTHING},
        ),
        _post("/deliveries/{id}/replay", "Handle a delivery again."),
        _get("/silences", "Who has silenced what, why, and until when."),
        _post("/silences", "Make, extend or end a silence."),
        _get("/heartbeats", "Who has promised to come, and when they came."),
        _post("/heartbeats", "Enable, disable or delete a heartbeat."),
        _get("/stats", "What incidents have cost, in figures."),
        _get("/missed", "The alerts that nobody answered."),
        _get("/keys", "The integrations."),
        _post("/keys", "A test alert."),
        _post("/keys/rotate", "A new key, shown on the answer only.", {200: page("The key.")}),
        _post("/keys/revoke", "End a key."),
        _get("/oncall", "The calendar of a schedule: who is on call, now and next."),
        _post("/oncall/overrides", "Put somebody on call for a while, or take that back."),
        _post("/oncall/swaps", "Ask for a swap, accept it, decline it, take it back."),
        _post("/oncall/feeds", "A new address of a calendar, shown on the answer; or its end.", {200: page("It.")}),
        _get("/policies", "The escalation policies, as pictures and in words."),
        _get("/noise", "Which alerts disturb without need, and the remedies in force."),
        _post("/noise", "Set a remedy for a key, or undo the one in force."),
        _get("/workflows", "The workflows, and their newest runs."),
        _get("/workflows/{name}", "A workflow as a picture, its runs, and what starts one."),
        _post("/workflows/{name}", "Start a run."),
        _get("/runs/{id}", "A run painted on its workflow, each state with what went in and out."),
        _post("/runs/{id}", "Stop a run, or let one that has failed go on where it failed."),
        _get("/questions/{id}", "What a run asks of people, and who has answered."),
        _post("/questions/{id}", "Answer it."),
        _get("/rules/{name}", "A rule, what it decided, and why the last events fired it or not."),
        _get("/people", "Responders and teams."),
        _post("/people/me", "Act as a responder."),
        _post("/people/links", "A new sign-in link.", {200: page("The link.")}),
        _post("/people/tokens", "A new token for programs, shown on the answer only; or its end.", {200: page("It.")}),
        _post("/people/browsers", "A browser that rings."),
        _post("/people/browsers/remove", "A browser rings no more."),
        _post("/people/paging", "How the one who acts is paged."),
        Operation(
            method="GET",
            path="/worker.js",
            says="The service worker.",
            answers={200: Answer(says="The script.")},
        ),
        Operation(
            method="GET",
            path="/signin",
            says="How to get a link.",
            answers={200: page("How to get a link."), **_BROKEN},
        ),
        Operation(
            method="GET",
            path="/signin/{token}",
            says="A link; looking does not use it up.",
            answers={200: page("Use the link."), 403: page("The link is not good any more."), **_BROKEN},
        ),
        Operation(
            method="POST",
            path="/signin/{token}",
            says="Use a link.",
            answers={303: _ON, **_FORM_TROUBLE},
            body=_FORM,
        ),
        _post("/signout", "End the session."),
        Operation(
            method="GET",
            path="/events",
            says="The live stream of the console.",
            answers={200: _EVENTS, 401: plain("Sign in first."), 503: plain("Too many listen, or the store is gone.")},
            security=_SESSION,
        ),
        Operation(
            method="GET",
            path="/static/{name}",
            says="Style and script.",
            answers={200: Answer(says="The file."), 404: _NOTHING},
        ),
    ),
)

_INTERACTION: Final[Schema] = {"type": "object", "properties": {"payload": {"type": "string"}}}
_COMMAND: Final[Schema] = {"type": "object", "properties": {"command": {"type": "string"}, "text": {"type": "string"}}}
_EVENT: Final[Schema] = {"type": "object", "properties": {"type": {"type": "string"}, "event": {"type": "object"}}}


def _from_slack(path: str, says: str, body: Content) -> Operation:
    return Operation(
        method="POST",
        path=path,
        says=says,
        answers={
            200: Answer(says="Heard; what must be is stored. The body may say what Slack is to show."),
            403: plain("The signature is not Slack's."),
            413: plain("The body is too large."),
            503: plain("Not stored, try again."),
        },
        body=body,
        security=("slackSignature",),
    )


CHAT: Final = Surface(
    name="chat",
    says="What people do in chats, signed by them.",
    operations=(
        _from_slack(
            "/slack/interactions",
            "Slack's buttons, forms and shortcuts.",
            Content(media={"application/x-www-form-urlencoded": _INTERACTION}),
        ),
        _from_slack(
            "/slack/commands",
            "Slack's slash command.",
            Content(media={"application/x-www-form-urlencoded": _COMMAND}),
        ),
        _from_slack(
            "/slack/events",
            "What is said to us in Slack, and what happens there.",
            Content(media={"application/json": _EVENT}),
        ),
        Operation(
            method="POST",
            path="/teams/messages",
            says="Activities of Microsoft Teams.",
            answers={
                200: Answer(says="Stored, or answered.", media={JSON: OBJECT}),
                403: plain("The token is not Microsoft's, or it is for another bot."),
                404: Answer(says="There is no bot for Teams here.", media={"text/html": ANY}),
                413: plain("The body is too large."),
                501: Answer(says="Nothing here answers that."),
                503: plain("Not stored, try again."),
            },
            body=Content(media={JSON: OBJECT}),
            security=("botConnector",),
        ),
    ),
)

HEALTH: Final = Surface(
    name="health",
    says="For watchmen.",
    operations=(
        Operation(method="GET", path="/healthz", says="Is the process alive?", answers={200: plain("It is.")}),
        Operation(
            method="GET",
            path="/readyz",
            says="Does the invariant hold, and is nothing overdue?",
            answers={200: plain("It does."), 503: plain("What is wrong.")},
        ),
        Operation(
            method="GET", path="/metrics", says="The figures.", answers={200: plain("Prometheus's text format.")}
        ),
        Operation(
            method="GET",
            path="/openapi.json",
            says="This document.",
            answers={200: Answer(says="OpenAPI 3.1.", media={JSON: OBJECT})},
        ),
    ),
)
