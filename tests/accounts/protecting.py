"""Second factors of people who do not sit at a browser."""

import hashlib
import json
import struct
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD = 30


def give_app(user: User) -> Authenticator:
    """An authenticator app that holds SECRET."""
    return TOTP.activate(user, SECRET).instance


def code_now(secret: str = SECRET, *, steps: int = 0) -> str:
    """What an app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + steps))


def give_passkey(user: User, name: str = "私の電話") -> Authenticator:
    """One whose private half nobody has kept."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    credential = AttestedCredentialData.create(
        b"\0" * 16, b"credential of nobody", ES256.from_cryptography_key(key)
    )
    data = AuthenticatorData(
        hashlib.sha256(b"localhost").digest()
        + struct.pack(">BI", 0x45, 0)
        + bytes(credential)
    )
    told = {
        "type": "webauthn.create",
        "challenge": "AAAA",
        "origin": "http://localhost",
    }
    answer = {
        "type": "public-key",
        "id": websafe_encode(credential.credential_id),
        "rawId": websafe_encode(credential.credential_id),
        "response": {
            "clientDataJSON": websafe_encode(json.dumps(told).encode()),
            "attestationObject": websafe_encode(
                bytes(AttestationObject.create("none", data, {}))
            ),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    return WebAuthn.add(user, name, answer).instance


def protect(user: User) -> Authenticator:
    """An app, recovery codes and a passkey, which is given back."""
    give_app(user)
    RecoveryCodes.activate(user)
    return give_passkey(user)
