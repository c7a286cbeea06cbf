"""A subscription is asked for with its secret, and what becomes of it is told in our words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.graph.client import Graph
from integrations.graph.errors import BadRequest, NoMailbox, NotAllowed, Transient
from integrations.graph.subscriptions import USERS, NotReached, Subscriptions

MAILBOX = "checkins@meadow.example"
URL, LIFECYCLE = "https://perennial.example/graph/notifications", "https://perennial.example/graph/lifecycle"
UNTIL = datetime(2030, 3, 10, tzinfo=UTC)


@pytest.fixture
def subscriptions(graph: Graph) -> Subscriptions:
    return Subscriptions(graph)


async def test_it_is_asked_for_with_both_urls_its_secret_and_ids_that_last(
    stub: Any, subscriptions: Subscriptions
) -> None:
    stub.answers(201, {"id": "s1", "expirationDateTime": "2030-03-09T00:00:00Z"})
    made = await subscriptions.create(MAILBOX, URL, LIFECYCLE, "secret", UNTIL)
    assert (made.id, made.expires) == ("s1", datetime(2030, 3, 9, tzinfo=UTC))
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("POST", "/v1.0/subscriptions")
    assert asked.body["resource"] == f"/users/{MAILBOX}/events"
    assert asked.body["changeType"] == "updated,deleted"
    assert (asked.body["notificationUrl"], asked.body["lifecycleNotificationUrl"]) == (URL, LIFECYCLE)
    assert asked.body["clientState"] == "secret"
    assert 'IdType="ImmutableId"' in asked.headers["prefer"]


async def test_an_endpoint_that_graph_does_not_reach_is_told_apart(stub: Any, subscriptions: Subscriptions) -> None:
    stub.refuses(400, "ValidationError")
    with pytest.raises(NotReached, match="PERENNIAL_PUBLIC_URL") as refused:
        await subscriptions.create(MAILBOX, URL, LIFECYCLE, "secret", UNTIL)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "code", "trouble"),
    [(403, "ExtensionError", NotAllowed), (409, "Conflict", BadRequest), (503, "ServiceUnavailable", Transient)],
)
async def test_other_refusals_have_their_words(
    stub: Any, subscriptions: Subscriptions, status: int, code: str, trouble: type[Exception]
) -> None:
    stub.refuses(status, code)
    with pytest.raises(trouble):
        await subscriptions.create(MAILBOX, URL, LIFECYCLE, "secret", UNTIL)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ExtensionError"])
async def test_a_mailbox_that_is_not_there_is_told_as_that(stub: Any, subscriptions: Subscriptions, code: str) -> None:
    stub.refuses(404, code)
    with pytest.raises(NoMailbox) as refused:
        await subscriptions.create(MAILBOX, URL, LIFECYCLE, "secret", UNTIL)
    assert refused.value.mailbox == MAILBOX
    assert f"there is no such mailbox ({code})" in str(refused.value)
    assert "fault" not in str(refused.value)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ExtensionError"])
async def test_the_directory_is_no_mailbox_that_could_be_missing(
    stub: Any, subscriptions: Subscriptions, code: str
) -> None:
    stub.refuses(404, code)
    with pytest.raises(BadRequest):
        await subscriptions.create(USERS, URL, LIFECYCLE, "secret", UNTIL)


async def test_renewing_sends_the_new_end_and_nothing_else(stub: Any, subscriptions: Subscriptions) -> None:
    stub.answers(200, {"id": "s1"})
    assert await subscriptions.renew(MAILBOX, "s1", UNTIL)
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("PATCH", "/v1.0/subscriptions/s1")
    assert {name for name in asked.body if not name.startswith("@")} == {"expirationDateTime"}


@pytest.mark.parametrize("code", ["ResourceNotFound", "ErrorItemNotFound", "ExtensionError"])
async def test_one_that_is_gone_is_no_trouble(stub: Any, subscriptions: Subscriptions, code: str) -> None:
    stub.refuses(404, code)
    assert not await subscriptions.renew(MAILBOX, "s1", UNTIL)
    assert not await subscriptions.delete(MAILBOX, "s1")


async def test_ours_are_those_to_this_calendar_that_tell_this_url(stub: Any, subscriptions: Subscriptions) -> None:
    def one(name: str, resource: str, url: str = URL) -> dict[str, str]:
        return {"id": name, "resource": resource, "notificationUrl": url}

    first = [one("other calendar", "/users/mara/events"), one("other url", f"/users/{MAILBOX}/events", LIFECYCLE)]
    stub.answers(200, {"value": first, "@odata.nextLink": f"{stub.url}/v1.0/subscriptions?$skiptoken=a"})
    stub.answers(200, {"value": [one("ours", f"Users/{MAILBOX.upper()}/Events")]})
    assert await subscriptions.ours(MAILBOX, URL) == ["ours"]
