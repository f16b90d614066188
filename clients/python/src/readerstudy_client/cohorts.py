"""Cohorts: patients' examinations, and the images that were made of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .transport import Transport

ENDED = {"done", "failed", "cancelled"}


@dataclass(frozen=True)
class Cohort:
    """One cohort; `plain` is all that the site told of it."""

    pk: int
    name: str
    plain: dict[str, Any]
    transport: Transport

    @property
    def methods(self) -> tuple[str, ...]:
        """Ways of making the image that some case has already."""
        return tuple(one["method"] for one in self.plain.get("methods", ()))

    def refresh(self) -> "Cohort":
        return cohort_of(self.transport.get(f"cohorts/{self.pk}/"), self.transport)

    def cases(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages(f"cohorts/{self.pk}/cases/")

    def jobs(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages(f"cohorts/{self.pk}/jobs/")

    def run(self, method: str) -> dict[str, Any]:
        """Have a filter or network make the image of every case."""
        given = {"method": method}
        job: dict[str, Any] = self.transport.send(
            "POST", f"cohorts/{self.pk}/jobs/", given
        )
        return job

    def wait(self, job: dict[str, Any], *, every: float = 2.0) -> dict[str, Any]:
        """The job once it has ended."""
        while job["state"] not in ENDED:
            time.sleep(every)
            job = self.transport.get(f"cohorts/{self.pk}/jobs/{job['id']}/")
        return job


def cohort_of(plain: dict[str, Any], transport: Transport) -> Cohort:
    return Cohort(plain["id"], plain["name"], plain, transport)
