"""What an app may do with which grant, as Graph has it, and what our README asks for."""

import base64
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import permissions
from sandbox.app_registrations import APP_ROLES, STRICT_EXCHANGE_OF, STRICT_ROLES, ScopedGrant
from sandbox.graph import all_routes
from sandbox.permissions import needed

README = Path(__file__).parents[2] / "README.md"
EVENT = {
    "subject": "Check-in",
    "start": {"dateTime": "2031-03-03T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2031-03-03T10:30:00", "timeZone": "UTC"},
}

AskAs = Callable[..., Awaitable[httpx.Response]]
Granting = Callable[..., Awaitable[AskAs]]


@pytest.fixture
def granting(sandbox: Any, control: httpx.AsyncClient, plain: httpx.AsyncClient) -> Granting:
    """Registers an app with these grants; the answer calls Graph as that app."""

    async def register(name: str, *roles: str, exchange: tuple[tuple[str, str], ...] = ()) -> AskAs:
        scoped = [{"role": role, "scope": scope} for role, scope in exchange]
        asked = {"act": "register_app", "name": name, "roles": roles, "exchange": scoped}
        app = (await control.post("/act", json=asked)).json()
        bearer = sandbox.ask_for_token(app).json()["access_token"]

        async def call(method: str, path: str, **options: Any) -> httpx.Response:
            headers = {"Authorization": f"Bearer {bearer}"}
            return await plain.request(method, f"/v1.0{path}", headers=headers, **options)

        return call

    return register


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_every_route_says_which_permission_opens_it() -> None:
    routes = list(all_routes())
    assert len(routes) > 20
    unsaid = [f"{route.method} {route.pattern}" for route in routes if needed(route.method, route.pattern) is None]
    assert unsaid == []


def test_the_default_app_holds_every_role_that_opens_something() -> None:
    accepted = {role for roles in permissions.every_accepted() for role in roles}
    assert accepted == set(APP_ROLES)


@pytest.mark.parametrize(
    ("method", "pattern", "roles"),
    [
        ("GET", "users/{user}/calendar/events", ("Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite")),
        ("POST", "users/{user}/calendars/{calendar}/events", ("Calendars.ReadWrite",)),
        ("POST", "users/{user}/mailFolders/{folder}/messages", ("Mail.ReadWrite",)),
        ("POST", "users/{user}/messages/{message}/send", ("Mail.Send",)),
        ("GET", "users/{user}/calendarView/delta", ("Calendars.Read", "Calendars.ReadWrite")),
        ("POST", "$batch", ()),
    ],
)
def test_a_path_needs_the_same_by_every_way_to_it(method: str, pattern: str, roles: tuple[str, ...]) -> None:
    need = needed(method, pattern)
    assert need is not None
    assert need.roles == roles


SEE_CALENDARS = "Calendars.ReadBasic.All Calendars.Read Calendars.ReadWrite"
# By hand from Graph's list (permissions.json of 2026-08-07); routes are without the user and the folder in front.
BY_HAND = (
    (r"GET users(/x)?", "User.ReadBasic.All User.Read.All Directory.Read.All"),
    (r"GET (users/\$count|users/delta|manager|directReports)", "User.Read.All Directory.Read.All"),
    (r"GET mailboxSettings", "MailboxSettings.Read MailboxSettings.ReadWrite"),
    (r"PATCH mailboxSettings", "MailboxSettings.ReadWrite"),
    (r"GET (events(/x(/instances)?)?|calendarView)", SEE_CALENDARS),
    (r"POST getSchedule", SEE_CALENDARS),
    (r"GET calendarView/delta", "Calendars.Read Calendars.ReadWrite"),
    (r"POST events|(PATCH|DELETE) events/x", "Calendars.ReadWrite"),
    (r"POST events/x/(accept|decline|tentativelyAccept|cancel|permanentDelete)", "Calendars.ReadWrite"),
    (r"POST events/x/forward", "Calendars.Read Calendars.ReadWrite"),
    (r"GET messages(/x)?", "Mail.ReadBasic.All Mail.Read Mail.ReadWrite"),
    (r"GET messages/x/\$value", "Mail.Read Mail.ReadWrite"),
    (r"POST messages|(PATCH|DELETE) messages/x", "Mail.ReadWrite"),
    (r"POST messages/x/(permanentDelete|createReply|createReplyAll|createForward)", "Mail.ReadWrite"),
    (r"POST (sendMail|messages/x/(send|reply|replyAll|forward))", "Mail.Send"),
    (r"\w+ subscriptions.*|POST \$batch", ""),
)


