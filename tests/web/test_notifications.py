"""Graph is always answered in time; only who knows the secret wakes anybody, and only once for one change."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from integrations.database.tables import CalendarWatchRow, DirectoryWatchRow, WakeUp
from integrations.temporal.pokes import Undelivered
from web.notifications import ANSWER_WITHIN, READ_WITHIN

SECRET = "what only Graph and we know"
WATCH = ("CalendarWatch", "watch")


@pytest.fixture
async def graph(world: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Posts as Graph does: no Origin, no session."""
    async with world.database.transaction() as session:
        session.add(
            CalendarWatchRow(
                id="watch",
                mailbox="check-ins@example.org",
                subscription_id="s1",
                client_state=SECRET,
                opened_at=world.clock.at,
            )
        )
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def notification(etag: str | None = 'W/"1"', **changed: Any) -> dict[str, Any]:
    resource = {"id": "event-1"} | ({"@odata.etag": etag} if etag else {})
    return {"subscriptionId": "s1", "clientState": SECRET, "changeType": "updated", "resourceData": resource} | changed


async def tell(graph: httpx.AsyncClient, *values: dict[str, Any], to: str = "notifications") -> None:
    answer = await graph.post(f"/graph/{to}", json={"value": list(values)})
    assert (answer.status_code, answer.content) == (202, b"")


async def doubted(world: Any) -> bool:
    async with world.database.reading() as session:
        return (await session.get_one(CalendarWatchRow, "watch")).doubted_at is not None


@pytest.mark.parametrize("path", ["/graph/notifications", "/graph/lifecycle"])
async def test_the_validation_token_comes_back_decoded_as_plain_text(graph: httpx.AsyncClient, path: str) -> None:
    token = "Validation: a+b/= <script>alert(1)</script>"
    answer = await graph.post(path, params={"validationToken": token})
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_read_and_passed_on_as_slowly_as_may_be_it_is_answered_within_three_seconds() -> None:
    assert READ_WITHIN + ANSWER_WITHIN <= 2.5


async def test_a_notification_wakes_the_watch_and_nothing_else(world: Any, graph: httpx.AsyncClient) -> None:
    await tell(graph, notification())
    assert world.pokes.made == [WATCH]
    assert not await doubted(world)


@pytest.mark.parametrize(
    "forged",
    [
        {"clientState": "guessed"},
        {"clientState": ""},
        {"subscriptionId": "s2"},
        {"subscriptionId": "s2", "clientState": "-"},
    ],
)
async def test_without_the_secret_of_its_subscription_nobody_is_woken(
    world: Any, graph: httpx.AsyncClient, forged: dict[str, str]
) -> None:
    await tell(graph, notification(**forged))
    await tell(graph, notification(**forged), to="lifecycle")
    assert world.pokes.made == []
    assert not await doubted(world)


async def test_one_change_wakes_once_however_often_it_is_told(world: Any, graph: httpx.AsyncClient) -> None:
    await tell(graph, notification(), notification())
    await tell(graph, notification())
    assert world.pokes.made == [WATCH]
    await tell(graph, notification('W/"2"'))
    assert world.pokes.made == [WATCH, WATCH]


async def test_what_does_not_say_which_change_it_is_wakes_each_time(world: Any, graph: httpx.AsyncClient) -> None:
    await tell(graph, notification(None))
    await tell(graph, notification(None))
    assert world.pokes.made == [WATCH, WATCH]


async def test_a_forgery_does_not_silence_the_true_one_after_it(world: Any, graph: httpx.AsyncClient) -> None:
    await tell(graph, notification('W/"2"'), notification(clientState="guessed"))
    await tell(graph, notification())
    assert world.pokes.made == [WATCH, WATCH]


async def test_a_lifecycle_notification_has_the_subscription_looked_after(world: Any, graph: httpx.AsyncClient) -> None:
    told = {"subscriptionId": "s1", "clientState": SECRET, "lifecycleEvent": "reauthorizationRequired"}
    await tell(graph, told, to="lifecycle")
    assert world.pokes.made == [WATCH]
    assert await doubted(world)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"value": [{}]}', b'{"value": [null]}', b"x" * 1_000_001])
async def test_garbage_is_answered_and_let_go(world: Any, graph: httpx.AsyncClient, body: bytes) -> None:
    assert (await graph.post("/graph/notifications", content=body)).status_code == 202
    assert world.pokes.made == []


async def test_with_the_database_gone_graph_is_asked_to_come_again(
    world: Any, graph: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise OSError("no such server")

    with monkeypatch.context() as patched:
        patched.setattr(world.database, "reading", gone)
        answer = await graph.post("/graph/notifications", json={"value": [notification()]})
        assert answer.status_code == 503
    assert world.pokes.made == []
    await tell(graph, notification())
    assert world.pokes.made == [WATCH], "told again, it is heard: the first time nobody was woken"


async def test_a_temporal_that_does_not_answer_keeps_graph_waiting_no_longer(
    world: Any, graph: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def slow(*_: str) -> None:
        await answered.wait()
        raise Undelivered("it did not take it")

    monkeypatch.setattr(world.pokes, "deliver", slow)
    monkeypatch.setattr("web.notifications.ANSWER_WITHIN", 0.05)
    async with asyncio.timeout(3):
        await tell(graph, notification())
    answered.set()
    async with world.database.reading() as session:
        (owed,) = (await session.execute(WakeUp.__table__.select())).all()
    assert (owed.workflow, owed.target) == WATCH
    await asyncio.gather(*world.app.state.ear.passing_on)


async def test_a_page_of_ours_is_still_guarded(world: Any, graph: httpx.AsyncClient) -> None:
    assert (await graph.post("/sign-out")).status_code == 403


async def test_a_notification_of_the_directory_wakes_its_own_watch(world: Any, graph: httpx.AsyncClient) -> None:
    facts = {
        "resource": "/users",
        "subscription_id": "s2",
        "client_state": "another secret",
        "opened_at": world.clock.at,
    }
    async with world.database.transaction() as session:
        session.add(DirectoryWatchRow(id="users", **facts))
    about = {"subscriptionId": "s2", "clientState": "another secret", "resourceData": {"id": "somebody"}}
    await tell(graph, about, about | {"clientState": SECRET})
    assert world.pokes.made == [("DirectoryWatch", "users")]
    await tell(graph, about, to="lifecycle")
    async with world.database.reading() as session:
        assert (await session.get_one(DirectoryWatchRow, "users")).doubted_at is not None
    assert not await doubted(world)
