"""What clients that nobody here wrote send, and what they need back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

SPAN = {
    "start": {"dateTime": "2030-03-06T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-03-06T11:00:00", "timeZone": "UTC"},
}
BACK = "http://localhost:8000/signed-in"


@pytest.mark.parametrize(
    ("path", "option"),
    [
        ("messages", {"$search": '"x"'}),
        ("events", {"$search": '"x"'}),
        ("events", {"search": '"x"'}),
        ("events", {"$apply": "groupby((subject))"}),
        ("events", {"$expand": "attachments"}),
        ("messages", {"$expand": "singleValueExtendedProperties($filter=id eq 'a,(b'),attachments"}),
    ],
)
async def test_an_option_that_is_not_served_is_refused_and_not_passed_over(
    graph: httpx.AsyncClient, ann: str, path: str, option: dict[str, str]
) -> None:
    refused = await graph.get(f"/users/{ann}/{path}", params=option)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidUrlQuery")
    assert "does not serve" in refused.json()["error"]["message"]
    assert (await graph.get("/users", params={"$apply": "x"})).json()["error"]["code"] == "BadRequest"


async def test_extended_properties_are_expanded_by_any_ids_in_brackets(graph: httpx.AsyncClient, ann: str) -> None:
    wanted = "singleValueExtendedProperties($filter=(id eq 'String {0} Name a)') or (id eq 'String {0} Name b'))"
    assert (await graph.get(f"/users/{ann}/events", params={"$expand": wanted})).status_code == 200


async def test_enumerations_and_booleans_are_read_as_the_documents_write_them(
    graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    draft = await graph.post(f"/users/{service}/messages", json={"subject": "News", "importance": "Low"})
    assert (draft.status_code, draft.json()["importance"]) == (201, "low")
    letter = {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": ann}}]}
    sent = await graph.post(f"/users/{service}/sendMail", json={"message": letter, "saveToSentItems": "false"})
    assert sent.status_code == 202
    event = {"subject": "Chat", **SPAN, "isOnlineMeeting": "false", "showAs": "Free", "isReminderOn": "maybe"}
    refused = await graph.post(f"/users/{service}/events", json=event)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "RequestBodyRead")
    made = (await graph.post(f"/users/{service}/events", json={**event, "isReminderOn": "True"})).json()
    assert (made["isOnlineMeeting"], made["showAs"], made["isReminderOn"]) == (False, "free", True)
    wish = {"schedules": [ann], "startTime": SPAN["start"], "endTime": SPAN["end"], "availabilityViewInterval": "15"}
    schedule = await graph.post(f"/users/{service}/calendar/getSchedule", json=wish)
    assert len(schedule.json()["value"][0]["availabilityView"]) == 4
    for odd in ("fifteen", "\u0663\u0660", "-15"):
        wish["availabilityViewInterval"] = odd
        assert (await graph.post(f"/users/{service}/calendar/getSchedule", json=wish)).status_code == 400


async def test_the_documents_weekly_series_is_taken(graph: httpx.AsyncClient, service: str) -> None:
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["Wednesday"]}
    span = {"type": "endDate", "startDate": "2030-03-06", "endDate": "2030-04-02"}
    series = {**SPAN, "recurrence": {"pattern": pattern, "range": span}}
    made = await graph.post(f"/users/{service}/events", json=series)
    assert made.status_code == 201, made.text
    assert made.json()["recurrence"]["pattern"]["daysOfWeek"] == ["wednesday"]


async def test_the_context_names_what_was_selected(graph: httpx.AsyncClient, ann: str) -> None:
    day = {"startDateTime": "2030-02-04T00:00:00Z", "endDateTime": "2030-02-05T00:00:00Z"}
    for path, options, what in (
        ("/users", {"$select": "displayName,id"}, "users(displayName,id)"),
        (f"/users/{ann}", {"$select": "mail"}, "users(mail)/$entity"),
        (f"/users/{ann}", {}, "users/$entity"),
        (
            f"/users/{ann}/calendarView",
            {**day, "$select": "subject,start"},
            f"users('{ann}')/calendarView(subject,start)",
        ),
        (f"/users/{ann}/messages", {}, f"users('{ann}')/messages"),
    ):
        found = (await graph.get(path, params=options)).json()["@odata.context"]
        assert found.partition("/v1.0/$metadata#")[2] == what


async def test_an_answer_without_content_does_not_call_itself_json(
    graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    letter = {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": ann}}]}
    sent = await graph.post(f"/users/{service}/sendMail", json={"message": letter})
    made = await graph.post(f"/users/{service}/messages", json=letter)
    deleted = await graph.delete(f"/users/{service}/messages/{made.json()['id']}")
    for answer, status in ((sent, 202), (deleted, 204)):
        assert (answer.status_code, answer.content) == (status, b"")
        assert "content-type" not in answer.headers
        assert "request-id" in answer.headers


async def test_attachments_are_refused_as_what_the_sandbox_does_not_keep(
    graph: httpx.AsyncClient, service: str
) -> None:
    refused = await graph.post(f"/users/{service}/messages", json={"subject": "News", "attachments": []})
    assert refused.status_code == 400
    assert "does not keep the property 'attachments'" in refused.json()["error"]["message"]


async def test_a_whole_event_is_written_back_and_what_is_read_only_in_it_is_ignored(
    graph: httpx.AsyncClient, service: str
) -> None:
    path = f"/users/{service}/events"
    made = (await graph.post(path, json={"subject": "Lunch", "transactionId": "lunch-1", **SPAN})).json()
    meant = {**made, "subject": "Dinner", "iCalUId": "another", "isOrganizer": False}
    written = await graph.patch(f"{path}/{made['id']}", json=meant)
    assert written.status_code == 200, written.text
    now = written.json()
    assert (now["subject"], now["iCalUId"], now["isOrganizer"]) == ("Dinner", made["iCalUId"], True)
    refused = await graph.patch(f"{path}/{made['id']}", json={"graphResponseHeaders": {}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "RequestBodyRead")


async def test_the_transaction_id_of_an_event_cannot_be_changed(graph: httpx.AsyncClient, service: str) -> None:
    path = f"/users/{service}/events"
    made = (await graph.post(path, json={"subject": "Tea", "transactionId": "tea-1", **SPAN})).json()
    refused = await graph.patch(f"{path}/{made['id']}", json={"transactionId": "tea-2", "subject": "Coffee"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidRequest")
    assert (await graph.get(f"{path}/{made['id']}")).json()["subject"] == "Tea"


async def test_a_whole_occurrence_is_written_back(graph: httpx.AsyncClient, service: str) -> None:
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2030-03-06", "numberOfOccurrences": 2},
    }
    series = {"subject": "Run", "recurrence": weekly, **SPAN}
    master = (await graph.post(f"/users/{service}/events", json=series)).json()
    window = {"startDateTime": "2030-03-01T00:00:00Z", "endDateTime": "2030-04-01T00:00:00Z"}
    found = await graph.get(f"/users/{service}/events/{master['id']}/instances", params=window)
    one = found.json()["value"][0]
    written = await graph.patch(f"/users/{service}/events/{one['id']}", json={**one, "subject": "Walk"})
    assert (written.status_code, written.json()["subject"]) == (200, "Walk")
    refused = await graph.patch(f"/users/{service}/events/{one['id']}", json={"recurrence": weekly})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidRecurrence")


async def test_a_message_refuses_what_can_never_or_no_longer_be_written(
    graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    path = f"/users/{service}/messages"
    letter = {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": ann}}]}
    made = (await graph.post(path, json=letter, headers={"Prefer": 'IdType="ImmutableId"'})).json()
    whole = await graph.patch(f"{path}/{made['id']}", json={**made, "subject": "Hi"})
    assert (whole.status_code, whole.json()["error"]["code"]) == (400, "ErrorInvalidPropertySet")
    assert (await graph.patch(f"{path}/{made['id']}", json={"id": made["id"], "subject": "Hi"})).status_code == 200
    await graph.post(f"{path}/{made['id']}/send")
    sent = await graph.patch(f"{path}/{made['id']}", json={"subject": "Too late"})
    assert (sent.status_code, sent.json()["error"]["message"]) == (400, "Message is not draft.")
    assert (await graph.patch(f"{path}/{made['id']}", json={"categories": ["Red"]})).status_code == 200


async def test_links_lead_back_through_a_proxy_that_speaks_tls(graph: httpx.AsyncClient) -> None:
    through = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.localhost:8443"}
    page = (await graph.get("/users", params={"$top": 2}, headers=through)).json()
    assert page["@odata.nextLink"].startswith("https://graph.localhost:8443/v1.0/users?")
    assert page["@odata.context"].startswith("https://graph.localhost:8443/v1.0/")


async def test_a_host_that_is_none_is_not_repeated(sandbox: Any, plain: httpx.AsyncClient) -> None:
    options = {"api-version": "1.1", "authorization_endpoint": "https://login.example/"}
    found = await plain.get("/common/discovery/instance", params=options, headers={"Host": "["})
    assert (found.status_code, found.json()["error"]) == (400, "invalid_instance")
    configuration = f"/{sandbox.about['tenant_id']}/v2.0/.well-known/openid-configuration"
    odd = (await plain.get(configuration, headers={"Host": 'a"b'})).json()
    assert odd["authorization_endpoint"].startswith("http://127.0.0.1/")


async def test_a_public_client_signs_people_in_without_a_secret(
    sandbox: Any, control: httpx.AsyncClient, plain: httpx.AsyncClient, ann: str
) -> None:
    asked = {"act": "register_app", "name": "telephone", "public": True, "redirect_uris": [BACK]}
    app = (await control.post("/act", json=asked)).json()
    base = f"/{sandbox.about['tenant_id']}/oauth2/v2.0"

    async def redeem(**more: str) -> httpx.Response:
        wish = {"client_id": app["client_id"], "redirect_uri": BACK, "response_type": "code", "login_hint": ann}
        sent = await plain.get(f"{base}/authorize", params={**wish, "scope": "openid offline_access"})
        code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return await plain.post(f"{base}/token", data={**grant, "client_id": app["client_id"], **more})

    tokens = (await redeem()).json()
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": app["client_id"]}
    assert "id_token" in (await plain.post(f"{base}/token", data=again)).json()
    refused = await redeem(client_secret=app["client_secret"])
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [700025])
    own = {"grant_type": "client_credentials", "client_id": app["client_id"], "scope": "api/.default"}
    assert (await plain.post(f"{base}/token", data=own)).json()["error_codes"] == [7000218]


def test_a_tenant_that_goes_by_its_own_address_suits_any_openid_client(start_sandbox: Any) -> None:
    running = start_sandbox("--advertise", "self", "--redirect-uri", BACK)
    authority = f"{running.url}/{running.about['tenant_id']}/v2.0"
    with httpx.Client(trust_env=False, verify=False) as client:
        found = client.get(f"{authority}/.well-known/openid-configuration").json()
        assert found["issuer"] == authority
        wish = {"client_id": running.about["client_id"], "redirect_uri": BACK, "response_type": "code"}
        wish |= {"scope": "openid", "login_hint": running.mail_of("Ann")}
        sent = client.get(found["authorization_endpoint"], params=wish)
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(sent.headers["location"]).query)["code"][0],
            "redirect_uri": BACK,
        }
        proof = (running.about["client_id"], running.about["client_secret"])
        told = client.post(found["token_endpoint"], data=form, auth=proof).json()["id_token"]
        keys = jwt.PyJWKSet.from_dict(client.get(found["jwks_uri"]).json())
        key = keys[jwt.get_unverified_header(told)["kid"]]
        assert jwt.decode(told, key, audience=proof[0], issuer=authority)["iss"] == authority
    assert urlsplit(found["end_session_endpoint"]).netloc == urlsplit(authority).netloc
