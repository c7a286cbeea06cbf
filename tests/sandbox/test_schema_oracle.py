"""The official SDK as a schema oracle: every answer of every route is of the type that the SDK declares for it."""

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from kiota_abstractions.serialization import Parsable
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter
from msgraph.generated.models.directory_object import DirectoryObject
from msgraph.generated.models.directory_object_collection_response import DirectoryObjectCollectionResponse
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_collection_response import EventCollectionResponse
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.message import Message
from msgraph.generated.models.message_collection_response import MessageCollectionResponse
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.models.subscription_collection_response import SubscriptionCollectionResponse
from msgraph.generated.models.user import User
from msgraph.generated.models.user_collection_response import UserCollectionResponse
from msgraph.generated.users.delta.delta_get_response import DeltaGetResponse as UsersDelta
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_response import GetSchedulePostResponse
from msgraph.generated.users.item.calendar_view.delta.delta_get_response import DeltaGetResponse as EventsDelta

from sandbox.graph import all_routes
from sandbox.routing import split_path

Type = Any


class Nothing:
    """No body at all."""


class Raw:
    """A body that is not JSON."""


class Batch:
    """Answers to requests, each of which is judged by itself."""


# What a successful answer to a path with this ending is; the first that matches holds.
DECLARED: tuple[tuple[str, Type], ...] = (
    (r"GET users", UserCollectionResponse),
    (r"GET (users/\$count|.*/messages/{message}/\$value)", Raw),
    (r"GET users/delta", UsersDelta),
    (r"GET users/{user}", User),
    (r"GET users/{user}/manager", DirectoryObject),
    (r"GET users/{user}/directReports", DirectoryObjectCollectionResponse),
    (r"(GET|PATCH) .*/mailboxSettings", MailboxSettings),
    (r"POST .*/getSchedule", GetSchedulePostResponse),
    (r"GET .*/calendarView/delta", EventsDelta),
    (r"GET .*/(events|calendarView|instances)", EventCollectionResponse),
    (r"(GET|PATCH) .*/events/{event}", Event),
    (r"POST .*/events", Event),
    (r"GET .*/messages", MessageCollectionResponse),
    (r"(GET|PATCH) .*/messages/{message}", Message),
    (r"POST .*/(messages|createReply|createReplyAll|createForward)", Message),
    (r"GET subscriptions", SubscriptionCollectionResponse),
    (r"(POST subscriptions|(GET|PATCH) subscriptions/{subscription})", Subscription),
    (r"POST \$batch", Batch),
    (r"DELETE .*", Nothing),
    (r"POST .*/(sendMail|send|reply|replyAll|forward|permanentDelete)", Nothing),
    (r"POST .*/(accept|decline|tentativelyAccept|cancel|reauthorize)", Nothing),
)


def declared(route: str) -> Type:
    for pattern, kind in DECLARED:
        if re.fullmatch(pattern.replace("{", r"\{").replace("}", r"\}"), route):
            return kind
    raise AssertionError(f"Say in DECLARED of which type the answer to {route} is.")


_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TIME = re.compile(r"(\d\d:\d\d:\d\d)(\.\d+)?")


