"""Answers go to whom they belong, at once or as drafts, and stay in the conversation."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Received = Callable[..., Awaitable[dict[str, Any]]]


def to(*mails: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": mail}} for mail in mails]


def mails(recipients: list[dict[str, Any]]) -> list[str]:
    return [each["emailAddress"]["address"] for each in recipients]


async def newest(graph: httpx.AsyncClient, mail: str, folder: str = "inbox") -> dict[str, Any]:
    found = (await graph.get(f"/users/{mail}/mailFolders/{folder}/messages", params={"$top": "1"})).json()["value"]
    message: dict[str, Any] = found[0]
    return message


@pytest.fixture
def received(graph: httpx.AsyncClient, control: httpx.AsyncClient, ann: str, mara: str, otto: str) -> Received:
    """A letter from Mara to Ann, with Otto in copy, as Ann has it."""

    async def send(subject: str, **more: Any) -> dict[str, Any]:
        message = {
            "subject": subject,
            "body": {"contentType": "html", "content": "<p>What do you think?</p>"},
            "toRecipients": to(ann),
            "ccRecipients": to(otto),
        }
        sent = await graph.post(f"/users/{mara}/sendMail", json={"message": {**message, **more}})
        assert sent.status_code == 202, sent.text
        await control.post("/deliveries")
        return await newest(graph, ann)

    return send


async def test_an_answer_goes_to_the_writer_alone_and_stays_in_the_conversation(
    graph: httpx.AsyncClient, received: Received, ann: str, mara: str, otto: str
) -> None:
    letter = await received("Lunch")
    answer = await graph.post(f"/users/{ann}/messages/{letter['id']}/reply", json={"Comment": "Yes, <gladly>"})
    assert (answer.status_code, answer.content) == (202, b"")
    got = await newest(graph, mara)
    assert (got["subject"], mails(got["toRecipients"]), mails(got["ccRecipients"])) == ("RE: Lunch", [mara], [])
    assert got["conversationId"] == letter["conversationId"]
    assert "Yes, &lt;gladly&gt;" in got["body"]["content"]
    assert "What do you think?" in got["body"]["content"]
    assert (await newest(graph, ann, "sentitems"))["subject"] == "RE: Lunch"
    assert (await newest(graph, otto))["subject"] == "Lunch"


async def test_an_answer_to_all_leaves_out_oneself(
    graph: httpx.AsyncClient, received: Received, ann: str, mara: str, otto: str
) -> None:
    letter = await received("Dinner")
    made = await graph.post(f"/users/{ann}/messages/{letter['id']}/createReplyAll")
    assert made.status_code == 201
    draft = made.json()
    assert (draft["isDraft"], draft["subject"]) == (True, "RE: Dinner")
    assert (mails(draft["toRecipients"]), mails(draft["ccRecipients"])) == ([mara], [otto])
    assert (await newest(graph, mara))["subject"] != "RE: Dinner"


async def test_an_answer_goes_where_the_writer_wants_it(
    graph: httpx.AsyncClient, received: Received, ann: str, service: str
) -> None:
    letter = await received("Elsewhere", replyTo=to(service))
    draft = (await graph.post(f"/users/{ann}/messages/{letter['id']}/createReply", json={})).json()
    assert mails(draft["toRecipients"]) == [service]


async def test_an_answer_to_an_answer_is_marked_once(graph: httpx.AsyncClient, received: Received, ann: str) -> None:
    letter = await received("Re: Again")
    draft = (await graph.post(f"/users/{ann}/messages/{letter['id']}/createReply", json={"comment": "x"})).json()
    assert draft["subject"] == "Re: Again"


async def test_a_message_is_forwarded_to_whom_it_is_said(
    graph: httpx.AsyncClient, received: Received, ann: str, otto: str
) -> None:
    letter = await received("Forward")
    path = f"/users/{ann}/messages/{letter['id']}"
    forward = {"Comment": "See below", "ToRecipients": to(otto)}
    assert (await graph.post(f"{path}/forward", json=forward)).status_code == 202
    got = await newest(graph, otto)
    assert (got["subject"], mails(got["toRecipients"])) == ("FW: Forward", [otto])
    assert "What do you think?" in got["body"]["content"]
    for wrong in ({}, {"toRecipients": to(otto), "message": {"toRecipients": to(otto)}}):
        assert (await graph.post(f"{path}/forward", json=wrong)).status_code == 400


async def test_a_comment_and_a_body_are_not_said_at_once(
    graph: httpx.AsyncClient, received: Received, ann: str
) -> None:
    letter = await received("Both")
    both = {"comment": "One", "message": {"body": {"contentType": "text", "content": "Two"}}}
    refused = await graph.post(f"/users/{ann}/messages/{letter['id']}/reply", json=both)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidParameter")
