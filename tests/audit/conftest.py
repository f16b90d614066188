"""Everything that is recorded, done once by named people."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from inference import services as inference
from readerstudy.accounts.guessing import FROM_ONE_ADDRESS
from readerstudy.accounts.tokens import token_make, token_revoke
from readerstudy.cases import services as cases
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.plan import ParityFinding, ParityReport
from readerstudy.cases.services.parity import case_accept_parity
from readerstudy.operations.backup.recording import backup_recorded, restore_recorded
from readerstudy.reading import services as reading
from readerstudy.reading.models import Membership, Study
from tests.accounts.protecting import code_now
from tests.cases.conftest import send_files, write_pair
from tests.cast import PASSWORD, Cast, make_user, reader_membership
from tests.factory import make_study, stack, unblind
from tests.inference import learners, onnx_files
from tests.inference.uploads import TOLD

from .conducting import conduct

GRADES = {"right": 3, "left": 2}


def log_in_and_out(cast: Cast) -> None:
    client = Client()
    for name in (cast.reader.username, "not-an-account-but-a-secret"):
        client.post(reverse("login"), {"username": name, "password": "wrong"})
    client.post(
        reverse("login"), {"username": cast.reader.username, "password": PASSWORD}
    )
    client.post(reverse("logout"))
    client.post(reverse("logout"))  # nobody is logged in any more


def change_accounts() -> None:
    from django.contrib.auth.models import Group, Permission

    user = make_user("newcomer", coordinator=True)
    user.groups.clear()
    Group.objects.get(name="coordinators").user_set.add(user)
    user.user_permissions.add(Permission.objects.get(codename="add_cohort"))
    user.is_staff = True
    user.set_password("a second horse")
    user.save()
    make_user("short-lived").delete()


def protect_accounts(cast: Cast, capture) -> None:
    """Second factors come and go, somebody guesses, an administrator helps."""
    client, admin = Client(), Client()
    client.force_login(cast.second_reader)
    asked = client.get(reverse("mfa_activate_totp"))
    code = code_now(asked.context["form"].secret)
    with capture(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": code})
    client.post(reverse("mfa_deactivate_totp"))
    for _ in range(FROM_ONE_ADDRESS):
        given = {"username": "statistician", "password": "a guess"}
        Client().post(reverse("login"), given)
    admin.force_login(cast.administrator)
    chosen = {"_selected_action": [cast.statistician.pk], "action": "let_try_again"}
    admin.post(reverse("admin:auth_user_changelist"), chosen)
    admin.post(reverse("admin:auth_group_add"), {"name": "physicists"})
    token, _ = token_make(
        user=cast.coordinator, name="nightly", scopes=["cohorts:read"], days=1
    )
    token_revoke(token=token, by=cast.coordinator)
    signed_on = SocialLogin(
        user=cast.second_reader,
        account=SocialAccount(provider="sso", uid="1", user=cast.second_reader),
    )
    social_account_added.send(SocialLogin, request=None, sociallogin=signed_on)


def upload(cast: Cast, folder: Path, capture) -> None:
    """One upload is imported, another thrown away."""
    write_pair(folder / "dicom", "Abe-1")
    archive = folder / "scans of Abe.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted((folder / "dicom").rglob("*")):
            packed.write(file, file.relative_to(folder))
    sent = []
    for name in ("Wanted", "Unwanted"):
        with capture(execute=True):
            sent.append(send_files(cast.coordinator, name, archive))
    for one in sent:
        one.refresh_from_db()
    with capture(execute=True):
        cases.upload_confirm(upload=sent[0], name="Wanted")
    sent[0].refresh_from_db()
    received = cases.receiving_open(user=None, origin="node", peer="CAMERA")
    cases.file_add(upload=received, name="IM1", content=b"an image")
    cases.upload_take(upload=received, name="Received", by=cast.coordinator)
    client = Client()
    client.force_login(cast.coordinator)
    client.post(reverse("cases:upload-discard", args=[sent[1].pk]))
    case = sent[0].cohort.cases.get()
    client.post(
        reverse("cases:case-update", args=[sent[0].cohort_id, case.code]),
        {"slice_number": case.central_slice + 2, "reason": "The rule took a gland."},
    )
    cohort = sent[0].cohort
    client.post(
        reverse("cases:cohort-divide", args=[cohort.pk]),
        {"training": 1, "validation": 0, "test": 0},
    )
    client.get(reverse("cases:cohort-export", args=[cohort.pk]))
    bring_images(cohort, folder / "made elsewhere", cast.coordinator)
    make_differ(case)
    case_accept_parity(case=case, reason="Shown alike.", by=cast.coordinator)


def bring_images(cohort: Cohort, folder: Path, by: User) -> None:
    folder.mkdir()
    for case in cohort.cases.all():
        np.save(folder / f"{case.code}.npy", stack(seed=1))
    cases.images_import(cohort=cohort, name="ours", path=folder, by=by, as_is=True)


def make_differ(case: Case) -> None:
    """As if its scans lay apart."""
    finding = ParityFinding("offset", "The short scan is displaced.", blocking=True)
    case.parity = ParityReport((0.0, 0.0, 9.9), 5.0, (finding,)).to_json()
    case.save(update_fields=["parity"])


def run_methods(cast: Cast) -> None:
    file = SimpleUploadedFile("theirs.onnx", onnx_files.small())
    inference.weights_upload(file=file, told=TOLD, user=cast.coordinator)
    job = inference.job_request(
        cohort=cast.cohort, method="bilateral", user=cast.coordinator
    )
    client = Client()
    client.force_login(cast.coordinator)
    for act in ("cancel", "retry"):
        path = reverse(f"inference:job-{act}", args=[cast.cohort.pk, job.pk])
        client.post(path)


def train_networks(cast: Cast) -> None:
    """One is stopped and goes on to its end, the other is forgotten."""
    cohort = learners.make_divided()
    first, second = (
        learners.ask(cohort, user=cast.coordinator, seed=seed, epochs=1)
        for seed in (1, 2)
    )
    inference.training_stop(training=first, by=cast.coordinator)
    inference.training_resume(training=first, by=cast.coordinator)
    learners.run(first)
    inference.training_stop(training=second, by=cast.coordinator)
    second.refresh_from_db()
    second.checkpoint.save("checkpoint", ContentFile(b"numbers"))
    inference.training_forget(training=second, by=cast.coordinator)


def look_at_stability(cast: Cast) -> None:
    run = inference.stability_request(
        cohort=cast.cohort, method="gaussian", user=cast.coordinator, call=False
    )
    inference.stability_cancel(run=run, by=cast.coordinator)
    run.refresh_from_db()
    inference.stability_retry(run=run, by=cast.coordinator)


def sweep_depths() -> None:
    cohort = learners.make_divided("For a sweep")
    sweep = inference.sweep_request(
        cohort=cohort,
        factor="depth",
        levels=[1, 2],
        seeds=[1],
        epochs=1,
        split="test",
        call=False,
    )
    inference.sweep_stop(sweep=sweep)
    inference.sweep_restart(sweep=sweep, call=False)


def make_and_change_a_draft(cast: Cast) -> Study:
    study = make_study(
        cast.cohort,
        coordinator=cast.coordinator,
        readers=[cast.reader, cast.second_reader],
        slug="changed",
        opened=False,
    )
    reading.study_update(
        study=study,
        title="Another title",
        sessions=1,
        washout_days=0,
        spacing=1,
        case_split="",
        arms=[
            reading.ArmChoice("reference", "Standard", "reference"),
            reading.ArmChoice("gaussian", "Filtered"),
        ],
        readers=[cast.reader, cast.stranger],
        by=cast.coordinator,
    )
    return study


def read_something(cast: Cast) -> None:
    """Two answers; the first is then opened again and changed. Each is sent twice."""
    reader = reader_membership(cast.study, cast.reader)
    answer_twice(reader, GRADES, "one")
    reading.read_reopen(
        study=cast.study,
        reader=reader.code,
        session=1,
        number=1,
        reason="Wrong key.",
        by=cast.coordinator,
    )
    answer_twice(reader, {**GRADES, "left": 1}, "two")
    answer_twice(reader, GRADES, "three")


def answer_twice(reader: Membership, grades: dict[str, int], key: str) -> None:
    read = reading.read_next(reader=reader).read
    assert read is not None
    for _ in range(2):
        reading.read_submit(
            token=read.token, reader=reader, answers={"grade": grades}, key=key
        )


@pytest.fixture
def walk(cast: Cast, tmp_path, settings, django_capture_on_commit_callbacks) -> Cast:
    """All of it, but for what comes after the reading."""
    conduct(cast)
    settings.MEDIA_ROOT, settings.VAR_DIR = tmp_path / "media", tmp_path / "var"
    log_in_and_out(cast)
    change_accounts()
    protect_accounts(cast, django_capture_on_commit_callbacks)
    upload(cast, tmp_path, django_capture_on_commit_callbacks)
    run_methods(cast)
    train_networks(cast)
    look_at_stability(cast)
    sweep_depths()
    make_and_change_a_draft(cast)
    read_something(cast)
    backup_recorded(sealed=True)
    restore_recorded(made_at="2026-03-02T09:00:00+00:00")
    return cast


def end_and_export(cast: Cast, folder: Path) -> None:
    reading.study_close(study=cast.study, by=cast.coordinator)
    # agreed too early, and taken back
    reading.unblinding_approve(study=cast.study, by=cast.statistician)
    reading.unblinding_withdraw(study=cast.study, by=cast.statistician)
    unblind(cast.study)
    call_command("export_study", cast.study.slug, out=folder)
    reading.member_mark_simulated(study=cast.other_study)
