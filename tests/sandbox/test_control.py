"""The control plane: ledger, clock, faults, acts; what was ordered happens to the right requests only."""

import asyncio
import json
import re
import uuid
from typing import Any

import httpx
import pytest


async def rows(control: httpx.AsyncClient, start: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await control.get("/ledger", params={"from": str(start)})).json()["entries"]
    return found


async def test_the_ledger_says_which_app_asked_what_of_which_mailbox(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, sandbox: Any, service: str, ann: str
) -> None:
    start = (await control.get("/ledger")).json()["count"]
    await control.post("/clock", json={"now": "2030-02-06T09:30:00Z"})
    await graph.get(f"/users/{ann}")
    actor = {"Authorization": f"Bearer {sandbox.bearer(sandbox.about['mail_client'])}"}
    await graph.get(f"/users/{ann}/mailFolders/inbox/messages", params={"$top": "1"}, headers=actor)
    found = [r for r in await rows(control, start) if r["path"].startswith("/v1.0/")]
    assert [(r["app"], r["mailbox"], r["status"], r["in_flight"]) for r in found] == [
        ("check-ins", None, 200, 1),
        ("mail-client", ann, 200, 1),
    ]
    assert found[1]["at"].startswith("2030-02-06T09:30")
    assert found[1]["query"] == "%24top=1"
    assert found[1]["route"] == "GET users/{user}/mailFolders/{folder}/messages"


async def test_secrets_of_the_token_endpoint_stay_out_of_the_ledger(control: httpx.AsyncClient, sandbox: Any) -> None:
    sandbox.ask_for_token(sandbox.about)
    everything = (await control.get("/ledger")).text
    assert "/oauth2/v2.0/token" in everything
    assert sandbox.about["client_secret"] not in everything


async def test_the_clock_can_be_set_and_nonsense_is_refused(control: httpx.AsyncClient) -> None:
    assert (await control.post("/clock", json={"now": "2030-04-01T00:00:00Z"})).json()["now"] == "2030-04-01T00:00:00Z"
    assert (await control.get("/clock")).json()["now"].startswith("2030-04-01T00:00")
    for nonsense in ({"now": "soon"}, {}, {"now": 5}):
        answer = await control.post("/clock", json=nonsense)
        assert answer.status_code == 400
        assert answer.json()["error"]


