"""The proxy adds nothing to an answer that could tell images apart, and keeps nothing.

A real nginx with docker/proxy/site.conf before a small server that answers what it was
asked.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings

from tests.servers import answers, free_port, wait_until

pytestmark = pytest.mark.pure

PROXY = Path(__file__).resolve().parents[2] / "docker" / "proxy"
SITE = (PROXY / "site.conf").read_text()
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def words(text: str) -> str:
    """Without what is only said to people."""
    return re.sub(r"#.*", "", text)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def heard(self) -> dict[str, str]:
        """The headers by which the site was asked."""
        return dict(json.loads(self.body)["headers"])


class Site(BaseHTTPRequestHandler):
    """Answers with what it was asked, and would let itself be cached."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        read = len(self.rfile.read(length))
        told = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"headers": told, "read": read, "pixels": "0" * 16_384})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"of-this-image"')
        self.send_header("Last-Modified", "Mon, 02 Mar 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


class Proxy(NamedTuple):
    port: int

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        line.request(
            method,
            path,
            body or None,
            {
                "Accept-Encoding": "gzip, br",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        answer = line.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        found = Answer(answer.status, told, answer.read())
        line.close()
        return found


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if NGINX is None:
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail("nginx was not found on this machine")
        pytest.skip("needs nginx")
    folder = tmp_path_factory.mktemp("proxy")
    folder.chmod(0o755)
    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; daemon off; error_log stderr crit; worker_processes 1;\n"
        "events {}\nhttp {\n"
        + "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # as a distribution's own configuration would have it
        + "gzip on; gzip_types application/json; gzip_min_length 0;\n"
        f"upstream readerstudy {{ server 127.0.0.1:{site.server_port}; }}\n"
        f"server {{ listen 127.0.0.1:{port}; include {PROXY}/site.conf; }}\n}}\n"
    )
    running = subprocess.Popen(
        [NGINX, "-c", f"{folder}/nginx.conf", "-p", str(folder)],
        stderr=subprocess.PIPE,
    )
    try:

        def listens() -> bool:
            assert running.poll() is None, running.stderr and running.stderr.read()
            return answers(port)

        wait_until(listens, "nginx")
        yield Proxy(port)
    finally:
        running.terminate()
        running.wait(60)
        site.shutdown()


READS = ("/read/a-study/next/", "/api/v1/studies/a-study/reading/next/")


@pytest.mark.parametrize("path", READS)
def test_an_answer_about_a_read_is_neither_compressed_nor_marked(
    proxy: Proxy, path: str
) -> None:
    """A compressed length tells arms apart; an ETag tells an image that was seen."""
    answer = proxy.ask(path)
    assert answer.status == 200
    assert not {"content-encoding", "etag", "last-modified"} & answer.headers.keys()
    assert int(answer.headers["content-length"]) == len(answer.body) > 16_384
    assert "accept-encoding" not in answer.heard()


def test_what_a_visitor_claims_of_itself_is_not_passed_on(proxy: Proxy) -> None:
    heard = proxy.ask(
        "/login/",
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="elsewhere.example",
        X_Real_IP="203.0.113.9",
        Forwarded="for=203.0.113.9",
    ).heard()
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "http"
    assert not {"x-forwarded-host", "x-real-ip", "forwarded"} & heard.keys()


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_the_inside_is_not_shown_outside(proxy: Proxy, path: str) -> None:
    answer = proxy.ask(path)
    assert answer.status == 404
    assert b"headers" not in answer.body


def test_an_ordinary_body_is_bounded_and_a_file_goes_through(proxy: Proxy) -> None:
    large = bytes(settings.REQUEST_MAX_BYTES + 1)
    assert proxy.ask("/studies/new/", "POST", large).status == 413
    for path in (
        "/cohorts/uploads/files/a-token/",
        "/dicom-web/studies",
        "/networks/upload/",
        "/api/v1/cohorts/1/uploads/",
    ):
        answer = proxy.ask(path, "POST", large)
        assert answer.status == 200
        assert json.loads(answer.body)["read"] == len(large)


def test_bodies_and_answers_lie_in_no_file_of_the_proxy() -> None:
    """By nginx's own words: it removes such a file's name as soon as it has it open, so
    that nobody can see one."""
    text = words(SITE)
    for line in ("proxy_max_temp_file_size 0;", "proxy_store off;", "proxy_cache off;"):
        assert text.count(line) == text.count(line.split()[0]) == 1
    ordinary = re.findall(r"client_(?:max_body|body_buffer)_size (\S+);", text)[:2]
    assert ordinary == ["6m", "6m"]  # whatever is taken fits into memory
    for place in re.findall(r"location [^{]*\{([^}]*)\}", text):
        assert ("client_max_body_size" in place) == (
            "proxy_request_buffering off;" in place
        )


def test_it_serves_no_file_and_writes_no_log_of_addresses() -> None:
    for name in ("site.conf", "nginx.conf", "debian.conf"):
        text = words((PROXY / name).read_text())
        assert not re.search(r"\b(root|alias|try_files|autoindex)\b", text), name
        assert not re.search("media", text), name
        assert set(re.findall(r"access_log (\S+);", text)) <= {"off"}, name
    assert "access_log off;" in words(SITE)
    for path in re.findall(r"location [^{]*\{([^}]*)\}", words(SITE)):
        assert "proxy_pass http://readerstudy;" in path or "return 404;" in path


def test_every_door_for_files_lets_them_through() -> None:
    """Whoever opens another one adds it to the proxy."""
    (pattern,) = re.findall(
        r"location ~ (\S+) \{\s*client_max_body_size 0;", words(SITE)
    )
    doors = [one.partition(" ")[2] for one in settings.STREAMED_UPLOADS]
    for path in (*settings.UPLOAD_MAX_BYTES, *doors):
        assert re.match(pattern, path.replace("*", "x")), path


def test_the_limit_of_a_body_is_the_site_s_own() -> None:
    assert settings.REQUEST_MAX_BYTES == 6 * 2**20
    for line in ("client_max_body_size 6m;", "client_body_buffer_size 6m;"):
        assert line in words(SITE)


@pytest.mark.parametrize("name", ["nginx.conf", "debian.conf"])
def test_nginx_takes_the_whole_configuration(tmp_path: Path, name: str) -> None:
    if NGINX is None or shutil.which("openssl") is None:
        pytest.skip("needs nginx and openssl")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")),
            *("-subj", "/CN=reads.example.org", "-days", "2"),
        ],
        check=True,
        capture_output=True,
    )
    text = (PROXY / name).read_text()
    for known, ours in (
        (r"ssl_certificate \S+;", f"ssl_certificate {tmp_path}/crt;"),
        (r"ssl_certificate_key \S+;", f"ssl_certificate_key {tmp_path}/key;"),
        (r"include /etc/nginx/readerstudy/site.conf;", f"include {PROXY}/site.conf;"),
        (r"/tmp/(?=nginx|body|proxy|fast|uwsgi|scgi)", f"{tmp_path}/"),
        (r"error_log /\S+ crit;", "error_log stderr crit;"),
        (r"server web:8000", "server 127.0.0.1:8000"),
    ):
        text = re.sub(known, ours, text)
    if name == "debian.conf":
        paths = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = f"pid {tmp_path}/pid; events {{}} http {{ {paths}\n{text}\n}}"
    (tmp_path / "nginx.conf").write_text(text)
    command = [NGINX, "-t", "-c", f"{tmp_path}/nginx.conf", "-p", str(tmp_path)]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
