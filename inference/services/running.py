"""A job at work: every case that still lacks its image, some at a time.

What is being done is always in the job's row and in the images' rows: a worker that
is killed at any moment leaves nothing that the next one would do differently.
"""

import hashlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import computing, registry, selectors
from inference.claims import new_claim
from inference.computing import UNEXPECTED, Values
from inference.exports import exports_folder
from inference.learned import Known, Under, learned_under
from inference.models import Job
from inference.whole_stacks import Scale, WholeStacks, scale_of
from readerstudy.api.troubles import is_full
from readerstudy.cases import selectors as cases_selectors
from readerstudy.cases import services as cases_services
from readerstudy.cases.learning import LEARNED_FROM
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.study_types import study_type_get

from .jobs import job_call, job_claim
from .runs import (
    SIGN_EVERY_S,
    ClaimLostError,
    run_end,
    run_leave,
    run_put_back,
    run_report,
)

logger = logging.getLogger(__name__)
# Sentences are kept as they stand; the page translates them.
SOME_FAILED = gettext_noop("%(failed)s of %(total)s cases failed.")
NO_SHORT = gettext_noop("It has no image of the short scan.")
CHANGED = gettext_noop("Its slices were changed meanwhile; try again.")
OTHER_SETTINGS = gettext_noop(
    "Cases of this cohort already have images by %(title)s with other settings "
    "(%(settings)s); both cannot stand in one arm."
)
DISK_FULL = gettext_noop("The server's disk is full.")
NO_WEIGHTS = gettext_noop("%(title)s has no weights.")

Stack = NDArray[np.uint8]
Made = Sequence[tuple[Case, Values | Refused]]


def job_run(*, job_id: int, seconds: float | None = None) -> None:
    """Take up a waiting job and do what is missing. Safe to call at any time:
    a job that is not waiting is left alone, a case that is done is not done again.

    seconds: after so many one of whole stacks, of which each may take minutes, waits
        again, behind whatever else the queue holds.
    """
    claim = new_claim()
    job = job_claim(job_id=job_id, claim=claim)
    if job is None:
        return
    try:
        work = _Work(job, claim, seconds)
        work.do()
        if work.left:
            run_leave(job, claim, job_call)
        else:
            work.end()
    except (ClaimLostError, Cohort.DoesNotExist):
        logger.info("job %s: given up, it is no longer ours", job_id)
    except Refused as refusal:
        run_end(job, claim, Job.State.FAILED, message=str(refusal))
    except Exception as error:
        logger.exception("job %s failed", job_id)
        message = DISK_FULL if is_full(error) else UNEXPECTED
        run_put_back(job, claim, message=message)


