"""Signed client assertions: an app proves itself with a certificate that is registered for it, once each."""

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from sandbox.app_registrations import App
from sandbox.entra_calls import EntraError
from sandbox.evidence import evidence

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ("PS256", "RS256")
_SKEW = 300
_ONLY_SIGNATURE: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_jti": False,
    "verify_nbf": False,
    "verify_sub": False,
}
_SOURCE = "learn.microsoft.com/entra/identity-platform/certificate-credentials"


@dataclass(slots=True)
class Assertions:
    """Remembers which one each id belongs to, until it would have expired. `wall` is real time."""

    wall: Callable[[], float]
    _used: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)

    @evidence("documented", "Assertions are RS256 or PS256 and name the certificate by x5t#S256 or x5t.", _SOURCE)
    @evidence("documented", "Issuer and subject are the client id, and the audience is the tenant's.", _SOURCE)
    @evidence("reported", "A wrong signature is AADSTS700027, an assertion out of its time AADSTS700024.", _SOURCE)
    @evidence(
        "assumed",
        "A jti is good for one assertion, which may be presented again in its time: msal does so for nine minutes. "
        "What a second assertion with it meets is not written.",
        "RFC 7523, section 3, item 7; msal 1.39, oauth2cli/assertion.py",
    )
    def verify(self, app: App, assertion: str, kind: str, audiences: Collection[str]) -> None:
        """Returns if `assertion` is from `app`, meant for one of `audiences`, in its time, and alone with its jti.

        Raises EntraError.
        """
        if kind != TYPE:
            raise EntraError("invalid_request", 900144, _missing("client_assertion_type"))
        try:
            # Everything but the signature is checked below, where each failure has its own number.
            header = jwt.get_unverified_header(assertion)
            key = _registered_key(app, header, self.wall())
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key,
                algorithms=_ALGORITHMS,
                options=_ONLY_SIGNATURE,
            )
        except jwt.InvalidSignatureError:
            raise _unproven("The signature does not match the certificate") from None
        except jwt.PyJWTError:
            raise EntraError("invalid_request", 50027, "JWT token is invalid or malformed.") from None
        self._check_claims(app, claims, audiences)
        self._use(app, claims.get("jti"), assertion, claims["exp"] + _SKEW)

    def _check_claims(self, app: App, claims: Mapping[str, Any], audiences: Collection[str]) -> None:
        if (claims.get("iss"), claims.get("sub")) != (app.client_id, app.client_id):
            message = "Client assertion application identifier doesn't match 'client_id' parameter."
            raise EntraError("invalid_client", 700021, message, 401)
        meant_for = claims.get("aud")
        wanted = meant_for if isinstance(meant_for, list) else [meant_for]
        if not any(isinstance(name, str) and name.lower() in audiences for name in wanted):
            message = "Client assertion audience claim does not match Realm issuer."
            raise EntraError("invalid_client", 700023, message, 401)
        now = self.wall()
        starts, ends = claims.get("nbf", 0), claims.get("exp")
        if not _is_time(starts) or not _is_time(ends) or not starts - _SKEW <= now < ends + _SKEW:
            message = (
                f"Client assertion is not within its valid time range. Current time: {int(now)},"
                f" assertion valid from {str(starts)[:40]}, expiry time of assertion {str(ends)[:40]}."
            )
            raise EntraError("invalid_client", 700024, message, 401)

    def _use(self, app: App, name: object, assertion: str, until: float) -> None:
        if not isinstance(name, str) or not name:
            raise _unproven("It has no jti")
        now = self.wall()
        for used in [used for used, (_, end) in self._used.items() if end <= now]:
            del self._used[used]
        if self._used.setdefault((app.client_id, name), (assertion, until))[0] != assertion:
            raise _unproven("Its jti was used before, in another one")


def thumbprints(certificate: x509.Certificate) -> dict[str, set[str]]:
    """The names by which a header may call a certificate, by header field."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    # A name for the certificate, as RFC 7515 has it, and no defence.
    short = hashlib.sha1(der, usedforsecurity=False).digest()
    plain = _plain(short)
    return {"x5t#S256": {_plain(hashlib.sha256(der).digest())}, "x5t": {plain}, "kid": {plain, short.hex().upper()}}


def _registered_key(app: App, header: Mapping[str, Any], now: float) -> rsa.RSAPublicKey:
    field_name = next((name for name in ("x5t#S256", "x5t", "kid") if isinstance(header.get(name), str)), None)
    if field_name is None:
        raise _unproven("The key was not found: the header has neither x5t#S256 nor x5t nor kid")
    wanted = str(header[field_name]).rstrip("=")
    for pem in app.certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and wanted in thumbprints(certificate)[field_name]:
            if certificate.not_valid_after_utc.timestamp() <= now:
                raise _unproven("The key used is expired")
            return key
    raise _unproven(f"The key was not found., Thumbprint of key used by client: '{wanted[:60]}'")


def _unproven(reason: str) -> EntraError:
    message = (
        "The certificate with identifier used to sign the client assertion is not registered on application."
        f" [Reason - {reason}.]"
    )
    return EntraError("invalid_client", 700027, message, 401)


def _missing(name: str) -> str:
    return f"The request body must contain the following parameter: '{name}'."


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _plain(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
