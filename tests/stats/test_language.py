"""Files for statistics programs are the same bytes in every language."""

from django.utils import translation

from readerstudy.reading.models import Score, Study
from stats.exporting.bundle import file_pieces
from stats.exporting.columns import FILES
from stats.reporting.building import report_build
from stats.services import image_quality_measure


def exported(study: Study, language: str) -> dict[str, bytes]:
    """File name → bytes, made while pages speak `language`."""
    with translation.override(language):
        report = report_build(study=study)
        return {
            name: b"".join(file_pieces(name, study=study, report=report, excel=False))
            for name in FILES
        }


def test_csv_files_do_not_depend_on_the_language(study: Study) -> None:
    Score.objects.update(value=4)  # so that numbers are missing, with their reasons
    image_quality_measure(study=study)
    english, japanese = exported(study, "en"), exported(study, "ja")
    for name in FILES:
        assert japanese[name] == english[name]
        assert japanese[name].isascii()
    assert b"both readings use a single grade" in japanese["kappa.csv"]
