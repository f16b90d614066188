"""Prometheus is told how the site fares, and nothing of whom or what it is about."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inference.services import job_request
from readerstudy.config import web_processes
from tests.cast import Cast
from tests.own_database import ROOT

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-prometheus-alone"


def lines(client: Client, **asked: Any) -> dict[str, float]:
    text = client.get("/metrics", **asked).content.decode()
    rows = [line.rpartition(" ") for line in text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in rows}


def test_requests_are_counted_by_the_name_of_their_view(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.reader)
    name = (
        'readerstudy_requests_total{answer="2xx",method="GET",view="operations:readyz"}'
    )
    address = reverse("operations:readyz")
    before = lines(client).get(name, 0)
    for _ in range(3):
        assert client.get(address).status_code == 200
    after = lines(client)
    assert after[name] - before == 3
    seconds = 'readerstudy_request_seconds_count{view="operations:readyz"}'
    assert after[seconds] >= 3


def test_what_waits_is_told_by_state_and_queue(client: Client, cast: Cast) -> None:
    found = lines(client)
    assert found['readerstudy_studies{state="open"}'] == 2
    assert found['readerstudy_part_up{part="database"}'] == 1
    assert found['readerstudy_workers{device="cpu",queue="training"}'] == 0
    assert found['readerstudy_jobs{state="queued"}'] == 0
    assert found['readerstudy_disk_bytes{kind="free"}'] > 0


def test_nothing_tells_of_a_study_an_arm_a_case_or_a_person(
    client: Client, cast: Cast, settings: Any
) -> None:
    job_request(cohort=cast.cohort, method="gaussian")
    client.force_login(cast.reader)
    for path in ("/", f"/studies/{cast.study.slug}/", "/no/such/C001/"):
        client.get(path)
    client.generic("BREW", "/healthz")
    text = client.get("/metrics").content.decode()
    assert "BREW" not in text
    names = [cast.study.slug, cast.study.title, cast.cohort.name, "gaussian", "C001"]
    names += [cast.reader.username, cast.coordinator.username, "unet"]
    names += list(cast.cohort.cases.values_list("code", flat=True))
    for name in names:
        assert not re.search(rf"\b{re.escape(name)}\b(?![:-])", text), name


def test_from_another_machine_only_the_token_opens_it(
    client: Client, settings: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    away = {"REMOTE_ADDR": "10.1.2.3"}

    def asked(**more: Any) -> int:
        return client.get("/metrics", **{**away, **more}).status_code

    assert asked() == 404
    assert asked(HTTP_AUTHORIZATION="Bearer another") == 404
    assert asked(HTTP_AUTHORIZATION=f"Basic {TOKEN}") == 404
    assert asked(HTTP_AUTHORIZATION=f"Bearer {TOKEN}") == 200
    settings.METRICS_TOKEN = ""
    assert asked(HTTP_AUTHORIZATION="Bearer ") == 404


@pytest.mark.parametrize(
    "header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED"]
)
def test_what_a_proxy_of_this_machine_passes_on_is_not_of_this_machine(
    client: Client, header: str
) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", **{header: "127.0.0.1"}).status_code == 404


@pytest.mark.pure
def test_several_processes_tell_one_sum(tmp_path: Path) -> None:
    """Each counts in files of its own; whichever is asked reads them all."""
    count = (
        "from readerstudy.operations.metrics import REQUESTS\n"
        "REQUESTS.labels('home', 'GET', '2xx').inc()\n"
    )
    begin = "import django; django.setup()\n"
    tell = (
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from prometheus_client.multiprocess import MultiProcessCollector\n"
        "registry = CollectorRegistry(); MultiProcessCollector(registry)\n"
        "print(generate_latest(registry).decode())"
    )
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.test",
    }
    told = ""
    for program in (begin + count, begin + count + tell):
        told = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert 'readerstudy_requests_total{answer="2xx",method="GET",view="home"} 2.0' in (
        told
    )


@pytest.mark.pure
def test_a_web_server_begins_to_count_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What processes of an earlier start left would be counted once more."""
    folder = tmp_path / "metrics"
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    web_processes.on_starting(None)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    web_processes.on_starting(None)
    (folder / "counter_1.db").write_bytes(b"")
    (folder / "of-somebody-else").write_bytes(b"")
    web_processes.on_starting(None)
    assert [path.name for path in folder.iterdir()] == ["of-somebody-else"]
