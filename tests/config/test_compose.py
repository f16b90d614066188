"""What docker/compose.yaml starts is whole, closed, and what production asks for."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from readerstudy.config.environment import Environment
from tests.config.test_production_profile import WHOLE

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
SITE = {
    *("prepare", "web", "scheduler", "worker", "worker-training"),
    *("worker-gpu", "dicom-node"),
}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DOCKER / "compose.yaml").read_text()))


def service(name: str) -> dict[str, Any]:
    return dict(compose()["services"][name])


def test_every_process_of_the_site_has_what_production_requires() -> None:
    """Whoever adds a required setting finds here where it is missing."""
    for name in SITE:
        given = service(name)["environment"]
        for needed in WHOLE:
            assert needed in given or f"{needed}_FILE" in given, (name, needed)


def test_production_starts_with_compose_s_environment(tmp_path: Path) -> None:
    """The very names and files that compose gives, with the secrets it mounts."""
    given = dict(service("web")["environment"])
    given["ALLOWED_HOSTS"] = "reads.example.org"
    for name in service("web")["secrets"]:
        (tmp_path / name).write_text("s" * 64)
    (tmp_path / "broker_url").write_text("redis://:word@queue:6379/0")
    environ = {
        key: re.sub("^/run/secrets/", f"{tmp_path}/", str(value))
        for key, value in given.items()
    }
    environment = Environment(environ)
    environment.key("SECRET_KEY")
    environment.key("IDENTITY_KEY")
    database = environment.database()
    environment.hosts()
    environment.cache(environment.broker())
    environment.files(tmp_path)
    environment.refuse()
    assert (database["HOST"], database["PASSWORD"]) == ("database", "s" * 64)


def test_nobody_is_root_and_nobody_may_change_what_runs() -> None:
    for name, told in compose()["services"].items():
        assert not told["user"].startswith("0"), name
        assert told["user"].split(":")[0].isdecimal(), name
        assert told["read_only"] is True, name
        assert told["cap_drop"] == ["ALL"], name
        assert told["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "network_mode", "pid"} & told.keys(), name


def test_secrets_come_from_files_and_stand_in_no_environment() -> None:
    told = compose()
    for name, one in told["services"].items():
        for key, value in (one.get("environment") or {}).items():
            if re.search("KEY|PASSWORD|TOKEN|SECRET|BROKER", key):
                assert str(value).startswith("/run/secrets/"), (name, key)
        for secret in one.get("secrets", []):
            assert secret in told["secrets"], (name, secret)
    for name, one in told["secrets"].items():
        assert one == {"file": f"secrets/{name}"}


def test_everything_that_stays_is_asked_whether_it_is_well() -> None:
    for name, one in compose()["services"].items():
        if name not in ("prepare", "scheduler"):
            assert one["healthcheck"]["test"], name
    assert "celery" in service("scheduler")["healthcheck"]["test"]
    assert "healthcheck" not in service("prepare")


def test_queues_are_all_listened_to_and_sweeps_called_once() -> None:
    from django.conf import settings

    commands = {name: service(name).get("command") or [] for name in SITE}
    listened = {
        queue
        for command in commands.values()
        for word in command
        if word.startswith("--queues=")
        for queue in word.removeprefix("--queues=").split(",")
    }
    assert listened == set(settings.CELERY_TASK_QUEUES)
    assert [name for name in SITE if "beat" in commands[name]] == ["scheduler"]
    assert service("scheduler")["deploy"]["replicas"] == 1
    assert not [name for name in SITE if "--beat" in commands[name]]


def test_database_and_queue_have_no_way_out_and_no_port() -> None:
    told = compose()
    for name in ("database", "queue"):
        assert told["services"][name]["networks"] == ["inside"]
        assert "ports" not in told["services"][name]
    assert told["networks"]["inside"] == {"internal": True}
    assert "ports" not in told["services"]["web"]  # only the proxy reaches it


def test_images_that_are_started_are_images_that_are_built() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)", dockerfile(), re.MULTILINE)
    for name in SITE:
        image = service(name)["image"].split(":")[0].removeprefix("readerstudy-")
        assert image in stages
        if "build" in service(name):
            assert service(name)["build"]["target"] == image
    assert stages[-1] == "web"  # what is built where no target is named


def dockerfile() -> str:
    return (DOCKER / "Dockerfile").read_text()


def test_images_install_by_hash_run_as_nobody_and_hold_no_secret() -> None:
    text = dockerfile()
    assert text.count("pip --python") == text.count("--require-hashes") == 3
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert not re.search("SECRET|PASSWORD|IDENTITY_KEY|TOKEN", text)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"  # after its reason; then what is let through
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    assert not {"var", "docker", "tests", ".git", "docker/secrets"} & let_through
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert set(copied.split()) <= let_through


def test_the_web_server_s_image_has_no_torch() -> None:
    assert "\ntorch==" not in (ROOT / "requirements.lock").read_text()


def test_units_of_systemd_name_the_same_processes() -> None:
    units = {path.name: path.read_text() for path in DOCKER.glob("systemd/*.service")}
    for text in units.values():
        assert "\nUser=readerstudy\n" in text
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"):
            assert line in text
    queues = re.findall(r"--queues=(\S+)", "".join(units.values()))
    assert {queue for one in queues for queue in one.split(",")} == {
        *("cpu", "gpu", "training")
    }
    assert sum(" beat " in text for text in units.values()) == 1
    told = (DOCKER / "systemd" / "readerstudy.env").read_text()
    for needed in WHOLE:
        assert re.search(f"^{needed}(_FILE)?=", told, re.MULTILINE), needed


def test_the_document_names_every_setting_that_is_required() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    for name in (*WHOLE, "METRICS_TOKEN", "TRUSTED_PROXIES", "FILES", "LOG_JSON"):
        assert f"`{name}`" in text
    for unit in DOCKER.glob("systemd/*.service"):
        assert unit.name.partition("@")[0].removesuffix(".service") in text
