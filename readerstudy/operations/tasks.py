"""What is cleared away by itself, because nobody needs it any more."""

from typing import Any

from celery import Celery, current_app, shared_task

TIDY_SECONDS = 12 * 3600.0


@shared_task(name="operations.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    """Sessions that have ended, and answers that are kept for programs long enough."""
    from django.core.management import call_command

    from readerstudy.api.idempotency import answers_forget

    call_command("clearsessions")
    answers_forget()


@current_app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def schedule(sender: Celery, **kwargs: Any) -> None:
    sender.add_periodic_task(
        TIDY_SECONDS, tidy.s(), name=tidy.name, expires=TIDY_SECONDS
    )