def test_every_route_is_opened_by_what_graphs_list_says() -> None:
    for route in all_routes():
        path = re.sub(r"\{\w+\}", "x", route.pattern)
        name = f"{route.method} {re.sub(r'^users/x/(calendar/|mailFolders/x/)?', '', path)}"
        roles = [roles for pattern, roles in BY_HAND if re.fullmatch(pattern, name)]
        assert len(roles) == 1, f"Say in BY_HAND what opens {name}, once."
        need = needed(route.method, route.pattern)
        assert need is not None
        assert set(need.roles) == set(roles[0].split()), name


def test_a_path_that_nobody_wrote_down_is_opened_by_nothing() -> None:
    assert needed("POST", "users/{user}/findMeetingTimes") is None
    assert needed("DELETE", "users/{user}") is None


def test_strict_permissions_are_the_grant_that_the_readme_asks_for() -> None:
    text = README.read_text()
    entra = re.findall(r"Grant in Entra\*\* the application permission `([\w.]+)`, and nothing else", text)
    rows = re.findall(
        r"\| `Application ([\w.]+)` \| the (participants' group|service mailbox|sender mailboxes|managers' group) \|",
        text,
    )
    assert tuple(entra) == STRICT_ROLES
    named: dict[str, Any] = {
        "participants' group": "participants",
        "service mailbox": "service",
        "sender mailboxes": "senders",
        "managers' group": "managers",
    }
    asked_for = {ScopedGrant(role, named[scope]) for role, scope in rows}
    ours, theirs = (
        ScopedGrant("Calendars.ReadWrite", named[whose]) for whose in ("service mailbox", "managers' group")
    )
    assert set(STRICT_EXCHANGE_OF["service_mailbox"]) == asked_for - {theirs}
    assert set(STRICT_EXCHANGE_OF["manager"]) == asked_for - {ours}


async def test_an_app_without_a_grant_is_refused_in_each_services_words(
    granting: Granting, service: str, ann: str
) -> None:
    nobody = await granting("nobody")
    assert refusal(await nobody("GET", "/users")) == (403, "Authorization_RequestDenied")
    assert refusal(await nobody("GET", f"/users/{ann}/manager")) == (403, "Authorization_RequestDenied")
    for method, path in (
        ("GET", f"/users/{ann}/mailboxSettings"),
        ("GET", f"/users/{ann}/calendarView"),
        ("POST", f"/users/{service}/events"),
        ("POST", f"/users/{service}/sendMail"),
        ("GET", f"/users/{ann}/mailFolders/inbox/messages"),
    ):
        assert refusal(await nobody(method, path, json=EVENT if method == "POST" else None)) == (
            403,
            "ErrorAccessDenied",
        )


async def test_exchange_opens_the_mailboxes_of_the_scope_and_no_others(
    granting: Granting, service: str, ann: str
) -> None:
    scoped = await granting(
        "scoped", exchange=(("Calendars.ReadWrite", "service"), ("MailboxSettings.Read", "participants"))
    )
    assert (await scoped("POST", f"/users/{service}/events", json=EVENT)).status_code == 201
    assert refusal(await scoped("POST", f"/users/{ann}/events", json=EVENT)) == (403, "ErrorAccessDenied")
    assert (await scoped("GET", f"/users/{ann}/mailboxSettings")).status_code == 200
    assert refusal(await scoped("GET", f"/users/{service}/mailboxSettings")) == (403, "ErrorAccessDenied")
    assert refusal(await scoped("GET", f"/users/{ann}")) == (403, "Authorization_RequestDenied")


