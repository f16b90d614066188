"""Uploads and a cohort that wait for a person, with all that pages show of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from readerstudy.cases.matching.pairing import NO_PARTNER, propose
from readerstudy.cases.matching.planning import coded
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.plan import (
    CohortPlan,
    ParityFinding,
    ParityReport,
    PlannedPair,
    ScannedSeries,
    Single,
)
from readerstudy.cases.services.receiving import upload_folder
from readerstudy.cases.services.uploads import UNEXPECTED, plan_keep
from readerstudy.cases.sources import LeftOut
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE
from tests.cases.scans import LONG, again, keep
from tests.cases.stacks import body, noisy
from tests.cast import Cast
from tests.factory import make_cohort
from tests.imaging.objects import head


def make_upload(cast: Cast) -> Upload:
    """A plain pair and one that is uncertain, a scan alone, a file left out."""
    upload = Upload.objects.create(
        name=cast.cohort.name,
        uploaded_by=cast.coordinator,
        state=Upload.State.READY,
        folder="ready",
        error=UNEXPECTED,
    )
    folder = upload_folder(upload)
    note = "The shorter scan has more counts than the longer one."
    finding = ParityFinding("offset", "They lie apart.", blocking=True)
    plan = CohortPlan(
        folder=folder,
        pairs=(
            PlannedPair(
                "C002",
                make_scan(folder, 2, minutes=25),
                make_scan(folder, 3, minutes=5),
                central_slice=6,
                central_rule="central-region",
                parity=ParityReport((0.0, 0.1, 9.9), 5.0, (finding,)),
                certain=False,
            ),
            PlannedPair(
                "C001",
                make_scan(folder, 0, minutes=25),
                make_scan(folder, 1, minutes=5),
                central_slice=6,
                central_rule="central-region",
                parity=ParityReport(offset_mm=None, count_ratio=None),
                notes=(note,),
            ),
        ),
        singles=(Single(_other_pixels(make_scan(folder, 4, minutes=5)), NO_PARTNER),),
        left_out=(LeftOut("3.dcm", "It is not an ordinary file."),),
    )
    plan_keep(upload, plan)
    return upload


def _other_pixels(scan: ScannedSeries) -> ScannedSeries:
    before = {"shape": [9, 64, 64], "spacing_mm": [4.8, 4.8, 4.8]}
    return replace(scan, resampled_from=before)


def make_unlike(cast: Cast) -> Cohort:
    """A case whose scans lie apart; nobody has said why that may stay."""
    cohort = make_cohort("Unlike", coordinators=[cast.coordinator], cases_wanted=1)
    case = cohort.cases.get()
    finding = ParityFinding("offset", "They lie apart.", blocking=True)
    case.parity = ParityReport((0.0, 0.1, 9.9), 5.0, (finding,)).to_json()
    case.slice_candidates = {"central-region": 30, "hottest-voxel": 12}
    case.save()
    return cohort


def make_scan(folder: Path, number: int, *, minutes: int) -> ScannedSeries:
    """A small head, as a scan would leave it."""
    voxels = head(scale=minutes / 5)
    middle = dict.fromkeys(LONG.candidates, 6)
    scan = again(LONG, number, duration_s=minutes * 60.0, candidates=middle)
    scan = replace(scan, files=(f"{number}.dcm",), total_counts=float(voxels.sum()))
    return keep(folder, scan, voxels)


def make_stack_upload(user: User) -> Upload:
    """Two CT scans of one body, of which nothing tells which is the reference."""
    upload = Upload.objects.create(
        name="Low dose",
        uploaded_by=user,
        state=Upload.State.READY,
        folder="stacks",
        study_type=IMAGE_TO_IMAGE,
    )
    folder = upload_folder(upload)
    scans = [_ct(folder, number) for number in (0, 1)]
    proposal = propose(scans, folder=folder, resampling=False)
    plan = CohortPlan(
        folder=folder,
        pairs=coded(proposal.pairs),
        singles=proposal.singles,
        left_out=(),
        study_type=IMAGE_TO_IMAGE,
        file_count=2 * len(body()),
    )
    plan_keep(upload, plan)
    return upload


def _ct(folder: Path, number: int) -> ScannedSeries:
    values = noisy(body(), seed=number)
    scan = replace(
        again(LONG, number),
        files=tuple(f"{number}/{index}.dcm" for index in range(len(values))),
        modality="CT",
        unit="HU",
        study_type=IMAGE_TO_IMAGE,
        duration_s=None,
        spacing_mm=(3.0, 0.8, 0.8),
        candidates={"middle": len(values) // 2},
        total_counts=float(values.sum()),
        negative_voxels=int((values < 0).sum()),
    )
    return keep(folder, scan, values)


def make_fetching(user: User, hours: int) -> Upload:
    """hours: from now to its last sign of life; below 0, it is silent since then."""
    return Upload.objects.create(
        name="From the archive",
        uploaded_by=user,
        origin=Upload.Origin.PULL,
        peer="Archive",
        folder=f"fetching-{hours}",
        state=Upload.State.RECEIVING,
        heartbeat_at=timezone.now() + timedelta(hours=hours),
        done=3,
        total=8,
    )


def make_half_sent(user: User) -> Upload:
    """What a browser had begun to send when its line broke."""
    upload = Upload.objects.create(
        name="Broken off",
        uploaded_by=user,
        state=Upload.State.RECEIVING,
        folder="half-sent",
        received_at=timezone.now(),
    )
    megabyte = 2**20
    UploadFile.objects.create(
        upload=upload, sealed_name=b"", size=950 * megabyte, received=312 * megabyte
    )
    return upload


def make_received() -> Upload:
    """Two scans that a camera sent to the DICOM node; nobody has taken them."""
    upload = Upload.objects.create(
        origin=Upload.Origin.NODE,
        peer="CAMERA_2",
        state=Upload.State.RECEIVING,
        folder="received",
        received_at=timezone.now(),
    )
    for _ in range(2):
        UploadFile.objects.create(
            upload=upload, sealed_name=b"", size=2**21, received=2**21
        )
    return upload
