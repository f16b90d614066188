"""Bytes that lie elsewhere, or elsewhere in another file, as a file of their own."""

import errno
import io


class SeekableView(io.RawIOBase):
    """Reads and seeks in `length` bytes, which a subclass brings."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._at = 0

    def bytes_at(self, start: int, most: int) -> bytes:
        """Some bytes from `start` on, `most` at most; none only if they are cut off."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}
        if (at := start[whence] + offset) < 0:
            # as files of the system do: zipfile asks for an end that may not be there
            raise OSError(errno.EINVAL, f"there is no byte {at} in a file")
        self._at = at
        return at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._length - self._at)
        content = self.bytes_at(self._at, wanted) if wanted > 0 else b""
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
