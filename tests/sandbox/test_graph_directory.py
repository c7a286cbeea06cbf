"""Users and mailbox settings over raw HTTP, the odd ways of writing paths, and what is refused."""

from typing import Any

import httpx
import pytest


async def test_users_come_with_default_properties_unless_others_are_selected(
    graph: httpx.AsyncClient, ann: str
) -> None:
    plain_user = (await graph.get(f"/users/{ann}")).json()
    assert {"id", "mail", "businessPhones", "mobilePhone"} <= set(plain_user)
    assert "employeeHireDate" not in plain_user
    chosen = (await graph.get(f"/users/{ann}", params={"$select": "employeeHireDate,country"})).json()
    assert set(chosen) == {"@odata.context", "employeeHireDate", "country"}
    assert (await graph.get("/users", params={"$select": "shoeSize"})).status_code == 400


async def test_paging_visits_everybody_once(graph: httpx.AsyncClient, sandbox: Any, service: str) -> None:
    seen: list[str] = []
    page = (await graph.get("/users", params={"$top": "4", "$select": "mail"})).json()
    while True:
        assert len(page["value"]) <= 4
        seen += [user["mail"] for user in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = (await graph.get(page["@odata.nextLink"])).json()
    assert sorted(seen) == sorted([service, *(p["userPrincipalName"] for p in sandbox.about["people"])])


async def test_filters_find_whom_they_describe(graph: httpx.AsyncClient, ann: str) -> None:
    async def names(text: str, **more: str) -> list[str]:
        headers = {"ConsistencyLevel": "eventual"} if more else {}
        options = {"$filter": text, "$top": "99", **{f"${name}": value for name, value in more.items()}}
        found = (await graph.get("/users", params=options, headers=headers)).json()
        return sorted(user["givenName"] for user in found["value"])

    assert await names(f"mail eq '{ann.upper()}'") == ["Ann"]
    assert await names("startswith(displayName,'Ann ') or givenName eq 'Otto'") == ["Ann", "Otto"]
    assert await names("givenName in ('Ann','Otto','Nobody')") == ["Ann", "Otto"]
    assert await names("accountEnabled eq false") == []
    assert await names("accountEnabled eq true and not(userType eq 'Member')", count="true") == []
    assert await names("department eq 'People' and givenName ne 'Hale'", count="true") == ["Check-ins"]
    assert "Ann" in await names("endsWith(mail,'@meadow.example')", count="true", orderby="displayName desc")
    assert (await graph.get("/users", params={"$filter": "mail eq"})).status_code == 400
    assert (await graph.get("/users", params={"$filter": "(" * 5000})).status_code == 400
    assert (await graph.get("/users", params={"$filter": "mail in ()"})).status_code == 400


@pytest.mark.parametrize(
    "options",
    [
        {"$filter": "givenName ne 'Ann'"},
        {"$filter": "not(givenName eq 'Ann')"},
        {"$filter": "endsWith(mail,'.example')"},
        {"$filter": "companyName eq 'Meadow'"},
        {"$filter": "contains(displayName,'n')", "$count": "true"},
        {"$filter": "givenName eq 'Ann'", "$orderby": "displayName"},
        {"$orderby": "jobTitle"},
        {"$search": '"displayName:Ann"'},
    ],
)
async def test_an_advanced_query_needs_its_header(graph: httpx.AsyncClient, options: dict[str, str]) -> None:
    refused = await graph.get("/users", params=options)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_people_are_counted_only_for_who_accepts_old_numbers(graph: httpx.AsyncClient, sandbox: Any) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    everybody = len(sandbox.about["people"]) + 1
    page = (await graph.get("/users", params={"$count": "true", "$top": "2"}, headers=eventual)).json()
    assert (page["@odata.count"], len(page["value"])) == (everybody, 2)
    assert "@odata.count" not in (await graph.get("/users", params={"$count": "true"})).json()
    number = await graph.get("/users/$count", headers=eventual)
    assert (number.text, number.headers["content-type"]) == (str(everybody), "text/plain;charset=utf-8")
    refused = await graph.get("/users/$count")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_BadRequest")


async def test_a_manager_can_be_expanded_to_what_is_needed(graph: httpx.AsyncClient, ann: str, mara: str) -> None:
    options = {"$select": "id", "$expand": "manager($select=mail)"}
    body = (await graph.get(f"/users/{ann}", params=options)).json()
    assert body["manager"] == {"@odata.type": "#microsoft.graph.user", "mail": mara}
    boss = (await graph.get(f"/users/{mara}", params={"$expand": "directReports($select=mail)"})).json()
    assert ann in [report["mail"] for report in boss["directReports"]]
    assert (await graph.get(f"/users/{mara}", params={"$expand": "memberOf"})).status_code == 400


async def test_managers_and_reports_agree(graph: httpx.AsyncClient, ann: str, mara: str) -> None:
    boss = (await graph.get(f"/users/{ann}/manager")).json()
    assert boss["mail"] == mara
    reports = (await graph.get(f"/users/{boss['id']}/directReports")).json()["value"]
    assert ann in [r["mail"] for r in reports]
    nobody = await graph.get(f"/users/{mara}/manager")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_paths_may_double_slashes_change_case_and_escape(
    graph: httpx.AsyncClient, sandbox: Any, ann: str
) -> None:
    for path in (f"//users/{ann}", f"/USERS/{ann.upper()}", f"/users/{ann.replace('@', '%40')}/"):
        assert (await graph.get(f"{sandbox.about['graph']}{path}")).json()["mail"] == ann
    assert (await graph.get(f"/Users/{ann}/MAILBOXSETTINGS")).json()["timeZone"] == "Europe/Berlin"


async def test_one_mailbox_has_a_windows_zone_and_one_scheduled_replies(graph: httpx.AsyncClient, sandbox: Any) -> None:
    zones, away = [], []
    for person in sandbox.about["people"]:
        found = (await graph.get(f"/users/{person['id']}/mailboxSettings")).json()
        zones.append(found["timeZone"])
        assert found["workingHours"]["timeZone"]["name"] == found["timeZone"]
        if found["automaticRepliesSetting"]["status"] == "scheduled":
            away.append(found["automaticRepliesSetting"]["scheduledStartDateTime"])
    assert zones.count("W. Europe Standard Time") == 1
    assert away == [{"dateTime": "2030-03-10T23:00:00.0000000", "timeZone": "UTC"}]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x.y.z", "Basic eDp5"])
async def test_without_a_good_token_nothing_is_shown(sandbox: Any, authorization: str, ann: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{sandbox.about['graph']}/users/{ann}", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert ann not in answer.text


async def test_a_tampered_token_is_refused(sandbox: Any, ann: str) -> None:
    head, payload, signature = sandbox.bearer().split(".")
    forged = f"{head}.{payload[:-4]}AAAA.{signature}"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{sandbox.about['graph']}/users", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_what_is_not_served_is_a_graph_error_and_a_loud_line_in_the_log(
    graph: httpx.AsyncClient, sandbox: Any
) -> None:
    for path in ("/groups", "/users/x/events/delta()", "/users/x/$ref"):
        answer = await graph.get(path, headers={"client-request-id": "mine"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
        assert answer.json()["error"]["innerError"]["client-request-id"] == "mine"
        assert answer.headers["client-request-id"] == "mine"
        assert f"NOT SERVED: a client wanted GET /v1.0{path}" in sandbox.log.read_text()


GARBAGE = [
    b"{",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b"[" * 20_000,
    b'{"Schedules": 5}',
    b'{"subject": 5}',
    b'{"subject": null, "start": []}',
    b'{"start": {"dateTime": "2030-99-99T00:00:00"}, "end": {"dateTime": "x"}}',
    b'{"start": {"dateTime": "0001-01-01", "timeZone": "Asia/Singapore"}, "end": {"dateTime": "2030-01-01"}}',
    b'{"start": {"dateTime": "2030-01-01", "timeZone": "../../x"}, "end": {"dateTime": "2030-01-01"}}',
    b'{"toRecipients": [{"emailAddress": "x"}], "attendees": [[]]}',
    b'{"shoeSize": 43}',
]


@pytest.mark.parametrize("body", GARBAGE)
@pytest.mark.parametrize("path", ["events", "calendar/getSchedule", "messages", "sendMail"])
async def test_garbage_is_answered_with_400_and_leaves_nothing_behind(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, otto: str, path: str, body: bytes
) -> None:
    before = (await control.get("/state", params={"mailbox": otto})).json()
    headers = {"Content-Type": "application/json"}
    answer = await graph.post(f"/users/{otto}/{path}", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"]
    assert (await control.get("/state", params={"mailbox": otto})).json() == before


async def test_a_page_of_expanded_people_is_never_longer_than_a_hundred(start_sandbox: Any) -> None:
    many = start_sandbox("--people", "120")
    headers = {"Authorization": f"Bearer {many.bearer()}"}
    url = f"{many.about['graph']}/users"
    async with httpx.AsyncClient(headers=headers, trust_env=False, verify=False) as graph:
        plain = (await graph.get(url, params={"$top": "999"})).json()
        assert len(plain["value"]) > 120
        first = (await graph.get(url, params={"$top": "999", "$expand": "manager"})).json()
        assert len(first["value"]) == 100
        rest = (await graph.get(first["@odata.nextLink"])).json()["value"]
    assert [user["id"] for user in (*first["value"], *rest)] == [user["id"] for user in plain["value"]]
    many.stop()
