"""Arrays from outside whose heads lie."""

import struct
from io import BytesIO, RawIOBase

import pytest

from readerstudy.cases.scanning.arrays import read_array
from readerstudy.imaging.errors import Refused

SHAPE = (1, 4, 4)


class Endless(RawIOBase):
    """A head that says how long it is, and then blanks."""

    def __init__(self, head: bytes) -> None:
        self.head, self.given = BytesIO(head), 0

    def read(self, size: int = -1) -> bytes:
        found = self.head.read(size) or b" " * min(size, 2**20)
        self.given += len(found)
        return found


@pytest.mark.parametrize("version", [2, 3])
def test_a_head_of_gigabytes_is_not_read(version):
    file = Endless(b"\x93NUMPY" + bytes((version, 0)) + struct.pack("<I", 2**26))
    with pytest.raises(Refused, match="no array that NumPy has written"):
        read_array(file, shapes=(SHAPE,))
    assert file.given < 2**17


def test_a_shape_of_truths_is_one_of_numbers():
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (True, 4, 4)}"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head))
    assert read_array(BytesIO(start + head + bytes(64)), shapes=(SHAPE,)).sum() == 0
