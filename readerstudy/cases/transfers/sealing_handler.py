"""Receives a form's files sealed: Django's own handlers would leave them in clear."""

from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from ..services.receiving import Parcel

FIELD = "files"


class SealingHandler(FileUploadHandler):
    """Everything that `user` sends as `files` becomes one sealed parcel.

    request.FILES tells how many there were, and holds none of them.
    """

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user
        self.parcel: Parcel | None = None

    def new_file(self, field_name: str, file_name: str, *rest: Any) -> None:
        super().new_file(field_name, file_name, *rest)
        if field_name == FIELD:
            self.parcel = self.parcel or Parcel(self.user)
            self.parcel.begin(file_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.parcel and self.field_name == FIELD:
            self.parcel.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        return UploadedFile(ContentFile(b""), self.file_name, size=file_size)

    def upload_complete(self) -> None:
        if self.parcel:
            self.parcel.finish()

    def upload_interrupted(self) -> None:
        if self.parcel:
            self.parcel.close()
