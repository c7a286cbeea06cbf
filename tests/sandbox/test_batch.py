"""$batch: items are requests of their own, and an impossible batch is refused whole."""

import asyncio
from typing import Any

import httpx
import pytest


async def send(graph: httpx.AsyncClient, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await graph.post("/$batch", json={"requests": list(items)})
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["responses"]}


def get(name: str, url: str, *before: str) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **({"dependsOn": list(before)} if before else {})}


async def test_each_item_is_answered_with_its_own_status_and_in_no_promised_order(
    graph: httpx.AsyncClient, ann: str, otto: str
) -> None:
    draft = {"subject": "Batched"}
    json_type = {"Content-Type": "application/json"}
    items = [
        get("a", f"/users/{ann}?$select=id,mail"),
        get("b", "/users/nobody"),
        {"id": "c", "method": "POST", "url": f"users/{otto}/messages", "headers": json_type, "body": draft},
    ]
    answer = await graph.post("/$batch", json={"requests": items})
    assert [item["id"] for item in answer.json()["responses"]] != ["a", "b", "c"]
    found = {item["id"]: item for item in answer.json()["responses"]}
    assert [found[name]["status"] for name in "abc"] == [200, 404, 201]
    assert found["a"]["body"]["mail"] == ann
    assert found["b"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert found["c"]["body"]["subject"] == "Batched"


async def test_what_depends_on_a_failure_is_not_done(graph: httpx.AsyncClient, otto: str) -> None:
    async def drafts() -> int:
        options = {"$top": "999"}
        return len((await graph.get(f"/users/{otto}/mailFolders/drafts/messages", params=options)).json()["value"])

    had = await drafts()
    make = {"method": "POST", "url": f"/users/{otto}/messages", "headers": {"Content-Type": "application/json"}}
    found = await send(
        graph,
        {"id": "late", **make, "body": {"subject": "Never"}, "dependsOn": ["later"]},
        {"id": "later", **make, "body": {"subject": "Never"}, "dependsOn": ["bad"]},
        get("bad", "/users/nobody"),
        {"id": "good", **make, "body": {"subject": "Done"}, "dependsOn": ["fine"]},
        get("fine", f"/users/{otto}"),
    )
    assert {name: item["status"] for name, item in found.items()} == {
        "late": 424,
        "later": 424,
        "bad": 404,
        "good": 201,
        "fine": 200,
    }
    assert await drafts() == had + 1


async def test_an_item_is_throttled_alone(graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str) -> None:
    order = {"fault": "status", "status": 429, "retry_after": 9, "path": f"/users/{ann}/events$"}
    await control.post("/faults", json=order)
    found = await send(graph, get("1", f"/users/{ann}/events"), get("2", f"/users/{ann}/events"))
    throttled = [item for item in found.values() if item["status"] == 429]
    assert [item["headers"]["Retry-After"] for item in throttled] == ["9"]
    assert throttled[0]["body"]["error"]["code"] == "ApplicationThrottled"
    assert sorted(item["status"] for item in found.values()) == [200, 429]


async def test_twenty_items_on_one_mailbox_keep_its_limit_of_four_at_once(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    await control.post("/faults", json={"fault": "slow", "seconds": 0.01, "path": "/mailboxSettings$", "count": 20})
    start = (await control.get("/ledger")).json()["count"]
    found = await send(graph, *(get(str(n), f"/users/{ann}/mailboxSettings") for n in range(20)))
    assert {item["status"] for item in found.values()} == {200}
    entries = (await control.get("/ledger", params={"from": str(start)})).json()["entries"]
    assert max(entry["in_flight"] for entry in entries) == 4
    assert [entry["path"] for entry in entries].count(f"/v1.0/users/{ann}/mailboxSettings") == 20


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([get(str(n), "/users") for n in range(21)], "MaximumValueExceeded"),
        ([get("1", "/users"), get("1", "/users")], "BadRequest"),
        ([get("1", "/users", "2")], "BadRequest"),
        ([get("1", "/users", "2"), get("2", "/users", "1")], "BadRequest"),
        ([{"method": "GET", "url": "/users"}], "BadRequest"),
        ([{"id": "1", "method": "BREW", "url": "/users"}], "BadRequest"),
        ([{"id": "1", "method": "POST", "url": "/users/x/messages", "body": {}}], "BadRequest"),
        ([{"id": "1", "method": "POST", "url": "/users/x/messages/y/send"}], "BadRequest"),
        ([get("a", "/users"), get("A", "/users")], "BadRequest"),
        ("all of them", "BadRequest"),
        ([], "BadRequest"),
    ],
)
async def test_an_impossible_batch_is_refused_whole(graph: httpx.AsyncClient, requests: Any, code: str) -> None:
    answer = await graph.post("/$batch", json={"requests": requests})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_an_absolute_address_and_a_batch_in_a_batch_are_refused(graph: httpx.AsyncClient) -> None:
    found = await send(
        graph,
        get("1", f"{graph.base_url}users"),
        {"id": "2", "method": "POST", "url": "/$batch", "headers": {"Content-Type": "application/json"}, "body": {}},
    )
    assert {item["status"] for item in found.values()} == {400}


async def test_a_batch_needs_a_token_and_its_items_use_it(plain: httpx.AsyncClient, graph: httpx.AsyncClient) -> None:
    batch = {"requests": [get("1", "/users")]}
    assert (await plain.post("/v1.0/$batch", json=batch)).status_code == 401
    forged = {"requests": [{**get("1", "/users"), "headers": {"Authorization": "Bearer none"}}]}
    assert (await graph.post("/$batch", json=forged)).json()["responses"][0]["status"] == 401


async def test_a_broken_item_breaks_the_batch(graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str) -> None:
    await control.post("/faults", json={"fault": "reset", "path": "/mailboxSettings"})
    with pytest.raises(httpx.TransportError):
        await graph.post("/$batch", json={"requests": [get("1", f"/users/{ann}/mailboxSettings")]})
    # The connection's end leaves nothing counted as under way.
    await asyncio.gather(*(graph.get(f"/users/{ann}/mailboxSettings") for _ in range(3)))
    assert (await graph.get(f"/users/{ann}/mailboxSettings")).status_code == 200