def plain(value: Any) -> Any:
    """JSON without annotations and nulls, and with one way to write an instant."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None and "@" not in k}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        # The SDK keeps microseconds of the seven digits.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value)).astimezone(UTC).isoformat()
    if isinstance(value, str) and (time := _TIME.fullmatch(value)):
        return time[1]
    return value


def unknown_keys(value: Any, path: str) -> list[str]:
    """Where the SDK found keys that its types do not have."""
    if isinstance(value, list):
        return [found for i, element in enumerate(value) for found in unknown_keys(element, f"{path}[{i}]")]
    if not isinstance(value, Parsable):
        return []
    extra = getattr(value, "additional_data", None) or {}
    found = [f"{path}.{key}" for key in extra if "@" not in key]
    for each in fields(value):
        if each.name not in ("additional_data", "backing_store"):
            found += unknown_keys(getattr(value, each.name), f"{path}.{each.name}")
    return found


def check(content: bytes, kind: Type, original: Mapping[str, Any], what: str) -> None:
    read: Any = JsonParseNodeFactory().get_root_parse_node("application/json", content).get_object_value(kind)
    assert unknown_keys(read, kind.__name__) == [], what
    writer = JsonSerializationWriter()
    writer.write_object_value(None, read)
    assert plain(json.loads(writer.get_serialized_content())) == plain(original), what


@dataclass
class Oracle:
    """Takes every answer to pieces, and remembers with which statuses each route was answered."""

    answered: dict[str, set[int]] = field(default_factory=dict)

    async def hear(self, response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        path = request.url.raw_path.decode().partition("?")[0].removeprefix("/v1.0")
        found = all_routes().find(request.method, split_path(path))
        route = f"{request.method} {found[0].pattern}" if found else ""
        self.judge(
            route, response.status_code, response.content, f"{request.method} {request.url}: {response.text[:300]}"
        )

    def judge(self, route: str, status: int, content: bytes, what: str) -> None:
        self.answered.setdefault(route, set()).add(status)
        if status >= 400:
            check(content, ODataError, json.loads(content), what)
            return
        kind = declared(route)
        if kind is Nothing:
            assert content == b"", what
        elif kind is Raw:
            assert content, what
        elif kind is Batch:
            assert set(json.loads(content)) == {"responses"}, what
        else:
            check(content, kind, json.loads(content), what)


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjet": "misspelt"},
        {"importance": "enormous"},
        {"isRead": "true"},
        {"from": {"emailAddress": {"address": "ann@meadow.example", "nickname": "Annie"}}},
        {"toRecipients": [{"emailAddress": {"adress": "misspelt"}}]},
    ],
)
def test_the_oracle_sees_what_is_not_of_its_type(wrong: dict[str, Any]) -> None:
    right = {
        "@odata.etag": "W/x",
        "id": "1",
        "isRead": True,
        "importance": "low",
        "sentDateTime": "2030-02-04T09:00:00Z",
    }
    check(httpx.Request("POST", "http://x", json=right).content, Message, right, "right")
    body = {**right, **wrong}
    with pytest.raises(AssertionError):
        check(httpx.Request("POST", "http://x", json=body).content, Message, body, "wrong")


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def heard(graph: httpx.AsyncClient, oracle: Oracle) -> httpx.AsyncClient:
    graph.event_hooks["response"].append(oracle.hear)
    return graph


def at(text: str, zone: str = "Europe/Berlin") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def to(*mails: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": mail}} for mail in mails]


IMMUTABLE = {"Prefer": 'IdType="ImmutableId", outlook.timezone="W. Europe Standard Time"'}
KEY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Key"
WEEK = {"startDateTime": "2030-07-01T00:00:00Z", "endDateTime": "2030-07-15T00:00:00Z"}


async def test_people(heard: httpx.AsyncClient, ann: str, mara: str, otto: str) -> None:
    properties = "id,displayName,mail,accountEnabled,department,employeeHireDate,jobTitle,country,usageLocation"
    await heard.get("/users", params={"$top": "5"})
    await heard.get("/users", params={"$select": properties, "$expand": "manager($select=id,mail)", "$top": "3"})
    await heard.get("/users/$count", headers={"ConsistencyLevel": "eventual"})
    await heard.get(f"/users/{ann}")
    await heard.get(f"/users/{ann}", params={"$select": properties, "$expand": "manager"})
    await heard.get(f"/users/{ann}/manager")
    await heard.get(f"/users/{mara}/directReports")
    await heard.get("/users/nobody")
    await heard.get("/users", params={"$filter": "department eq"})
    for person in (ann, otto):
        await heard.get(f"/users/{person}/mailboxSettings")
        await heard.get(f"/users/{person}/mailboxSettings", params={"$select": "workingHours,timeZone"})
    page = (await heard.get("/users/delta", params={"$select": "id,displayName,manager"})).json()
    while "@odata.nextLink" in page:
        page = (await heard.get(page["@odata.nextLink"])).json()
    await heard.get(page["@odata.deltaLink"])


async def test_mailbox_settings_can_be_written(heard: httpx.AsyncClient, otto: str) -> None:
    before = (await heard.get(f"/users/{otto}/mailboxSettings")).json()
    await heard.patch(f"/users/{otto}/mailboxSettings", json={"timeZone": before["timeZone"]})


async def test_calendars(heard: httpx.AsyncClient, service: str, ann: str, mara: str, otto: str) -> None:
    for calendar in (f"/users/{service}", f"/users/{service}/calendar"):
        event = {
            "subject": "Judged",
            "body": {"contentType": "html", "content": "<p>Hello</p>"},
            "start": at("2030-07-02T10:00:00"),
            "end": at("2030-07-02T10:45:00"),
            "attendees": to(ann, mara, otto),
            "isOnlineMeeting": True,
            "onlineMeetingProvider": "teamsForBusiness",
            "location": {"displayName": "Room"},
            "transactionId": f"judged {calendar}",
            "singleValueExtendedProperties": [{"id": KEY, "value": "k"}],
        }
        made = (await heard.post(f"{calendar}/events", json=event, headers=IMMUTABLE)).json()
        here = f"{calendar}/events/{made['id']}"
        await heard.get(here, params={"$expand": f"singleValueExtendedProperties($filter=id eq '{KEY}')"})
        await heard.get(f"{calendar}/events", params={"$top": "3", "$select": "subject,start"})
        await heard.get(f"{calendar}/calendarView", params=WEEK, headers=IMMUTABLE)
        await heard.patch(here, json={"start": at("2030-07-03T10:00:00"), "end": at("2030-07-03T10:45:00")})
        for person, act in ((ann, "accept"), (mara, "tentativelyAccept"), (otto, "decline")):
            theirs = calendar.replace(service, person)
            held = (await heard.get(f"{theirs}/calendarView", params={**WEEK, "$top": "99"})).json()["value"]
            copy = next(e for e in held if e["iCalUId"] == made["iCalUId"])
            answer = await heard.post(
                f"{theirs}/events/{copy['id']}/{act}", json={"comment": "So", "sendResponse": True}
            )
            assert answer.status_code == 202
        await heard.get(here)
        await heard.post(f"{here}/forward", json={"toRecipients": to(otto), "comment": "You too"})
        await heard.post(f"{here}/cancel", json={"comment": "Not now"})
        await heard.get(here)
        for person in (service, ann):
            about = {"$expand": "microsoft.graph.eventMessage/event", "$top": "5"}
            mails = (await heard.get(f"/users/{person}/messages", params=about)).json()["value"]
            await heard.get(f"/users/{person}/messages/{mails[0]['id']}", params=about)
        series = {
            "subject": "Series",
            "start": at("2030-07-01T09:00:00"),
            "end": at("2030-07-01T09:30:00"),
            "recurrence": {
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"]},
                "range": {"type": "numbered", "startDate": "2030-07-01", "numberOfOccurrences": 6},
            },
        }
        master = (await heard.post(f"{calendar}/events", json=series)).json()
        await heard.get(f"{calendar}/events/{master['id']}/instances", params=WEEK)
        await heard.get(f"{calendar}/calendarView", params=WEEK)
        all_day = {"start": at("2030-07-04T00:00:00"), "end": at("2030-07-05T00:00:00"), "isAllDay": True}
        away = (await heard.post(f"{calendar}/events", json={"subject": "Away", "showAs": "oof", **all_day})).json()
        await heard.post(f"{calendar}/events/{away['id']}/permanentDelete")
        page = (await heard.get(f"{calendar}/calendarView/delta", params=WEEK)).json()
        while "@odata.nextLink" in page:
            page = (await heard.get(page["@odata.nextLink"])).json()
        await heard.delete(f"{calendar}/events/{master['id']}")
        changes = await heard.get(page["@odata.deltaLink"])
        assert changes.status_code == 200
        short = (await heard.post(f"{calendar}/events", json={"subject": "Away", **all_day})).json()
        assert (await heard.post(f"{calendar}/events/{short['id']}/permanentDelete")).status_code == 204
        await heard.get(f"{calendar}/calendarView", params={"startDateTime": "soon", "endDateTime": "later"})


async def test_schedules(heard: httpx.AsyncClient, service: str, ann: str, otto: str) -> None:
    wanted = {
        "Schedules": [ann, otto, "nobody@meadow.example"],
        "StartTime": at("2030-07-01T00:00:00"),
        "EndTime": at("2030-07-08T00:00:00"),
        "AvailabilityViewInterval": 60,
    }
    assert (await heard.post(f"/users/{service}/calendar/getSchedule", json=wanted)).status_code == 200
    too_long = {**wanted, "EndTime": at("2031-07-08T00:00:00")}
    await heard.post(f"/users/{service}/calendar/getSchedule", json=too_long)


async def test_letters(heard: httpx.AsyncClient, service: str, ann: str, otto: str) -> None:
    letter = {"subject": "Hello", "body": {"contentType": "html", "content": "<p>Hi</p>"}, "toRecipients": to(ann)}
    html = {**letter, "internetMessageHeaders": [{"name": "x-judged", "value": "yes"}], "importance": "high"}
    keyed = {**html, "singleValueExtendedProperties": [{"id": KEY, "value": "letter"}]}
    expand = {"$expand": f"singleValueExtendedProperties($filter=id eq '{KEY}')"}
    for folder in ("", "/mailFolders/drafts"):
        mailbox = f"/users/{service}{folder}"
        draft = (await heard.post(f"{mailbox}/messages", json=keyed, headers=IMMUTABLE)).json()
        here = f"{mailbox}/messages/{draft['id']}"
        await heard.get(here, params=expand, headers={"Prefer": 'outlook.body-content-type="text"'})
        await heard.patch(here, json={"subject": "Hello again", "categories": ["Red"]})
        await heard.get(f"{mailbox}/messages", params={"$top": "5", **expand})
        assert (await heard.post(f"{here}/send")).status_code == 202
        inbox = f"/users/{ann}{'/mailFolders/inbox' if folder else ''}/messages"
        got = (await heard.get(inbox, params={"$orderby": "receivedDateTime desc"})).json()["value"][0]
        for answer in ("reply", "replyAll", "forward"):
            body = {"comment": "Thanks", **({"toRecipients": to(otto)} if answer == "forward" else {})}
            await heard.post(f"{inbox}/{got['id']}/{answer}", json=body)
            await heard.post(f"{inbox}/{got['id']}/create{answer[0].upper()}{answer[1:]}", json=body)
        await heard.get(f"{inbox}/{got['id']}")
        await heard.get(f"{inbox}/{got['id']}/$value")
        assert (await heard.get(f"{inbox}/{got['id']}/$value")).status_code == 200
        for remove in ("delete", "permanentDelete"):
            unsent = (await heard.post(f"{mailbox}/messages", json=letter)).json()
            if remove == "delete":
                await heard.delete(f"{mailbox}/messages/{unsent['id']}")
            else:
                await heard.post(f"{mailbox}/messages/{unsent['id']}/permanentDelete")
    await heard.post(f"/users/{service}/sendMail", json={"message": html, "saveToSentItems": True})
    await heard.post(f"/users/{service}/sendMail", json={"message": {"toRecipients": to("nobody@meadow.example")}})
    mime = (
        f"From: {service}\r\nTo: {ann}\r\nSubject: Plain\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHi\r\n"
    )
    text = base64.b64encode(mime.encode()).decode()
    await heard.post(f"/users/{service}/sendMail", content=text, headers={"Content-Type": "text/plain"})
    await heard.get(f"/users/{service}/mailFolders/inbox/messages")
    await heard.get(f"/users/{service}/messages/AAA=")


async def test_batches(heard: httpx.AsyncClient, oracle: Oracle, ann: str) -> None:
    requests = [
        {"id": "1", "method": "GET", "url": f"/users/{ann}"},
        {"id": "2", "method": "GET", "url": "/users/nobody"},
        {"id": "3", "method": "GET", "url": "/users", "dependsOn": ["2"]},
    ]
    answer = await heard.post("/$batch", json={"requests": requests})
    routes = {"1": "GET users/{user}", "2": "GET users/{user}", "3": "GET users"}
    for item in answer.json()["responses"]:
        content = httpx.Request("POST", "http://x", json=item["body"]).content
        oracle.judge(routes[item["id"]], item["status"], content, str(item))


@pytest.fixture
def listener() -> Iterator[str]:
    """Where notifications may go: it says back the token that it is validated with."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(token)))
            self.end_headers()
            self.wfile.write(token)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/heard"
        server.shutdown()
        thread.join()


