# ruff: noqa: E402 - Django is set up first
"""Fills a system of the first release; see README.md. Run with that release's code."""

import json
import sys
from io import BytesIO
from pathlib import Path

import django

django.setup()

import numpy as np
from django.core.files.base import ContentFile
from django.core.management import call_command

call_command("migrate", verbosity=0)

import tests.factory as factory
from readerstudy.cases.models import Series, Upload
from readerstudy.reading import services as reading
from readerstudy.reading.models import Score
from stats.services import image_quality_measure
from tests.cast import make_user


def stack(*, seed, noise=0.05):
    """Smooth, in 64 steps: it packs well."""
    row, column = np.mgrid[:64, :64]
    image = 0.2 * (((row - 32) / 28) ** 2 + ((column - 32) / 22) ** 2 < 1)
    for centre in (25, 39):
        spot = np.exp(-((row - 29) ** 2 + (column - centre) ** 2) / 12)
        image = image + (0.3 + 0.1 * seed + noise) * spot
    steps = np.round(64 * image / image.max()) / 64
    return np.repeat(steps[None], 5, axis=0).astype(np.float32)


factory.stack = stack
coordinator = make_user("coordinator", coordinator=True)
statistician = make_user("statistician")
people = [make_user(name) for name in ("reader", "second-reader")]
cohort = factory.make_cohort(cases_wanted=3, coordinators=[coordinator])
for series in Series.objects.all():
    out = BytesIO()
    np.save(out, np.full((60, 16, 16), series.pk, np.float32))
    series.counts.save("x.npy", ContentFile(out.getvalue()))


def read_some(study, member, place, most):
    """Some answers; the second and third are changed, each with a reason."""
    for number in range(1, most + 1):
        read = reading.read_next(reader=member).read
        if read is None:
            return
        for change in range(2 if number in (2, 3) else 1):
            count = number + change
            right, left = 1 + (count * 7 + place) % 4, 1 + (count * 5) % 4
            reading.read_submit(
                token=read.token,
                reader=member,
                answers={"grade": {"right": right, "left": left}},
                key=f"key-{study.slug}-{place}-{number}-{change}",
                reason="Wrong key: 右と左。" if change else "",
            )


for slug in ("read-and-unblinded", "still-open"):
    study = factory.make_study(
        cohort,
        slug=slug,
        coordinator=coordinator,
        readers=people,
        statistician=statistician,
    )
    for place, member in enumerate(study.memberships.filter(role="reader")):
        read_some(study, member, place, 1000 if slug.startswith("read") else 3 + place)
    if slug.startswith("read"):
        reading.study_close(study=study, by=coordinator)
        study = reading.study_unblind(study=study, by=coordinator)
        image_quality_measure(study=study)
waiting = {"name": "On its way", "folder": "ab" * 16, "state": "ready"}
Upload.objects.create(uploaded_by=coordinator, **waiting)
rows = [
    [
        *(one.read.session.study.slug, one.read.reader.code),
        *(one.read.session.number, one.read.position, one.read.case.code),
        *(one.read.arm.method, one.read.repeat, one.question, one.side, one.value),
        *(one.version, one.reason, one.key, one.scored_by.username),
        one.scored_at.isoformat(),
    ]
    for one in Score.objects.order_by("read", "version", "side")
]
text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
Path(sys.argv[1]).write_text(text.replace("],[", "],\n[") + "\n")
