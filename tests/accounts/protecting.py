"""Second factors of people who do not sit at a browser."""

import hashlib
import json
import struct
import time

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives import hashes
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


CREDENTIAL = b"credential of somebody"


def give_passkey(
    user: User,
    name: str = "私の電話",
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Authenticator:
    """Without `key` one whose private half nobody has kept."""
    public = (key or ec.generate_private_key(ec.SECP256R1())).public_key()
    credential = AttestedCredentialData.create(
        b"\0" * 16, CREDENTIAL, ES256.from_cryptography_key(public)
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


def passkey_used(
    user: User, key: ec.EllipticCurvePrivateKey, challenge: str, *, asked_for_pin: bool
) -> str:
    """What a browser at http://localhost sends when somebody holds the passkey."""
    told = {
        "type": "webauthn.get",
        "challenge": challenge,
        "origin": "http://localhost",
    }
    client_data = json.dumps(told).encode()
    flags = 0x05 if asked_for_pin else 0x01
    data = hashlib.sha256(b"localhost").digest() + struct.pack(">BI", flags, 0)
    signed = data + hashlib.sha256(client_data).digest()
    answer = {
        "clientDataJSON": websafe_encode(client_data),
        "authenticatorData": websafe_encode(data),
        "signature": websafe_encode(key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        "userHandle": websafe_encode(user_pk_to_url_str(user).encode()),
    }
    return json.dumps(
        {
            "type": "public-key",
            "id": websafe_encode(CREDENTIAL),
            "rawId": websafe_encode(CREDENTIAL),
            "response": answer,
            "clientExtensionResults": {},
        }
    )


def protect(user: User) -> Authenticator:
    """An app, recovery codes and a passkey, which is given back."""
    give_app(user)
    RecoveryCodes.activate(user)
    return give_passkey(user)
