"""The doctor says how each thing is, with a remedy for each that is not well, and changes nothing."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from cli.doctor import examination, tenant
from cli.doctor.examination import examine
from cli.doctor.finding import Finding
from cli.doctor.proxy import proxy
from cli.doctor.storage import encrypted_columns, encryption_keys
from cli.doctor.webhook import DOORS, webhook
from cli.installation import open_installation
from cli.main import main
from config.settings import Settings
from cycle.organizer import Organizer
from cycle.policy import Booking, Policy
from integrations.clock import RealClock
from integrations.database.migrate import upgrade_async
from integrations.database.roster import Listed
from integrations.database.tables import CalendarWatchRow, Enrolment, Person, PolicyRevision, PolicyRow, Reporting

SettingsFor = Callable[..., Settings]
NOON = datetime(2030, 2, 4, 12, tzinfo=UTC)
HOURS: dict[str, Any] = {
    "country": None,
    "weekdays": [0, 1, 2, 3, 4],
    "opens": "09:00",
    "closes": "17:00",
    "away": [],
    "directory_read_at": NOON,
}


async def found(settings: Settings, **more: str) -> dict[str, list[Finding]]:
    by_name: dict[str, list[Finding]] = {}
    async for finding in examine(settings, **more):
        by_name.setdefault(finding.name, []).append(finding)
    return by_name


def exists(file: Path) -> bool:
    return file.exists()


async def test_each_thing_that_does_not_answer_gets_a_sentence_with_a_remedy(
    strict: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    settings = settings_for(
        strict,
        sandbox_url="http://127.0.0.1:1",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'perennial.db'}",
    )
    by_name = await found(settings)
    wanted = ["Database", "Encryption keys", "Temporal", "Clock", "Tenant", "Permissions", "Webhook"]
    assert list(by_name) == wanted
    states = {name: findings[0].state for name, findings in by_name.items()}
    assert {name for name in wanted if states[name] != "fail"} == {"Encryption keys", "Permissions"}
    said = {name: str(findings[0]) for name, findings in by_name.items()}
    assert "PERENNIAL_DATABASE_URL" in said["Database"]
    assert "PERENNIAL_TEMPORAL_ADDRESS" in said["Temporal"]
    assert "start it first" in said["Tenant"]
    assert "start it first" in said["Clock"]
    assert "Start the web face" in said["Webhook"]


async def test_a_mistyped_path_is_not_filled_with_an_empty_database(
    strict: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    settings = settings_for(strict)
    by_name = await found(settings)
    assert "perennial database upgrade" in str(by_name["Database"][0])
    assert not exists(tmp_path / "perennial.db")


async def test_a_database_without_tables_is_told_apart_from_none(
    strict: Any, settings_for: SettingsFor, tmp_path: Path
) -> None:
    (tmp_path / "perennial.db").touch()
    by_name = await found(settings_for(strict))
    assert "does not have the tables of this version" in str(by_name["Database"][0])


async def test_with_the_grant_of_the_readme_all_that_is_asked_of_the_tenant_is_well(
    strict: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(strict)
    await upgrade_async(settings.database_url)
    strict.control("POST", "act", act="leave_group", person=strict.mail_of("Edda"))
    before = len(strict.writes())
    by_name = await found(settings, participant=strict.mail_of("Ann"), outsider=strict.mail_of("Edda"))
    strict.control("POST", "act", act="join_group", person=strict.mail_of("Edda"))
    looked_at = ("Database", "Encryption keys", "Clock", "Tenant", "Permissions")
    mailboxes = ("Service mailbox", "Sender", "Participant", "Outsider")
    for name in (*looked_at, *mailboxes):
        assert [each.state for each in by_name[name]] == ["ok"], by_name[name]
    assert "refuses Mail.Read, Mail.ReadWrite, Mail.Send, Calendars.ReadWrite" in str(by_name["Participant"][0])
    tried = strict.writes()[before:]
    assert all("/token" in each or "AAMkAGRvY3Rvcg" in each for each in tried), "only what is not there was written to"


async def live_in(settings: Settings, tenant: Any, organizer: Organizer, enrolled: bool = True) -> None:
    """Ann's check-ins are held by Mara, under a policy by which nothing is booked yet."""
    await upgrade_async(settings.database_url)
    policy = Policy(name="Quarterly", booking=Booking(organizer=organizer))
    people = [
        Person(id=each, oid=f"oid-{each}", mail=tenant.mail_of(each.title()), name=each.title(), zone="UTC", **HOURS)
        for each in ("ann", "mara")
    ]
    async with open_installation(settings) as installation, installation.database.transaction() as session:
        session.add_all([PolicyRow(id="policy", name=policy.name, starts_on=NOON.date()), *people])
        await session.flush()
        document = policy.model_dump(mode="json")
        session.add(PolicyRevision(policy_id="policy", number=1, document=document, made_at=NOON))
        session.add(Reporting(person_id="ann", partner_id="mara", source="directory", since=NOON.date()))
        if enrolled:
            session.add(Enrolment(person_id="ann", policy_id="policy", enrolled_at=NOON))


