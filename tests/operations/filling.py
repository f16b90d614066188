"""A system with something of everything, for a backup. Run as a program."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import django

ODD = {"floats": [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 1e22, 3.0, -0.0, 10**30]}
ODD |= {
    "text": "線条体 \u0085 𝔊 \\u0041 \ud7ff",
    "null": None,
    "b": {"z": 1, "a": [1]},
}
GRADES = {"grade": {"right": 3, "left": 2}}


def fill() -> None:
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study
    from tests.stability import save_stability

    coordinator = make_user("coordinator", coordinator=True)
    readers = [make_user(name) for name in ("reader", "second-reader")]
    cohort = make_cohort(coordinators=[coordinator])
    store_scans()
    save_stability(cohort, "gaussian")
    study = make_study(cohort, coordinator=coordinator, readers=readers)
    study.kappa_margin, study.case_codes = Decimal("0.100"), ["C001", "線"]
    study.save()
    read_some(study, number=5)
    make_odd_rows(study, coordinator, cohort)
    make_user("gone").delete()  # its number is never given again
    damage(make_cohort("Elsewhere", cases_wanted=1, methods=["short", "gaussian"]))


def store_scans() -> None:
    import numpy as np
    from django.core.files.base import ContentFile

    from readerstudy.cases.models import Series

    for series in Series.objects.all():
        file = BytesIO()
        np.save(file, np.full((60, 8, 8), series.pk, np.float32))
        series.counts.save("x.npy", ContentFile(file.getvalue()))


def read_some(study: Any, *, number: int) -> None:
    from readerstudy.reading import services as reading

    for reader in study.memberships.filter(role="reader"):
        for count in range(number):
            read = reading.read_next(reader=reader).read
            key = f"{reader.code}-{count}"
            comment = "脳室の拡大 👁 \t'quoted' \"so\" \\ % $1\nnext line"
            given = {"answers": GRADES, "key": key, "comment": comment}
            reading.read_submit(token=read.token, reader=reader, **given)


def make_odd_rows(study: Any, user: Any, cohort: Any) -> None:
    """Values of every kind, at their ends."""
    from django.core.files.base import ContentFile

    from inference.models import Weights, Worker
    from readerstudy.accounts.models import Token
    from readerstudy.cases.models import Upload, UploadFile
    from stats.models import FrozenDocument, FrozenReport, StriatalUptake

    last = datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)
    Token.objects.create(
        user=user, name="client", digest="ab" * 32, scopes=["a"], expires_at=last
    )
    for number, float_ in enumerate([0.1 + 0.2, 5e-324, 1.7976931348623157e308, None]):
        keys = {"reference_sha256": "a", "rendition_sha256": "b", "right": float_}
        StriatalUptake.objects.create(**keys, calculation=str(number), left=float_)
    weights = Weights(network="theirs", title="線", card=ODD, origin="uploaded")
    network = bytes(range(256)) * 9000
    weights.sha256, weights.format = hashlib.sha256(network).hexdigest(), "onnx"
    weights.uploaded_by = user
    weights.file.save("x", ContentFile(network))
    Worker.objects.create(claim="x", device="cpu", started_at=last, seen_at=last)
    upload = Upload.objects.create(uploaded_by=user, folder="ab" * 16, state="ready")
    UploadFile.objects.create(upload=upload, sealed_name=b"\0\xff\n", size=2**40)
    Upload.objects.create(uploaded_by=user, folder="cd" * 16, state="done")
    Upload.objects.create(folder="ef" * 16, state="receiving", origin="node")
    report = FrozenReport.objects.create(
        study=study,
        number=1,
        content='{"κ": 0.66}',
        sha256="0" * 64,
        built_at=last,
        program="1",
        program_sha256="",
        libraries=ODD,
        protocol_sha256="",
        answers=1,
        answers_sha256="",
        images=1,
        images_sha256="",
        audit_events=2**62,
        audit_anchor="",
    )
    content = bytes(range(256)) * 20
    FrozenDocument.objects.create(report=report, language="ja", content=content)


def damage(cohort: Any) -> None:
    """One image is lost, one is changed."""
    from pathlib import Path

    for case in cohort.cases.all():
        lost, changed = case.renditions.order_by("method")
        Path(lost.values.path).unlink()
        Path(changed.values.path).write_bytes(b"something else")
        for series in case.series.all():
            series.delete()


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill()
    print("{}")


if __name__ == "__main__":
    main()
