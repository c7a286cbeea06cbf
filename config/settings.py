"""What an installation is: read once from PERENNIAL_* variables, refused with a sentence a fault."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.languages import DEFAULT, fitting, locale_for
from cycle.calendar_watch import LOOK_EVERY_HOURS
from cycle.sentences import Sentence

PREFIX = "PERENNIAL_"
GRAPH_URL = "https://graph.microsoft.com/v1.0"
# Where each cloud of Microsoft signs its callers in, by the host of its Graph.
SIGN_IN_BY_GRAPH_HOST = {
    "graph.microsoft.com": "https://login.microsoftonline.com",
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SYSTEM = "system"
"""The managed identity that the machine itself has."""
# How the app may prove who it is; the safest last.
CREDENTIALS = ("client_secret", "certificate_file", "federated_token_file", "managed_identity")


class SettingsError(Exception):
    """Everything that is wrong with the settings, a sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _identifier(text: str) -> str:
    return str(UUID(text))


def _managed_identity(text: str) -> str:
    return SYSTEM if text.lower() == SYSTEM else _identifier(text)


def _locale(text: str) -> str:
    if fitting(text) is None:
        raise ValueError("no language that we speak")
    return locale_for([text])


def _mail(text: str) -> str:
    if not re.fullmatch(r"[^@\s,]+@[^@\s,]+", text):
        raise ValueError("no mail address")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    # Reading the port is what checks it.
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or parts.username:
        raise ValueError("no http(s) URL")
    return text.rstrip("/")


def _loopback_url(text: str) -> str:
    if urlsplit(_url(text)).hostname not in LOOPBACK:
        raise ValueError("not on this machine")
    return text.rstrip("/")


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("no host:port")
    return text


def _database(text: str) -> str:
    if not text.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise ValueError("no database we speak to")
    return text


def _network(text: str) -> str:
    # Everybody may not say for whom they ask: anybody could then pass for somebody else.
    if ip_network(text).prefixlen == 0:
        raise ValueError("everybody")
    return text


def _readable(path: Path) -> Path:
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ValueError("no readable file")
    return path


def _fernet_key(key: SecretStr) -> SecretStr:
    Fernet(key.get_secret_value())
    return key


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < 32:
        raise ValueError("too short")
    return key