async def test_subscriptions(heard: httpx.AsyncClient, control: httpx.AsyncClient, listener: str, service: str) -> None:
    now = datetime.fromisoformat((await control.get("/clock")).json()["now"])
    wanted = {
        "changeType": "created,updated,deleted",
        "notificationUrl": listener,
        "lifecycleNotificationUrl": listener,
        "resource": f"/users/{service}/events",
        "expirationDateTime": (now + timedelta(days=2)).isoformat(),
        "clientState": "secret",
    }
    made = (await heard.post("/subscriptions", json=wanted)).json()
    here = f"/subscriptions/{made['id']}"
    await heard.post("/subscriptions", json={**wanted, "expirationDateTime": (now + timedelta(days=20)).isoformat()})
    await heard.get("/subscriptions")
    await heard.get(here)
    await heard.patch(here, json={"expirationDateTime": (now + timedelta(days=3)).isoformat()})
    await heard.post(f"{here}/reauthorize")
    await heard.delete(here)
    await heard.get(here)


def addressed(route: str) -> tuple[str, str]:
    """Method and path of a request for something that is not there."""
    method, _, pattern = route.partition(" ")
    names = {"{user}": "nobody@meadow.example", "{folder}": "inbox", "{subscription}": "0"}
    return method, "/" + "/".join(names.get(s, "AAA=") if s[0] == "{" else s for s in pattern.split("/"))


