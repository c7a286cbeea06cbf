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
_WRITES = ("PATCH", "POST", "PUT")
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


_PAGE = "learn.microsoft.com/graph/json-batching"


@evidence(
    "documented",
    "A batch has at most 20 requests, each with an id that is unique whatever its case; else all of it is 400.",
    _PAGE,
)
@evidence(
    "assumed",
    "More than 20 requests are 400 MaximumValueExceeded, as the .NET SDK says before it would send them.",
    "no answer of the service itself was found",
)
@evidence("documented", "A POST has headers and a body even where its target needs none, if only {}.", _PAGE)
@evidence(
    "reported",
    "A write without Content-Type or body is 400 BadRequest for the whole batch, in these words.",
    "msgraph-sdk-dotnet #2628 and #1038; ms-365-mcp-server #677",
)
@evidence(
    "reported",
    "A batch without a request is 400; its words are those of any malformed batch.",
    "microsoft-teams-apps-company-communicator #337, elastic/connectors #1930, msgraph-sdk-javascript #1451",
)
@evidence("assumed", "dependsOn of an unknown id, or in a circle, makes the whole batch 400.", "it is then malformed")
def read_items(body: Body, bearer: str) -> list[Item]:
    """The requests of a batch, which travel under its `bearer`. Raises 400 for a batch that is none."""
    body.only(("requests",), "batch request")
    if not isinstance(body.values.get("requests"), list):
        raise bad_request("Invalid batch payload format: it has no collection of requests.", "BadRequest")
    items = [_item(element, bearer) for element in body.records("requests")]
    if not items:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(items) > MOST_ITEMS:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST_ITEMS}.", "MaximumValueExceeded"
        )
    ids = {item.id.lower() for item in items}
    if len(ids) < len(items):
        raise bad_request("Request Id has to be unique in a batch.", "BadRequest")
    unknown = next((name for item in items for name in item.depends_on if name.lower() not in ids), None)
    if unknown is not None:
        raise bad_request(f"A dependsOn refers to the request '{unknown[:60]}', which is not there.", "BadRequest")
    try:
        TopologicalSorter({item.id.lower(): [name.lower() for name in item.depends_on] for item in items}).prepare()
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
    body = element.values.get("body")
    if method in _WRITES and (body is None or "content-type" not in headers):
        raise bad_request(f"Write request id : {name[:60]} does not contain Content-Type header or body.", "BadRequest")
    return Item(
        id=name,
        method=method,
        url=element.text("url"),
        headers={"authorization": bearer, **headers},
        body=_content(body, headers),
        depends_on=tuple(element.texts("dependsOn")),
    )


@evidence("documented", "A body that is not JSON is base64url in the batch.", _PAGE)
def _content(body: Any, headers: Mapping[str, str]) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str) and "json" not in headers.get("content-type", "").lower():
        try:
            plain = body.replace("-", "+").replace("_", "/")
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except ValueError:
            return body.encode()
    return json.dumps(body).encode()


@evidence(
    "documented",
    "The batch is 200 whatever became of its requests; a request whose dependency failed is 424.",
    _PAGE,
)
@evidence("documented", "Answers may come in another order than the requests: here they always do.", _PAGE)
@evidence("documented", "The URL of a batched request is relative to the version.", _PAGE)
@evidence(
    "assumed", "An absolute URL, and a batch in a batch, are 400 for that request alone.", "nothing is said of them"
)
@evidence("reported", "Up to four requests of a batch run at once on a mailbox.", "microsoft-graph-docs #8760")
async def answer_items(
    items: Sequence[Item],
    serve: Callable[[Item], Awaitable[Served]],
    refuse: Callable[[GraphError], Served],
) -> Json:
    """Runs every item through `serve` after those that it depends on; `refuse` words the batch's own errors."""
    gate = asyncio.Semaphore(_AT_ONCE)
    tasks: dict[str, asyncio.Task[Json]] = {}

    async def run(item: Item) -> Json:
        before = [await tasks[name.lower()] for name in item.depends_on]
        if any(answer["status"] >= 400 for answer in before):
            failed = GraphError(424, "FailedDependency", "A request that this one depends on has failed.")
            return _answer(item, *refuse(failed))
        if not item.is_relative or item.is_batch:
            what = "The URL of a batched request is relative to the version, and no batch itself."
            return _answer(item, *refuse(bad_request(what, "BadRequest")))
        async with gate:
            return _answer(item, *await serve(item))

    try:
        tasks.update((item.id.lower(), asyncio.create_task(run(item))) for item in items)
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
