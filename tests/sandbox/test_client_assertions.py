"""An app that proves itself with a certificate: what is accepted once, and what never."""

import base64
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NOW = datetime.now(UTC)


@dataclass
class Certified:
    """A key and its self-signed certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def thumbprint(self, kind: str) -> str:
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        digest = hashlib.sha256(der) if kind == "x5t#S256" else hashlib.sha1(der)
        return digest.hexdigest().upper() if kind == "kid" else plain(digest.digest())


def plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def certified(until: datetime = NOW + timedelta(days=30)) -> Certified:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "check-ins")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return Certified(key, certificate)


@pytest.fixture(scope="module")
def ours() -> Certified:
    return certified()


@pytest.fixture(scope="module")
def another() -> Certified:
    return certified()


@pytest.fixture(scope="module")
def spent() -> Certified:
    return certified(until=NOW - timedelta(days=1))


@pytest.fixture
async def app(control: httpx.AsyncClient, ours: Certified, spent: Certified) -> dict[str, Any]:
    """An app for which two certificates are registered, one of them expired."""
    asked = {"act": "register_app", "name": "certified", "roles": ["User.Read.All"]}
    found: dict[str, Any] = (await control.post("/act", json={**asked, "certificates": [spent.pem, ours.pem]})).json()
    return found


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(sandbox: Any, app: dict[str, Any], ours: Certified) -> Ask:
    """Asks for a token with an assertion that is right but for what is said; None leaves a claim out."""

    def send(
        by: Certified = ours, algorithm: str = "PS256", name: str = "x5t#S256", key: Any = None, **other: Any
    ) -> httpx.Response:
        now = int(time.time())
        usual = {
            "aud": f"https://login.microsoftonline.com/{sandbox.about['tenant_id']}/oauth2/v2.0/token",
            "iss": app["client_id"],
            "sub": app["client_id"],
            "jti": str(uuid.uuid4()),
            "nbf": now - 60,
            "exp": now + 600,
        }
        claims = {claim: value for claim, value in {**usual, **other}.items() if value is not None}
        assertion = jwt.encode(claims, by.key if key is None else key, algorithm, {name: by.thumbprint(name)})
        return present(assertion)

    def present(assertion: str) -> httpx.Response:
        url = f"{sandbox.url}/{sandbox.about['tenant_id']}/oauth2/v2.0/token"
        form = {
            "client_id": app["client_id"],
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        return httpx.post(url, data=form, trust_env=False, verify=False)

    return send


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
@pytest.mark.parametrize("name", ["x5t#S256", "x5t", "kid"])
def test_an_assertion_by_a_registered_certificate_gives_a_token(ask: Ask, algorithm: str, name: str) -> None:
    answer = ask(algorithm=algorithm, name=name)
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["appidacr"], claims["roles"]) == ("2", ["User.Read.All"])


@pytest.mark.parametrize(
    ("other", "number"),
    [
        ({"aud": "https://elsewhere.example/token"}, 700023),
        ({"aud": None}, 700023),
        ({"iss": "somebody"}, 700021),
        ({"sub": None}, 700021),
        ({"exp": int(time.time()) - 3600}, 700024),
        ({"exp": None}, 700024),
        ({"exp": "soon"}, 700024),
        ({"nbf": int(time.time()) + 3600}, 700024),
        ({"jti": None}, 700027),
        ({"jti": 7}, 700027),
    ],
)
def test_an_assertion_that_says_the_wrong_thing_is_refused(ask: Ask, other: dict[str, Any], number: int) -> None:
    answer = ask(**other)
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])
    assert "access_token" not in answer.text


def test_a_jti_is_good_for_one_assertion(ask: Ask) -> None:
    once = {"jti": "only-once"}
    assert ask(**once).status_code == 200
    # Signed anew: PS256 salts, so the same claims make another one.
    again = ask(**once)
    assert (again.status_code, again.json()["error_codes"]) == (401, [700027])


def test_the_same_assertion_may_be_presented_again_as_msal_does(ask: Ask) -> None:
    now = int(time.time())
    # RS256 does not salt: the same claims are the same assertion.
    same: dict[str, Any] = {"algorithm": "RS256", "jti": "the-same", "nbf": now - 60, "exp": now + 600}
    assert [ask(**same).status_code for _ in range(2)] == [200, 200]


def test_only_a_registered_certificate_that_has_not_expired_proves_the_app(
    ask: Ask, ours: Certified, another: Certified, spent: Certified
) -> None:
    for answer in (ask(by=another), ask(by=spent), ask(by=ours, key=another.key)):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.json()["error_codes"] == [700027]


def test_an_assertion_signed_with_a_shared_secret_or_nothing_is_malformed(ask: Ask) -> None:
    for algorithm, key in (("HS256", "x" * 40), ("none", "")):
        answer = ask(algorithm=algorithm, key=key)
        assert (answer.status_code, answer.json()["error_codes"]) == (400, [50027])
