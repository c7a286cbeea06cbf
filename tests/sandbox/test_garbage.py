"""Garbage on every route: whatever comes in, the answer is Graph's error or Graph's success, and never a 500."""

import asyncio
import copy
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.app import Sandbox, build_app
from sandbox.clock import OwnClock
from sandbox.graph import all_routes
from sandbox.organization import build_organization
from sandbox.signing_keys import SigningKey
from sandbox.tenant import build_tenant
from sandbox.tokens import Mint

RELAXED = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)


@dataclass
class Heard:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass
class Tenant:
    """The application without a socket, so that a request may be anything that a server would hand on."""

    app: Sandbox
    bearer: str
    people: list[str]
    runner: asyncio.Runner

    def made(self, place: str, action: str) -> str:
        """The id of an event, a message or a subscription that is there and that `action` may be done to, since the
        one before may have been deleted.
        """
        owner = self.people[0]
        if place == "{subscription}":
            return self.well("POST", "/v1.0/subscriptions", {**SUBSCRIPTION, "changeType": self.unused()})
        if place == "{message}":
            return self.well("POST", f"/v1.0/users/{owner}/messages", MESSAGE)
        if action not in ANSWERS:
            return self.well("POST", f"/v1.0/users/{owner}/events", EVENT)
        # Only who was invited can answer.
        invitation = {**EVENT, "recurrence": None, "attendees": [{"emailAddress": {"address": owner}}]}
        made = self.well("POST", f"/v1.0/users/{self.people[3]}/events", invitation)
        boxes = [
            self.app.tenant.mailbox(account.id) for account in map(self.app.tenant.account, self.people) if account
        ]
        event = next(found for found in (box.event(made) for box in boxes) if found)
        copy = boxes[0].copy_of(event)
        assert copy is not None
        return copy.id

    def unused(self) -> str:
        """A changeType, freed of the subscription that had it, since the same one twice is refused."""
        self.app.tenant.subscriptions.clear()
        return "created,updated"

    def well(self, method: str, path: str, body: Any) -> str:
        headers = {"content-type": "application/json", "prefer": 'IdType="ImmutableId"'}
        answer = self.ask(method, path, "", headers, as_bytes(body))
        assert answer.status == 201, answer
        return str(json.loads(answer.content)["id"])

    def ask_well(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Heard:
        """Asks with the names of what is there in place of "{event}", "{message}" and "{subscription}"."""
        for place in PLACES:
            if place in path:
                action = path.rpartition("/")[2]
                path = path.replace(place, quote(self.made(place, action)))
        return self.ask(method, path, query, headers, body)

    def ask(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Heard:
        heard = Heard()
        pairs = {"host": "127.0.0.1:1", "authorization": f"Bearer {self.bearer}", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("utf-8", "surrogatepass"),
            "query_string": query.encode("utf-8", "surrogatepass"),
            "headers": [(k.encode("latin-1"), v.encode("latin-1", "replace")) for k, v in pairs.items()],
        }
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                heard.status = message["status"]
                heard.headers = {k.decode(): v.decode("latin-1") for k, v in message["headers"]}
            else:
                heard.content += message.get("body", b"")

        self.runner.run(self.app(scope, receive, send))
        return heard


async def believed(url: str, request_id: str) -> None:
    """As if whoever subscribes had answered as they must."""


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    seeded = build_tenant(build_organization(1, 3, date(2030, 2, 4)))
    mint = Mint(seeded, [SigningKey.fresh()])
    clock = OwnClock()
    clock.set(datetime(2030, 2, 5, 9, tzinfo=UTC))
    app = build_app(seeded, mint, clock)
    ann = next(account for account in seeded.accounts.values() if account.given == "Ann")
    people = [ann.mail, ann.id, ann.mail.upper(), seeded.organization.service.mail]
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.subscriptions.prove", believed)
        yield Tenant(app, mint.app_token(seeded.app), people, runner)


ROUTES = sorted((route.method, route.pattern) for route in all_routes())
AT = {"dateTime": "2030-07-02T10:00:00", "timeZone": "Europe/Berlin"}
TO = [{"emailAddress": {"name": "Ann", "address": "ann@meadow.example"}}]
MESSAGE = {
    "subject": "Hello",
    "body": {"contentType": "html", "content": "<p>Hi</p>"},
    "toRecipients": TO,
    "importance": "normal",
    "internetMessageHeaders": [{"name": "x-a", "value": "b"}],
    "singleValueExtendedProperties": [{"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name K", "value": "v"}],
    "categories": ["Red"],
}
EVENT = {
    "subject": "Talk",
    "start": AT,
    "end": {**AT, "dateTime": "2030-07-02T11:00:00"},
    "attendees": [{**TO[0], "type": "required"}],
    "location": {"displayName": "Room"},
    "isAllDay": False,
    "showAs": "busy",
    "sensitivity": "private",
    "reminderMinutesBeforeStart": 15,
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "endDate", "startDate": "2030-07-02", "endDate": "2030-09-02", "recurrenceTimeZone": "UTC"},
    },
}
ANSWERS = ("accept", "decline", "tentativelyAccept")
PROPOSAL = {"start": AT, "end": EVENT["end"]}
SUBSCRIPTION = {
    "changeType": "created",
    "notificationUrl": "http://127.0.0.1:1/x",
    "resource": "/users/checkins@meadow.example/events",
    "expirationDateTime": "2030-02-06T00:00:00Z",
    "clientState": "s",
}
NO_BODY: dict[str, Any] = {}
WELL_MADE: dict[str, Any] = {
    "messages": MESSAGE,
    "{message}": MESSAGE,
    "sendMail": {"message": MESSAGE, "saveToSentItems": True},
    "events": {**EVENT, "transactionId": None},
    "{event}": EVENT,
    "getSchedule": {
        "schedules": ["ann@meadow.example", "nobody@meadow.example"],
        "startTime": AT,
        "endTime": EVENT["end"],
        "availabilityViewInterval": 30,
    },
    "accept": {"comment": "Yes", "sendResponse": True},
    "decline": {"comment": "No", "sendResponse": True, "proposedNewTime": PROPOSAL},
    "tentativelyAccept": {"comment": "Perhaps", "sendResponse": True, "proposedNewTime": PROPOSAL},
    "forward": {"comment": "You", "toRecipients": TO},
    "createForward": {"comment": "You", "toRecipients": TO},
    "cancel": {"comment": "No"},
    "reply": {"message": MESSAGE},
    "replyAll": {"comment": "So", "message": {"categories": ["Red"], "toRecipients": TO}},
    "createReply": {"comment": "So", "message": {"importance": "low"}},
    "createReplyAll": {"comment": "So", "message": {"importance": "low"}},
    "send": NO_BODY,
    "permanentDelete": NO_BODY,
    "mailboxSettings": {"timeZone": "UTC", "workingHours": {"daysOfWeek": ["monday"], "startTime": "08:00:00"}},
    "$batch": {"requests": [{"id": "1", "method": "GET", "url": "/users", "headers": {"a": "b"}, "dependsOn": []}]},
    "subscriptions": SUBSCRIPTION,
    "{subscription}": {"expirationDateTime": "2030-02-07T00:00:00Z", "notificationUrl": "http://127.0.0.1:1/y"},
    "reauthorize": NO_BODY,
}
MIME = b64encode(
    b"From: checkins@meadow.example\r\nTo: ann@meadow.example\r\nSubject: =?utf-8?q?Hi?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    b"Hi\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--b--\r\n"
)
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    2**31,
    10**30,
    1.5,
    float("nan"),
    "",
    " ",
    "\x00",
    "\ud800",
    "𝄞é\u202e",
    "x" * 3000,
    "2030-02-30T00:00:00",
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00",
    "10000-01-01T00:00:00",
    "2030-03-31T02:30:00",
    "9999-12-31",
    "Mars/Olympus",
    "../../../etc/passwd",
    "Europe/../Europe/Berlin",
    "Europe",
    "tzone://Microsoft/Custom",
    [],
    {},
    [[]],
    [None],
    [{}],
    ["\ud800"],
    {"@odata.type": 5},
    {"": {}},
    {"dateTime": "2030-07-02T10:00:00", "timeZone": "\ud800"},
]
OPTIONS = [
    "$select",
    "$filter",
    "$expand",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$search",
    "$deltatoken",
    "$skiptoken",
    "startDateTime",
    "endDateTime",
]
VALUES = [
    "",
    "id",
    "subject,start",
    "id desc",
    "start/dateTime desc,",
    "5",
    "0",
    "-1",
    "٣",
    "9" * 30,
    "true",
    "latest",
    "mail eq 'ann@meadow.example'",
    "not (accountEnabled eq true) and startswith(mail,'a')",
    "((((((((((((",
    "(" * 5000 + "id eq '1'" + ")" * 5000,
    "not " * 5000 + "id eq '1'",
    "department in ('a', ",
    "receivedDateTime ge 2030-02-30T00:00:00Z",
    "start/dateTime ge '9999-12-31T23:59:59'",
    "singleValueExtendedProperties/Any(ep: ep/id eq 'x' and ep/value eq '",
    "manager($select=id;$expand=x)",
    "singleValueExtendedProperties($filter=id eq 'String {} Name')",
    "2030-02-04T00:00:00Z",
    "2030-02-04",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2030-02-04T00:00:00+99:99",
    "eyJhIjoxfQ",
    "eyJ",
    "\ud800",
    "%ff%00",
    "é' or '1",
]
HEADERS = {
    "prefer": [
        'outlook.timezone="Mars Time"',
        'outlook.timezone="W. Europe Standard Time", IdType="ImmutableId", odata.maxpagesize=2',
        "odata.maxpagesize=99999999999999999999",
        "odata.maxpagesize=0",
        'outlook.timezone="../UTC"',
        'outlook.timezone=""',
        'outlook.body-content-type="wood"',
        "é;;,=",
    ],
    "content-type": ["text/plain", "application/json; charset=utf-16", "x", "", "multipart/form-data; boundary=x"],
    "if-match": ['W/"x"', "*", "", "é"],
    "consistencylevel": ["eventual", "x"],
    "authorization": ["Bearer x.y.z", "Basic eDp5", "Bearer", "Bearer é", "x" * 9000],
    "client-request-id": ["é" * 50, ""],
    "content-length": ["-5"],
}
EVENTUAL = {"consistencylevel": "eventual"}
TRICKS = ["/", "//", "/..", "/../", "/%2e%2e/", "/%00", "/%ff", "/%2F", "/$value", "/delta", "/microsoft.graph.", "()"]


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """The well-made body with one of its parts, wherever it is, replaced, left out or misnamed."""
    found = copy.deepcopy(whole)
    place = found
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return draw(st.sampled_from(ODD))
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        change = draw(st.sampled_from(("replace", "replace", "replace", "drop", "misname")))
        if change == "replace":
            place[key] = draw(st.sampled_from(ODD))
        else:
            value = place.pop(key)
            if change == "misname" and isinstance(place, dict):
                place[f"{key}é"] = value
        return found


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


