"""Graph's troubles in our words: what is tried again and when, what a person must do, what is never said."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.settings import Settings
from integrations.entra.tokens import TokenRefused
from integrations.graph.calendars import Calendars
from integrations.graph.client import Graph, open_graph
from integrations.graph.directory import Directory
from integrations.graph.errors import (
    BadRequest,
    GraphTrouble,
    NoMailbox,
    NotAllowed,
    Permanent,
    TokenRejected,
    Transient,
    graph_words,
)

MINUTE = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (408, "RequestTimeout", Transient),
        (429, "ApplicationThrottled", Transient),
        (429, "TooManyRequests", Transient),
        (500, "ErrorInternalServerError", Transient),
        (502, "BadGateway", Transient),
        (503, "serviceNotAvailable", Transient),
        (503, "ConcurrentItemSave", Transient),
        (504, "UnknownError", Transient),
        (509, "BandwidthExceeded", Transient),
        (409, "ErrorIrresolvableConflict", Transient),
        (409, "ConcurrentItemSave", Transient),
        (412, "ErrorIrresolvableConflict", Transient),
        (401, "InvalidAuthenticationToken", TokenRejected),
        (403, "ErrorAccessDenied", NotAllowed),
        (403, "Authorization_RequestDenied", NotAllowed),
        (404, "ErrorInvalidUser", NoMailbox),
        (404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (404, "ResourceNotFound", NoMailbox),
        (404, "UnknownError", BadRequest),
        (400, "ErrorInvalidIdMalformed", BadRequest),
        (400, "RequestBroker--ParseUri", BadRequest),
    ],
)
async def test_each_refusal_is_one_of_ours_and_is_asked_once(
    stub: Any, graph: Graph, status: int, code: str, kind: type[GraphTrouble]
) -> None:
    stub.refuses(status, code)
    with pytest.raises(GraphTrouble) as trouble:
        await Calendars(graph).get_event("checkins@meadow.example", "E1")
    assert type(trouble.value) is kind
    assert len(stub.asked) == 1, "the SDK must not retry by itself"
    sentence = str(trouble.value)
    assert sentence.startswith("Could not read a check-in: ")
    assert "canary" not in sentence
    assert "canary" not in repr(trouble.value)


async def test_retry_after_is_honoured(stub: Any, graph: Graph) -> None:
    stub.refuses(429, "ApplicationThrottled", Retry_After="17")
    with pytest.raises(Transient) as trouble:
        await Calendars(graph).get_event("checkins@meadow.example", "E1")
    assert trouble.value.retry_after == timedelta(seconds=17)


async def test_without_retry_after_the_pace_is_ours(stub: Any, graph: Graph) -> None:
    stub.refuses(503, "serviceNotAvailable", Retry_After="Mon, 04 Feb 2030 09:00:00 GMT")
    with pytest.raises(Transient) as trouble:
        await Calendars(graph).get_event("checkins@meadow.example", "E1")
    assert trouble.value.retry_after is None


async def test_a_page_of_html_from_a_gateway_is_transient(stub: Any, graph: Graph) -> None:
    stub.answers(502, "<html>Bad gateway</html>")
    with pytest.raises(Transient):
        await Calendars(graph).get_event("checkins@meadow.example", "E1")


async def test_a_missing_permission_is_named(stub: Any, graph: Graph) -> None:
    stub.refuses(403, "ErrorAccessDenied")
    with pytest.raises(NotAllowed, match=r"MailboxSettings\.Read "):
        await Directory(graph).mailbox("oid-ann")


async def test_a_refused_token_is_forgotten_so_that_the_next_try_has_a_fresh_one(stub: Any, graph: Graph) -> None:
    stub.refuses(401, "InvalidAuthenticationToken")
    for _ in range(2):
        with pytest.raises(TokenRejected) as trouble:
            await Calendars(graph).get_event("checkins@meadow.example", "E1")
        assert trouble.value.retry_after == MINUTE
    assert [one.headers["authorization"] for one in stub.asked] == ["Bearer token-1", "Bearer token-2"]


async def test_an_unreachable_graph_is_transient_and_says_what_to_check(
    tokens: Any, settings_for: Callable[[str], Settings]
) -> None:
    async with open_graph(settings_for("http://127.0.0.1:1"), tokens) as graph:
        with pytest.raises(Transient, match="cannot be reached; check the network and PERENNIAL_GRAPH_URL"):
            await Calendars(graph).get_event("checkins@meadow.example", "E1")


async def test_token_trouble_waits_out_msals_memory_or_asks_for_a_person() -> None:
    with pytest.raises(Transient) as later:
        async with graph_words("read", "User.Read.All"):
            raise TokenRefused("Entra does not answer.", transient=True)
    assert later.value.retry_after == MINUTE
    with pytest.raises(Permanent, match="correct PERENNIAL_CLIENT_SECRET"):
        async with graph_words("read", "User.Read.All"):
            raise TokenRefused("correct PERENNIAL_CLIENT_SECRET", transient=False)
