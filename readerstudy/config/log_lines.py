"""What every line of the log has to go through."""

import logging
import re

# Six numbers with dots between them: neither an address of a machine nor a version.
UID = re.compile(r"\b\d+(?:\.\d+){5,}\b|\b2\.25\.\d+(?:\.\d+)*\b")


class WithoutUids(logging.Formatter):
    """UIDs of DICOM objects lead to patients, and addresses of DICOMweb hold them."""

    def format(self, record: logging.LogRecord) -> str:
        return UID.sub("<uid>", super().format(record))