async def test_entras_consents_reach_every_mailbox_and_add_to_exchanges(
    granting: Granting, service: str, ann: str
) -> None:
    both = await granting("both", "MailboxSettings.Read", exchange=(("Calendars.Read", "participants"),))
    assert (await both("GET", f"/users/{service}/mailboxSettings")).status_code == 200
    span = {"startDateTime": "2030-02-04T00:00:00Z", "endDateTime": "2030-02-05T00:00:00Z"}
    assert (await both("GET", f"/users/{ann}/calendarView", params=span)).status_code == 200
    assert refusal(await both("POST", f"/users/{ann}/events", json=EVENT)) == (403, "ErrorAccessDenied")


async def test_who_leaves_the_group_leaves_the_scope(
    granting: Granting, control: httpx.AsyncClient, otto: str, ann: str
) -> None:
    scoped = await granting("group", exchange=(("MailboxSettings.Read", "participants"),))
    await control.post("/act", json={"act": "leave_group", "person": otto})
    assert refusal(await scoped("GET", f"/users/{otto}/mailboxSettings")) == (403, "ErrorAccessDenied")
    assert (await scoped("GET", f"/users/{ann}/mailboxSettings")).status_code == 200
    await control.post("/act", json={"act": "join_group", "person": otto})
    assert (await scoped("GET", f"/users/{otto}/mailboxSettings")).status_code == 200


async def test_the_roles_are_those_of_the_token_and_not_of_today(
    granting: Granting, control: httpx.AsyncClient
) -> None:
    before = await granting("changing", "User.Read.All")
    after = await granting("changing")
    assert (await before("GET", "/users")).status_code == 200
    assert refusal(await after("GET", "/users")) == (403, "Authorization_RequestDenied")


async def test_the_basic_permission_shows_the_basics_only(granting: Granting, ann: str) -> None:
    basic = await granting("basic", "User.ReadBasic.All")
    assert (await basic("GET", f"/users/{ann}", params={"$select": "id,displayName,mail"})).status_code == 200
    for more in ({"$select": "id,department"}, {"$expand": "manager"}):
        assert refusal(await basic("GET", f"/users/{ann}", params=more)) == (403, "Authorization_RequestDenied")
    assert refusal(await basic("GET", f"/users/{ann}/directReports")) == (403, "Authorization_RequestDenied")


async def test_with_the_basic_permissions_an_items_text_is_not_shown(
    granting: Granting, graph: httpx.AsyncClient, service: str
) -> None:
    property_id = "String {00020329-0000-0000-c000-000000000046} Name Basic"
    more = {
        "body": {"contentType": "text", "content": "secret"},
        "singleValueExtendedProperties": [{"id": property_id, "value": "secret"}],
    }
    event = (await graph.post(f"/users/{service}/events", json={**EVENT, **more})).json()["id"]
    draft = (await graph.post(f"/users/{service}/messages", json={"subject": "Shown", **more})).json()["id"]
    basic = await granting("basics", "Calendars.ReadBasic.All", "Mail.ReadBasic.All")
    full = await granting("full", "Calendars.Read", "Mail.Read")
    expand = {"$expand": f"singleValueExtendedProperties($filter=id eq '{property_id}')"}
    for path in (f"/users/{service}/events/{event}", f"/users/{service}/messages/{draft}"):
        assert "secret" in (await full("GET", path, params=expand)).text
        answer = await basic("GET", path, params=expand)
        assert answer.status_code == 200
        assert "secret" not in answer.text
        assert answer.json()["subject"]
        assert "body" not in (await basic("GET", path, params={"$select": "subject,body"})).json()
        lists = (await basic("GET", path.rpartition("/")[0], params={"$top": "50"})).json()["value"]
        assert lists
        assert not {"body", "bodyPreview"} & {name for item in lists for name in item}
    assert refusal(await basic("GET", f"/users/{service}/messages/{draft}/$value"))[0] in (403, 404)


