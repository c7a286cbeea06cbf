"""Every page of the face: where each is in a full house, and for whom. A route that is no page says so."""

from typing import Any

from fastapi.routing import iter_route_contexts

NO_PAGE = {
    "/static/{path:path}": "files",
    "/healthz": "a word for machines",
    "/actions/{action_id}/time.ics": "a file",
    "/sign-in": "leads on to Entra",
    "/sign-in/done": "leads on to a page",
}

PAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "/signed-out": {"": ("/signed-out",)},
    "/": {"ann": ("/",), "mara": ("/",), "hale": ("/",), "ira": ("/",)},
    "/reflections/{check_in_id}": {
        "ann": ("/reflections/check-in-1", "/reflections/check-in-1?do=talk&saved=talk", "/reflections/before")
    },
    "/learning-moment": {"mara": ("/learning-moment", "/learning-moment?saved=yes")},
    "/check-ins/{check_in_id}": {
        "ann": (
            "/check-ins/check-in-1",
            "/check-ins/check-in-1?made=manager-action&change=note",
            "/check-ins/over?said=held",
            "/check-ins/before?saved=worth",
        ),
        "mara": ("/check-ins/check-in-1?saved=topic", "/check-ins/over"),
        "fern": ("/check-ins/before",),
    },
    "/check-ins/{check_in_id}/pre-read": {
        "ann": ("/check-ins/check-in-1/pre-read", "/check-ins/over/pre-read"),
        "mara": ("/check-ins/check-in-1/pre-read",),
    },
    "/check-ins/{check_in_id}/another-time": {
        "ann": ("/check-ins/check-in-1/another-time", "/check-ins/over/another-time")
    },
    "/check-ins/{check_in_id}/not-this-time": {"ann": ("/check-ins/check-in-1/not-this-time",)},
    "/check-ins/{check_in_id}/slots": {
        "ann": ("/check-ins/check-in-1/slots", "/check-ins/over/slots"),
        "mara": ("/check-ins/check-in-1/slots?late=yes",),
    },
    "/history": {"ann": ("/history",), "fern": ("/history",), "hale": ("/history",)},
    "/plan": {
        "ann": ("/plan", "/plan?part=action&goal=goal", "/plan?part=goal"),
        "mara": ("/plan",),
        "nora": ("/plan",),
        "hale": ("/plan",),
    },
    "/plans/{plan_id}": {"mara": ("/plans/plan",)},
    "/actions/{action_id}": {
        "ann": (
            "/actions/action",
            *(f"/actions/action?choose={way}" for way in ("done", "new-date", "help", "drop", "snooze", "time")),
            "/actions/private-action",
            "/actions/manager-action",
            "/actions/leaver-action",
            "/actions/done-action",
        ),
        "mara": ("/actions/action", "/actions/manager-action"),
        "nora": ("/actions/mentor-action",),
    },
    "/goals/{goal_id}": {"ann": ("/goals/goal", "/goals/done-goal"), "mara": ("/goals/goal",)},
    "/supporting/{support_id}": {"nora": ("/supporting/support", "/supporting/invited")},
    "/stalls/{stall_id}": {
        "ann": ("/stalls/stall", "/stalls/stall?choose=pause", "/stalls/manager-stuck"),
        "mara": ("/stalls/stall",),
    },
    "/handovers/{handover_id}": {"ann": ("/handovers/handover",), "mara": ("/handovers/handover",)},
    "/feedback": {"ann": ("/feedback",), "nora": ("/feedback",)},
    "/feedback/{request_id}": {
        "ann": ("/feedback/feedback",),
        "mara": ("/feedback/shown",),
        "nora": ("/feedback/feedback", "/feedback/asked"),
    },
    "/pathways": {"ann": ("/pathways",), "hale": ("/pathways",)},
    "/pathways/roles/{key}": {"ann": ("/pathways/roles/guide",), "mara": ("/pathways/roles/guide",)},
    "/pathways/shown": {"mara": ("/pathways/shown",)},
    "/hr/pathways": {"hale": ("/hr/pathways",)},
    "/privacy": {"ann": ("/privacy",), "mara": ("/privacy",), "hale": ("/privacy",), "ira": ("/privacy",)},
    "/hr": {"hale": ("/hr",), "ira": ("/hr", "/hr?again=1")},
}
"""By route, for whom ("" is nobody) which addresses are walked."""

NOT_HERE = "/check-ins/nobody-knows"

WALKERS = ("", "ann", "mara", "fern", "nora", "hale", "ira")


def addresses(name: str) -> list[str]:
    """What `name` walks through, the page with nothing on it at the end."""
    walked = [address for pages in PAGES.values() for address in pages.get(name, ())]
    return [*walked, NOT_HERE] if name else walked


def routes_of(app: Any) -> set[str]:
    """What people can open."""
    return {str(route.path) for route in iter_route_contexts(app.routes) if "GET" in (route.methods or ())}