def _comma_separated(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _https_url(text: str) -> str:
    if urlsplit(_url(text)).scheme != "https":
        raise ValueError("no https URL")
    return text


def _by_country(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    pairs = (part.partition("=") for part in _comma_separated(value))
    return {country.strip().upper(): link.strip() for country, _, link in pairs}


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Identifier = Annotated[str, AfterValidator(_identifier)]
Mail = Annotated[str, AfterValidator(_mail)]
Url = Annotated[str, AfterValidator(_url)]
LoopbackUrl = Annotated[str, AfterValidator(_loopback_url)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]


class Settings(BaseSettings):
    """An installation's settings; a field is the variable PERENNIAL_<FIELD>, described by what it must be.

    Build it with `load_settings`, which also refuses contradictions; direct construction is for tests.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    tenant_id: Identifier = Field(description="the directory (tenant) id of your Entra tenant, a GUID")
    client_id: Identifier = Field(description="the application (client) id of the app registration, a GUID")
    client_secret: SecretStr | None = Field(default=None, description="the value (not the id) of a secret of the app")
    certificate_file: ReadableFile | None = Field(
        default=None, description="a readable .pem file (private key and certificate) or .pfx file"
    )
    certificate_password: SecretStr | None = Field(default=None, description="the password of the certificate file")
    federated_token_file: ReadableFile | None = Field(
        default=None,
        description="a readable file with a token that the app trusts as a federated credential, kept fresh by others",
    )
    managed_identity: Annotated[str, AfterValidator(_managed_identity)] | None = Field(
        default=None, description="'system', or the client id of a user-assigned managed identity, a GUID"
    )
    graph_url: Url = Field(default=GRAPH_URL, description=f"Graph's base URL, such as {GRAPH_URL}")
    sandbox_url: LoopbackUrl | None = Field(
        default=None, description="the sandbox tenant's URL on this machine, such as http://127.0.0.1:8080"
    )
    service_mailbox: Mail = Field(description="the mail address that organizes check-ins and sends letters")
    sender_mailboxes: Annotated[tuple[Mail, ...], NoDecode, BeforeValidator(_comma_separated), Field(min_length=1)] = (
        Field(default=(), description="mail addresses that send letters, separated by commas")
    )

    temporal_address: Annotated[str, AfterValidator(_address)] = Field(
        default="127.0.0.1:7233", description="host:port of the Temporal server, such as 127.0.0.1:7233"
    )
    temporal_namespace: str = Field(default="default", description="a Temporal namespace")
    temporal_api_key: SecretStr | None = Field(default=None, description="an API key of Temporal Cloud")
    temporal_tls: bool = Field(default=False, description="true or false")
    temporal_tls_cert_file: ReadableFile | None = Field(
        default=None, description="a readable file with the client certificate for Temporal, PEM"
    )
    temporal_tls_key_file: ReadableFile | None = Field(
        default=None, description="a readable file with the private key for Temporal, PEM"
    )
    temporal_task_queue: str = Field(default="perennial", description="the name of a Temporal task queue")
    temporal_cli_file: ReadableFile | None = Field(
        default=None,
        description="a readable file: the `temporal` program to use instead of the installed one",
    )
    temporal_test_server_file: ReadableFile | None = Field(
        default=None,
        description="a readable file: the Temporal test server to use instead of the installed one",
    )

    database_url: Annotated[str, AfterValidator(_database)] = Field(
        default="sqlite+aiosqlite:///perennial.db",
        repr=False,
        description="sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
    )
    public_url: Url = Field(
        default="http://127.0.0.1:8000", description="the URL under which people reach the web pages"
    )
    encryption_keys: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_fernet_key)], ...],
        NoDecode,
        BeforeValidator(_comma_separated),
        Field(min_length=1),
    ] = Field(
        description="Fernet keys separated by commas, the one to encrypt with first; make one with python -c "
        "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
    )
    session_key: Annotated[SecretStr, AfterValidator(_long_enough)] = Field(
        description="at least 32 random characters; make them with "
        "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
    )
    clock_url: LoopbackUrl | None = Field(
        default=None, description="a URL on this machine that serves virtual time to the sandbox mode"
    )
    web_host: str = Field(default="127.0.0.1", description="the address the web face listens on")
    web_port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8000, description="a port from 0 to 65535")
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        NoDecode,
        BeforeValidator(_comma_separated),
        Field(min_length=1),
    ] = Field(
        default=("127.0.0.1", "::1"),
        description="IP addresses or networks, such as 10.0.0.0/24, of the proxies before the web face, "
        "separated by commas",
    )
    log_format: Literal["text", "json"] = Field(default="text", description="text or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error"
    )
    language: Annotated[str, AfterValidator(_locale)] = Field(
        default=DEFAULT,
        description="en or de, with a region or without, such as en-US, for whoever neither chose a language nor has "
        "one in their mailbox",
    )
    look_every_hours: Annotated[int, Field(ge=1, le=24)] = Field(
        default=LOOK_EVERY_HOURS,
        description="after how many hours, 1 to 24, calendars are read although nobody told of a change",
    )
    # Validated, the default would be a plain text that no language knows.
    help_contact: str = Field(
        default=Sentence("your HR team"), validate_default=False, description="whom people may ask, as letters say it"
    )
    help_links: Annotated[
        Mapping[Country, Annotated[str, AfterValidator(_https_url)]], NoDecode, BeforeValidator(_by_country)
    ] = Field(
        default={},
        description="https URLs of where people find help, by country, such as "
        "DE=https://help.example/de, AT=https://help.example/at",
    )
    trial_mailbox: Mail | None = Field(
        default=None, description="a mail address that gets every letter instead of its recipient"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Only load_settings reads the environment: what a test passes is then all there is.
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _defaults_that_follow_from_others(cls, given: dict[str, Any]) -> dict[str, Any]:
        follow: dict[str, Any] = {}
        if given.get("service_mailbox"):
            follow["sender_mailboxes"] = given["service_mailbox"]
        if given.get("sandbox_url"):
            follow["graph_url"] = f"{str(given['sandbox_url']).rstrip('/')}/v1.0"
        if given.get("temporal_api_key") or given.get("temporal_tls_cert_file"):
            follow["temporal_tls"] = True
        return follow | given

    @property
    def mode(self) -> Literal["sandbox", "production"]:
        return "sandbox" if self.sandbox_url else "production"

    @property
    def sign_in_host(self) -> str:
        """Scheme and host of the Entra that belongs to this Graph; the public cloud's in sandbox mode."""
        host = "graph.microsoft.com" if self.sandbox_url else urlsplit(self.graph_url).hostname or ""
        return SIGN_IN_BY_GRAPH_HOST[host]

    @property
    def webhook_url(self) -> str | None:
        """Where Graph reaches us with notifications: `public_url`, if it is https. The sandbox takes http too."""
        return self.public_url if self.sandbox_url or self.public_url.startswith("https://") else None

    @property
    def authority(self) -> str:
        return f"{self.sign_in_host}/{self.tenant_id}"

    @property
    def graph_scope(self) -> str:
        """The scope of an app-only token for Graph; the public cloud's in sandbox mode."""
        host = "graph.microsoft.com" if self.sandbox_url else urlsplit(self.graph_url).hostname
        return f"https://{host}/.default"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the PERENNIAL_* variables of `env`, the process's own when None; an empty one counts as not set.

    Raises SettingsError with every problem found, not just the first.
    """
    variables = {
        name.upper(): text
        for name, text in (os.environ if env is None else env).items()
        if name.upper().startswith(PREFIX)
    }
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): text.strip() for name, text in variables.items() if text.strip()}
    given: dict[str, Any] = source()
    problems = [*_unknown(variables), *_contradictions(given)]
    try:
        settings = Settings(**given)
    except ValidationError as invalid:
        problems += _malformed(invalid, given)
    if problems:
        raise SettingsError(tuple(dict.fromkeys(problems)))
    return settings


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _unknown(variables: Mapping[str, str]) -> Iterator[str]:
    known = [_variable(field) for field in Settings.model_fields]
    for name in sorted(variables.keys() - set(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        yield f"{name} is not a setting; the nearest one is {near}: rename or unset it."


def _malformed(invalid: ValidationError, given: Mapping[str, Any]) -> Iterator[str]:
    for error in invalid.errors(include_url=False, include_context=False, include_input=False):
        name = str(error["loc"][0])
        field = Settings.model_fields[name]
        if name not in given:
            if field.is_required():
                yield f"{_variable(name)} is not set; it must be {field.description}."
            continue
        # A value that may be secret is never repeated, not even when it is wrong.
        secret = "SecretStr" in str(field.annotation) or not field.repr or ("@" in given[name] and "://" in given[name])
        value = "has a value that cannot be used" if secret else f"is {given[name]!r}"
        yield f"{_variable(name)} {value}; it must be {field.description}."


def _contradictions(given: Mapping[str, Any]) -> Iterator[str]:
    """What the settings say against each other, judged on the texts as they were given."""

    credentials = [_variable(name) for name in CREDENTIALS if name in given]
    if len(credentials) > 1:
        yield (
            f"{' and '.join(credentials)} are {'both' if len(credentials) == 2 else 'all'} set; "
            f"leave one ({credentials[-1]} is the safest of them)."
        )
    if not credentials:
        names = [_variable(name) for name in CREDENTIALS]
        yield f"None of {', '.join(names[:-1])} and {names[-1]} is set; set the one that your app registration has."
    if "certificate_password" in given and "certificate_file" not in given:
        yield (
            "PERENNIAL_CERTIFICATE_PASSWORD is set without PERENNIAL_CERTIFICATE_FILE; "
            "set the file, or unset the password."
        )
    if ("temporal_tls_cert_file" in given) != ("temporal_tls_key_file" in given):
        yield (
            "PERENNIAL_TEMPORAL_TLS_CERT_FILE and PERENNIAL_TEMPORAL_TLS_KEY_FILE belong together; set both or neither."
        )
    if "temporal_tls_cert_file" in given and "temporal_api_key" in given:
        yield (
            "PERENNIAL_TEMPORAL_API_KEY and PERENNIAL_TEMPORAL_TLS_CERT_FILE are both set; "
            "unset one, Temporal takes either."
        )
    off = str(given.get("temporal_tls", "")).lower() in {"false", "0", "no", "off", "f", "n"}
    if off and ("temporal_api_key" in given or "temporal_tls_cert_file" in given):
        yield (
            "PERENNIAL_TEMPORAL_TLS is off, but an API key or a client certificate needs TLS; "
            "unset PERENNIAL_TEMPORAL_TLS."
        )
    yield from _sandbox_contradictions(given) if "sandbox_url" in given else _production_contradictions(given)


def _host(url: object) -> str | None:
    try:
        return urlsplit(str(url)).hostname
    except ValueError:
        return None


def _sandbox_contradictions(given: Mapping[str, Any]) -> Iterator[str]:
    if "managed_identity" in given:
        yield (
            "PERENNIAL_MANAGED_IDENTITY and PERENNIAL_SANDBOX_URL are both set, and the token of a real one does not "
            "leave for a sandbox; unset one."
        )
    if "graph_url" in given and _host(given["graph_url"]) not in LOOPBACK:
        yield (
            "PERENNIAL_SANDBOX_URL and a PERENNIAL_GRAPH_URL elsewhere are both set; "
            "unset the one you do not mean (the sandbox brings its own Graph)."
        )


def _production_contradictions(given: Mapping[str, Any]) -> Iterator[str]:
    graph = str(given.get("graph_url", GRAPH_URL))
    if _host(graph) not in SIGN_IN_BY_GRAPH_HOST or not graph.startswith("https://"):
        yield (
            f"PERENNIAL_GRAPH_URL is {graph!r}, which is no Microsoft Graph over https; use {GRAPH_URL}, "
            "or set PERENNIAL_SANDBOX_URL for a sandbox tenant."
        )
    if not str(given.get("public_url", "http:")).startswith("https://"):
        yield (
            "PERENNIAL_PUBLIC_URL must be set to an https:// URL, since people sign in there "
            "(http is for a sandbox tenant only)."
        )
    if "clock_url" in given:
        yield "PERENNIAL_CLOCK_URL serves virtual time, which only a sandbox tenant can live in; unset it."