async def test_a_schedule_outside_the_scope_is_that_schedules_trouble_alone(
    granting: Granting, service: str, ann: str
) -> None:
    scoped = await granting("free-busy", exchange=(("Calendars.Read", "participants"),))
    asked = {
        "schedules": [ann, service],
        "startTime": {"dateTime": "2030-02-05T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2030-02-06T00:00:00", "timeZone": "UTC"},
    }
    mine, others = (await scoped("POST", f"/users/{ann}/calendar/getSchedule", json=asked)).json()["value"]
    assert "error" not in mine
    assert others["error"]["responseCode"] == "5037"
    assert not others["scheduleItems"]
    everywhere = await granting("free-busy everywhere", "Calendars.ReadBasic.All")
    both = (await everywhere("POST", f"/users/{ann}/calendar/getSchedule", json=asked)).json()["value"]
    assert not any("error" in schedule for schedule in both)


async def test_a_subscription_needs_the_permission_to_read(granting: Granting, service: str) -> None:
    wanted = {
        "changeType": "updated",
        "notificationUrl": "http://127.0.0.1:9/notifications",
        "resource": f"/users/{service}/events",
        "expirationDateTime": "2030-02-05T00:00:00Z",
    }
    writer = await granting("writer", "Calendars.ReadWrite")
    assert refusal(await writer("POST", "/subscriptions", json=wanted)) == (403, "ExtensionError")
    reader = await granting("reader", "Calendars.Read")
    assert (await reader("POST", "/subscriptions", json=wanted)).status_code != 403
    letters = {**wanted, "resource": f"/users/{service}/messages"}
    assert refusal(await reader("POST", "/subscriptions", json=letters)) == (403, "ExtensionError")
    people = {**wanted, "resource": "/users"}
    assert refusal(await reader("POST", "/subscriptions", json=people)) == (403, "ExtensionError")


async def test_consent_can_be_missing_for_a_while(
    control: httpx.AsyncClient, graph: httpx.AsyncClient, ann: str
) -> None:
    await control.post("/faults", json={"fault": "consent", "count": None})
    assert refusal(await graph.get(f"/users/{ann}")) == (403, "Authorization_RequestDenied")
    assert refusal(await graph.get(f"/users/{ann}/mailboxSettings")) == (403, "ErrorAccessDenied")
    refused = await graph.post(f"/users/{ann}/events", json={**EVENT, "subject": "Never"})
    assert refusal(refused) == (403, "ErrorAccessDenied")
    await control.delete("/faults")
    assert (await graph.get(f"/users/{ann}/mailboxSettings")).status_code == 200
    calendar = (await control.get("/state", params={"mailbox": ann})).json()["mailboxes"][ann]["calendar"]
    assert "Never" not in {event["subject"] for event in calendar}


async def test_a_claims_challenge_is_met_once_and_answered_by_a_fresh_token(
    sandbox: Any, control: httpx.AsyncClient, plain: httpx.AsyncClient, granting: Granting
) -> None:
    old = await granting("challenged", "User.Read.All")
    await control.post("/faults", json={"fault": "claims", "app": "challenged"})
    for _ in range(2):
        answer = await old("GET", "/users")
        assert refusal(answer) == (401, "InvalidAuthenticationToken")
    header = answer.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in header
    found = re.search(r'claims="([^"]+)"', header)
    assert found is not None
    claims = base64.b64decode(found.group(1)).decode()
    assert json.loads(claims)["access_token"]["nbf"]["essential"] is True
    app = (await control.post("/act", json={"act": "register_app", "name": "challenged"})).json()
    fresh = sandbox.ask_for_token(app, claims=claims).json()["access_token"]
    again = await plain.get("/v1.0/users", headers={"Authorization": f"Bearer {fresh}"})
    assert again.status_code == 200


