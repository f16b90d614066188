"""PDFs that stay as they were first given out, whatever program comes later."""

from django.conf import settings

from ..models import FrozenDocument, FrozenReport
from .building import report_pdf


def document(frozen: FrozenReport, *, language: str) -> bytes:
    """The PDF of a frozen report: as it is kept, else made now and kept.

    Refused for a report that was frozen by a program with other tables, of which no
    PDF was made then.
    """
    kept = frozen.documents.filter(language=language)
    content = kept.values_list("content", flat=True).first()
    if content is None:
        FrozenDocument.objects.bulk_create(
            [
                FrozenDocument(
                    report=frozen,
                    language=language,
                    content=report_pdf(frozen, language=language),
                )
            ],
            ignore_conflicts=True,  # another one was quicker: that is the one
        )
        content = kept.values_list("content", flat=True).get()
    return bytes(content)


def documents_make(frozen: FrozenReport) -> None:
    """In every language; those that are kept already stay."""
    for language, _ in settings.LANGUAGES:
        document(frozen, language=language)
