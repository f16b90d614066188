"""A provider of single sign-on (OpenID Connect) on this machine, as small as can be."""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT, SECRET = "readerstudy", "between the two of us"


class Provider(ThreadingHTTPServer):
    """Whoever comes is `claims`; it refuses codes it did not give, or gave before."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.claims: dict[str, Any] = {"sub": "17", "preferred_username": "reader"}
        self.is_broken = self.cancels = False
        self.given: dict[str, dict[str, str]] = {}  # code → what was asked
        self.issuer = f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        issuer = self.server.issuer
        if self.server.is_broken:
            self.send_error(500)
        elif path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "userinfo_endpoint": f"{issuer}/userinfo",
                    "jwks_uri": f"{issuer}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                }
            )
        elif path == "/authorize":
            self._authorize({k: v[0] for k, v in parse_qs(query).items()})
        elif path == "/userinfo":
            self._json(self.server.claims)
        else:
            self.send_error(404)

    def _authorize(self, asked: dict[str, str]) -> None:
        code = secrets.token_urlsafe()
        self.server.given[code] = asked
        said = {"error": "access_denied"} if self.server.cancels else {"code": code}
        self.send_response(302)
        target = urlencode({**said, "state": asked["state"]})
        self.send_header("Location", f"{asked['redirect_uri']}?{target}")
        self.end_headers()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        sent = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        asked = self.server.given.pop(sent.get("code", ""), None)
        basic = self.headers["Authorization"].removeprefix("Basic ")
        proof = sha256(sent.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or b64decode(basic).decode() != f"{CLIENT}:{SECRET}"
            or urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            self.send_error(400)
            return
        now = int(time.time())
        told = {**self.server.claims, "iss": self.server.issuer, "aud": CLIENT}
        told |= {"iat": now, "exp": now + 60}
        token = jwt.encode(told, "k" * 32, algorithm="HS256")
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": token}
        self._json({**answer, "expires_in": 60})

    def _json(self, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider() -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def asked_of(address: str) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
