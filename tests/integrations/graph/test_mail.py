"""Letters in Exchange: drafted with keys, sent by id, found again."""

from datetime import UTC, datetime
from typing import Any

from integrations.graph.client import Graph
from integrations.graph.keys import ITEMS, KEY
from integrations.graph.mail import Mail, MessageFacts, NewMessage

SERVICE = "checkins@meadow.example"
NEW = NewMessage(
    key="L1",
    item_keys=("form/C1", "action/A1/2030-04-01/1"),
    to_mail="ann@meadow.example",
    to_name="Ann",
    subject="Your check-in",
    html="<p>Hello</p>",
)
SENT = {"id": "M1", "isDraft": False, "sentDateTime": "2030-04-01T08:00:00Z"}


async def test_a_draft_carries_its_key_and_those_of_its_items(stub: Any, graph: Graph) -> None:
    stub.answers(201, {"id": "M1", "isDraft": True})
    assert await Mail(graph).create_draft(SERVICE, NEW) == "M1"
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("POST", f"/v1.0/users/{SERVICE}/messages")
    assert asked.body["singleValueExtendedProperties"] == [
        {"id": KEY, "value": "L1"},
        {"id": ITEMS, "value": "form/C1 action/A1/2030-04-01/1"},
    ]
    assert asked.body["toRecipients"] == [{"emailAddress": {"address": "ann@meadow.example", "name": "Ann"}}]
    assert asked.body["body"] == {"contentType": "html", "content": "<p>Hello</p>"}
    assert "from" not in asked.body


async def test_a_draft_has_no_sent_time_though_exchange_gives_it_one(stub: Any, graph: Graph) -> None:
    stub.answers(200, SENT | {"isDraft": True})
    assert await Mail(graph).get(SERVICE, "M1") == MessageFacts("M1", True, None)


async def test_a_sent_letter_says_when(stub: Any, graph: Graph) -> None:
    stub.answers(200, SENT)
    assert await Mail(graph).get(SERVICE, "M1") == MessageFacts("M1", False, datetime(2030, 4, 1, 8, tzinfo=UTC))


async def test_sending_is_one_post_to_the_draft(stub: Any, graph: Graph) -> None:
    stub.answers(202)
    assert await Mail(graph).send(SERVICE, "M1") is True
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("POST", f"/v1.0/users/{SERVICE}/messages/M1/send")


async def test_what_is_gone_is_returned_and_not_raised(stub: Any, graph: Graph) -> None:
    stub.refuses(404, "ErrorItemNotFound")
    mail = Mail(graph)
    assert await mail.get(SERVICE, "M1") is None
    assert await mail.send(SERVICE, "M1") is False
    await mail.delete(SERVICE, "M1")
    assert stub.asked[-1].method == "DELETE"


async def test_a_letter_is_found_by_its_key_and_a_sent_one_before_a_draft(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": [{"id": "M0", "isDraft": True}, SENT]})
    found = await Mail(graph).find_by_key(SERVICE, "L1")
    assert found is not None
    assert found.graph_id == "M1"
    assert f"ep/id eq '{KEY}' and ep/value eq 'L1'" in stub.asked[0].query["$filter"]


async def test_a_key_that_nothing_carries_finds_nothing(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": []})
    assert await Mail(graph).find_by_key(SERVICE, "L1") is None
