"""Subscriptions: the handshake, the limits, and what subscribers hear, over real HTTP both ways."""

import asyncio
import json
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

START = "2030-02-04T08:00:00Z"
DEFAULT_END = "2030-02-10T08:00:00Z"


class Endpoint:
    """Somebody's webhook on this machine, and clock: `now` is what a GET is told. `answers` are the statuses of the
    coming notifications, then 202.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.answers: list[int] = []
        self.handshakes: list[str] = []
        self.now = START
        self.prove: Callable[[str], tuple[int, str, str]] = lambda token: (200, "text/plain", token)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """Path and body of the next POST."""
        return await asyncio.to_thread(self.heard.get, timeout=10)

    async def one(self) -> dict[str, Any]:
        """The only notification of the next POST."""
        _, body = await self.next()
        (value,) = body["value"]
        return dict(value)

    @property
    def is_quiet(self) -> bool:
        return self.heard.empty()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken")
            status, kind, text = 202, "text/plain", ""
            if token:
                there.handshakes.append(self.path)
                status, kind, text = there.prove(token[0])
            else:
                status = there.answers.pop(0) if there.answers else 202
                there.heard.put((self.path, json.loads(body)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            content = json.dumps({"now": there.now}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        there = Endpoint(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield there
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def own(start_sandbox: Any) -> Any:
    return start_sandbox("--people", "4")


@pytest.fixture
async def control(own: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{own.url}/_sandbox", trust_env=False, verify=False) as client:
        await client.post("/clock", json={"now": START})
        yield client
        await client.delete("/notifications")


@pytest.fixture
async def graph(own: Any, control: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {own.bearer()}"}
    async with httpx.AsyncClient(base_url=own.about["graph"], headers=headers, trust_env=False, verify=False) as client:
        yield client
        for subscription in (await client.get("/subscriptions")).json()["value"]:
            await client.delete(f"/subscriptions/{subscription['id']}")


def wanted(own: Any, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": endpoint.url,
        "lifecycleNotificationUrl": f"{endpoint.url}/life",
        "resource": f"/users/{own.about['service_mailbox']}/events",
        "expirationDateTime": DEFAULT_END,
        "clientState": "s3cret",
        **more,
    }


async def subscribe(graph: httpx.AsyncClient, own: Any, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    answer = await graph.post("/subscriptions", json=wanted(own, endpoint, **more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def meet(graph: httpx.AsyncClient, own: Any, subject: str, **more: Any) -> dict[str, Any]:
    event = {
        "subject": subject,
        "start": {"dateTime": "2030-02-20T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2030-02-20T10:30:00", "timeZone": "UTC"},
        **more,
    }
    answer = await graph.post(f"/users/{own.about['service_mailbox']}/events", json=event)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_who_proves_both_addresses_hears_of_each_change_once(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    made = await subscribe(graph, own, endpoint)
    assert len(endpoint.handshakes) == 2
    assert "validationToken=Validation%3A+" in endpoint.handshakes[0]
    assert made["expirationDateTime"] == "2030-02-10T08:00:00.0000000Z"
    ann = own.mail_of("Ann")
    event = await meet(graph, own, "Check-in", attendees=[{"emailAddress": {"address": ann}}])
    box = f"/users/{own.about['service_mailbox']}/events/{event['id']}"
    told = await endpoint.one()
    mailbox_id = (await graph.get(f"/users/{own.about['service_mailbox']}")).json()["id"]
    assert told["resource"] == f"Users/{mailbox_id}/Events/{event['id']}"
    assert told["resourceData"]["@odata.etag"] == event["@odata.etag"]
    assert (told["changeType"], told["clientState"], told["subscriptionId"]) == ("created", "s3cret", made["id"])
    assert "Check-in" not in json.dumps(told)
    await control.post("/act", json={"person": ann, "act": "accept", "event": event["id"]})
    assert (await endpoint.one())["changeType"] == "updated"
    await graph.get(box)
    await graph.delete(box)
    gone = await endpoint.one()
    assert (gone["changeType"], gone["resourceData"]["id"]) == ("deleted", event["id"])
    # A change in a mailbox that nobody watches is not told.
    put = {"mailbox": ann, "subject": "Own", "start": "2030-02-07T06:00:00Z", "end": "2030-02-07T06:30:00Z"}
    await control.post("/events", json=put)
    state = (await control.get("/notifications")).json()
    assert state["waiting"] == []
    assert endpoint.is_quiet


@pytest.mark.parametrize(
    "prove",
    [
        lambda token: (202, "text/plain", token),
        lambda token: (200, "application/json", token),
        lambda token: (200, "text/plain", token.replace(" ", "+")),
        lambda token: (302, "text/plain", token),
    ],
)
async def test_who_cannot_prove_an_address_has_no_subscription(
    own: Any, graph: httpx.AsyncClient, endpoint: Endpoint, prove: Callable[[str], tuple[int, str, str]]
) -> None:
    endpoint.prove = prove
    refused = await graph.post("/subscriptions", json=wanted(own, endpoint))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ValidationError")
    assert (await graph.get("/subscriptions")).json()["value"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"notificationUrl": "https://example.com/hook"},
        {"notificationUrl": "http://[::1"},
        {"notificationUrl": "ftp://127.0.0.1/"},
        {"notificationUrl": "http://127.0.0.1:99999/"},
        {"lifecycleNotificationUrl": "http://10.0.0.1/"},
        {"changeType": "renamed"},
        {"changeType": ""},
        {"resource": "/users", "changeType": "created"},
        {"resource": "/groups"},
        {"expirationDateTime": "2030-02-11T08:01:00Z"},
        {"expirationDateTime": "tomorrow"},
        {"expirationDateTime": None},
        {"clientState": "x" * 129},
        {"includeResourceData": True},
        {"notificationUrl": 5},
        {"shoeSize": 43},
    ],
)
async def test_what_graph_would_not_take_is_refused_before_anybody_is_asked(
    own: Any, graph: httpx.AsyncClient, endpoint: Endpoint, wrong: dict[str, Any]
) -> None:
    refused = await graph.post("/subscriptions", json=wanted(own, endpoint, **wrong))
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["message"]
    assert endpoint.handshakes == []


async def test_a_second_one_alike_is_a_conflict(own: Any, graph: httpx.AsyncClient, endpoint: Endpoint) -> None:
    made = await subscribe(graph, own, endpoint)
    again = await graph.post("/subscriptions", json=wanted(own, endpoint))
    assert again.status_code == 409
    assert made["id"] in again.json()["error"]["message"]
    await subscribe(graph, own, endpoint, changeType="created")
    await subscribe(graph, own, endpoint, resource="/users", changeType="updated")
    unknown = await graph.post("/subscriptions", json=wanted(own, endpoint, resource="/users/nobody@x.example/events"))
    assert unknown.status_code == 404


async def test_a_subscription_lives_as_long_as_it_is_renewed(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    short = await subscribe(graph, own, endpoint, expirationDateTime="2030-02-04T08:10:00Z")
    assert short["expirationDateTime"] == "2030-02-04T08:45:00.0000000Z"
    url = f"/subscriptions/{short['id']}"
    longer = await graph.patch(url, json={"expirationDateTime": "2030-02-05T08:00:00Z"})
    assert longer.json()["expirationDateTime"] == "2030-02-05T08:00:00.0000000Z"
    assert (await graph.patch(url, json={"expirationDateTime": "2031-02-05T08:00:00Z"})).status_code == 400
    assert (await graph.patch(url, json={"resource": "/users"})).status_code == 400
    await control.post("/clock", json={"now": "2030-02-05T02:30:00Z"})
    challenge = await endpoint.next()
    assert challenge[0] == "/hook/life"
    assert challenge[1]["value"][0]["lifecycleEvent"] == "reauthorizationRequired"
    assert challenge[1]["value"][0]["clientState"] == "s3cret"
    assert (await graph.post(f"{url}/reauthorize")).status_code == 204
    assert (await graph.get(url)).json()["expirationDateTime"] == "2030-02-05T08:00:00.0000000Z"
    await control.post("/clock", json={"now": "2030-02-05T08:00:00Z"})
    assert (await graph.get(url)).status_code == 404
    await meet(graph, own, "Unheard")
    assert (await control.get("/notifications")).json()["waiting"] == []
    assert endpoint.is_quiet


async def test_a_new_address_is_proven_before_it_counts(own: Any, graph: httpx.AsyncClient, endpoint: Endpoint) -> None:
    made = await subscribe(graph, own, endpoint)
    url, elsewhere = f"/subscriptions/{made['id']}", f"{endpoint.url}/elsewhere?a=1"
    prove, endpoint.prove = endpoint.prove, lambda token: (500, "text/plain", token)
    assert (await graph.patch(url, json={"notificationUrl": elsewhere})).status_code == 400
    assert (await graph.get(url)).json()["notificationUrl"] == endpoint.url
    endpoint.prove = prove
    assert (await graph.patch(url, json={"notificationUrl": elsewhere})).json()["notificationUrl"] == elsewhere
    await meet(graph, own, "Elsewhere")
    assert (await endpoint.next())[0] == "/hook/elsewhere?a=1"
    assert (await graph.delete(url)).status_code == 204
    assert (await graph.delete(url)).status_code == 404


async def test_what_was_not_taken_is_posted_again_until_the_four_hours_are_over(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    await subscribe(graph, own, endpoint)
    endpoint.answers = [500, 503]
    await meet(graph, own, "Again")
    first = await endpoint.one()
    await control.post("/clock", json={"now": "2030-02-04T08:01:30Z"})
    assert await endpoint.one() == first
    await control.post("/clock", json={"now": "2030-02-04T08:04:00Z"})
    assert await endpoint.one() == first
    # Taken at last; an endpoint that never takes anything hears of what it has missed.
    endpoint.answers = [500] * 9
    await meet(graph, own, "Never taken")
    now = datetime(2030, 2, 4, 8, 4, tzinfo=UTC)
    for _ in range(9):
        assert (await endpoint.one())["changeType"] == "created"
        now += timedelta(minutes=95)
        await control.post("/clock", json={"now": now.isoformat()})
    path, missed = await endpoint.next()
    assert (path, missed["value"][0]["lifecycleEvent"]) == ("/hook/life", "missed")
    assert endpoint.is_quiet


async def test_a_paused_subscription_loses_what_happens_until_it_is_reauthorized(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    made = await subscribe(graph, own, endpoint)
    await control.post("/lifecycle", json={"subscription": made["id"], "event": "reauthorizationRequired"})
    assert (await endpoint.one())["lifecycleEvent"] == "reauthorizationRequired"
    await meet(graph, own, "Lost")
    await graph.post(f"/subscriptions/{made['id']}/reauthorize")
    assert (await endpoint.one())["lifecycleEvent"] == "missed"
    await meet(graph, own, "Heard")
    assert (await endpoint.one())["changeType"] == "created"
    await control.post("/lifecycle", json={"subscription": made["id"], "event": "subscriptionRemoved"})
    assert (await endpoint.one())["lifecycleEvent"] == "subscriptionRemoved"
    assert (await graph.get("/subscriptions")).json()["value"] == []
    assert (await control.post("/lifecycle", json={"subscription": "x", "event": "missed"})).status_code == 404


async def test_a_permission_taken_away_is_a_challenge_until_it_is_back(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    made = await subscribe(graph, own, endpoint)
    await control.post("/faults", json={"fault": "consent", "path": "/sendMail", "count": None})
    assert endpoint.is_quiet
    await control.post("/faults", json={"fault": "consent", "count": None})
    path, body = await endpoint.next()
    assert (path, body["value"][0]["lifecycleEvent"]) == ("/hook/life", "reauthorizationRequired")
    assert (await graph.post(f"/subscriptions/{made['id']}/reauthorize")).status_code == 403
    await control.delete("/faults")
    assert (await graph.post(f"/subscriptions/{made['id']}/reauthorize")).status_code == 204
    await meet(graph, own, "Heard again")
    assert (await endpoint.one())["changeType"] == "created"


async def test_an_administrator_who_takes_a_permission_challenges_that_apps_subscriptions(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    await subscribe(graph, own, endpoint)
    register = {"act": "register_app", "name": "guest", "roles": ["Calendars.Read"]}
    guest = (await control.post("/act", json=register)).json()
    headers = {"Authorization": f"Bearer {own.bearer(guest)}"}
    theirs = await graph.post("/subscriptions", json=wanted(own, endpoint), headers=headers)
    assert theirs.status_code == 201
    await control.post("/act", json={**register, "roles": ["User.Read.All"]})
    told = await endpoint.one()
    assert (told["subscriptionId"], told["lifecycleEvent"]) == (theirs.json()["id"], "reauthorizationRequired")
    await control.post("/act", json={"act": "rotate_keys"})
    own.bearers.clear()
    assert endpoint.is_quiet
    await graph.delete(f"/subscriptions/{theirs.json()['id']}", headers=headers)


async def test_what_has_expired_is_not_listed(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    made = await subscribe(graph, own, endpoint, expirationDateTime="2030-02-04T10:00:00Z")
    await control.post("/clock", json={"now": "2030-02-04T10:00:00Z"})
    assert (await graph.get("/subscriptions")).json()["value"] == []
    assert (await graph.get(f"/subscriptions/{made['id']}")).status_code == 404


async def test_what_nobody_took_is_posted_after_a_restart(
    start_sandbox: Any, endpoint: Endpoint, tmp_path: Path
) -> None:
    arguments = ("--people", "2", "--state", str(tmp_path / "tenant.json"), "--clock", endpoint.url)
    first = start_sandbox(*arguments)
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        client.headers["Authorization"] = f"Bearer {first.bearer()}"
        made = await client.post(f"{first.about['graph']}/subscriptions", json=wanted(first, endpoint))
        endpoint.answers = [503]
        start = {"dateTime": "2030-02-20T10:00:00", "timeZone": "UTC"}
        event = {"subject": "Before", "start": start, "end": start}
        await client.post(f"{first.about['graph']}/users/{first.about['service_mailbox']}/events", json=event)
        refused = await endpoint.one()
        first.stop()
        endpoint.now = "2030-02-04T08:05:00Z"
        # Nobody asks it anything: that the time comes is enough.
        second = start_sandbox(*arguments)
        again = await endpoint.one()
        assert again == refused
        assert again["subscriptionId"] == made.json()["id"]
        assert endpoint.is_quiet
    second.stop()


async def test_notifications_can_be_lost_doubled_delayed_and_overtaken(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    await subscribe(graph, own, endpoint)

    async def ids() -> list[str]:
        _, body = await endpoint.next()
        return [str(value["resourceData"]["id"]) for value in body["value"]]

    await control.post("/notifications", json={"mishap": "lose", "tell": True})
    await meet(graph, own, "Lost")
    assert (await endpoint.one())["lifecycleEvent"] == "missed"
    await control.post("/notifications", json={"mishap": "double"})
    event = await meet(graph, own, "Twice")
    assert await ids() == [event["id"], event["id"]]
    await control.post("/notifications", json={"mishap": "delay", "minutes": 30})
    late = await meet(graph, own, "Late")
    soon = await meet(graph, own, "Soon")
    assert await ids() == [soon["id"]]
    await control.post("/clock", json={"now": "2030-02-04T08:31:00Z"})
    assert await ids() == [late["id"]]
    await control.post("/notifications", json={"mishap": "reorder"})
    first = await meet(graph, own, "First")
    second = await meet(graph, own, "Second")
    heard = await ids()
    heard += await ids() if len(heard) < 2 else []
    assert heard == [second["id"], first["id"]]
    assert (await control.post("/notifications", json={"mishap": "eat"})).status_code == 400
    assert endpoint.is_quiet


async def test_messages_are_told_of_by_folder_or_all_together(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    service, ann = own.about["service_mailbox"], own.mail_of("Ann")
    lasting = {"Prefer": 'IdType="ImmutableId"'}
    sent = wanted(own, endpoint, resource=f"users/{service}/mailFolders('SentItems')/messages", changeType="created")
    assert (await graph.post("/subscriptions", json=sent, headers=lasting)).status_code == 201
    await subscribe(graph, own, endpoint, resource=f"users('{ann}')/messages", notificationUrl=f"{endpoint.url}/ann")
    draft = {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": ann}}]}
    made = (await graph.post(f"/users/{service}/messages", json=draft, headers=lasting)).json()["id"]
    assert endpoint.is_quiet
    await graph.post(f"/users/{service}/messages/{made}/send", headers=lasting)
    await control.post("/deliveries")
    heard = dict([await endpoint.next(), await endpoint.next()])
    (ours,), (theirs,) = (heard[path]["value"] for path in ("/hook", "/hook/ann"))
    assert (ours["changeType"], ours["resourceData"]["id"]) == ("created", made)
    assert theirs["resourceData"]["@odata.type"] == "#Microsoft.Graph.Message"
    arrived = theirs["resourceData"]["id"]
    read = await graph.get(f"/users/{ann}/messages/{arrived}")
    assert read.json()["subject"] == "Hello"
    assert read.json()["@odata.etag"] == theirs["resourceData"]["@odata.etag"]
    await graph.patch(f"/users/{ann}/messages/{arrived}", json={"isRead": True})
    assert (await endpoint.one())["changeType"] == "updated"
    await graph.delete(f"/users/{ann}/messages/{arrived}")
    _, gone = await endpoint.next()
    assert [(v["changeType"], v["resourceData"]["id"] == arrived) for v in gone["value"]] == [
        ("deleted", True),
        ("created", False),
    ]
    assert endpoint.is_quiet


async def test_the_directory_tells_of_people(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient, endpoint: Endpoint
) -> None:
    otto = own.mail_of("Otto")
    otto_id = (await graph.get(f"/users/{otto}")).json()["id"]
    hale_id = (await graph.get(f"/users/{own.mail_of('Hale')}")).json()["id"]
    for_all = await subscribe(graph, own, endpoint, resource="users", changeType="updated,deleted")
    await subscribe(graph, own, endpoint, resource=f"/users/{hale_id}", changeType="updated")
    await subscribe(graph, own, endpoint, resource=f"/users('{otto}')/events", changeType="deleted")
    await control.post("/act", json={"person": otto, "act": "rename", "surname": "Other"})
    told = await endpoint.one()
    assert (told["resource"], told["subscriptionId"]) == (f"Users/{otto_id}", for_all["id"])
    await control.post("/act", json={"person": otto, "act": "leave_company", "how": "deleted"})
    heard = [await endpoint.next(), await endpoint.next()]
    by_path = {path: [value.get("lifecycleEvent") or value["resource"] for value in b["value"]] for path, b in heard}
    assert by_path == {"/hook/life": ["subscriptionRemoved"], "/hook": [f"Users/{otto_id}"]}
    assert len((await graph.get("/subscriptions")).json()["value"]) == 2


async def test_another_app_sees_none_of_it(own: Any, graph: httpx.AsyncClient, endpoint: Endpoint) -> None:
    made = await subscribe(graph, own, endpoint)
    headers = {"Authorization": f"Bearer {own.bearer(own.about['mail_client'])}"}
    async with httpx.AsyncClient(base_url=own.about["graph"], headers=headers, trust_env=False, verify=False) as other:
        assert (await other.get("/subscriptions")).json()["value"] == []
        assert (await other.get(f"/subscriptions/{made['id']}")).status_code == 404
        assert (await other.delete(f"/subscriptions/{made['id']}")).status_code == 404


async def test_a_batch_cannot_slip_past_the_handshake(own: Any, graph: httpx.AsyncClient, endpoint: Endpoint) -> None:
    endpoint.prove = lambda token: (404, "text/plain", token)
    step = {"id": "1", "method": "POST", "url": "/subscriptions", "headers": {"Content-Type": "application/json"}}
    answer = await graph.post("/$batch", json={"requests": [{**step, "body": wanted(own, endpoint)}]})
    assert [a["status"] for a in answer.json()["responses"]] == [400]
    assert len(endpoint.handshakes) == 1
    assert (await graph.get("/subscriptions")).json()["value"] == []


async def test_subscriptions_and_delta_links_outlive_the_process(
    start_sandbox: Any, endpoint: Endpoint, tmp_path: Path
) -> None:
    arguments = ("--people", "2", "--state", str(tmp_path / "tenant.json"))
    window = {"startDateTime": "2030-02-04T00:00:00Z", "endDateTime": "2030-03-04T00:00:00Z"}
    first = start_sandbox(*arguments)
    box = f"/users/{first.about['service_mailbox']}"
    clock = {"now": START}
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        await client.post(f"{first.url}/_sandbox/clock", json=clock)
        client.headers["Authorization"] = f"Bearer {first.bearer()}"
        graph = first.about["graph"]
        made = await client.post(f"{graph}/subscriptions", json=wanted(first, endpoint))
        assert made.status_code == 201
        people = (await client.get(f"{graph}/users/delta?$deltatoken=latest")).json()["@odata.deltaLink"]
        events = (await client.get(f"{graph}{box}/calendarView/delta", params=window)).json()["@odata.deltaLink"]
        await client.post(
            f"{first.url}/_sandbox/act", json={"person": first.mail_of("Ann"), "act": "rename", "surname": "Kept"}
        )
        first.stop()
        second = start_sandbox(*arguments)
        second.bearers.update(first.bearers)
        await client.post(f"{second.url}/_sandbox/clock", json=clock)
        new = second.about["graph"]
        assert (await client.get(f"{new}/subscriptions")).json()["value"][0]["id"] == made.json()["id"]
        renamed = (await client.get(people.replace(graph, new))).json()["value"]
        assert [user["surname"] for user in renamed] == ["Kept"]
        start = {"dateTime": "2030-02-20T10:00:00", "timeZone": "UTC"}
        event = await client.post(f"{new}{box}/events", json={"subject": "After", "start": start, "end": start})
        assert (await endpoint.one())["resourceData"]["id"] == event.json()["id"]
        news = (await client.get(events.replace(graph, new))).json()["value"]
        assert [item["id"] for item in news] == [event.json()["id"]]
    second.stop()
