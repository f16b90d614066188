"""A study's rows become its report: compared with a calculation done the long way."""

from collections import Counter

import numpy as np
import pytest

from readerstudy.cases import selectors as cases
from readerstudy.cases import services as cases_services
from readerstudy.cases.models import Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.reading.models import Membership, Read, Score, Study
from stats.models import ImageQuality
from stats.outcomes import Interval, NotEstimable, Reason
from stats.reporting.building import report_build
from stats.reporting.images import image_set
from stats.reporting.report import Report
from stats.services import image_quality_measure

from .studies import answer_again, make_cohort, make_study


@pytest.fixture
def report(study: Study) -> Report:
    assert image_quality_measure(study=study)
    return report_build(study=study)


def grade(reader: str, arm: str, case: str, side: str, repeat: int = 0) -> int:
    score = Score.objects.filter(
        answer__read__reader__code=reader,
        answer__read__arm__code=arm,
        answer__read__case__code=case,
        answer__read__repeat=repeat,
        side=side,
    ).latest("answer__version")
    return score.value


def pairs(reader: str, arm: str, *, repeats: tuple[int, int] | None = None):
    """Grades of the reference and of `arm`, or of its two readings."""
    places = [(f"C{n:03}", side) for n in range(1, 7) for side in ("right", "left")]
    if repeats:
        return tuple(
            [grade(reader, arm, *place, repeat=repeat) for place in places]
            for repeat in repeats
        )
    return tuple(
        [grade(reader, one, *place) for place in places] for one in ("reference", arm)
    )


def test_kappa_is_each_reader_against_their_own_reference(report: Report) -> None:
    from sklearn.metrics import cohen_kappa_score

    assert [line.arm.code for line in report.kappa] == ["short", "unet"]
    for line in report.kappa:
        values = []
        for one in line.readers:
            first, second = pairs(one.reader, line.arm.code)
            expected = cohen_kappa_score(
                first, second, labels=[1, 2, 3, 4], weights="quadratic"
            )
            assert one.both.kappa == pytest.approx(expected)
            assert (one.both.items, one.both.patients) == (12, 6)
            assert (one.right.items, one.left.items) == (6, 6)
            values.append(expected)
        assert line.mean == pytest.approx(np.mean(values))
    assert isinstance(report.kappa[0].readers[0].both.interval, Interval)


def test_intra_reader_kappa_is_first_against_second_reading(report: Report) -> None:
    from sklearn.metrics import cohen_kappa_score

    assert [(line.arm.code, line.reader) for line in report.intra_reader] == [
        ("unet", "A"),
        ("unet", "B"),
        ("unet", "C"),
    ]
    for line in report.intra_reader:
        first, second = pairs(line.reader, "unet", repeats=(0, 1))
        assert line.both.kappa == pytest.approx(
            cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights="quadratic")
        )


def test_grades_are_counted_and_compared_with_the_standard(report: Report) -> None:
    reference, short, _unet = report.grades
    assert reference.shift is None
    given = Counter(
        Score.objects.filter(
            answer__read__arm__code="short", answer__read__repeat=0, answer__version=1
        ).values_list("value", flat=True)
    )
    assert short.counts == tuple(given[value] for value in (1, 2, 3, 4))
    differences = [
        np.subtract(*reversed(pairs(reader, "short"))).mean() for reader in "ABC"
    ]
    assert short.shift.mean == pytest.approx(np.mean(differences))
    assert [shift.mean for _, shift in short.shifts] == pytest.approx(differences)


def test_image_quality_is_that_of_the_eight_bit_images(
    study: Study, report: Report
) -> None:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    psnr, ssim = [], []
    for case in study.cohort.cases.all():
        reference, image = (
            to_eight_bit(
                cases.rendition_values(cases.rendition_get(case=case, method=method))
            )
            for method in ("reference", "unet")
        )
        for first, second in zip(reference, image, strict=True):
            psnr.append(peak_signal_noise_ratio(first, second, data_range=255))
            ssim.append(
                structural_similarity(
                    first,
                    second,
                    data_range=255,
                    gaussian_weights=True,
                    sigma=1.5,
                    use_sample_covariance=False,
                )
            )
    for table, values in zip(report.quality[:2], (psnr, ssim), strict=True):
        unet = table.arms[1]
        assert unet.arm.code == "unet"
        assert unet.images.n == 30
        assert unet.images.mean == pytest.approx(np.mean(values))
        assert unet.images.standard_deviation == pytest.approx(np.std(values, ddof=1))
        by_patient = np.reshape(values, (6, 5)).mean(axis=1)
        assert unet.patient_means == pytest.approx(by_patient)


