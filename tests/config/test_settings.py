"""Settings: what is taken, what is refused, and in which words."""

import json
import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from config.logging import configure_logging
from config.settings import Settings, SettingsError, load_settings

KEY = Fernet.generate_key().decode()
OLD_KEY = Fernet.generate_key().decode()
SECRET = "a-secret-that-must-never-be-seen"
TENANT = "11111111-1111-1111-1111-111111111111"

REQUIRED = {
    "PERENNIAL_TENANT_ID": TENANT,
    "PERENNIAL_CLIENT_ID": "22222222-2222-2222-2222-222222222222",
    "PERENNIAL_CLIENT_SECRET": SECRET,
    "PERENNIAL_SERVICE_MAILBOX": "checkins@meadow.example",
    "PERENNIAL_ENCRYPTION_KEYS": KEY,
    "PERENNIAL_SESSION_KEY": "s" * 32,
}
SANDBOX = REQUIRED | {"PERENNIAL_SANDBOX_URL": "http://127.0.0.1:8080"}
PRODUCTION = REQUIRED | {"PERENNIAL_PUBLIC_URL": "https://checkins.meadow.example"}
MACHINE = {name: text for name, text in PRODUCTION.items() if name != "PERENNIAL_CLIENT_SECRET"} | {
    "PERENNIAL_MANAGED_IDENTITY": "System"
}


