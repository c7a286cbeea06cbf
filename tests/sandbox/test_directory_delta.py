"""users/delta over raw HTTP: the state that a client builds from it is the directory's own, whatever happens."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

Users = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def own(start_sandbox: Any) -> Any:
    """A tenant whose people may come and go without others' tests noticing."""
    return start_sandbox("--people", "8")


@pytest.fixture
async def control(own: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{own.url}/_sandbox", trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
async def graph(own: Any) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {own.bearer()}"}
    async with httpx.AsyncClient(base_url=own.about["graph"], headers=headers, trust_env=False, verify=False) as client:
        yield client


async def act(control: httpx.AsyncClient, person: str, name: str, **more: Any) -> None:
    answer = await control.post("/act", json={"person": person, "act": name, **more})
    assert answer.status_code == 200, answer.text


async def read(graph: httpx.AsyncClient, url: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All items of a round, and its deltaLink."""
    items: list[dict[str, Any]] = []
    while True:
        page = (await graph.get(url, headers=headers)).json()
        items += page["value"]
        if "@odata.deltaLink" in page:
            assert "@odata.nextLink" not in page
            return items, str(page["@odata.deltaLink"])
        url = page["@odata.nextLink"]


def merged(state: Users, items: list[dict[str, Any]]) -> Users:
    found = {key: dict(value) for key, value in state.items()}
    for item in items:
        if "@removed" in item:
            found.pop(item["id"], None)
            continue
        user = found.setdefault(item["id"], {})
        for change in item.get("manager@delta", []):
            user["manager"] = None if "@removed" in change else change["id"]
        user.update({name: value for name, value in item.items() if "@" not in name})
    return found


def told(state: Users) -> Users:
    """Without what Graph leaves out because it was never set."""
    return {key: {k: v for k, v in user.items() if v not in (None, [])} for key, user in state.items()}


async def test_a_client_that_follows_knows_what_a_new_one_learns(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    ann, mara, otto = own.mail_of("Ann"), own.mail_of("Mara"), own.mail_of("Otto")
    items, link = await read(graph, "/users/delta", Prefer="odata.maxpagesize=3")
    states = [(merged({}, items), link)]
    await act(control, ann, "change_manager", manager=None)
    await act(control, otto, "change_manager", manager=mara)
    states.append((merged(states[-1][0], (await read(graph, link))[0]), (await read(graph, link))[1]))
    await act(control, ann, "change_manager", manager=mara)
    await act(control, ann, "rename", surname="Newname", mail="ann.newname@meadow.example")
    await act(control, "joan.new@meadow.example", "join", manager="ann.newname@meadow.example", zone="Asia/Tokyo")
    await act(control, otto, "leave_company", how="deleted")
    await act(control, "short.stay@meadow.example", "join")
    await act(control, "short.stay@meadow.example", "leave_company", how="deleted")
    fresh, _ = await read(graph, "/users/delta()")
    expected = told(merged({}, fresh))
    for state, link in states:
        items, _ = await read(graph, link, Prefer="odata.maxpagesize=1")
        assert told(merged(state, items)) == expected
    assert otto not in [user.get("mail") for user in expected.values()]
    assert "ann.newname@meadow.example" in [user["mail"] for user in expected.values()]
    # A joiner has a mailbox; who was deleted has neither that nor an account any more.
    assert (await graph.get("/users/joan.new@meadow.example/mailboxSettings")).json()["timeZone"] == "Asia/Tokyo"
    assert (await graph.get(f"/users/{otto}")).status_code == 404
    assert (await graph.get(f"/users/{otto}/events")).status_code == 404


async def test_nothing_happened_is_an_empty_round(graph: httpx.AsyncClient) -> None:
    page = (await graph.get("/users/delta", params={"$deltatoken": "latest"})).json()
    assert page["value"] == []
    assert (await graph.get(page["@odata.deltaLink"])).json()["value"] == []


async def test_only_the_selected_are_followed(own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    hale, mara = own.mail_of("Hale"), own.mail_of("Mara")
    _, names = await read(graph, "/users/delta?$select=displayName")
    _, managers = await read(graph, "/users/delta?$select=displayName,manager")
    hale_id = (await graph.get(f"/users/{hale}")).json()["id"]
    _, only_hale = await read(graph, f"/users/delta?$filter=id eq '{hale_id}'")
    await act(control, hale, "change_manager", manager=mara)
    await act(control, own.mail_of("Mara"), "rename", given="Maria")
    by_name = (await read(graph, names))[0]
    assert [item["displayName"].split()[0] for item in by_name] == ["Maria"]
    assert set(by_name[0]) == {"displayName", "id"}
    by_manager, _ = await read(graph, managers, Prefer="return=minimal")
    assert {item["id"] for item in by_manager} == {hale_id, by_name[0]["id"]}
    (moved,) = [item for item in by_manager if item["id"] == hale_id]
    assert set(moved) == {"id", "manager@delta"}
    assert [item["id"] for item in (await read(graph, only_hale))[0]] == [hale_id]


async def test_an_old_token_is_gone_and_says_where_to_begin_anew(
    own: Any, graph: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    await control.post("/clock", json={"now": "2030-02-04T08:00:00Z"})
    _, link = await read(graph, "/users/delta")
    await control.post("/clock", json={"now": "2030-02-11T07:59:00Z"})
    assert (await graph.get(link)).status_code == 200
    await control.post("/clock", json={"now": "2030-02-11T08:01:00Z"})
    gone = await graph.get(link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "resyncRequired")
    items, link = await read(graph, gone.headers["location"])
    assert own.mail_of("Ann").partition(".")[0] in {str(i.get("mail")).partition(".")[0] for i in items}
    await control.post("/expire_delta", json={})
    assert (await graph.get(link)).status_code == 410


@pytest.mark.parametrize("query", ["$deltatoken=x", "$skiptoken=e30", "$top=3", "$orderby=mail", "$filter=mail eq 'x'"])
async def test_what_delta_cannot_do_is_refused(graph: httpx.AsyncClient, query: str) -> None:
    assert (await graph.get(f"/users/delta?{query}")).status_code == 400


async def test_people_acts_that_cannot_be_are_refused(own: Any, control: httpx.AsyncClient) -> None:
    hale = own.mail_of("Hale")
    for wrong in (
        {"person": hale, "act": "change_manager", "manager": hale},
        {"person": hale, "act": "change_manager", "manager": "nobody@meadow.example"},
        {"person": hale, "act": "join"},
        {"person": "x@meadow.example", "act": "join", "zone": "Nowhere/Land"},
        {"person": "x@meadow.example", "act": "join", "opens": "9"},
        {"person": hale, "act": "rename", "mail": own.about["service_mailbox"]},
        {"person": hale, "act": "leave_company", "how": "quietly"},
    ):
        answer = await control.post("/act", json=wrong)
        assert answer.status_code in (400, 404), wrong
        assert answer.json()["error"]


async def test_who_is_disabled_keeps_a_mailbox_and_who_loses_the_licence_does_not(
    graph: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    lou = "lou.brief@meadow.example"
    await act(control, lou, "join")
    await act(control, lou, "leave_company", how="disabled")
    assert (await graph.get(f"/users/{lou}?$select=accountEnabled")).json()["accountEnabled"] is False
    assert (await graph.get(f"/users/{lou}/mailboxSettings")).status_code == 200
    await act(control, lou, "license", licensed=False)
    refused = await graph.get(f"/users/{lou}/mailboxSettings")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")
    assert (await graph.get(f"/users/{lou}")).status_code == 200
    await act(control, lou, "license")
    assert (await graph.get(f"/users/{lou}/mailboxSettings")).status_code == 200
