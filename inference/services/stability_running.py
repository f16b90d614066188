"""A run of the stability suite at work: case by case, then the arm.

What is found of a case is written beside the maps at once, under a name that no row
has: a worker that is killed leaves it, and the next one goes on from there. Only the
end of the run makes rows of it.
"""

import logging
import time
from functools import cached_property

from django.db import transaction

from inference import runtime, stability
from inference.claims import new_claim
from inference.computing import UNEXPECTED
from inference.models import StabilityRun
from inference.stability_runs.cases import CaseFiles, cases_of, images_of
from inference.stability_runs.maps import kept_slices
from inference.stability_runs.methods import subject_get
from inference.stability_runs.partial import Partial, Partials
from inference.stability_runs.runner import Runner, open_runner
from inference.stability_runs.settings import Chosen
from inference.stability_runs.simulated import SimulatedPatients
from readerstudy.api.troubles import is_full
from readerstudy.cases.models import Cohort
from readerstudy.cases.selectors.stability import images_digest
from readerstudy.cases.services.stability import (
    NewStability,
    NewStabilityCase,
    stability_maps_store,
    stability_save,
)
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.stability_measures import MEASURES

from .running import DISK_FULL, SOME_FAILED
from .runs import (
    SIGN_EVERY_S,
    ClaimLostError,
    run_claim,
    run_end,
    run_leave,
    run_put_back,
    run_report,
)
from .stability import stability_call

logger = logging.getLogger(__name__)
# Sentences are kept as they stand; the page translates them.
NO_CASES = gettext_noop(
    "No case has an image of the reference, one of the short scan and one by "
    "%(method)s, which has not learned from it."
)
ALL_FAILED = gettext_noop("All %(total)s cases failed. The first: %(reason)s")


def stability_run(*, run_id: int, seconds: float | None = None) -> None:
    """Take up a waiting run and do what is missing. Safe to call at any time.

    seconds: after so many it waits again, behind whatever else the queue holds.
    """
    claim = new_claim()
    rows = StabilityRun.objects.select_related("cohort", "weights")
    run = run_claim(rows, pk=run_id, claim=claim)
    if run is None:
        return
    try:
        work = _Work(run, claim, seconds)
        if work.do():
            work.end()
        else:
            run_leave(run, claim, stability_call)
    except (ClaimLostError, Cohort.DoesNotExist):
        logger.info("stability run %s: given up, it is no longer ours", run_id)
    except Refused as refusal:
        run_end(run, claim, StabilityRun.State.FAILED, message=str(refusal))
    except Exception as error:
        logger.exception("stability run %s failed", run_id)
        message = DISK_FULL if is_full(error) else UNEXPECTED
        run_put_back(run, claim, message=message)