async def test_every_refusal_of_every_route(
    heard: httpx.AsyncClient, control: httpx.AsyncClient, sandbox: Any, oracle: Oracle
) -> None:
    app = (await control.post("/act", json={"act": "register_app", "name": "without a grant", "roles": []})).json()
    stranger = {"Authorization": f"Bearer {sandbox.ask_for_token(app).json()['access_token']}"}
    for route in sorted(every_route()):
        method, path = addressed(route)
        wrong = {"params": {"$top": "x", "$orderby": "a b c"}}
        written = {**wrong, "content": b"{", "headers": {"Content-Type": "application/json"}}
        asked = await heard.request(method, path, **(wrong if method in ("GET", "DELETE") else written))
        assert asked.status_code in (400, 404), f"{route}: {asked.text}"
        assert (await heard.request(method, path, headers={"Authorization": "Bearer x"})).status_code == 401
        if needs_a_grant(route):
            assert (await heard.request(method, path, headers=stranger)).status_code == 403, route


def needs_a_grant(route: str) -> bool:
    """Subscriptions ask for the grant to what they watch, and a batch for those of its requests."""
    return "subscriptions" not in route and "$batch" not in route


@pytest.mark.parametrize("status", [403, 409, 429, 500, 503, 504, 509])
async def test_every_ordered_failure_of_every_route(
    heard: httpx.AsyncClient, control: httpx.AsyncClient, status: int
) -> None:
    await control.post("/faults", json={"fault": "status", "status": status, "retry_after": 2, "count": None})
    for route in sorted(every_route()):
        answer = await heard.request(*addressed(route))
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "2"), route


async def test_no_route_was_forgotten(oracle: Oracle) -> None:
    """A new route is to be asked above, so that it answers well and is refused in each way that it can be."""
    if len(oracle.answered) < 20:
        pytest.skip("The tests above are what answers this; they were left out of this run.")
    gaps = {}
    for route in sorted(every_route()):
        statuses = oracle.answered.get(route, set())
        kinds = {"well": any(s < 300 for s in statuses), "wrong": bool(statuses & {400, 404}), "401": 401 in statuses}
        kinds |= {"403": 403 in statuses} if needs_a_grant(route) else {}
        gaps[route] = [kind for kind, judged in kinds.items() if not judged]
    assert {route: missing for route, missing in gaps.items() if missing} == {}


def every_route() -> set[str]:
    return {f"{route.method} {route.pattern}" for route in all_routes()}