async def test_where_managers_organize_their_calendars_are_tried_before_anything_is_booked(
    managers: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(managers)
    await live_in(settings, managers, "manager")
    by_name = await found(settings, participant=managers.mail_of("Mara"))
    for name in ("Manager who organizes", "Participant"):
        assert [each.state for each in by_name[name]] == ["ok"], by_name[name]
    assert f"{managers.mail_of('Mara')} allows Calendars.ReadWrite" in by_name["Manager who organizes"][0].sentence
    assert "Service mailbox" not in by_name, "nothing is asked of it that it need not allow"


async def test_where_managers_organize_a_tenant_with_the_other_grant_fails_before_anything_is_booked(
    strict: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(strict)
    await live_in(settings, strict, "manager")
    by_name = await found(settings, participant=strict.mail_of("Ann"))
    (manager,) = by_name["Manager who organizes"]
    assert (manager.state, "Calendars.ReadWrite" in manager.sentence) == ("fail", True)
    assert [each.state for each in by_name["Participant"]] == ["ok"], "Ann leads nobody, so hers must be refused"


async def test_where_the_service_mailbox_organizes_it_must_allow_it_and_no_manager_may(
    managers: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(managers)
    await live_in(settings, managers, "service_mailbox")
    by_name = await found(settings, participant=managers.mail_of("Mara"))
    assert "refuses what is needed: Calendars.ReadWrite" in by_name["Service mailbox"][0].sentence
    assert "allows what must be refused: Calendars.ReadWrite" in by_name["Participant"][0].sentence
    assert "Manager who organizes" not in by_name


async def test_without_a_policy_nobody_knows_yet_who_organizes(managers: Any, settings_for: SettingsFor) -> None:
    settings = settings_for(managers)
    await upgrade_async(settings.database_url)
    (service,) = (await found(settings))["Service mailbox"]
    assert (service.state, "it is not known yet whether that is needed" in service.sentence) == ("warn", True)


async def test_a_policy_without_people_leaves_no_managers_calendar_to_try_and_says_so(
    managers: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(managers)
    await live_in(settings, managers, "manager", enrolled=False)
    (manager,) = (await found(settings))["Manager who organizes"]
    assert (manager.state, "nobody is enrolled yet" in manager.sentence) == ("warn", True)


async def test_a_mailbox_that_must_be_refused_and_is_not_fails(strict: Any, settings_for: SettingsFor) -> None:
    by_name = await found(settings_for(strict), outsider=strict.mail_of("Ann"))
    (outsider,) = by_name["Outsider"]
    assert outsider.state == "fail"
    assert "allows what must be refused: Calendars.Read, MailboxSettings.Read." in outsider.sentence
    assert "Mail." not in outsider.sentence.replace(strict.mail_of("Ann"), "")


async def test_grants_for_every_mailbox_are_named_and_found_in_a_participants(
    lavish: Any, settings_for: SettingsFor
) -> None:
    by_name = await found(settings_for(lavish), participant=lavish.mail_of("Ann"))
    everywhere, needless = by_name["Permissions"]
    assert "Mail.Send" in everywhere.sentence
    assert "Directory.Read.All" in needless.sentence
    (participant,) = by_name["Participant"]
    assert (participant.state, "Mail.Read, Mail.ReadWrite" in participant.sentence) == ("fail", True)


async def test_a_mailbox_out_of_scope_names_the_role_and_the_scope(strict: Any, settings_for: SettingsFor) -> None:
    ann = strict.mail_of("Ann")
    by_name = await found(settings_for(strict, sender_mailboxes=(ann,)), participant="nobody@meadow.example")
    assert "refuses what is needed: Mail.ReadWrite, Mail.Send." in str(by_name["Sender"][0])
    assert "Assign the role in Exchange" in str(by_name["Sender"][0])
    assert "there is no mailbox nobody@meadow.example" in str(by_name["Participant"][0])
    assert by_name["Outsider"][0].state == "warn"


async def test_each_sender_is_tried_and_the_one_that_was_forgotten_is_named(
    strict: Any, settings_for: SettingsFor
) -> None:
    forgotten = strict.mail_of("Otto")
    senders = (await found(settings_for(strict, sender_mailboxes=(strict.service, forgotten))))["Sender"]
    assert [each.state for each in senders] == ["ok", "fail"]
    assert forgotten in senders[1].sentence


async def test_a_consent_that_was_taken_back_is_missing_in_the_mailboxes(
    strict: Any, settings_for: SettingsFor
) -> None:
    settings = settings_for(strict)
    await live_in(settings, strict, "service_mailbox")
    strict.control("POST", "faults", fault="consent", path="/users/", count=None)
    try:
        by_name = await found(settings)
    finally:
        strict.control("DELETE", "faults")
    assert "Calendars.ReadWrite" in str(by_name["Service mailbox"][0])
    assert by_name["Service mailbox"][0].state == "fail"


async def test_a_mailbox_that_answers_neither_yes_nor_no_is_not_called_well(
    strict: Any, settings_for: SettingsFor
) -> None:
    strict.control("POST", "faults", fault="status", status=503, path="/users/", count=None)
    try:
        by_name = await found(settings_for(strict))
    finally:
        strict.control("DELETE", "faults")
    assert by_name["Service mailbox"][0].state == "warn"


async def test_a_token_of_another_app_or_none_is_a_failing_tenant(strict: Any, settings_for: SettingsFor) -> None:
    by_name = await found(settings_for(strict, client_secret="wrong"))
    assert "correct PERENNIAL_CLIENT_SECRET" in str(by_name["Tenant"][0])
    assert "Service mailbox" not in by_name


class Skewed(RealClock):
    def __init__(self, by: timedelta) -> None:
        self.by = by

    async def now(self) -> datetime:
        return await super().now() + self.by


@pytest.mark.parametrize(
    ("seconds", "state", "word"), [(0, "ok", "within"), (-35, "warn", "behind"), (300, "fail", "ahead of")]
)
async def test_a_clock_that_is_off_fails_before_sign_ins_do(
    strict: Any, settings_for: SettingsFor, seconds: int, state: str, word: str
) -> None:
    finding = await tenant.clock_skew(settings_for(strict), Skewed(timedelta(seconds=seconds)))
    assert (finding.state, word in finding.sentence) == (state, True)


@pytest.mark.parametrize("theirs_are", [range(1), range(999, 1000), range(400, 410)])
async def test_a_key_that_is_missing_is_found_by_the_texts_it_wrote(
    strict: Any, settings_for: SettingsFor, theirs_are: range
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings = settings_for(strict, encryption_keys=f"{new},{old}")
    await upgrade_async(settings.database_url)
    async with open_installation(settings) as installation:
        ours, theirs = Fernet(new.encode()).encrypt(b"fine"), Fernet(old.encode()).encrypt(b"a canary")
        sql = "INSERT INTO calendar_watches (id, mailbox, opened_at, client_state) VALUES (:id, :m, :at, :s)"
        rows = [
            {
                "id": f"id-{number:04}",
                "m": f"{number}@x",
                "at": "2030-02-04 12:00:00",
                "s": theirs if number in theirs_are else ours,
            }
            for number in range(1000)
        ]
        async with installation.database.engine.begin() as connection:
            await connection.execute(text(sql), rows)
        finding = await encryption_keys(installation)
        assert (finding.state, "201 texts" in finding.sentence) == ("ok", True), finding.sentence
    async with open_installation(settings.model_copy(update={"encryption_keys": settings.encryption_keys[:1]})) as less:
        finding = await encryption_keys(less)
    assert finding.state == "fail"
    assert "calendar_watches.client_state" in finding.sentence
    assert "PERENNIAL_ENCRYPTION_KEYS" in finding.sentence
    assert "canary" not in finding.sentence


def test_every_kind_of_text_is_opened() -> None:
    names = {f"{column.table.name}.{column.name}" for column in encrypted_columns()}
    assert {"answers.text", "goals.title", "letters.html", "notes.text", "pre_reads.content"} <= names


@asynccontextmanager
async def doors(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]
) -> AsyncIterator[None]:
    real = httpx.AsyncClient

    def client(**options: Any) -> httpx.AsyncClient:
        return real(transport=httpx.MockTransport(answer))

    monkeypatch.setattr("cli.doctor.webhook.httpx.AsyncClient", client)
    yield


async def test_the_webhook_is_well_when_our_doors_answer_and_graph_has_subscribed(
    strict: Any, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, text=request.url.params["validationToken"])

    settings = settings_for(strict)
    watch = CalendarWatchRow(subscription_id="s", expires_at=NOON + timedelta(days=3))
    async with doors(monkeypatch, answer):
        assert (await webhook(settings, watch, NOON)).state == "ok"
        assert asked == list(DOORS)
        assert (await webhook(settings, watch, NOON + timedelta(days=4))).state == "warn"
        assert (await webhook(settings, None, NOON)).state == "warn"
        assert (await webhook(settings, None, None)).state == "warn"


async def test_somebody_elses_page_at_our_address_fails(
    strict: Any, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with doors(monkeypatch, lambda _: httpx.Response(200, text="Welcome to nginx")):
        finding = await webhook(settings_for(strict), None, NOON)
    assert (finding.state, "correct" in str(finding).lower()) == ("fail", True)


async def test_without_https_changes_are_noticed_late_and_that_is_said(strict: Any, settings_for: SettingsFor) -> None:
    finding = await webhook(
        settings_for(strict, sandbox_url=None, graph_url="https://graph.microsoft.com/v1.0"), None, NOON
    )
    assert (finding.state, "every 8 hours" in finding.sentence) == ("warn", True)


async def test_a_proxy_that_is_not_named_is_a_warning_where_there_must_be_one(
    strict: Any, settings_for: SettingsFor
) -> None:
    https = "https://checkins.meadow.example"
    (finding,) = proxy(settings_for(strict, public_url=https))
    assert (finding.state, "PERENNIAL_TRUSTED_PROXIES" in str(finding)) == ("warn", True)
    (finding,) = proxy(settings_for(strict, public_url=https, trusted_proxies="10.0.0.7"))
    assert (finding.state, "10.0.0.7" in finding.sentence) == ("ok", True)
    assert list(proxy(settings_for(strict))) == []


def test_the_participant_who_is_tried_leads_nobody_if_that_can_be() -> None:
    mara = Listed("Mara", "mara@x", "UTC", None, "Quarterly")
    ann = Listed("Ann", "ann@x", "UTC", "mara@x", "Quarterly")
    otto = Listed("Otto", "otto@x", "UTC", None, None)
    assert examination._sample([otto, mara, ann]) == "ann@x"
    assert examination._sample([mara]) == "mara@x"
    assert examination._sample([otto]) is None


def environment(settings: Settings) -> dict[str, str]:
    given = settings.model_dump(exclude_none=True, exclude_defaults=True)
    secret = {"client_secret": settings.client_secret, "session_key": settings.session_key}
    given |= {name: value.get_secret_value() for name, value in secret.items() if value}
    given["encryption_keys"] = ",".join(key.get_secret_value() for key in settings.encryption_keys)
    given["sender_mailboxes"] = ",".join(settings.sender_mailboxes)
    return {f"PERENNIAL_{name.upper()}": str(value) for name, value in given.items()}


def typed(monkeypatch: pytest.MonkeyPatch, settings: Settings, *words: str) -> int:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["perennial", "doctor", *words])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_json_has_every_finding_and_the_exit_code_is_that_of_the_worst(
    strict: Any, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(strict)
    assert typed(monkeypatch, settings, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["state"] == "fail"
    assert [each["name"] for each in report["findings"]][:2] == ["Settings", "Database"]
    assert all(set(each) == {"name", "state", "sentence", "remedy"} for each in report["findings"])
    said = json.dumps(report)
    assert str(strict.told["client_secret"]) not in said

    async def well(*_: Any) -> AsyncIterator[Finding]:
        yield Finding("Tenant", "warn", "so so.")

    monkeypatch.setattr("cli.doctor.command.examine", well)
    assert typed(monkeypatch, settings) == 0
    assert "Tenant: warn: so so." in capsys.readouterr().out


def test_settings_that_do_not_hold_are_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["perennial", "doctor", "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["name"] == "Settings"


@pytest.mark.parametrize(
    "words",
    [("--mend",), ("--calendars", "--json"), ("--calendars", "--live"), ("--yes",), ("--live",)],
)
def test_words_that_do_not_go_together_do_nothing(
    words: tuple[str, ...],
    strict: Any,
    settings_for: SettingsFor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = strict.writes()
    assert typed(monkeypatch, settings_for(strict), *words) == 1
    assert capsys.readouterr().out == ""
    assert strict.writes() == before
