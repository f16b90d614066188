"""Doors for the worker; the Upload row is the truth."""

from celery import shared_task

from . import services


@shared_task
def scan_upload(upload_id: int) -> None:
    services.uploads_sweep()
    services.upload_scan(upload_id=upload_id)


@shared_task
def import_upload(upload_id: int) -> None:
    services.upload_import(upload_id=upload_id)