class _Work:
    """One attempt at a job."""

    def __init__(self, job: Job, claim: str, seconds: float | None) -> None:
        self.job, self.claim = job, claim
        self.until = None if seconds is None else time.monotonic() + seconds
        self.left = False  # time was up before the last case
        self.spec = registry.method_get(job.method)
        self.kind = study_type_get(job.cohort.study_type)
        self.cases = list(job.cohort.cases.order_by("code"))
        self.patient_ids = cases_selectors.digests_of(self.cases)
        shorts = Rendition.objects.filter(case__cohort=job.cohort, method="short")
        self.shorts = {row.case_id: row for row in shorts.select_related("case")}
        card = job.weights.card if job.weights else {}
        self.under = learned_under(card) if job.weights else Under()
        own = card.get("configuration", {}) if job.weights else self.spec.settings
        self.settings = {**own, **self.under.settings}
        self.provenance: dict[str, Any] = {}
        self.scales: dict[int, Scale] = {}  # of whole stacks, by case
        self.done: set[int] = set()
        self.failures: dict[str, str] = {}  # case code → what went wrong
        self.brought, self.reported_at = False, 0.0

    @cached_property
    def known(self) -> Known | None:
        """Whom the weights know; None for a filter. Found out while the network's
        process is busy with the first cases."""
        return Known(self.job.weights.card) if self.job.weights else None

    def do(self) -> None:
        """Every case that is not done. ClaimLostError once the job is not ours."""
        self.done = self._done_cases()
        missing = [case for case in self.cases if case.pk not in self.done]
        self.report(further=False, total=len(self.cases))
        told = (self.job.pk, len(missing), len(self.cases))
        logger.info("job %s: taken up, %s of %s cases to do", *told)
        if not missing:
            return
        with self._method() as method:
            self.provenance = self._provenance(method.told)
            self.report(
                further=False,
                device=method.told["device"],
                versions=dict(method.told["versions"]),
            )
            for made in self._outputs(method, missing):
                self._store(made)

    def end(self) -> None:
        if self.failures:
            message = SOME_FAILED % {
                "failed": len(self.failures),
                "total": len(self.cases),
            }
            state, hashes = Job.State.FAILED, {}
            self.report(further=False)
        else:
            message, state, hashes = "", Job.State.DONE, self._hashes()
        run_end(self.job, self.claim, state, message=message, **hashes)

    def _alive(self) -> None:
        """A large stack may take longer than others wait for a sign of life; and who
        has cancelled need not wait for its end."""
        if time.monotonic() - self.reported_at > SIGN_EVERY_S:
            self.report(further=False)

    def report(self, *, further: bool, **changes: object) -> None:
        """Sign of life and progress; raises ClaimLostError when the job is not ours."""
        self.reported_at = time.monotonic()
        run_report(
            self.job,
            self.claim,
            further=further,
            done=len(self.done),
            failures=self.failures,
            **changes,
        )

    def _method(self) -> AbstractContextManager[computing.Method]:
        if self.spec.kind == "filter":
            return computing.open_filter(self.spec)
        if self.job.weights is None:
            raise Refused(NO_WEIGHTS % {"title": self.spec.title})
        file = selectors.network_file(self.job.weights)
        return computing.open_network(
            file, cache=exports_folder(), window=self.under.window
        )

    def _provenance(self, told: Any) -> dict[str, Any]:
        """How the images come about, stored beside each. What stands here may differ
        from case to case of one arm, but for the settings: see _done_cases."""
        return {
            "made_by": self.spec.kind,
            "method": self.spec.key,
            "settings": self.settings,
            "weights_sha256": self.job.weights.sha256 if self.job.weights else None,
            "device": told["device"],
            "engine": told["engine"],
            "versions": dict(told["versions"]),
        }

    def _done_cases(self) -> set[int]:
        """The cases that have this image, made in the way it would be made now.

        Method, weights and settings are that way. Another device, or other versions
        of what computes, change the last bits of an output and no arm: images made
        with them stay. A row whose file was lost or damaged is no image, and one that
        was made from another short image than today's shows other slices: both are
        made again. So is one that does not say what its patient was to the network.
        """
        done = set()
        rows = Rendition.objects.filter(
            case__cohort=self.job.cohort, method=self.job.rendition_method
        )
        for rendition in rows.select_related("case"):
            said = rendition.provenance
            if said.get("settings") != self.settings:
                told = {"title": self.spec.title, "settings": said.get("settings")}
                raise Refused(OTHER_SETTINGS % told)
            today = self.shorts.get(rendition.case_id)
            made_from = said.get("input_sha256")
            stale = today and made_from and made_from != today.sha256
            silent = self.job.weights is not None and LEARNED_FROM not in said
            if stale or silent or not cases_selectors.rendition_is_whole(rendition):
                continue
            done.add(rendition.case_id)
        return done

    def _outputs(
        self, method: computing.Method, missing: Sequence[Case]
    ) -> Iterator[Made]:
        if self.kind.is_stack:
            tiled = self.spec.kind == "network"
            stacks = WholeStacks(method, tiled=tiled, alive=self._alive)
            return stacks.outputs(self._in_unit(missing))
        return method.outputs(self._stacks(missing))

    def _stacks(self, missing: Sequence[Case]) -> Iterator[tuple[Case, Stack]]:
        """What the method is given of each case: the study's 8-bit image."""
        for case, values in self._inputs(missing):
            yield case, to_eight_bit(values)

    def _in_unit(
        self, missing: Sequence[Case]
    ) -> Iterator[tuple[Case, NDArray[Any], Scale]]:
        """Of whole stacks: values in their unit, and what 0 and 1 stand for."""
        shorts = Series.objects.filter(case__in=missing, role=Series.Role.SHORT)
        units = dict(shorts.values_list("case", "unit"))
        for case, values in self._inputs(self._while_there_is_time(missing)):
            try:
                self.scales[case.pk] = scale_of(
                    self.kind, units.get(case.pk, ""), values
                )
            except Refused as refusal:
                self.failures[case.code] = str(refusal)
            else:
                yield case, values, self.scales[case.pk]

    def _while_there_is_time(self, missing: Sequence[Case]) -> Iterator[Case]:
        """Something is made first; and what failed is known to this attempt alone,
        which sees it to the end."""
        for case in missing:
            up = self.until is not None and time.monotonic() > self.until
            if up and self.brought and not self.failures:
                self.left = True
                return
            yield case

    def _inputs(self, missing: Iterable[Case]) -> Iterator[tuple[Case, NDArray[Any]]]:
        for case in missing:
            short = self.shorts.get(case.pk)
            try:
                if short is None:
                    raise Refused(NO_SHORT)
                yield case, cases_selectors.rendition_values(short)
            except Refused as refusal:
                self.failures[case.code] = str(refusal)

    def _store(self, made: Made) -> None:
        """All of them at once, with the job's progress: both or neither."""
        images = []
        for case, output in made:
            if isinstance(output, Refused):
                self.failures[case.code] = str(output)
            else:
                images.append(self._image(case, output))
        if not images:
            self.report(further=False)
            return
        before = set(self.done)
        stored = cases_services.renditions_save(
            method=self.job.rendition_method,
            images=images,
            still_wanted=lambda: self._still_wanted([i.case for i in images]),
        )
        refused = {pk for pk, row in stored.items() if isinstance(row, Refused)}
        self.done -= refused - before
        for image in images:
            if isinstance(row := stored.get(image.case.pk), Refused):
                self.failures[image.case.code] = str(row)

    def _image(self, case: Case, output: Values) -> cases_services.NewImage:
        learned = (
            {LEARNED_FROM: self.known.learned(*self.patient_ids[case.pk])}
            if self.known  # what the patient was to the network; nothing of a filter
            else {}
        )
        made_from: dict[str, Any] = {"input_sha256": self.shorts[case.pk].sha256}
        if scale := self.scales.get(case.pk):  # what 0 and 1 stood for
            made_from["scale"] = [scale.low, scale.high]
        return cases_services.NewImage(
            case, output, {**self.provenance, **learned, **made_from}
        )

    def _still_wanted(self, cases: Sequence[Case]) -> set[int]:
        """With the cohort locked: the slices of a case may have been corrected while
        we were computing, and the job may be somebody else's."""
        rows = Rendition.objects.filter(case__in=cases, method="short")
        now = dict(rows.values_list("case", "sha256"))
        wanted = {c.pk for c in cases if now.get(c.pk) == self.shorts[c.pk].sha256}
        for case in cases:
            if case.pk not in wanted:
                self.failures[case.code] = CHANGED
        self.done |= wanted
        self.brought = self.brought or bool(wanted)
        self.report(further=bool(wanted))
        return wanted

    def _hashes(self) -> dict[str, str]:
        """One SHA-256 over those of all cases' images, in the order of their codes."""
        rows = Rendition.objects.filter(
            case__cohort=self.job.cohort, method=self.job.rendition_method
        )
        outputs = dict(rows.values_list("case", "sha256"))
        inputs = {pk: row.sha256 for pk, row in self.shorts.items()}
        return {
            "input_sha256": self._hash(inputs),
            "output_sha256": self._hash(outputs),
        }

    def _hash(self, hashes: dict[int, str]) -> str:
        lines = (hashes.get(case.pk, "") for case in self.cases)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