RAW = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"{",
            b'{"a":',
            b"[]",
            b"null",
            b'"x"',
            b"\xff\xfe{}",
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"subject": ' + b"9" * 10_000 + b"}",
            b" " * (4 * 1024 * 1024 + 1),
            b'{"subject": "' + b"x" * (4 * 1024 * 1024) + b'"}',
            b"bm90IG1pbWU=",
            '{"subject": "\u0000"}'.encode(),
        ]
    ),
    st.recursive(st.sampled_from(ODD), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3)).map(
        as_bytes
    ),
)


def bodies(pattern: str) -> st.SearchStrategy[bytes]:
    """Mostly what is well made but for one thing, since the rest never gets far."""
    made = mutated(WELL_MADE.get(pattern.rpartition("/")[2], NO_BODY)).map(as_bytes)
    return st.one_of(made, made, RAW)


@st.composite
def garbled_mime(draw: st.DrawFn) -> bytes:
    """A MIME letter with a few of its bytes changed, left out or repeated."""
    letter = bytearray(b64decode(MIME))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(letter) - 1))
        letter[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=4))
    return b64encode(bytes(letter))


WINDOW = "startDateTime=2030-02-04T00:00:00Z&endDateTime=2030-02-08T00:00:00Z"
TAKE_MIME = ("messages", "sendMail", "reply", "replyAll", "createReply")
PLACES = ("{event}", "{message}", "{subscription}")
ANY_NAME = st.one_of(st.sampled_from([str(odd) for odd in ODD if isinstance(odd, str)]), st.text(max_size=12))