def test_the_arm_read_twice_is_the_control_unless_another_is_asked_for(
    study: Study, report: Report
) -> None:
    assert report.control.code == "unet"
    short, unet = report.quality[0].arms
    assert unet.against_control is None
    # less noise in every patient: ranks 1 and 2, z = -1 / sqrt(2 · 3 / (6 · 6))
    assert short.against_control.z == pytest.approx(-np.sqrt(6))
    other = report_build(study=study, control="short").quality[0].arms
    assert other[0].against_control is None
    assert other[1].against_control.z == pytest.approx(np.sqrt(6))
    with pytest.raises(Refused, match="no arm “nothing”"):
        report_build(study=study, control="nothing")


def test_slices_as_blocks_are_offered_and_labelled(
    study: Study, report: Report
) -> None:
    assert (report.quality[0].blocks, report.quality[0].friedman.blocks) == (
        "patient",
        6,
    )
    slice_wise = report_build(study=study, slice_wise=True).quality[0]
    assert (slice_wise.blocks, slice_wise.friedman.blocks) == ("slice", 30)


@pytest.mark.parametrize("by", ["patient_digest", "second_patient_digest"])
def test_two_cases_of_one_patient_are_one_cluster(study: Study, by: str) -> None:
    first, second = study.cohort.cases.order_by("code")[:2]
    setattr(second, by, first.patient_digest)
    second.save()
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert (report.cases, report.patients) == (6, 5)
    agreement = report.kappa[0].readers[0].both
    assert (agreement.items, agreement.patients) == (12, 5)
    assert agreement.interval.degrees_of_freedom == 4
    assert report.quality[0].friedman.blocks == 5


@pytest.mark.parametrize("state", ["draft", "open", "closed"])
def test_there_is_no_report_before_unblinding(study: Study, state: str) -> None:
    study.state = state
    with pytest.raises(Refused, match="not unblinded yet"):
        report_build(study=study)


def test_a_changed_score_counts_as_it_stands_now(study: Study) -> None:
    read = Read.objects.get(
        reader__code="A", arm__code="short", case__code="C001", repeat=0
    )
    old = Score.objects.filter(answer__read=read).get(side="left")
    new_value = 1 if old.value > 2 else 4
    again = answer_again(read, left=new_value)
    counts = list(report_build(study=study).grades[1].counts)
    expected = Counter(
        Score.objects.filter(answer__read__arm__code="short", answer__read__repeat=0)
        .exclude(pk=old.pk)
        .exclude(answer=again, side="right")
        .values_list("value", flat=True)
    )
    assert counts == [expected[value] for value in (1, 2, 3, 4)]
    assert sum(counts) == 36


def test_a_reader_who_gave_one_grade_only_has_no_kappa_and_no_mean(
    study: Study,
) -> None:
    Score.objects.filter(
        answer__read__reader__code="B",
        answer__read__arm__code__in=["reference", "short"],
    ).update(value=4)
    line = report_build(study=study).kappa[0]
    assert line.readers[1].both.kappa == NotEstimable(Reason.BOTH_CONSTANT)
    assert not isinstance(line.readers[0].both.kappa, NotEstimable)
    assert line.mean == NotEstimable(Reason.READER_MISSING)


def test_reads_that_were_never_made_are_missing_not_zero(study: Study) -> None:
    unread = Read.objects.filter(reader__code="C", arm__code="unet", repeat=1)
    Score.objects.filter(answer__read__in=unread).delete()
    unread.update(submitted_at=None)
    report = report_build(study=study)
    assert (report.reads_planned, report.reads_submitted) == (72, 66)
    assert report.intra_reader[2].both.kappa == NotEstimable(Reason.NO_READS)
    assert not report.complete


def test_simulated_readers_and_images_are_said_apart(study: Study) -> None:
    report = report_build(study=study)
    assert (report.readers_simulated, report.images_simulated) == (False, True)
    Membership.objects.filter(study=study, code="A").update(simulated=True)
    assert report_build(study=study).readers_simulated


def test_measuring_twice_changes_nothing(study: Study) -> None:
    image_quality_measure(study=study)
    before = list(ImageQuality.objects.order_by("pk").values_list())
    assert image_quality_measure(study=study)
    assert list(ImageQuality.objects.order_by("pk").values_list()) == before
    assert len(before) == 6 * 2 * 5 * 3  # cases, arms, slices, masks


def test_measuring_stops_when_its_time_is_over_and_goes_on_later(study: Study) -> None:
    assert not image_quality_measure(study=study, seconds=0)
    images = image_set(study)
    assert 0 < images.done < images.total == 12
    assert image_quality_measure(study=study)
    assert image_set(study).done == 12