async def test_a_fault_before_the_deed_prevents_it_and_one_after_does_not(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    async def drafts() -> int:
        return len(
            (await graph.get(f"/users/{otto}/mailFolders/drafts/messages", params={"$top": "99"})).json()["value"]
        )

    had = await drafts()
    fault = {"fault": "status", "method": "POST", "path": "/messages$"}
    await control.post("/faults", json={**fault, "status": 503, "retry_after": 7, "when": "before"})
    await control.post("/faults", json={**fault, "status": 504, "when": "after"})
    before = await graph.post(f"/users/{otto}/messages", json={"subject": "Once"})
    assert (before.status_code, before.headers["retry-after"], await drafts()) == (503, "7", had)
    after = await graph.post(f"/users/{otto}/messages", json={"subject": "Once"})
    assert (after.status_code, after.json()["error"]["code"], await drafts()) == (
        504,
        "gatewayTimeout",
        had + 1,
    )
    assert (await graph.post(f"/users/{otto}/messages", json={"subject": "Once"})).status_code == 201
    met = (await control.get("/faults")).json()["faults"]
    assert [(f["met"], f["left"]) for f in met] == [(1, 0), (1, 0)]


async def test_a_gateway_error_is_a_page_and_faults_can_be_cleared(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    await control.post("/faults", json={"fault": "status", "status": 502, "path": "/users/", "count": None})
    for _ in range(2):
        answer = await graph.get(f"/users/{ann}")
        assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    await control.delete("/faults")
    assert (await graph.get(f"/users/{ann}")).status_code == 200


async def test_a_reset_breaks_the_connection_and_a_hold_never_answers(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str, otto: str
) -> None:
    await control.post("/faults", json={"fault": "reset", "path": "/mailboxSettings"})
    with pytest.raises(httpx.TransportError):
        await graph.get(f"/users/{ann}/mailboxSettings")
    await control.post("/faults", json={"fault": "hold", "when": "after", "method": "POST", "path": "/events$"})
    event = {
        "subject": "Held",
        "start": {"dateTime": "2030-06-02T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2030-06-02T11:00:00", "timeZone": "UTC"},
    }
    with pytest.raises(httpx.ReadTimeout):
        await graph.post(f"/users/{otto}/events", json=event, timeout=0.3)
    state = (await control.get("/state", params={"mailbox": otto})).json()["mailboxes"][otto]
    assert [e["subject"] for e in state["calendar"]].count("Held") == 1


async def test_the_fifth_request_at_once_on_a_mailbox_is_throttled_and_other_mailboxes_are_not(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str, mara: str
) -> None:
    await control.post("/faults", json={"fault": "hold", "path": f"/users/{ann}/events$", "count": 4})
    held = [asyncio.create_task(graph.get(f"/users/{ann}/events")) for _ in range(4)]
    # Each look is a request of its own, during which the held ones get through to the server.
    while sum(f["met"] for f in (await control.get("/faults")).json()["faults"]) < 4:
        continue
    fifth = await graph.get(f"/users/{ann}/events")
    assert (fifth.status_code, fifth.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert fifth.headers["retry-after"]
    assert (await graph.get(f"/users/{mara}/events")).status_code == 200
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    throttled = [r for r in await rows(control, 0) if r["status"] == 429]
    assert throttled[-1]["in_flight"] == 5


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "flood"},
        {"fault": "status", "path": "("},
        {"fault": "status", "count": 0},
        {"fault": "status", "x": 1},
    ],
)
async def test_a_fault_that_cannot_be_is_refused_in_words(control: httpx.AsyncClient, order: dict[str, Any]) -> None:
    answer = await control.post("/faults", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert (await control.get("/faults")).json()["faults"] == []


async def test_somebody_goes_away_and_comes_back(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    async def replies() -> dict[str, Any]:
        found = (
            await graph.get(f"/users/{otto}/mailboxSettings", params={"$select": "automaticRepliesSetting"})
        ).json()
        answer: dict[str, Any] = found["automaticRepliesSetting"]
        return answer

    away = {
        "person": otto,
        "act": "set_automatic_replies",
        "start": "2030-04-01T00:00:00Z",
        "end": "2030-04-05T00:00:00Z",
    }
    assert (await control.post("/act", json=away)).status_code == 200
    assert (await replies())["status"] == "scheduled"
    assert (await replies())["scheduledEndDateTime"]["dateTime"] == "2030-04-05T00:00:00.0000000"
    await control.post("/act", json={"person": otto, "act": "set_automatic_replies", "status": "disabled"})
    assert (await replies())["status"] == "disabled"
    for wrong in (
        {"person": "nobody"},
        {"person": otto, "act": "fly"},
        {"person": otto, "act": "accept", "event": "x"},
    ):
        assert (await control.post("/act", json=wrong)).status_code in (400, 404)


async def test_the_page_shows_letters_without_letting_them_act(
    graph: httpx.AsyncClient, plain: httpx.AsyncClient, service: str, otto: str
) -> None:
    people = [{"emailAddress": {"address": otto}}]
    body = {"contentType": "html", "content": '<p>"Quoted"</p><script>alert(1)</script>'}
    letter = {"subject": "<b>Bold</b>", "body": body, "toRecipients": people}
    await graph.post(f"/users/{service}/sendMail", json={"message": letter})
    page = (await plain.get("/", params={"person": otto})).text
    assert "&lt;b&gt;Bold" in page
    assert "<script>" not in page
    assert "alert(1)" not in page
    assert 'iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    answer = await plain.get("/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_page_finds_people_and_shows_other_weeks(
    plain: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    await control.post("/clock", json={"now": "2030-07-03T09:00:00Z"})
    meeting = {"mailbox": otto, "start": "2030-07-10T10:00:00Z", "end": "2030-07-10T11:00:00Z", "subject": "Far <off>"}
    await control.post("/events", json=meeting)
    assert "Far &lt;off&gt;" not in (await plain.get("/", params={"person": otto})).text
    assert "Far &lt;off&gt;" in (await plain.get("/", params={"person": otto, "week": "1"})).text
    found = (await plain.get("/", params={"person": otto, "find": "otto q"})).text
    assert ">Otto Quinwell</a>" in found
    assert ">Ann Zimi</a>" not in found
    for nonsense in ("week=%D9%A3", "week=--1", "week=99999999", "find=%3Cscript%3E", "person=%00"):
        answer = await plain.get(f"/?{nonsense}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text


async def test_another_week_is_lived_at_the_press_of_a_button(
    plain: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    await control.post("/clock", json={"now": "2030-02-06T09:00:00Z"})
    pressed = await plain.post("/_sandbox/clock/advance", data={"days": "7", "person": otto})
    assert (pressed.status_code, pressed.headers["location"]) == (303, f"/?person={otto.replace('@', '%40')}")
    assert (await control.get("/clock")).json()["now"].startswith("2030-02-13T09:00")
    answer = await control.post("/clock/advance", json={"days": 1})
    assert answer.json()["now"].startswith("2030-02-14T09:00")
    elsewhere = {"sec-fetch-site": "cross-site"}
    refused = await plain.post("/_sandbox/clock/advance", data={"days": "7"}, headers=elsewhere)
    assert refused.status_code == 403
    for days in (0, -1, 367, "one", None):
        assert (await control.post("/clock/advance", json={"days": days})).status_code == 400
    assert (await plain.post("/_sandbox/clock/advance", data={"days": "5000"})).status_code == 409
    assert (await control.get("/clock")).json()["now"].startswith("2030-02-14T09:00")


async def test_an_answer_can_break_off_in_its_middle_after_the_deed_was_done(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, otto: str
) -> None:
    await control.post("/faults", json={"fault": "reset", "when": "midway", "method": "POST", "path": "/messages$"})
    with pytest.raises(httpx.RemoteProtocolError):
        await graph.post(f"/users/{otto}/messages", json={"subject": "Half heard"})
    state = (await control.get("/state", params={"mailbox": otto})).json()["mailboxes"][otto]
    assert [m["subject"] for m in state["folders"]["drafts"]].count("Half heard") == 1
    assert (await control.post("/faults", json={"fault": "status", "when": "midway"})).status_code == 400


async def test_a_slow_answer_comes_all_the_same(graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str) -> None:
    await control.post("/faults", json={"fault": "slow", "seconds": 60, "path": "/mailboxSettings"})
    with pytest.raises(httpx.ReadTimeout):
        await graph.get(f"/users/{ann}/mailboxSettings", timeout=0.2)
    await control.post("/faults", json={"fault": "slow", "seconds": 0.01, "path": "/mailboxSettings"})
    assert (await graph.get(f"/users/{ann}/mailboxSettings")).status_code == 200


async def test_a_slow_answer_comes_at_once_when_its_order_alone_is_taken_back(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str, mara: str
) -> None:
    numbers = []
    for person in (ann, mara):
        order = {"fault": "slow", "seconds": 60, "path": f"/users/{person}/mailboxSettings"}
        numbers.append((await control.post("/faults", json=order)).json()["number"])
    held = [asyncio.create_task(graph.get(f"/users/{each}/mailboxSettings", timeout=30)) for each in (ann, mara)]
    # Each look is a request of its own, during which the held ones get through to the server.
    while sum(f["waiting"] for f in (await control.get("/faults")).json()["faults"]) < 2:
        continue
    taken_back = (await control.delete(f"/faults/{numbers[0]}")).json()
    assert (taken_back["number"], taken_back["met"]) == (numbers[0], 1)
    assert (await held[0]).status_code == 200
    (standing,) = (await control.get("/faults")).json()["faults"]
    assert (standing["number"], standing["waiting"]) == (numbers[1], 1)
    assert not held[1].done()
    assert (await control.delete(f"/faults/{numbers[0]}")).status_code == 404
    assert (await control.delete("/faults/all")).status_code == 404
    await control.delete("/faults")
    assert (await held[1]).status_code == 200


async def test_a_rate_strikes_the_same_requests_for_the_same_seed(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    async def struck() -> list[int]:
        await control.delete("/faults")
        order = {"fault": "status", "status": 503, "path": "/mailboxSettings", "rate": 0.4, "seed": 7}
        await control.post("/faults", json=order)
        return [(await graph.get(f"/users/{ann}/mailboxSettings")).status_code for _ in range(20)]

    first = await struck()
    assert set(first) == {200, 503}
    assert await struck() == first


async def test_a_fault_can_bring_headers_of_its_own(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str
) -> None:
    challenge = 'Bearer realm="", error="insufficient_claims", claims="e30="'
    order = {"fault": "status", "status": 401, "path": "/mailboxSettings", "headers": {"WWW-Authenticate": challenge}}
    await control.post("/faults", json=order)
    answer = await graph.get(f"/users/{ann}/mailboxSettings")
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert "insufficient_claims" in answer.headers["www-authenticate"]
    split = {**order, "headers": {"X": "a\r\nb: c"}}
    assert (await control.post("/faults", json=split)).status_code == 400


async def live(running: Any, drafts: list[str]) -> dict[str, Any]:
    """The same story told to a tenant, with the client's own ids and order drawn anew; its state."""
    headers = {"Authorization": f"Bearer {running.bearer()}"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, trust_env=False, verify=False) as client:
        await client.post("/_sandbox/clock", json={"now": "2030-02-06T09:00:00Z"})
        service = f"/v1.0/users/{running.about['service_mailbox']}"
        for subject in drafts:
            link = f"https://perennial.example/reflections/{uuid.uuid4()}"
            letter = {"subject": subject, "body": {"contentType": "html", "content": f"<a href='{link}'>Here</a>"}}
            made = await client.post(f"{service}/messages", json=letter)
            assert made.status_code == 201
        meeting = {
            "subject": "Talk",
            "start": {"dateTime": "2030-02-07T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2030-02-07T11:00:00", "timeZone": "UTC"},
            "attendees": [{"emailAddress": {"address": running.mail_of("Ann")}}],
            "transactionId": str(uuid.uuid4()),
        }
        assert (await client.post(f"{service}/events", json=meeting)).status_code == 201
        state: dict[str, Any] = (await client.get("/_sandbox/state")).json()
    return state


def without_instants(value: Any) -> Any:
    """The tenants' clocks run, so that two runs differ in the seconds of what was made."""
    text = re.sub(r"2030-02-06T09:\d\d:\d\d(\.\d+)?Z", "then", json.dumps(value))
    return json.loads(text)


async def test_two_runs_of_one_story_compare_equal_by_stable_names(start_sandbox: Any) -> None:
    first = await live(start_sandbox("--people", "3"), ["One", "Two"])
    second = await live(start_sandbox("--people", "3"), ["One", "Two"])
    assert without_instants(first) == without_instants(second)
    other = await live(start_sandbox("--people", "3"), ["One", "Three"])
    assert without_instants(other) != without_instants(first)
