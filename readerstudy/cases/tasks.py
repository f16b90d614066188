"""Doors for the worker; the Upload row is the truth."""

from celery import shared_task

from . import services


@shared_task(name="cases.scan_upload")  # type: ignore[untyped-decorator]
def scan_upload(upload_id: int) -> None:
    services.uploads_sweep()
    services.upload_scan(upload_id=upload_id)


@shared_task(name="cases.import_upload")  # type: ignore[untyped-decorator]
def import_upload(upload_id: int) -> None:
    services.files_sweep()
    services.upload_import(upload_id=upload_id)
