"""The Web API's ``views.*`` methods, and what an application may answer to a submission."""

from __future__ import annotations

from tocsin.testing.fake_slack.content import view_content
from tocsin.testing.fake_slack.records import JsonObject, View
from tocsin.testing.fake_slack.wire import view_json
from tocsin.testing.fake_slack.world import World, refuse

MODALS_MAX = 3  # Slack stacks no more than three modals.


def views_open(world: World, payload: JsonObject) -> JsonObject:
    """``views.open``: a modal, for a trigger that is fresh and unused."""
    content = view_content(payload, ["modal"])
    _check_external_id(world, content)
    trigger = world.exchange_trigger(payload.get("trigger_id"))
    return {"view": view_json(world, world.show(trigger.user, content))}


def views_update(world: World, payload: JsonObject) -> JsonObject:
    """``views.update``: by view id or external id; with a ``hash``, only if nothing changed meanwhile."""
    view = _open_view(world, payload)
    _check_hash(view, payload)
    content = view_content(payload, [view.type])
    return {"view": view_json(world, world.reshow(view, content))}


def views_publish(world: World, payload: JsonObject) -> JsonObject:
    """``views.publish``: the home tab of one user."""
    user = world.user(payload.get("user_id"))
    content = view_content(payload, ["home"])
    home = next((view for view in world.views.values() if view.type == "home" and view.user == user.id), None)
    if home is None:
        return {"view": view_json(world, world.show(user.id, content))}
    _check_hash(home, payload)
    return {"view": view_json(world, world.reshow(home, content))}


def react(world: World, view: View, answer: object) -> dict[str, str]:
    """Do what the application answered to the submission of *view*; the errors it shows, by block id.

    Raises RefusedError for an answer that Slack would not understand: its user would see "we had some trouble".
    """
    if answer in (None, "", {}):
        world.close(view)
        return {}
    action = answer.get("response_action") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or action not in {"clear", "update", "push", "errors"}:
        refuse("invalid_response_action")
    if action == "clear":
        _close_stack(world, view)
    elif action == "update":
        world.reshow(view, view_content(answer, ["modal"]))
    elif action == "push":
        _push(world, view, answer)
    else:
        return _errors(view, answer)
    return {}


def _push(world: World, view: View, answer: JsonObject) -> None:
    if sum(other.root == view.root and other.open for other in world.views.values()) >= MODALS_MAX:
        refuse("push_limit_reached")
    world.show(view.user, view_content(answer, ["modal"]), previous=view)


def _errors(view: View, answer: JsonObject) -> dict[str, str]:
    errors: dict[str, str] = answer.get("errors") or {}
    inputs = {block["block_id"] for block in view.layout if block["type"] == "input"}
    if not errors or not errors.keys() <= inputs:
        refuse("invalid_errors", [f"no input block: {block_id}" for block_id in sorted(errors.keys() - inputs)])
    return errors


def _close_stack(world: World, view: View) -> None:
    for other in list(world.views.values()):
        if other.root == view.root and other.open:
            world.close(other)


def _open_view(world: World, payload: JsonObject) -> View:
    view_id, external_id = payload.get("view_id"), payload.get("external_id")
    for view in world.views.values():
        if view.open and ((view_id and view.id == view_id) or (external_id and view.external_id == external_id)):
            return view
    return refuse("not_found")


def _check_hash(view: View, payload: JsonObject) -> None:
    if payload.get("hash") not in (None, "", view.hash):
        refuse("hash_conflict")


def _check_external_id(world: World, content: JsonObject) -> None:
    external_id = content.get("external_id")
    if external_id and any(view.open and view.external_id == external_id for view in world.views.values()):
        refuse("duplicate_external_id")
