"""$batch: up to twenty requests in one, each found, allowed, throttled and answered as if it had come alone."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sandbox.bodies import Body
from sandbox.calls import Call, Json, Reply
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.routing import Routes, split_path

MOST_ITEMS = 20
_AT_ONCE = 4
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")

Served = tuple[int, Mapping[str, str], bytes]
"""Status, headers and content of one item's answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch; `url` as it was written, headers by lower-case name."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    depends_on: tuple[str, ...]

    @property
    def is_relative(self) -> bool:
        return bool(self.url) and "://" not in self.url.partition("?")[0] and not self.url.startswith("//")

    @property
    def is_batch(self) -> bool:
        return "$batch" in split_path(self.url.partition("?")[0].lower())


def add_routes(routes: Routes) -> None:
    routes.add("POST", "$batch", handled_by_the_app)


def handled_by_the_app(call: Call) -> Reply:
    """Stands for the route; its items need the whole application, which therefore runs them itself."""
    raise GraphError(500, "generalException", f"{call.path} was not handed to the application.")


@evidence(
    "documented",
    "A batch has at most 20 requests, each with an id of its own; dependsOn names ids of the same batch.",
    "graph/json-batching",
)
@evidence("assumed", "More than 20 requests are 400 MaximumValueExceeded.", "the documents give no code")
@evidence(
    "reported",
    "A write with a body but without Content-Type fails the whole batch.",
    "'Write request id : 1 does not contain Content-Type header or body.', as others have met it",
)
def read_items(body: Body, bearer: str) -> list[Item]:
    """The requests of a batch, which travel under its `bearer`. Raises 400 for a batch that is none."""
    body.only(("requests",), "batch request")
    if not isinstance(body.values.get("requests"), list):
        raise bad_request("Invalid batch payload format: it has no collection of requests.", "BadRequest")
    items = [_item(element, bearer) for element in body.records("requests")]
    if len(items) > MOST_ITEMS:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST_ITEMS}.", "MaximumValueExceeded"
        )
    ids = {item.id for item in items}
    if len(ids) < len(items):
        raise bad_request("Request Id has to be unique in a batch.", "BadRequest")
    unknown = next((name for item in items for name in item.depends_on if name not in ids), None)
    if unknown is not None:
        raise bad_request(f"A dependsOn refers to the request '{unknown[:60]}', which is not there.", "BadRequest")
    try:
        TopologicalSorter({item.id: item.depends_on for item in items}).prepare()
    except CycleError:
        raise bad_request("The requests of the batch depend on one another in a circle.", "BadRequest") from None
    return items


def _item(element: Body, bearer: str) -> Item:
    element.only(("id", "method", "url", "headers", "body", "dependsOn"), "batch request step")
    name, method = element.text("id"), element.text("method").upper()
    if not name:
        raise bad_request("Every request of a batch needs an id, which is a string.", "BadRequest")
    if method not in _METHODS:
        raise bad_request(f"The request '{name[:60]}' has no method that can be batched.", "BadRequest")
    given = element.record("headers") or Body({})
    headers = {key.lower(): given.text(key) for key in given.values}
    if "content-type" not in headers and element.values.get("body") is not None:
        raise bad_request(f"Write request id : {name[:60]} does not contain Content-Type header or body.", "BadRequest")
    return Item(
        id=name,
        method=method,
        url=element.text("url"),
        headers={"authorization": bearer, **headers},
        body=_content(element.values.get("body"), headers),
        depends_on=tuple(element.texts("dependsOn")),
    )


@evidence("documented", "A body that is not JSON is base64 in the batch.", "graph/json-batching")
def _content(body: Any, headers: Mapping[str, str]) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str) and "json" not in headers.get("content-type", "").lower():
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            return body.encode()
    return json.dumps(body).encode()


@evidence(
    "documented",
    "The batch is 200 whatever became of its requests; a request whose dependency failed is 424.",
    "graph/json-batching",
)
@evidence("documented", "Answers come in no particular order: here never in the order asked.", "graph/json-batching")
@evidence("reported", "Up to four requests of a batch run at once on a mailbox.", "microsoft-graph-docs #8760")
async def answer_items(items: Sequence[Item], serve: Callable[[Item], Awaitable[Served]]) -> Json:
    """Runs every item through `serve` after those that it depends on."""
    gate = asyncio.Semaphore(_AT_ONCE)
    tasks: dict[str, asyncio.Task[Json]] = {}

    async def run(item: Item) -> Json:
        before = [await tasks[name] for name in item.depends_on]
        if any(answer["status"] >= 400 for answer in before):
            return _refusal(item, 424, "FailedDependency", "A request that this one depends on has failed.")
        if not item.is_relative:
            return _refusal(item, 400, "BadRequest", "The URL of a batched request is relative to the version.")
        if item.is_batch:
            return _refusal(item, 400, "BadRequest", "A batch cannot hold another batch.")
        async with gate:
            return _answer(item, *await serve(item))

    try:
        tasks.update((item.id, asyncio.create_task(run(item))) for item in items)
        answers = await asyncio.gather(*tasks.values())
    finally:
        for task in tasks.values():
            task.cancel()
    return {"responses": answers[::-1]}


def _answer(item: Item, status: int, headers: Mapping[str, str], content: bytes) -> Json:
    named = {"-".join(word.capitalize() for word in name.split("-")): value for name, value in headers.items()}
    found: Json = {"id": item.id, "status": status, "headers": named}
    if content:
        is_json = "json" in headers.get("content-type", "")
        found["body"] = json.loads(content) if is_json else base64.b64encode(content).decode()
    else:
        named.pop("Content-Type", None)
    return found


@evidence("documented", "The URL of a batched request is relative; an absolute one is 400.", "graph/json-batching")
def _refusal(item: Item, status: int, code: str, message: str) -> Json:
    return {
        "id": item.id,
        "status": status,
        "headers": {"Content-Type": "application/json"},
        "body": {"error": {"code": code, "message": message}},
    }
