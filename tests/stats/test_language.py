"""Files for statistics programs are the same bytes in every language."""

import io
import zipfile

from django.contrib.auth.models import User
from django.test import Client

from readerstudy.reading.models import Score, Study
from stats.export_columns import FILES

EXPORT = "/studies/read-study/export/"


def test_csv_files_do_not_depend_on_the_language(
    client: Client, study: Study, statistician: User
) -> None:
    Score.objects.update(value=4)  # so that numbers are missing, with their reasons
    client.force_login(statistician)
    english, japanese = (
        client.get(EXPORT, headers={"Accept-Language": language}).getvalue()
        for language in ("en", "ja")
    )
    assert japanese == english
    with zipfile.ZipFile(io.BytesIO(japanese)) as archive:
        texts = {name: archive.read(f"{study.slug}/{name}") for name in FILES}
    assert b"both readings use a single grade" in texts["kappa.csv"]
    assert all(text.isascii() for text in texts.values())
