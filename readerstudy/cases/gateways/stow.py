"""The answer to a Store transaction of DICOMweb (PS3.18 10.5), as JSON or XML."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

JSON_TYPES = ("application/dicom+json", "application/json")
XML_TYPES = ("application/dicom+xml", "application/xml", "text/xml")
OFFERED = (*JSON_TYPES, *XML_TYPES)

# PS3.18 Table I.2-2
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
PROCESSING_FAILURE = 0x0110  # also: of another study than the address says


@dataclass(frozen=True)
class Stored:
    """What became of one instance. failure: a reason, None: it is stored.
    sop_class, sop_uid: "" where it does not say them."""

    sop_class: str = ""
    sop_uid: str = ""
    failure: int | None = None


def status_of(outcomes: Sequence[Stored]) -> HTTPStatus:
    """PS3.18 10.5.3: all, some or none of them are stored."""
    stored = sum(one.failure is None for one in outcomes)
    if not outcomes:
        return HTTPStatus.BAD_REQUEST
    if stored == len(outcomes):
        return HTTPStatus.OK
    return HTTPStatus.ACCEPTED if stored else HTTPStatus.CONFLICT


def response_of(outcomes: Sequence[Stored]) -> Dataset:
    """PS3.18 10.5.3.2. There is nothing to retrieve here, so RetrieveURL is empty."""
    response = Dataset()
    response.RetrieveURL = ""
    stored, failed, other = Items(), Items(), Items()
    for one in outcomes:
        item = Dataset()
        if one.sop_uid:
            item.ReferencedSOPClassUID = one.sop_class
            item.ReferencedSOPInstanceUID = one.sop_uid
        if one.failure is None:
            item.RetrieveURL = ""
            stored.append(item)
        else:
            item.FailureReason = one.failure
            (failed if one.sop_uid else other).append(item)
    if stored:
        response.ReferencedSOPSequence = stored
    if failed:
        response.FailedSOPSequence = failed
    if other:
        response.OtherFailuresSequence = other
    return response


def encoded(response: Dataset, media_type: str) -> bytes:
    if media_type in XML_TYPES:
        root = Element("NativeDicomModel")
        _fill(root, response)
        return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
    return json.dumps(response.to_json_dict()).encode()


def _fill(parent: Element, dataset: Dataset) -> None:
    """PS3.19 A.1, the Native DICOM Model."""
    for element in dataset:
        about = {"tag": f"{element.tag:08X}", "vr": element.VR}
        about["keyword"] = keyword_for_tag(element.tag)
        attribute = SubElement(parent, "DicomAttribute", about)
        if element.VR == "SQ":
            for number, item in enumerate(element.value, start=1):
                _fill(SubElement(attribute, "Item", number=str(number)), item)
        else:
            _value(attribute, element)


def _value(attribute: Element, element: DataElement) -> None:
    if element.value not in (None, ""):
        SubElement(attribute, "Value", number="1").text = str(element.value)
