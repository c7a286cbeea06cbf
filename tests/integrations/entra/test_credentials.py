"""The ways in which the app proves who it is, and what happens when a credential changes under a running process."""

import datetime as dt
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from config.settings import Settings, SettingsError
from integrations.entra.credential import for_msal
from integrations.entra.sign_in import SignIn, SignInRefused
from integrations.entra.tokens import MsalTokens, TokenRefused

IDENTITY = "55555555-5555-4555-8555-555555555555"
HERE = "http://127.0.0.1:8000/sign-in/done"


class Certified:
    """A key, its self-signed certificate, and both as one file of each kind."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "perennial")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.thumbprint = jwt.utils.base64url_encode(certificate.fingerprint(hashes.SHA256())).decode()
        plain = serialization.NoEncryption()
        secret = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        self.files = {
            ".pem": secret + self.pem.encode(),
            ".pfx": pkcs12.serialize_key_and_certificates(b"perennial", self.key, certificate, None, plain),
        }


@pytest.fixture(scope="module")
def old() -> Certified:
    return Certified()


@pytest.fixture(scope="module")
def new() -> Certified:
    return Certified()


@pytest.fixture(scope="module")
def tenant() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", "-m", "sandbox", "--port", "0", "--people", "3", "--json"]
    with subprocess.Popen([*command, "--redirect-uri", HERE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        process.wait(timeout=20)


class Registered:
    """An app registration in the sandbox tenant, whose certificates a test changes."""

    def __init__(self, tenant: dict[str, Any]) -> None:
        self.tenant = tenant
        self.client_id = ""

    def has(self, *certificates: Certified) -> None:
        asked = {"act": "register_app", "name": "certified", "roles": ["User.Read.All"], "redirect_uris": [HERE]}
        asked["certificates"] = [each.pem for each in certificates]
        answer = httpx.post(f"{self.tenant['entra']}/_sandbox/act", json=asked, trust_env=False)
        self.client_id = answer.raise_for_status().json()["client_id"]

    def revokes_its_tokens(self) -> None:
        asked = {"act": "revoke_tokens", "app": "certified"}
        httpx.post(f"{self.tenant['entra']}/_sandbox/act", json=asked, trust_env=False).raise_for_status()

    def asked_for_tokens(self) -> int:
        ledger = httpx.get(f"{self.tenant['entra']}/_sandbox/ledger", trust_env=False).json()["entries"]
        return sum(entry["path"].endswith("/token") for entry in ledger)

    def settings(self, settings_for: Callable[..., Settings], **credential: Any) -> Settings:
        return settings_for(
            self.tenant["entra"],
            tenant_id=self.tenant["tenant_id"],
            client_id=self.client_id,
            client_secret=None,
            **credential,
        )


@pytest.fixture
def registered(tenant: dict[str, Any], old: Certified) -> Registered:
    registered = Registered(tenant)
    registered.has(old)
    return registered


def put(file: Path, content: Certified | bytes | str | None) -> None:
    """Writes the file as an administrator would; None takes it away."""
    if content is None:
        file.unlink()
    elif isinstance(content, Certified):
        file.write_bytes(content.files[file.suffix])
    else:
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def put_a_folder(file: Path) -> None:
    """As little to be read as a file without rights, also for root."""
    file.mkdir()


async def token_of(tokens: MsalTokens, registered: Registered) -> str:
    return await tokens.get_authorization_token(registered.tenant["graph"])


@pytest.fixture(params=[".pem", ".pfx"])
def file(tmp_path: Path, old: Certified, request: pytest.FixtureRequest) -> Path:
    file = (tmp_path / "app").with_suffix(request.param)
    put(file, old)
    return file


@pytest.fixture
def tokens(registered: Registered, file: Path, settings_for: Callable[..., Settings]) -> Iterator[MsalTokens]:
    tokens = MsalTokens(registered.settings(settings_for, certificate_file=file))
    yield tokens
    tokens.close()


async def test_a_certificate_is_changed_without_a_restart_and_the_token_of_before_stays(
    registered: Registered, tokens: MsalTokens, file: Path, new: Certified, old: Certified
) -> None:
    first = await token_of(tokens, registered)
    registered.has(old, new)
    put(file, new)
    asked = registered.asked_for_tokens()
    assert await token_of(tokens, registered) == first
    assert registered.asked_for_tokens() == asked, "the token was good; nobody needed another"
    # From here on Entra believes the new certificate alone, and so does nobody who still signs with the old one.
    registered.has(new)
    tokens.forget()
    assert await token_of(tokens, registered) != first


async def test_without_the_change_in_the_file_the_old_certificate_is_refused(
    registered: Registered, tokens: MsalTokens, new: Certified
) -> None:
    await token_of(tokens, registered)
    registered.has(new)
    tokens.forget()
    with pytest.raises(TokenRefused, match="AADSTS700027"):
        await token_of(tokens, registered)


async def test_the_changed_certificate_signs_the_next_request(
    registered: Registered, tokens: MsalTokens, file: Path, new: Certified
) -> None:
    await token_of(tokens, registered)
    put(file, new)
    registered.has(new)
    # A claims challenge goes past the remembered token.
    challenge = {"claims": "eyJhY2Nlc3NfdG9rZW4iOnt9fQ"}
    assert await tokens.get_authorization_token(registered.tenant["graph"], challenge)


async def test_a_half_written_certificate_leaves_the_one_of_before_in_use(
    registered: Registered, tokens: MsalTokens, file: Path, new: Certified, old: Certified
) -> None:
    await token_of(tokens, registered)
    put(file, new.files[file.suffix][:100])
    challenge = {"claims": "eyJhY2Nlc3NfdG9rZW4iOnt9fQ"}
    assert await tokens.get_authorization_token(registered.tenant["graph"], challenge)
    put(file, None)
    assert await tokens.get_authorization_token(registered.tenant["graph"], challenge)
    put(file, new)
    registered.has(new)
    assert await tokens.get_authorization_token(registered.tenant["graph"], challenge)


async def test_a_token_that_is_forgotten_meanwhile_is_fetched_with_the_certificate_of_before(
    registered: Registered, tokens: MsalTokens, file: Path, new: Certified
) -> None:
    first = await token_of(tokens, registered)
    put(file, new.files[file.suffix][:100])
    tokens.forget()
    second = await token_of(tokens, registered)
    assert second != first
    put(file, None)
    tokens.doubt()
    assert await token_of(tokens, registered) not in (first, second)
    put(file, new)
    registered.has(new)
    tokens.forget()
    assert await token_of(tokens, registered)


@pytest.mark.parametrize("inside", ["a folder", "half", "nothing"])
async def test_a_certificate_that_cannot_be_used_is_a_sentence_at_first_and_no_matter_later(
    inside: str, registered: Registered, file: Path, old: Certified, settings_for: Callable[..., Settings]
) -> None:
    settings = registered.settings(settings_for, certificate_file=file)
    running, begun = MsalTokens(settings), MsalTokens(settings)
    first = await token_of(running, registered)
    put(file, None)
    if inside == "a folder":
        put_a_folder(file)
    else:
        put(file, old.files[file.suffix][:100] if inside == "half" else "")
    with pytest.raises(TokenRefused, match="PERENNIAL_CERTIFICATE_FILE") as refused:
        await token_of(begun, registered)
    assert refused.value.transient is False
    assert await token_of(running, registered) == first, "its token is good"
    running.forget()
    assert await token_of(running, registered) != first
    running.close()
    begun.close()


async def test_people_sign_in_after_the_certificate_was_changed(
    registered: Registered, file: Path, new: Certified, settings_for: Callable[..., Settings]
) -> None:
    sign_in = SignIn(registered.settings(settings_for, certificate_file=file))
    await sign_in.start(HERE)
    put(file, new)
    registered.has(new)
    url, flow = await sign_in.start(HERE)
    (person,) = [each["userPrincipalName"] for each in registered.tenant["people"][:1]]
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{url}&login_hint={person}")
    query = dict(httpx.URL(answer.headers["location"]).params)
    assert (await sign_in.finish(flow, query)).mail == person
    sign_in.close()


async def test_a_changed_certificate_that_cannot_be_used_is_not_tried_with_every_call(
    registered: Registered, tokens: MsalTokens, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await token_of(tokens, registered)
    opened = 0

    def counted(*given: Any) -> Any:
        nonlocal opened
        opened += 1
        return for_msal(*given)

    monkeypatch.setattr("integrations.entra.app.for_msal", counted)
    put(file, "half")
    for _ in range(5):
        await token_of(tokens, registered)
    assert opened == 1


def assertion(by: Certified, registered: Registered, **other: Any) -> str:
    now = int(time.time())
    claims = {
        "aud": f"https://login.microsoftonline.com/{registered.tenant['tenant_id']}/oauth2/v2.0/token",
        "iss": registered.client_id,
        "sub": registered.client_id,
        "jti": str(uuid.uuid4()),
        "exp": now + 600,
    }
    return jwt.encode(claims | other, by.key, "RS256", {"x5t#S256": by.thumbprint.rstrip("=")})


async def test_a_federated_token_is_read_again_at_each_use(
    registered: Registered, tmp_path: Path, old: Certified, new: Certified, settings_for: Callable[..., Settings]
) -> None:
    file = tmp_path / "token"
    put(file, assertion(old, registered) + "\n")
    tokens = MsalTokens(registered.settings(settings_for, federated_token_file=file))
    first = await token_of(tokens, registered)
    registered.has(new)
    assert await token_of(tokens, registered) == first
    put(file, assertion(new, registered))
    challenge = {"claims": "eyJhY2Nlc3NfdG9rZW4iOnt9fQ"}
    assert await tokens.get_authorization_token(registered.tenant["graph"], challenge)
    tokens.close()


@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_a_federated_token_that_is_not_there_is_a_sentence_and_passes(
    text: str | None, registered: Registered, tmp_path: Path, old: Certified, settings_for: Callable[..., Settings]
) -> None:
    file = tmp_path / "token"
    put(file, "later gone")
    settings = registered.settings(settings_for, federated_token_file=file)
    put(file, text)
    tokens = MsalTokens(settings)
    with pytest.raises(TokenRefused, match="PERENNIAL_FEDERATED_TOKEN_FILE") as refused:
        await token_of(tokens, registered)
    assert refused.value.transient is True
    put(file, assertion(old, registered))
    assert await token_of(tokens, registered)
    tokens.close()


async def test_a_federated_token_out_of_its_time_says_what_to_look_at(
    registered: Registered, tmp_path: Path, old: Certified, settings_for: Callable[..., Settings]
) -> None:
    file = tmp_path / "token"
    stale = assertion(old, registered, exp=int(time.time()) - 3600)
    put(file, stale)
    tokens = MsalTokens(registered.settings(settings_for, federated_token_file=file))
    with pytest.raises(TokenRefused, match=r"AADSTS700024.*clock") as refused:
        await token_of(tokens, registered)
    assert stale not in str(refused.value)
    tokens.close()


@pytest.fixture
def azure(entra: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The endpoint that App Service gives to its apps, played by the stand-in for Entra."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{entra.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "the-header")
    return entra


async def test_a_user_assigned_identity_vouches_for_the_app(azure: Any, settings_for: Callable[..., Settings]) -> None:
    azure.identity = {"access_token": "of-the-machine", "expires_on": str(int(time.time()) + 3600)}
    tokens = MsalTokens(settings_for(azure.url, client_secret=None, managed_identity=IDENTITY))
    assert await tokens.get_authorization_token(azure.url) == "token-1"
    (form,) = azure.forms
    assert form["client_assertion"] == "of-the-machine"
    assert form["grant_type"] == "client_credentials"
    (asked,) = azure.identity_asked
    assert (asked["resource"], asked["client_id"]) == ("api://AzureADTokenExchange", IDENTITY)
    tokens.close()


async def test_a_user_assigned_identity_also_redeems_the_codes_of_sign_in(
    azure: Any, settings_for: Callable[..., Settings]
) -> None:
    azure.identity = {"access_token": "of-the-machine", "expires_on": str(int(time.time()) + 3600)}
    sign_in = SignIn(settings_for(azure.url, client_secret=None, managed_identity=IDENTITY))
    url, flow = await sign_in.start(HERE)
    asked = httpx.URL(url).params
    azure.id_token = azure.sign(azure.claims(asked["nonce"]))
    assert (await sign_in.finish(flow, {"code": "c", "state": asked["state"]})).oid == "oid-ann"
    assert azure.forms[-1]["client_assertion"] == "of-the-machine"
    sign_in.close()


async def test_a_system_assigned_identity_asks_for_graph_itself_and_signs_nobody_in(
    azure: Any, settings_for: Callable[..., Settings]
) -> None:
    azure.identity = {"access_token": "for-graph", "expires_on": str(int(time.time()) + 3600)}
    settings = settings_for(azure.url, client_secret=None, managed_identity="system")
    tokens = MsalTokens(settings)
    assert await tokens.get_authorization_token(azure.url) == "for-graph"
    (asked,) = azure.identity_asked
    assert asked["resource"] == "https://graph.microsoft.com"
    assert "client_id" not in asked
    assert azure.forms == []
    tokens.close()
    with pytest.raises(SettingsError, match="signs nobody in"):
        SignIn(settings)


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
async def test_an_identity_endpoint_that_is_busy_or_starting_passes(
    azure: Any, settings_for: Callable[..., Settings], status: int
) -> None:
    azure.identity, azure.identity_status = {"error": "unavailable", "error_description": "secret details"}, status
    tokens = MsalTokens(settings_for(azure.url, client_secret=None, managed_identity=IDENTITY))
    with pytest.raises(TokenRefused, match="managed identity does not answer") as refused:
        await tokens.get_authorization_token(azure.url)
    assert refused.value.transient is True
    assert "secret details" not in str(refused.value)
    azure.identity = {"access_token": "of-the-machine", "expires_on": str(int(time.time()) + 3600)}
    azure.identity_status = 200
    assert await tokens.get_authorization_token(azure.url) == "token-1"
    tokens.close()


async def test_a_machine_without_an_identity_is_a_sentence(
    azure: Any, settings_for: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.identity, azure.identity_status = {"statusCode": 400, "message": "secret details"}, 400
    tokens = MsalTokens(settings_for(azure.url, client_secret=None, managed_identity=IDENTITY))
    with pytest.raises(TokenRefused, match="correct PERENNIAL_MANAGED_IDENTITY") as refused:
        await tokens.get_authorization_token(azure.url)
    assert refused.value.transient is False
    tokens.close()
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    sign_in = SignIn(settings_for(azure.url, client_secret=None, managed_identity=IDENTITY))
    url, flow = await sign_in.start(HERE)
    with pytest.raises(SignInRefused, match="managed identity does not answer"):
        await sign_in.finish(flow, {"code": "c", "state": httpx.URL(url).params["state"]})
    sign_in.close()


async def test_entra_hears_that_we_answer_claims_challenges(entra: Any, settings_for: Callable[..., Settings]) -> None:
    tokens = MsalTokens(settings_for(entra.url))
    await tokens.get_authorization_token(entra.url)
    assert json.loads(entra.forms[0]["claims"])["access_token"]["xms_cc"] == {"values": ["CP1"]}
    tokens.close()


async def test_a_doubted_token_is_fetched_anew_but_not_each_time(
    entra: Any, settings_for: Callable[..., Settings]
) -> None:
    tokens = MsalTokens(settings_for(entra.url))
    assert await tokens.get_authorization_token(entra.url) == "token-1"
    for _ in range(3):
        tokens.doubt()
        assert await tokens.get_authorization_token(entra.url) == "token-2"
    tokens.close()
