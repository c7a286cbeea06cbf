"""The Graph client: where requests go, with what, and where they never go."""

import asyncio
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from msgraph.generated.models.entity import Entity

from config.settings import Settings
from integrations.graph.client import ForeignHost, Graph, open_graph
from integrations.graph.directory import Directory
from integrations.graph.errors import NotAllowed
from integrations.graph.warm_up import fields_of_an_entity, warm_up


async def test_a_request_goes_to_the_base_url_with_a_token_and_our_preferences(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"id": "oid-ann", "displayName": "Ann"})
    await Directory(graph).user("ann@meadow.example")
    (asked,) = stub.asked
    assert asked.path == "/v1.0/users/ann@meadow.example"
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["prefer"] == 'IdType="ImmutableId", outlook.timezone="UTC"'


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://evil.example/v1.0/users",
        "http://127.0.0.1:1/v1.0/users",
        "https://graph.microsoft.com/v1.0/users",
    ],
)
async def test_nothing_is_sent_anywhere_but_to_graph(stub: Any, graph: Graph, elsewhere: str) -> None:
    with pytest.raises(ForeignHost):
        await graph.service.users.with_url(elsewhere).get()
    assert stub.asked == []


async def test_in_production_a_loopback_address_is_foreign(
    stub: Any, tokens: Any, settings_for: Callable[[str], Settings]
) -> None:
    production = settings_for(stub.url).model_copy(
        update={"sandbox_url": None, "graph_url": "https://graph.microsoft.com/v1.0"}
    )
    async with open_graph(production, tokens) as graph:
        with pytest.raises(ForeignHost):
            await graph.service.users.with_url(f"{stub.url}/v1.0/users").get()
    assert stub.asked == []


def test_warming_up_needs_no_network() -> None:
    warm_up()


def test_what_every_object_of_graph_has_is_read_as_the_sdk_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = Path(inspect.getfile(Entity))
    spec = importlib.util.spec_from_file_location("msgraph.generated.models.entity_as_shipped", shipped)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up there.
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    answer = b'{"id": "1", "@odata.type": "#microsoft.graph.entity", "colour": "green"}'
    found = []
    for entity, fields in ((module.Entity(), module.Entity.get_field_deserializers), (Entity(), fields_of_an_entity)):
        node = JsonParseNodeFactory().get_root_parse_node("application/json", answer)
        for name, read in fields(entity).items():
            child = node.get_child_node(name)
            assert child
            read(child)
        found.append((entity.id, entity.odata_type, list(fields(entity))))
    assert found[0] == found[1] == ("1", "#microsoft.graph.entity", ["id", "@odata.type"])


async def test_a_mailbox_has_at_most_three_calls_in_flight_and_others_do_not_wait_for_it(graph: Graph) -> None:
    going: dict[str, int] = {"ann": 0, "mara": 0}
    let_go = asyncio.Event()

    async def call(mailbox: str) -> None:
        async with graph.words("try", "Mail.Send", mailbox):
            going[mailbox] += 1
            await let_go.wait()

    async with asyncio.TaskGroup() as calls:
        for _ in range(5):
            calls.create_task(call("ann"))
        calls.create_task(call("mara"))
        for _ in range(20):  # more turns of the loop than any of them needs to get as far as it can
            await asyncio.sleep(0)
        assert going == {"ann": 3, "mara": 1}
        let_go.set()
    assert going == {"ann": 5, "mara": 1}


async def test_a_missing_permission_casts_doubt_on_the_token_and_does_not_drop_it(
    stub: Any, graph: Graph, tokens: Any
) -> None:
    stub.refuses(403, "ErrorAccessDenied")
    with pytest.raises(NotAllowed):
        async with graph.words("look a person up", "User.Read.All", "ann"):
            await graph.service.users.by_user_id("ann").get()
    assert (tokens.doubts, tokens.number) == (1, 1)
