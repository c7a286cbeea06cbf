"""App-only tokens: fetched once, refreshed when challenged, refused in sentences, never sent elsewhere."""

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from config.settings import Settings
from integrations.entra.sandbox_http import SandboxHttp
from integrations.entra.tokens import MsalTokens, TokenRefused


@pytest.fixture
def tokens(entra: Any, settings_for: Callable[..., Settings]) -> Iterator[MsalTokens]:
    tokens = MsalTokens(settings_for(entra.url))
    yield tokens
    tokens.close()


def refusal(error: str, code: int) -> dict[str, Any]:
    return {
        "error": error,
        "error_description": f"AADSTS{code}: Trace ID: t Correlation ID: c Timestamp: 2030",
        "error_codes": [code],
        "correlation_id": "c-1",
    }


async def test_a_token_is_fetched_once_and_then_remembered(entra: Any, tokens: MsalTokens) -> None:
    for _ in range(3):
        assert await tokens.get_authorization_token(f"{entra.url}/v1.0/users") == "token-1"
    (form,) = entra.forms
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "https://graph.microsoft.com/.default"
    assert form["client_secret"] == "the-secret"


async def test_a_claims_challenge_fetches_a_new_token_with_the_claims(entra: Any, tokens: MsalTokens) -> None:
    await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1900000000"}}}'
    challenge = {"claims": base64.b64encode(claims.encode()).decode().rstrip("=")}
    assert await tokens.get_authorization_token(f"{entra.url}/v1.0/users", challenge) == "token-2"
    assert "1900000000" in entra.forms[1]["claims"]


async def test_a_forgotten_token_is_fetched_anew(entra: Any, tokens: MsalTokens) -> None:
    await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    tokens.forget()
    assert await tokens.get_authorization_token(f"{entra.url}/v1.0/users") == "token-2"


async def test_no_token_leaves_for_another_host(entra: Any, tokens: MsalTokens) -> None:
    with pytest.raises(TokenRefused, match=r"evil\.example, which is not Graph"):
        await tokens.get_authorization_token("https://evil.example/v1.0/users")
    assert entra.paths == []


@pytest.mark.parametrize(
    ("error", "code", "remedy"),
    [
        ("invalid_client", 7000215, "PERENNIAL_CLIENT_SECRET"),
        ("invalid_client", 7000222, "has expired"),
        ("unauthorized_client", 700016, "PERENNIAL_CLIENT_ID"),
        ("invalid_resource", 500011, "https://login.microsoftonline.com/error"),
    ],
)
async def test_a_refusal_names_the_code_and_the_remedy(
    entra: Any, tokens: MsalTokens, error: str, code: int, remedy: str
) -> None:
    entra.refusal = (401, refusal(error, code))
    with pytest.raises(TokenRefused) as refused:
        await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    assert f"AADSTS{code}" in str(refused.value)
    assert remedy in str(refused.value)
    assert "the-secret" not in str(refused.value)
    assert refused.value.transient is False


@pytest.mark.parametrize(
    "answer",
    [
        (503, "<html>unavailable</html>"),
        (400, refusal("temporarily_unavailable", 90033)),
        (200, "<html>proxy"),
    ],
)
async def test_an_unwell_entra_is_transient(entra: Any, tokens: MsalTokens, answer: tuple[int, Any]) -> None:
    entra.refusal = answer
    with pytest.raises(TokenRefused) as refused:
        await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    assert refused.value.transient is True


async def test_an_absent_sandbox_is_named(settings_for: Callable[..., Settings]) -> None:
    tokens = MsalTokens(settings_for("http://127.0.0.1:1"))
    with pytest.raises(TokenRefused, match=r"No sandbox tenant answers at http://127\.0\.0\.1:1"):
        await tokens.get_authorization_token("http://127.0.0.1:1/v1.0/users")
    tokens.close()


async def test_an_authority_that_cannot_be_used_is_not_blamed_on_a_certificate_nobody_set(
    entra: Any, settings_for: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("Unable to get authority configuration")

    monkeypatch.setattr("integrations.entra.app.msal.ConfidentialClientApplication", refuse)
    tokens = MsalTokens(settings_for(entra.url))
    with pytest.raises(TokenRefused, match="correct PERENNIAL_TENANT_ID") as refused:
        await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    tokens.close()
    assert "CERTIFICATE" not in str(refused.value)


async def test_a_certificate_signs_instead_of_a_secret(
    entra: Any, settings_for: Callable[..., Settings], tmp_path: Path, spare_keys: list[rsa.RSAPrivateKey]
) -> None:
    key = spare_keys[0]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "perennial")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "app.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"the-password"),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    settings = settings_for(entra.url, client_secret=None, certificate_file=file, certificate_password="the-password")
    tokens = MsalTokens(settings)
    assert await tokens.get_authorization_token(f"{entra.url}/v1.0/users") == "token-1"
    tokens.close()
    (form,) = entra.forms
    assert "client_secret" not in form
    claims = jwt.decode(
        form["client_assertion"],
        key.public_key(),
        algorithms=["PS256"],
        audience=f"https://login.microsoftonline.com/{settings.tenant_id}/oauth2/v2.0/token",
    )
    assert claims["iss"] == settings.client_id


async def test_a_file_that_holds_no_certificate_is_named_by_its_setting(
    entra: Any, settings_for: Callable[..., Settings], tmp_path: Path
) -> None:
    file = tmp_path / "app.pem"
    file.write_text("hello")
    tokens = MsalTokens(settings_for(entra.url, client_secret=None, certificate_file=file))
    with pytest.raises(TokenRefused, match="PERENNIAL_CERTIFICATE_FILE"):
        await tokens.get_authorization_token(f"{entra.url}/v1.0/users")
    tokens.close()


class NoWire:
    def get(self, url: str, **options: Any) -> None:
        raise AssertionError(f"went to {url}")


def test_the_rewriting_wire_ends_on_this_machine_and_speaks_for_entra_only() -> None:
    wire: Any = NoWire()
    with pytest.raises(ValueError, match="not on this machine"):
        SandboxHttp("http://sandbox.example:8080", wire)
    for foreign in ("https://evil.example/keys", "https://login.microsoftonline.com.evil.example/keys"):
        with pytest.raises(ValueError, match="not Entra's"):
            SandboxHttp("http://127.0.0.1:8080", wire).get(foreign)
