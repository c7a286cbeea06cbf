"""Which path goes where, by every way that a client may write it; and what is said to all others."""

from typing import Any

import httpx
import pytest

from sandbox.routing import split_path


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/users/ann%40meadow.example/messages", ["users", "ann@meadow.example", "messages"]),
        ("//users//a///events/", ["users", "a", "events"]),
        ("/users/delta()", ["users", "delta"]),
        ("/users/microsoft.graph.delta()", ["users", "delta"]),
        ("/users('a')/events('b=')", ["users", "a", "events", "b="]),
        ("/users('o''hara')", ["users", "o'hara"]),
        ("/users/a%2Fb", ["users", "a/b"]),
    ],
)
def test_a_path_has_the_same_segments_however_it_is_written(path: str, segments: list[str]) -> None:
    assert split_path(path) == segments


@pytest.mark.parametrize("front", ["/v1.0", "/V1.0", "//v1.0", "//V1.0/"])
async def test_the_version_is_found_in_any_case_and_after_any_slashes(
    sandbox: Any, plain: httpx.AsyncClient, ann: str, front: str
) -> None:
    headers = {"Authorization": f"Bearer {sandbox.bearer()}"}
    answer = await plain.get(f"{sandbox.url}{front}/USERS/{ann}/calendar/EVENTS", headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/beta/users"),
        ("GET", "/v1.0/groups"),
        ("GET", "/v1.0/users/{ann}/contacts"),
        ("POST", "/v1.0/users/{ann}/findMeetingTimes"),
        ("PUT", "/v1.0/users/{ann}"),
        ("GET", "/v2.0/users"),
        ("GET", "/favicon.ico"),
        ("GET", "/v1.0"),
    ],
)
async def test_what_is_not_served_is_404_in_graphs_shape_and_stands_in_the_log(
    sandbox: Any, plain: httpx.AsyncClient, ann: str, method: str, path: str
) -> None:
    headers = {"Authorization": f"Bearer {sandbox.bearer()}", "client-request-id": "mine"}
    where = path.replace("{ann}", ann)
    answer = await plain.request(method, where, headers=headers, json={} if method == "POST" else None)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "ResourceNotFound"
    assert error["innerError"]["client-request-id"] == answer.headers["client-request-id"] == "mine"
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    assert f"NOT SERVED: a client wanted {method} {where}" in sandbox.log.read_text()


async def test_options_are_understood_with_and_without_their_dollar(graph: httpx.AsyncClient, ann: str) -> None:
    written = await graph.get("/users", params={"$select": "id,mail", "$filter": f"mail eq '{ann}'"})
    bare = await graph.get("/users", params={"select": "id,mail", "FILTER": f"mail eq '{ann}'"})
    assert bare.json()["value"] == written.json()["value"] != []
    assert set(bare.json()["value"][0]) == {"id", "mail"}
    assert (await graph.get(f"/users/{ann}/events", params={"top": "none"})).status_code == 400


async def test_a_status_that_http_has_no_word_for_can_be_ordered_too(
    control: httpx.AsyncClient, graph: httpx.AsyncClient, ann: str
) -> None:
    await control.post("/faults", json={"fault": "status", "status": 509, "path": "/mailboxSettings"})
    answer = await graph.get(f"/users/{ann}/mailboxSettings")
    assert (answer.status_code, set(answer.json()["error"])) == (509, {"code", "message", "innerError"})
    assert answer.json()["error"]["message"]
