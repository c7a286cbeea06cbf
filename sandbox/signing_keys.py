"""Entra's keys: one signs, the one before is still published, and each rotation pushes the older of them out."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.evidence import evidence

PUBLISHED = 2
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net")])
_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class SigningKey:
    """A key by its PEM, with the certificate that goes with it: the same for the same key."""

    pem: str
    _private: rsa.RSAPrivateKey | None = None
    _certificate: bytes | None = None

    @classmethod
    def fresh(cls) -> "SigningKey":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(pem.decode(), key)

    @property
    def private(self) -> rsa.RSAPrivateKey:
        if self._private is None:
            loaded = serialization.load_pem_private_key(self.pem.encode(), None)
            if not isinstance(loaded, rsa.RSAPrivateKey):
                raise ValueError("Entra signs with RSA keys only.")
            self._private = loaded
        return self._private

    @property
    def certificate(self) -> bytes:
        """Self-signed, as DER."""
        if self._certificate is None:
            public = self.private.public_key()
            made = (
                x509.CertificateBuilder()
                .subject_name(_NAME)
                .issuer_name(_NAME)
                .public_key(public)
                .serial_number(public.public_numbers().n % 2**120 + 1)
                .not_valid_before(_FROM)
                .not_valid_after(_UNTIL)
                .sign(self.private, hashes.SHA256())
            )
            self._certificate = made.public_bytes(serialization.Encoding.DER)
        return self._certificate

    @property
    @evidence(
        "documented",
        "A published key has kty, use, kid, x5t, n, e, x5c; kid and x5t are the certificate's thumbprint.",
        "learn.microsoft.com/entra/identity-platform/access-tokens, validating the signature",
    )
    def jwk(self) -> dict[str, Any]:
        """The public half, as Entra publishes it."""
        full: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        x5c = [base64.b64encode(self.certificate).decode()]
        named = {"kty": full["kty"], "use": "sig", "kid": self.kid, "x5t": self.kid}
        return {**named, "n": full["n"], "e": full["e"], "x5c": x5c}

    @property
    def kid(self) -> str:
        # A name for the key, as RFC 7517 has it, and no defence.
        thumbprint = hashlib.sha1(self.certificate, usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")


def complete(keys: list[SigningKey]) -> None:
    """Makes as many keys as are published, behind those that there are."""
    while len(keys) < PUBLISHED:
        keys.append(SigningKey.fresh())


@evidence(
    "documented",
    "Keys are rolled over at any time and without notice; a client fetches them again for a key it does not know.",
    "learn.microsoft.com/entra/identity-platform/signing-key-rollover",
)
@evidence("assumed", "Two keys are published; live there are more of them.", "a choice of the sandbox tenant")
def rotate(keys: list[SigningKey]) -> None:
    """A fresh key signs from now on; the one that did verifies until the next rotation."""
    keys[:] = [SigningKey.fresh(), *keys][:PUBLISHED]
