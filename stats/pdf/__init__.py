"""The whole report as one tagged PDF.

blocks: the page's HTML as paragraphs, tables and figures: so page and PDF say the same.
report.typ: how they are set; it is given them as data and never as markup.
building.report_pdf: a frozen report as the bytes of its PDF, the same each time.
"""

from .building import report_pdf

__all__ = ["report_pdf"]