@st.composite
def requests(draw: st.DrawFn, people: list[str], routes: list[tuple[str, str]]) -> tuple[Any, ...]:
    """Method, path, query, headers and body; "{event}" and the like stand for ones that are there."""
    method, pattern = draw(st.sampled_from(routes))
    names = {"user": people, "folder": ["inbox", "Drafts", "sentitems", "deleteditems"]}
    segments = []
    for segment in pattern.split("/"):
        name = segment
        if segment[0] == "{":
            known = names.get(segment[1:-1], [segment])
            name = draw(ANY_NAME) if draw(st.integers(0, 14)) == 0 else draw(st.sampled_from(known))
        segments.append(name if name in PLACES else quote(name.encode("utf-8", "surrogatepass")))
    path = "/v1.0/" + "/".join(segments)
    if draw(st.integers(0, 9)) == 0:
        path += draw(st.sampled_from(TRICKS))
    if draw(st.integers(0, 9)) == 0:
        method = draw(st.sampled_from(["GET", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE", "POST", "BREW", ""]))
    chosen = draw(st.lists(st.tuples(st.sampled_from(OPTIONS), st.sampled_from(VALUES)), max_size=3))
    query = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in chosen)
    if ("alendarView" in path or path.endswith("instances")) and draw(st.booleans()):
        query = f"{WINDOW}&{query}"
    headers = {"content-type": "application/json"}
    for name in draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=1, unique=True)):
        headers[name] = draw(st.sampled_from(HEADERS[name]))
    if method == "POST" and pattern.rpartition("/")[2] in TAKE_MIME and draw(st.integers(0, 3)) == 0:
        return method, path, query, {**headers, "content-type": "text/plain"}, draw(garbled_mime())
    return method, path, query, headers, draw(bodies(pattern)) if method not in ("GET", "DELETE") else b""