def problems(env: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load_settings(env)
    return refused.value.problems


def test_the_shortest_sandbox_settings_are_enough() -> None:
    settings = load_settings(SANDBOX)
    assert settings.mode == "sandbox"
    assert settings.graph_url == "http://127.0.0.1:8080/v1.0"
    assert settings.sender_mailboxes == ("checkins@meadow.example",)
    assert settings.authority == f"https://login.microsoftonline.com/{TENANT}"
    assert settings.graph_scope == "https://graph.microsoft.com/.default"
    assert settings.temporal_tls is False


def test_production_is_what_has_no_sandbox() -> None:
    settings = load_settings(PRODUCTION)
    assert settings.mode == "production"
    assert settings.graph_url == "https://graph.microsoft.com/v1.0"


def test_proxies_are_addresses_or_networks_and_never_everybody() -> None:
    assert load_settings(PRODUCTION).trusted_proxies == ("127.0.0.1", "::1")
    named = load_settings(PRODUCTION | {"PERENNIAL_TRUSTED_PROXIES": "10.0.0.0/24, fd00::1"})
    assert named.trusted_proxies == ("10.0.0.0/24", "fd00::1")
    for wrong in ("*", "proxy.example", "10.0.0.1/24", "0.0.0.0/0"):
        (sentence,) = problems(PRODUCTION | {"PERENNIAL_TRUSTED_PROXIES": wrong})
        assert sentence.startswith("PERENNIAL_TRUSTED_PROXIES is")


def test_where_help_is_is_told_by_country() -> None:
    assert load_settings(SANDBOX).help_links == {}
    links = load_settings(SANDBOX | {"PERENNIAL_HELP_LINKS": "de=https://help.example/de?a=1, AT=https://help.example"})
    assert links.help_links == {"DE": "https://help.example/de?a=1", "AT": "https://help.example"}


@pytest.mark.parametrize("links", ["https://help.example", "DE=http://help.example", "Germany=https://help.example"])
def test_a_link_to_help_that_is_none_is_refused(links: str) -> None:
    (problem,) = problems(SANDBOX | {"PERENNIAL_HELP_LINKS": links})
    assert problem.startswith(f"PERENNIAL_HELP_LINKS is {links!r}; it must be https URLs")


def test_the_app_may_prove_itself_without_a_secret_of_its_own() -> None:
    assert load_settings(MACHINE).managed_identity == "system"
    assert load_settings(MACHINE | {"PERENNIAL_MANAGED_IDENTITY": TENANT.upper()}).managed_identity == TENANT
    federated = {name: text for name, text in PRODUCTION.items() if name != "PERENNIAL_CLIENT_SECRET"}
    assert load_settings(federated | {"PERENNIAL_FEDERATED_TOKEN_FILE": __file__}).federated_token_file


def test_a_national_cloud_signs_in_at_its_own_entra() -> None:
    settings = load_settings(PRODUCTION | {"PERENNIAL_GRAPH_URL": "https://graph.microsoft.us/v1.0/"})
    assert settings.authority == f"https://login.microsoftonline.us/{TENANT}"
    assert settings.graph_scope == "https://graph.microsoft.us/.default"
    assert settings.graph_url == "https://graph.microsoft.us/v1.0"


def test_lists_are_separated_by_commas_and_the_first_key_comes_first() -> None:
    settings = load_settings(
        SANDBOX
        | {
            "PERENNIAL_ENCRYPTION_KEYS": f"{KEY}, {OLD_KEY},",
            "PERENNIAL_SENDER_MAILBOXES": "one@meadow.example,two@meadow.example",
        }
    )
    assert [key.get_secret_value() for key in settings.encryption_keys] == [KEY, OLD_KEY]
    assert settings.sender_mailboxes == ("one@meadow.example", "two@meadow.example")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings(SANDBOX | {"PERENNIAL_TRIAL_MAILBOX": " "}).trial_mailbox is None


def test_an_api_key_or_a_client_certificate_turns_tls_on(tmp_path: Path) -> None:
    (tmp_path / "pem").write_text("x")
    file = str(tmp_path / "pem")
    assert load_settings(SANDBOX | {"PERENNIAL_TEMPORAL_API_KEY": "k"}).temporal_tls
    files = {"PERENNIAL_TEMPORAL_TLS_CERT_FILE": file, "PERENNIAL_TEMPORAL_TLS_KEY_FILE": file}
    assert load_settings(SANDBOX | files).temporal_tls


def test_nothing_set_names_every_required_setting_at_once() -> None:
    said = problems({})
    assert len(said) == 7
    for name in set(REQUIRED) - {"PERENNIAL_CLIENT_SECRET"}:
        assert any(sentence.startswith(f"{name} is not set; it must be ") for sentence in said), name
    assert any(one.startswith("None of PERENNIAL_CLIENT_SECRET, PERENNIAL_CERTIFICATE_FILE, ") for one in said)
    assert any(one.startswith("PERENNIAL_PUBLIC_URL") for one in said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERENNIAL_TENANT_ID", "meadow"),
        ("PERENNIAL_SERVICE_MAILBOX", "checkins"),
        ("PERENNIAL_SENDER_MAILBOXES", "a@meadow.example,nobody"),
        ("PERENNIAL_SANDBOX_URL", "http://sandbox.example:8080"),
        ("PERENNIAL_SANDBOX_URL", "127.0.0.1:8080"),
        ("PERENNIAL_TEMPORAL_ADDRESS", "localhost"),
        ("PERENNIAL_TEMPORAL_TLS", "perhaps"),
        ("PERENNIAL_WEB_PORT", "eighty"),
        ("PERENNIAL_WEB_PORT", "70000"),
        ("PERENNIAL_LOG_FORMAT", "xml"),
        ("PERENNIAL_PUBLIC_URL", "ftp://meadow.example"),
        ("PERENNIAL_CLOCK_URL", "http://time.example"),
        ("PERENNIAL_TRIAL_MAILBOX", "me"),
    ],
)
def test_a_malformed_value_is_named_with_what_it_must_be(name: str, value: str) -> None:
    (said,) = problems(SANDBOX | {name: value})
    assert said.startswith(f"{name} is {value!r}; it must be ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERENNIAL_ENCRYPTION_KEYS", "hunter2-is-no-fernet-key"),
        ("PERENNIAL_SESSION_KEY", "hunter2"),
        ("PERENNIAL_DATABASE_URL", "mysql://perennial:hunter2@db/perennial"),
        ("PERENNIAL_PUBLIC_URL", "http://me:hunter2@meadow.example"),
    ],
)
def test_a_malformed_secret_is_named_and_never_repeated(name: str, value: str) -> None:
    (said,) = problems(SANDBOX | {name: value})
    assert said.startswith(f"{name} has a value that cannot be used; it must be ")
    assert "hunter2" not in said


def test_a_file_that_is_not_there_is_named() -> None:
    env = {name: value for name, value in SANDBOX.items() if name != "PERENNIAL_CLIENT_SECRET"}
    (said,) = problems(env | {"PERENNIAL_CERTIFICATE_FILE": "/nowhere/app.pem"})
    assert "PERENNIAL_CERTIFICATE_FILE is '/nowhere/app.pem'; it must be a readable" in said


def test_an_unknown_setting_is_named_with_the_nearest_known() -> None:
    (said,) = problems(SANDBOX | {"PERENNIAL_TEMPORAL_ADRESS": "127.0.0.1:7233"})
    assert said.startswith("PERENNIAL_TEMPORAL_ADRESS is not a setting")
    assert "PERENNIAL_TEMPORAL_ADDRESS" in said


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert load_settings(SANDBOX | {"TEMPORAL_ADDRESS": "nonsense", "PATH": "/bin"}).mode == "sandbox"


