"""Letters in Exchange: drafted with keys, sent by id, found again."""

import base64
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest

from integrations.graph.client import Graph
from integrations.graph.errors import Transient
from integrations.graph.keys import ITEMS, KEY
from integrations.graph.mail import Mail, MessageFacts, NewMessage
from integrations.graph.mime import message_id

SERVICE = "checkins@meadow.example"
NEW = NewMessage(
    key="L1",
    item_keys=("form/C1", "action/A1/2030-04-01/1"),
    to_mail="ann@meadow.example",
    to_name="Ann",
    subject="Your check-in",
    html="<p>Grüße</p>",
    text="Grüße\n",
)
SENT = {"id": "M1", "isDraft": False, "sentDateTime": "2030-04-01T08:00:00Z"}


async def test_a_letter_is_drafted_as_mime_with_both_alternatives(stub: Any, graph: Graph) -> None:
    stub.answers(201, {"id": "M1", "isDraft": True})
    stub.answers(200, {"id": "M1", "isDraft": True})
    assert await Mail(graph).create_draft(SERVICE, NEW) == "M1"
    posted = stub.asked[0]
    assert (posted.method, posted.path) == ("POST", f"/v1.0/users/{SERVICE}/messages")
    assert posted.headers["content-type"] == "text/plain"
    assert 'IdType="ImmutableId"' in posted.headers["prefer"]
    letter: Any = message_from_bytes(base64.b64decode(posted.body, validate=True), policy=policy.default)
    assert (letter["Subject"], letter["To"]) == ("Your check-in", "Ann <ann@meadow.example>")
    assert letter.get_content_type() == "multipart/alternative"
    assert [(part.get_content_type(), part.get_content().strip()) for part in letter.iter_parts()] == [
        ("text/plain", "Grüße"),
        ("text/html", "<p>Grüße</p>"),
    ]
    assert "From" not in letter


async def test_what_the_recipient_gets_names_neither_the_letter_nor_its_items(stub: Any, graph: Graph) -> None:
    stub.answers(201, {"id": "M1", "isDraft": True})
    await Mail(graph).create_draft(SERVICE, NEW)
    mime = base64.b64decode(stub.asked[0].body).decode()
    assert "L1" not in mime
    assert "form/C1" not in mime


async def test_a_draft_gets_its_key_and_those_of_its_items(stub: Any, graph: Graph) -> None:
    stub.answers(201, {"id": "M1", "isDraft": True})
    await Mail(graph).create_draft(SERVICE, NEW)
    marked = stub.asked[1]
    assert (marked.method, marked.path) == ("PATCH", f"/v1.0/users/{SERVICE}/messages/M1")
    assert marked.body == {
        "@odata.type": "#microsoft.graph.message",
        "singleValueExtendedProperties": [
            {"id": KEY, "value": "L1"},
            {"id": ITEMS, "value": "form/C1 action/A1/2030-04-01/1"},
        ],
    }


async def test_a_draft_that_was_begun_gets_its_key_and_no_second_is_made(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": [SENT, {"id": "M7", "isDraft": True}]})
    stub.answers(200, {"id": "M7", "isDraft": True})
    assert await Mail(graph).create_draft(SERVICE, NEW, begun=True) == "M7"
    assert [asked.method for asked in stub.asked] == ["GET", "PATCH"]
    assert stub.asked[0].query["$filter"] == f"internetMessageId eq '{message_id('L1', SERVICE)}'"


async def test_a_draft_that_was_not_begun_is_made_at_the_second_try(stub: Any, graph: Graph) -> None:
    stub.answers(200, {"value": []})
    stub.answers(201, {"id": "M1", "isDraft": True})
    assert await Mail(graph).create_draft(SERVICE, NEW, begun=True) == "M1"
    assert [asked.method for asked in stub.asked] == ["GET", "POST", "PATCH"]


async def test_a_draft_that_vanishes_before_it_has_its_key_is_tried_again(stub: Any, graph: Graph) -> None:
    stub.answers(201, {"id": "M1", "isDraft": True})
    stub.refuses(404, "ErrorItemNotFound")
    with pytest.raises(Transient):
        await Mail(graph).create_draft(SERVICE, NEW)


def test_a_message_id_is_of_one_letter_and_of_its_senders_domain() -> None:
    assert message_id("L1", SERVICE) == message_id("L1", SERVICE)
    assert message_id("L1", SERVICE) != message_id("L2", SERVICE)
    assert message_id("L1", SERVICE).endswith("@meadow.example>")


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