def check(heard: Heard, asked: Any) -> None:
    """Graph's success or Graph's error."""
    what = f"{str(asked)[:1500]} -> {heard.status} {heard.content[:300]!r}"
    assert 200 <= heard.status < 500, what
    if heard.status >= 400:
        error = json.loads(heard.content)["error"]
        assert set(error) == {"code", "message", "innerError"}, what
        assert error["code"], what
        assert error["message"], what
        assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}, what
    elif heard.content and "json" in heard.headers["content-type"]:
        json.loads(heard.content)
    assert heard.headers["request-id"], what


@pytest.mark.parametrize(("method", "pattern"), ROUTES)
def test_what_the_garbage_is_made_of_would_be_taken(tenant: Tenant, method: str, pattern: str) -> None:
    """Else nothing but the first check of a route would ever see garbage."""
    names = {"{user}": tenant.people[0], "{folder}": "drafts"}
    path = "/v1.0/" + "/".join(names.get(segment, segment) for segment in pattern.split("/"))
    body = as_bytes(WELL_MADE[pattern.rpartition("/")[2]]) if method in ("POST", "PATCH") else b""
    tenant.app.tenant.subscriptions.clear()
    heard = tenant.ask_well(method, path, WINDOW, {"content-type": "application/json", **EVENTUAL}, body)
    assert 200 <= heard.status < 300, heard.content


@pytest.mark.parametrize("group", range(6))
def test_no_garbage_is_answered_with_a_failure(tenant: Tenant, group: int) -> None:
    @RELAXED
    @given(requests(tenant.people, ROUTES[group::6]))
    def ask(asked: tuple[Any, ...]) -> None:
        check(tenant.ask_well(*asked), asked)

    ask()


@RELAXED
@given(st.text(max_size=40), st.sampled_from(["GET", "POST", "DELETE"]))
def test_no_path_is_answered_with_a_failure(tenant: Tenant, path: str, method: str) -> None:
    headers: dict[str, str] = {}
    asked = (method, "/v1.0/" + quote(path.encode("utf-8", "surrogatepass"), safe="/%.$()"), "", headers, b"")
    check(tenant.ask(*asked), asked)


OUTSIDE = [
    "/",
    "/v1.0",
    "/beta/users",
    "/{tenant}/oauth2/v2.0/token",
    "/{tenant}/oauth2/v2.0/authorize",
    "/{tenant}/oauth2/v2.0/logout",
    "/{tenant}/v2.0/.well-known/openid-configuration",
    "/{tenant}/discovery/v2.0/keys",
    "/common/discovery/instance",
    "/_sandbox/clock",
    "/_sandbox/clock/advance",
    "/_sandbox/act",
    "/_sandbox/events",
    "/_sandbox/faults",
    "/_sandbox/state",
    "/_sandbox/ledger",
    "/_sandbox/organization",
    "/_sandbox/about",
    "/_sandbox/x",
]
FIELDS = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "code",
    "redirect_uri",
    "nonce",
    "scope",
    "refresh_token",
    "person",
    "act",
    "event",
    "start",
    "end",
    "now",
    "days",
    "from",
    "mailbox",
    "week",
    "find",
    "prompt",
    "login_hint",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "state",
]
FIELD_VALUES = st.one_of(
    st.sampled_from(["client_credentials", "authorization_code", "refresh_token", "accept", "drag", "code", "none"]),
    st.sampled_from([odd for odd in ODD if isinstance(odd, str)]),
    st.text(max_size=10),
)


@RELAXED
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    path=st.sampled_from(OUTSIDE),
    fields=st.dictionaries(st.sampled_from(FIELDS), FIELD_VALUES, max_size=6),
    as_form=st.booleans(),
)
def test_nothing_else_on_the_port_fails_either(
    tenant: Tenant, method: str, path: str, fields: dict[str, str], as_form: bool
) -> None:
    where = path.replace("{tenant}", tenant.app.tenant.id)
    values = {"client_id": tenant.app.tenant.app.client_id, **fields}
    form = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in values.items())
    kind = "application/x-www-form-urlencoded" if as_form else "application/json"
    body = form.encode() if as_form else as_bytes(fields)
    asked = (method, where, form if method == "GET" else "", {"content-type": kind}, body)
    heard = tenant.ask(*asked)
    assert 200 <= heard.status < 500, f"{asked} -> {heard}"
    tenant.app.faults.clear()
