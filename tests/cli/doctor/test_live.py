"""Asking a tenant what no document says: agreed to first, answered in words that fit any tenant, and cleaned up."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from cli.doctor.bench import SUBJECT, Bench
from cli.doctor.live import ask_live
from cli.doctor.questions import QUESTIONS, teams_link, transaction_id
from cli.main import main
from cli.refusal import Refused
from config.settings import Settings
from integrations.graph.plain import Answer, PlainGraph

SettingsFor = Callable[..., Settings]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    token = Request(scope).query_params.get("validationToken", "")
    await PlainTextResponse(token)(scope, receive, send)


@pytest.fixture(scope="module")
def webhook() -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(echo, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


def trials(tenant: Any, *mailboxes: str) -> list[str]:
    """What of ours is still in these mailboxes, cancelled or not, and in which subscriptions."""
    left = []
    for mail in mailboxes:
        box = tenant.control("GET", f"state?mailbox={mail}")["mailboxes"][mail]
        left += [each["subject"] for each in box["calendar"] if not each["isCancelled"]]
        left += [each["subject"] for name in ("drafts", "inbox") for each in box["folders"][name]]
    return [each for each in left if "Perennial doctor" in each and not each.startswith(("Canceled", "Accepted"))]


def read(file: Path) -> Any:
    return json.loads(file.read_text())


async def test_every_question_is_answered_and_nothing_is_left(
    lavish: Any, settings_for: SettingsFor, webhook: str, tmp_path: Path
) -> None:
    ann, file = lavish.mail_of("Ann"), tmp_path / "answers.json"
    settings = settings_for(lavish, public_url=webhook)
    assert await ask_live(settings, lavish.service, ann, 0, file) == 0
    report = read(file)
    assert report["asked_of"].startswith("the sandbox tenant")
    assert "nothing here was seen in Microsoft 365" in report["asked_of"]
    assert [each["name"] for each in report["answers"]] == [each.name for each in QUESTIONS]
    unanswered = {each["name"] for each in report["answers"] if each["answer"] is None}
    # This app has its calendars in Entra, and a mailbox of the stand-in is never a shared one.
    assert unanswered == {"rbac_only_subscription", "teams_link"}
    assert trials(lavish, lavish.service) == []
    assert lavish.control("GET", "notifications")["subscriptions"] == []


async def test_the_answers_say_nothing_of_the_tenant(
    lavish: Any, settings_for: SettingsFor, webhook: str, tmp_path: Path
) -> None:
    file = tmp_path / "answers.json"
    await ask_live(settings_for(lavish, public_url=webhook), lavish.service, lavish.mail_of("Ann"), 0, file)
    said = json.dumps(read(file)).casefold()
    for secret in (lavish.told["tenant_id"], lavish.told["client_id"], "meadow", "127.0.0.1", "ann", lavish.url):
        assert str(secret).casefold() not in said.replace("another", "").replace("cannot", ""), secret


async def test_with_the_grant_of_the_readme_only_the_second_mailbox_is_out_of_reach(
    strict: Any, settings_for: SettingsFor, webhook: str, tmp_path: Path
) -> None:
    file = tmp_path / "answers.json"
    settings = settings_for(strict, public_url=webhook)
    assert await ask_live(settings, strict.service, strict.mail_of("Ann"), 0, file) == 0
    answers = {each["name"]: each for each in read(file)["answers"]}
    open_still = {name for name, each in answers.items() if each["answer"] is None}
    assert open_still == {"responses_after_a_move", "teams_link"}
    assert answers["rbac_only_subscription"]["seen"]["subscribe"]["status"] == 201
    assert trials(strict, strict.service) == []


async def test_a_tenant_that_breaks_off_is_cleaned_up_by_the_next_run(
    lavish: Any, settings_for: SettingsFor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, file = settings_for(lavish), tmp_path / "answers.json"
    lavish.control("POST", "faults", fault="status", status=503, method="DELETE", count=None)
    lavish.control("POST", "faults", fault="status", status=503, path="permanentDelete", count=None)
    try:
        assert await ask_live(settings, lavish.service, None, 0, file) == 1
    finally:
        lavish.control("DELETE", "faults")
    assert "please do it by hand: /users/" in capsys.readouterr().err
    assert trials(lavish, lavish.service)
    assert await ask_live(settings, lavish.service, None, 0, file) == 0
    assert trials(lavish, lavish.service) == []


async def test_a_mailbox_that_takes_nothing_leaves_questions_open_and_says_why(
    strict: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    file = tmp_path / "answers.json"
    assert await ask_live(settings_for(strict), strict.mail_of("Ann"), None, 0, file) == 0
    answers = {each["name"]: each for each in read(file)["answers"]}
    assert answers["transaction_id"]["not_answered_because"]
    assert answers["transaction_id"]["seen"]["first"] == {"status": 403, "code": "ErrorAccessDenied"}
    assert answers["big_batch"]["answer"]


@pytest.mark.parametrize(
    ("name", "method", "path", "status", "seen"),
    [
        ("responses_after_a_move", "PATCH", "/events/", 403, "move"),
        ("responses_after_a_move", "PATCH", "/events/", 503, "move"),
        ("big_batch", "POST", r"/\$batch", 503, "batch"),
        ("absolute_batch_urls", "POST", r"/\$batch", 503, "relative"),
        ("transaction_id", "POST", "/events$", 503, "first"),
    ],
)
async def test_what_a_fault_answers_is_never_taken_for_what_graph_does(
    lavish: Any, settings_for: SettingsFor, tmp_path: Path, name: str, method: str, path: str, status: int, seen: str
) -> None:
    answers = await asked_under(lavish, settings_for, tmp_path, fault="status", status=status, method=method, path=path)
    assert answers[name]["answer"] is None
    assert answers[name]["seen"][seen]["status"] == status


async def asked_under(tenant: Any, settings_for: SettingsFor, folder: Path, **fault: Any) -> dict[str, Any]:
    file = folder / "answers.json"
    tenant.control("POST", "faults", **fault, count=None)
    try:
        await ask_live(settings_for(tenant), tenant.service, tenant.mail_of("Ann"), 0, file)
    finally:
        tenant.control("DELETE", "faults")
    return {each["name"]: each for each in read(file)["answers"]}


class Played(Bench):
    """A bench on which creating events is answered as a test says, one answer after the other."""

    def __init__(self, *answers: Answer, window: int = 0) -> None:
        self.answers = list(answers)
        self.window = window

    async def make_event(self, **_: Any) -> Answer:
        return self.answers.pop(0)


FIRST = Answer(201, "", {"id": "one", "subject": SUBJECT})


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_transaction_id_is_not_called_forgotten_when_the_tenant_was_busy(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr("cli.doctor.questions.asyncio.sleep", at_once)
    busy = Answer(status, "serviceNotAvailable", {})
    for answers in ([FIRST, busy, FIRST], [FIRST, FIRST, busy], [FIRST, FIRST, FIRST, FIRST, busy]):
        answered = await transaction_id(Played(*answers, window=2))
        assert answered.answer is None
    second = Answer(201, "", {"id": "another", "subject": SUBJECT})
    answered = await transaction_id(Played(FIRST, FIRST, FIRST, second, window=2))
    assert str(answered.answer).endswith("no longer remembered after 1 minutes")


async def test_a_teams_link_is_asked_of_a_shared_mailbox_only(
    lavish: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    file = tmp_path / "answers.json"
    await ask_live(settings_for(lavish), lavish.mail_of("Ann"), None, 0, file)
    (link,) = [each for each in read(file)["answers"] if each["name"] == "teams_link"]
    assert link["answer"] is None
    assert "of kind user" in link["not_answered_because"]
    assert "a shared one" in link["not_answered_because"]
    assert link["seen"]["mailbox"] == "user"


class Shared(Played):
    """A shared mailbox whose events have a link, or none."""

    def __init__(self, link: str | None) -> None:
        super().__init__(FIRST)
        self.mailbox = "checkins@meadow.example"
        self.graph = cast(PlainGraph, self)
        self.event_read = Answer(200, "", {"onlineMeeting": {"joinUrl": link} if link else None})

    async def ask(self, method: str, rest: str, body: Any = None, **others: Any) -> Answer:
        return Answer(200, "", {"userPurpose": "shared"}) if rest == "/mailboxSettings" else self.event_read

    async def soon(self, _rest: str, wanted: Any) -> Any:
        return self.event_read.body if wanted(self.event_read.body) else None


@pytest.mark.parametrize(
    ("link", "word"), [("https://teams.example/1", "has a Teams link"), (None, "has no Teams link")]
)
async def test_a_shared_mailbox_answers_whether_its_events_have_a_teams_link(link: str | None, word: str) -> None:
    assert word in str((await teams_link(Shared(link))).answer)


@pytest.mark.parametrize("mistyped", ["mailbox", "attendee"])
async def test_an_address_without_a_mailbox_is_refused_before_anything_is_asked(
    lavish: Any, settings_for: SettingsFor, tmp_path: Path, mistyped: str
) -> None:
    asked = {"mailbox": lavish.service, "attendee": lavish.mail_of("Ann"), mistyped: "nobody@meadow.example"}
    with pytest.raises(Refused, match=r"no mailbox nobody@meadow\.example"):
        await ask_live(settings_for(lavish), asked["mailbox"], asked["attendee"], 0, tmp_path / "answers.json")
    assert not (tmp_path / "answers.json").exists()
    assert trials(lavish, lavish.service) == []


async def test_answers_that_could_not_be_kept_are_not_asked_for(
    strict: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    before = strict.writes()
    with pytest.raises(Refused, match="no folder"):
        await ask_live(settings_for(strict), strict.service, None, 0, tmp_path / "nowhere" / "answers.json")
    assert strict.writes() == before


def test_without_a_yes_nothing_is_written(
    strict: Any,
    settings_for: SettingsFor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_for(strict)
    monkeypatch.setattr("cli.doctor.command.load_settings", lambda: settings)
    file = tmp_path / "answers.json"
    words = ["perennial", "doctor", "--live", "--mailbox", strict.service, "--answers", str(file)]
    monkeypatch.setattr("sys.argv", words)
    before = strict.writes()
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    assert end.value.code == 1
    assert "Nothing was written" in said.err
    assert "This writes into the mailbox" in said.out
    assert strict.writes() == before
    assert not file.exists()