@pytest.mark.parametrize(
    ("env", "part"),
    [
        (SANDBOX | {"PERENNIAL_CERTIFICATE_FILE": __file__}, "are both set"),
        (SANDBOX | {"PERENNIAL_FEDERATED_TOKEN_FILE": __file__}, "are both set"),
        (PRODUCTION | {"PERENNIAL_MANAGED_IDENTITY": "system"}, "PERENNIAL_MANAGED_IDENTITY is the safest of them"),
        (MACHINE | {"PERENNIAL_SANDBOX_URL": "http://127.0.0.1:8080"}, "a real one does not leave for a sandbox"),
        (MACHINE | {"PERENNIAL_MANAGED_IDENTITY": "me"}, "must be 'system', or the client id"),
        (SANDBOX | {"PERENNIAL_CERTIFICATE_PASSWORD": "x"}, "without PERENNIAL_CERTIFICATE_FILE"),
        (
            SANDBOX | {"PERENNIAL_GRAPH_URL": "https://graph.microsoft.com/v1.0"},
            "PERENNIAL_GRAPH_URL elsewhere",
        ),
        (SANDBOX | {"PERENNIAL_TEMPORAL_TLS_CERT_FILE": __file__}, "belong together"),
        (SANDBOX | {"PERENNIAL_TEMPORAL_API_KEY": "k", "PERENNIAL_TEMPORAL_TLS": "false"}, "needs TLS"),
        (
            SANDBOX
            | {
                "PERENNIAL_TEMPORAL_API_KEY": "k",
                "PERENNIAL_TEMPORAL_TLS_CERT_FILE": __file__,
                "PERENNIAL_TEMPORAL_TLS_KEY_FILE": __file__,
            },
            "Temporal takes either",
        ),
        (REQUIRED, "PERENNIAL_PUBLIC_URL must be set to an https:// URL"),
        (PRODUCTION | {"PERENNIAL_PUBLIC_URL": "http://meadow.example"}, "must be set to an https:// URL"),
        (
            PRODUCTION | {"PERENNIAL_GRAPH_URL": "https://graph.evil.example/v1.0"},
            "no Microsoft Graph over https",
        ),
        (
            PRODUCTION | {"PERENNIAL_GRAPH_URL": "http://graph.microsoft.com/v1.0"},
            "no Microsoft Graph over https",
        ),
        (PRODUCTION | {"PERENNIAL_CLOCK_URL": "http://127.0.0.1:9/now"}, "only a sandbox tenant"),
    ],
)
def test_a_contradiction_is_one_sentence(env: dict[str, str], part: str) -> None:
    (said,) = problems(env)
    assert part in said
    assert said.endswith(".")


def test_no_secret_is_in_any_rendering_of_the_settings() -> None:
    password = "of-the-database"
    url = f"postgresql+asyncpg://perennial:{password}@db/perennial"
    settings = load_settings(SANDBOX | {"PERENNIAL_DATABASE_URL": url})
    assert settings.database_url == url
    for rendering in (repr(settings), str(settings), f"{settings}"):
        for secret in (SECRET, KEY, "s" * 32, password):
            assert secret not in rendering


def test_settings_built_by_hand_do_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SANDBOX.items():
        monkeypatch.setenv(name, value)
    assert load_settings().mode == "sandbox"
    with pytest.raises(ValidationError):
        Settings.model_validate({})


def test_json_logging_writes_one_object_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    configure_logging("json", "info")
    logging.getLogger("worker").info("check-in %s\nbooked", "C1")
    logging.getLogger("httpx").info("a request")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "check-in C1\nbooked"
    assert json.loads(line)["level"] == "info"


@pytest.mark.parametrize(("given", "kept"), [("de", "de"), ("en-us", "en-US"), ("de_AT", "de-AT"), ("en-ZZ", "en")])
def test_the_language_may_have_a_region(given: str, kept: str) -> None:
    assert load_settings(SANDBOX | {"PERENNIAL_LANGUAGE": given}).language == kept


@pytest.mark.parametrize("given", ["fr", "English"])
def test_a_language_that_we_do_not_speak_is_refused(given: str) -> None:
    (problem,) = problems(SANDBOX | {"PERENNIAL_LANGUAGE": given})
    assert problem.startswith("PERENNIAL_LANGUAGE ")
    assert "en or de, with a region or without" in problem
