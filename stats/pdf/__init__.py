"""The whole report as one tagged PDF.

blocks: the page's HTML as paragraphs, tables and figures: so page and PDF say the same.
report.typ: how they are set; it is given them as data and never as markup.
building.report_pdf: a frozen report as the bytes of its PDF, the same each time.
keeping.document: the PDF that is kept of it.
"""

from .building import report_pdf
from .keeping import document, documents_make

__all__ = ["document", "documents_make", "report_pdf"]