async def test_the_strict_app_may_do_its_work_and_nothing_beyond(start_sandbox: Any) -> None:
    strict = start_sandbox("--strict-permissions")
    service, ann = strict.about["service_mailbox"], strict.mail_of("Ann")
    headers = {"Authorization": f"Bearer {strict.bearer()}"}
    async with httpx.AsyncClient(base_url=strict.about["graph"], headers=headers, trust_env=False, verify=False) as app:
        assert (await app.get(f"/users/{ann}", params={"$expand": "manager"})).status_code == 200
        assert (await app.get(f"/users/{ann}/mailboxSettings")).status_code == 200
        assert (await app.post(f"/users/{service}/events", json=EVENT)).status_code == 201
        assert (await app.post(f"/users/{service}/messages", json={"subject": "A letter"})).status_code == 201
        assert refusal(await app.post(f"/users/{ann}/events", json=EVENT)) == (403, "ErrorAccessDenied")
        assert refusal(await app.get(f"/users/{ann}/messages")) == (403, "ErrorAccessDenied")
        assert refusal(await app.post(f"/users/{ann}/sendMail", json={})) == (403, "ErrorAccessDenied")
        actor = {"Authorization": f"Bearer {strict.bearer(strict.about['mail_client'])}"}
        assert (await app.get(f"/users/{ann}/mailFolders/inbox/messages", headers=actor)).status_code == 200


async def test_the_strict_app_sends_from_each_sender_and_organizes_in_the_service_mailbox_alone(
    start_sandbox: Any,
) -> None:
    strict = start_sandbox("--strict-permissions", "--senders", "3")
    senders = strict.about["senders"]
    assert len(set(senders)) == 3
    assert senders[0] == strict.about["service_mailbox"]
    headers = {"Authorization": f"Bearer {strict.bearer()}"}
    async with httpx.AsyncClient(base_url=strict.about["graph"], headers=headers, trust_env=False, verify=False) as app:
        for sender in senders:
            assert (await app.post(f"/users/{sender}/messages", json={"subject": "A letter"})).status_code == 201
            letter = {"message": {"toRecipients": [{"emailAddress": {"address": strict.mail_of("Ann")}}]}}
            assert (await app.post(f"/users/{sender}/sendMail", json=letter)).status_code == 202
        for sender in senders[1:]:
            assert refusal(await app.post(f"/users/{sender}/events", json=EVENT)) == (403, "ErrorAccessDenied")


async def test_where_managers_organize_the_strict_app_writes_their_calendars_and_nobody_elses(
    start_sandbox: Any,
) -> None:
    strict = start_sandbox("--strict-permissions", "--organizer", "manager")
    service, ann, mara = strict.about["service_mailbox"], strict.mail_of("Ann"), strict.mail_of("Mara")
    headers = {"Authorization": f"Bearer {strict.bearer()}"}
    async with httpx.AsyncClient(base_url=strict.about["graph"], headers=headers, trust_env=False, verify=False) as app:
        assert (await app.post(f"/users/{mara}/events", json=EVENT)).status_code == 201
        for closed in (ann, service):
            assert refusal(await app.post(f"/users/{closed}/events", json=EVENT)) == (403, "ErrorAccessDenied")
        assert refusal(await app.get(f"/users/{mara}/messages")) == (403, "ErrorAccessDenied")
        asked = {"Schedules": [ann, mara], "StartTime": EVENT["start"], "EndTime": EVENT["end"]}
        assert (await app.post(f"/users/{mara}/calendar/getSchedule", json=asked)).status_code == 200
