"""The directory's changes are read to the last page, in our words, and begin anew when Graph forgot where we were."""

from datetime import date
from typing import Any

import pytest

from cycle.directory_watch import Told
from integrations.graph.client import Graph
from integrations.graph.directory_delta import DirectoryDelta
from integrations.graph.errors import Transient


def link(stub: Any, token: str) -> str:
    return f"{stub.url}/v1.0/users/delta()?{token}"


def page(stub: Any, *users: dict[str, Any], next_link: str = "", delta_link: str = "") -> None:
    links = {"@odata.nextLink": link(stub, next_link)} if next_link else {}
    links |= {"@odata.deltaLink": link(stub, delta_link)} if delta_link else {}
    stub.answers(200, {"value": list(users), **links})


@pytest.fixture
def delta(graph: Graph) -> DirectoryDelta:
    return DirectoryDelta(graph)


ANN = {
    "id": "ann",
    "mail": "ann@meadow.example",
    "displayName": "Ann",
    "accountEnabled": True,
    "country": "DE",
    "department": "Sales",
    "employeeHireDate": "2029-12-20T00:00:00Z",
    "userType": "Member",
    "manager@delta": [{"@odata.type": "#microsoft.graph.user", "id": "mara"}],
}


async def test_everybody_comes_with_their_manager_past_an_empty_page(stub: Any, delta: DirectoryDelta) -> None:
    page(stub, ANN, next_link="$skiptoken=a")
    page(stub, next_link="$skiptoken=b")
    page(stub, {"id": "hale", "userPrincipalName": "hale@meadow.example"}, delta_link="$deltatoken=c")
    found = await delta.begin()
    assert (found.whole, found.link) == (True, link(stub, "$deltatoken=c"))
    assert found.told["ann"] == Told(
        "ann", False, True, True, "ann@meadow.example", "Ann", "DE", None, "Sales", date(2029, 12, 20), "mara"
    )
    assert found.told["hale"] == Told("hale", mail="hale@meadow.example", manager="")
    assert "manager" in stub.asked[0].query["$select"]
    assert [each.query for each in stub.asked[1:]] == [{"$skiptoken": "a"}, {"$skiptoken": "b"}]


async def test_later_rounds_tell_what_changed_and_nothing_else(stub: Any, delta: DirectoryDelta) -> None:
    gone = {"@odata.type": "#microsoft.graph.user", "id": "mara", "@removed": {"reason": "deleted"}}
    page(stub, {"id": "ann", "manager@delta": [gone]}, {"id": "kai", "displayName": "Kai"}, next_link="$skiptoken=a")
    page(
        stub,
        {"id": "otto", "@removed": {"reason": "changed"}},
        {"id": "sami", "manager@delta": [gone, {"id": "ann"}]},
        delta_link="$deltatoken=d",
    )
    found = await delta.go_on(link(stub, "$deltatoken=c"))
    assert found is not None
    assert not found.whole
    assert found.told == {
        "ann": Told("ann", manager=""),
        "kai": Told("kai", name="Kai"),
        "otto": Told("otto", gone=True),
        "sami": Told("sami", manager="ann"),
    }


async def test_what_is_said_on_a_later_page_counts(stub: Any, delta: DirectoryDelta) -> None:
    page(stub, {"id": "ann", "displayName": "Ann", "department": "Sales"}, next_link="$skiptoken=a")
    page(stub, {"id": "ann", "displayName": "Anna", "accountEnabled": False}, delta_link="$deltatoken=d")
    found = await delta.go_on(link(stub, "$deltatoken=c"))
    assert found is not None
    assert found.told["ann"] == Told("ann", enabled=False, name="Anna", department="Sales")


@pytest.mark.parametrize(("status", "code"), [(410, "resyncRequired"), (410, ""), (400, "SyncStateNotFound")])
async def test_a_forgotten_link_is_no_trouble(stub: Any, delta: DirectoryDelta, status: int, code: str) -> None:
    stub.refuses(status, code)
    assert await delta.go_on(link(stub, "$deltatoken=c")) is None


async def test_the_link_of_another_graph_is_not_followed(stub: Any, delta: DirectoryDelta) -> None:
    assert await delta.go_on("https://elsewhere.example/v1.0/users/delta()?$deltatoken=c") is None
    assert stub.asked == []


async def test_a_busy_directory_is_asked_again_later(stub: Any, delta: DirectoryDelta) -> None:
    stub.refuses(503, "serviceNotAvailable")
    with pytest.raises(Transient):
        await delta.begin()
