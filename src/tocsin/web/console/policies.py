"""The escalation policies: who would be asked now, in which order, and how long each of them has."""

from __future__ import annotations

from starlette.responses import Response

from tocsin.kernel.time import format_duration
from tocsin.web.console.ladder_picture import picture
from tocsin.web.console.visits import Visit, respond


def show_policies(visit: Visit) -> Response:
    """GET /policies. Blocks on the store."""
    desk, now = visit.console.oncall, visit.now
    on_duty = desk.duty()
    rows = [
        (each, picture(each.policy, visit.names, on_duty, now), format_duration(each.policy.ack_timeout))
        for each in desk.policies()
    ]
    return respond(visit, "policies.html", rows=rows)