def test_an_image_made_again_is_no_longer_the_one_that_was_read(study: Study) -> None:
    for read in Read.objects.select_related("arm"):
        rendition = cases.rendition_get(case=read.case, method=read.arm.method)
        Read.objects.filter(pk=read.pk).update(image_sha256=rendition.sha256)
    image_quality_measure(study=study)
    assert report_build(study=study).complete
    case = study.cohort.cases.get(code="C002")
    cases_services.rendition_save(
        case=case,
        method="unet",
        values=np.zeros((5, 64, 64), dtype=np.float32),
        provenance={"made by": "another network"},
    )
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.images_missing == (("C002", "Arm unet"),)
    assert report.quality[0].friedman.blocks == 5
    assert report.quality[0].blocks_left_out == 1


def test_a_damaged_image_is_named_and_spoils_nothing_else(study: Study) -> None:
    rendition = Rendition.objects.get(case__code="C003", method="short")
    with rendition.values.storage.open(rendition.values.name, "wb") as file:
        file.write(b"no longer an image")
    assert image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.images_missing == (("C003", "Arm short"),)
    short, unet = report.quality[0].arms
    assert (short.images.n, unet.images.n) == (25, 30)


def test_an_arm_without_images_leaves_no_patient_to_compare(study: Study) -> None:
    Rendition.objects.filter(method="short").delete()
    image_quality_measure(study=study)
    table = report_build(study=study).quality[0]
    assert table.friedman.p == NotEstimable(Reason.NO_COMPLETE_PATIENT)
    assert table.blocks_left_out == 6
    short, _unet = table.arms
    assert short.images.mean == NotEstimable(Reason.NO_IMAGES)
    assert short.against_control.p == NotEstimable(Reason.NO_COMPLETE_PATIENT)
    assert table.patients == (0, 6)
    Rendition.objects.filter(method="unet").delete()
    nowhere = report_build(study=study).quality[0]
    assert nowhere.friedman.p == NotEstimable(Reason.NO_IMAGES)


def test_a_patient_whose_images_are_all_identical_counts_as_left_out(
    study: Study,
) -> None:
    case = study.cohort.cases.get(code="C004")
    original = cases.rendition_get(case=case, method="reference")
    for method in ("short", "unet"):
        cases_services.rendition_save(
            case=case,
            method=method,
            values=cases.rendition_values(original),
            provenance={"made by": "copying"},
        )
    image_quality_measure(study=study)
    psnr, ssim, _ = report_build(study=study).quality
    assert (psnr.friedman.blocks, psnr.blocks_left_out) == (5, 1)
    assert (ssim.friedman.blocks, ssim.blocks_left_out) == (6, 0)


def test_patients_are_counted_as_analysed_in_each_table(study: Study) -> None:
    unread = Read.objects.filter(
        reader__code="C", arm__code="unet", repeat=0, case__code__in=["C001", "C005"]
    )
    Score.objects.filter(answer__read__in=unread).delete()
    unread.update(submitted_at=None)
    Rendition.objects.get(case__code="C003", method="short").delete()
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.patients == 6
    assert report.kappa_patients == (4, 6)
    assert report.quality[0].patients == (5, 6)


def test_identical_images_have_no_psnr_but_ssim_one(db: None) -> None:
    cohort = make_cohort("Copies", cases=3, methods=("reference", "short"))
    for case in cohort.cases.all():
        original = cases.rendition_get(case=case, method="reference")
        values = cases.rendition_values(original)
        cases_services.rendition_save(
            case=case, method="copy", values=values, provenance={"made by": "copying"}
        )
    study = make_study(cohort, methods=("reference", "short", "copy"), repeated="")
    image_quality_measure(study=study)
    report = report_build(study=study)
    psnr, ssim = (table.arms[1].images for table in report.quality[:2])
    assert psnr.mean == NotEstimable(Reason.IDENTICAL_IMAGES)
    assert psnr.left_out == 15
    assert ssim.mean == pytest.approx(1)
    nothing = NotEstimable(Reason.NO_COMPLETE_PATIENT)
    assert report.quality[0].friedman.p == nothing
    assert report.quality[0].blocks_left_out == 3
    against = report_build(study=study, control="short").quality[0].arms[1]
    assert against.against_control.p == nothing
    slice_wise = report_build(study=study, slice_wise=True).quality[0]
    assert slice_wise.friedman.p == NotEstimable(Reason.NO_COMPLETE_SLICE)
    assert slice_wise.blocks_left_out == 15
    assert report.quality[1].friedman.blocks == 3
    assert report.control is None
    assert report.intra_reader == ()