class _Work:
    """One attempt at a run."""

    def __init__(
        self, run: StabilityRun, claim: str, seconds: float | None = None
    ) -> None:
        self.run, self.claim = run, claim
        self.until = None if seconds is None else time.monotonic() + seconds
        self.chosen = Chosen.from_json(run.settings)
        self.subject = subject_get(run.cohort, run.rendition_method)
        self.files = cases_of(run.cohort, run.rendition_method)
        if not self.files:
            raise Refused(NO_CASES % {"method": run.rendition_method})
        runs = {"runs": self.subject.runs, "settings": run.settings}
        self.partials = Partials(run, runs)
        self.done: dict[str, Partial] = {}  # by case code
        self.failures: dict[str, str] = {}
        self.reported_at = 0.0

    def do(self) -> bool:
        """Every case that is missing; False where time was up before."""
        for files in self.files:
            if found := self.partials.read(files):
                self.done[files.case.code] = found
        self._report(further=False, total=len(self.files))
        missing = [one for one in self.files if one.case.code not in self.done]
        if not missing:
            return True
        told = (self.run.pk, len(missing), len(self.files))
        logger.info("stability run %s: taken up, %s of %s cases to do", *told)
        with open_runner(self.subject, self._alive) as runner:
            versions = dict(runner.told["versions"])
            self._report(further=False, device=runner.told["device"], versions=versions)
            for place, files in enumerate(missing, start=1):
                self._one(files, runner)
                if place < len(missing) and self._time_is_up():
                    return False
        return True

    def _time_is_up(self) -> bool:
        # what failed is known to this attempt alone: it sees it to the end
        if self.until is None or self.failures:
            return False
        return time.monotonic() > self.until

    def _one(self, files: CaseFiles, runner: Runner) -> None:
        code = files.case.code
        try:
            images = images_of(files, grades=self._grades(files))
            found = stability.measure_case(
                images,
                run=runner.of(files, images),
                settings=self.chosen.suite,
                rescans=self._rescans(files),
                alive=self._alive,
            )
            slices, maps = kept_slices(found.maps)
            stored = stability_maps_store(maps)
            self.done[code] = self.partials.keep(files, found, stored, slices)
        except runtime.NetworkFailedError as failure:
            if failure.ended:  # nothing more can be asked of it
                raise
            self.failures[code] = str(failure)
        except Refused as refusal:
            self.failures[code] = str(refusal)
        self._report(further=code in self.done)

    @cached_property
    def patients(self) -> SimulatedPatients | None:
        """None where nobody said by which seed the cohort was simulated."""
        seed = self.chosen.simulation_seed
        if seed is None:
            return None
        return SimulatedPatients([one.case for one in self.files], seed=seed)

    def _grades(self, files: CaseFiles) -> dict[str, int]:
        return self.patients.grades(files.case) if self.patients else {}

    def _rescans(self, files: CaseFiles) -> stability.Rescans | None:
        if not self.patients or not self.chosen.rescan:
            return None
        return self.patients.rescans(files.case, self.chosen.suite)

    def _alive(self) -> None:
        """A large stack may take longer than others wait for a sign of life."""
        if time.monotonic() - self.reported_at > SIGN_EVERY_S:
            self._report(further=False)

    def _report(self, *, further: bool, **changes: object) -> None:
        run_report(
            self.run,
            self.claim,
            further=further,
            done=len(self.done),
            failures=self.failures,
            **changes,
        )
        self.reported_at = time.monotonic()

    def end(self) -> None:
        if not self.done:
            reason = next(iter(self.failures.values()))
            said = {"total": len(self.files), "reason": reason}
            raise Refused(ALL_FAILED % said)
        found = [one.findings for _, one in sorted(self.done.items())]
        arm = stability.measure_arm(found, settings=self.chosen.suite)
        state, message = StabilityRun.State.DONE, ""
        if self.failures:
            state = StabilityRun.State.FAILED
            of = {"failed": len(self.failures), "total": len(self.files)}
            message = SOME_FAILED % of
        with transaction.atomic():
            stability_save(
                cohort=self.run.cohort,
                method=self.run.rendition_method,
                found=self._new(arm),
                check=lambda: self._report(further=True),
            )
            run_end(self.run, self.claim, state, message=message)
            if not self.failures:
                transaction.on_commit(self.partials.forget, robust=True)

    def _new(self, arm: stability.ArmFindings) -> NewStability:
        held = StabilityRun.objects.get(pk=self.run.pk)
        done = [one for _, one in sorted(self.done.items())]
        series = {name: list(rows) for name, rows in arm.series.items()}
        return NewStability(
            suite=stability.SUITE,
            settings=self.run.settings,
            measures={key: one.to_json() for key, one in arm.measures.items()},
            series={
                **series,
                "worst": {key: list(codes) for key, codes in arm.worst.items()},
                "slices": {
                    one.files.case.code: list(one.slices) for one in done if one.slices
                },
                "failed": self.failures,
                "rescanned": self.chosen.rescan,
            },
            images_sha256=images_digest([one.files.hashes for one in done]),
            device=held.device,
            versions=held.versions,
            cases=[
                NewStabilityCase(one.files.case, _numbers(one), one.maps)
                for one in done
            ],
        )


def _numbers(one: Partial) -> dict[str, float | None]:
    """Every measure that a case can have; None where this one has not."""
    return {key: one.findings.numbers.get(key) for key in MEASURES}
