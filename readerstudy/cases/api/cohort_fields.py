"""Cohorts and cases as JSON. Slices are counted from 1, the lowest of the scan."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from readerstudy.imaging.central_slice import MIDDLE

from ..acceptance import KINDS, accepted_kinds, report_of
from ..models import Case, Cohort, Division, Rendition, Series
from ..selectors import stored_slices
from ..selectors.table import ANY_PROBLEM, ORDERS, PROBLEMS, TableRow
from ..services.splits import LONGEST_SEED
from ..splits import COVARIATES, PARTS, Sizes
from .doors import ToldField

MOST_CASES = 10**6
SPLITS = [value for value in Case.Split.values if value]
# of stacks, which are read from end to end, the middle one
SLICE_RULES = [*Case.SliceRule.values, MIDDLE]
RULES = [value for value in Case.SliceRule.values if value != Case.SliceRule.PERSON]


class DivisionFields(serializers.ModelSerializer[Division]):
    """How a cohort was divided, and from which seed."""

    strata = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Division
        fields = (*PARTS, "seed", "strata", "made_at")
        read_only_fields = fields


class DivideFields(serializers.Serializer[Any]):
    """strata: what the parts are to be alike in. seed: one is drawn if it is empty."""

    training = serializers.IntegerField(min_value=0, max_value=MOST_CASES)
    validation = serializers.IntegerField(min_value=0, max_value=MOST_CASES)
    test = serializers.IntegerField(min_value=0, max_value=MOST_CASES)
    strata = serializers.ListField(
        child=serializers.ChoiceField(choices=COVARIATES),
        required=False,
        default=list,
    )
    seed = serializers.CharField(
        max_length=LONGEST_SEED, required=False, allow_blank=True, default=""
    )

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        sizes = Sizes(**{part: given.pop(part) for part in PARTS})
        return {"sizes": sizes, **given}


class CohortFields(serializers.ModelSerializer[Cohort]):
    """resampled: some of its scans had other pixels than the study's.
    frozen_at: from when a study reads it, and its slices and parts stay."""

    cases = serializers.IntegerField(source="case_count")

    class Meta:
        model = Cohort
        fields: tuple[str, ...] = (
            *("id", "name", "description", "study_type", "simulated", "resampled"),
            *("created_at", "frozen_at", "cases"),
        )
        read_only_fields = fields


class MethodCount(serializers.Serializer[Any]):
    method = serializers.CharField()
    cases = serializers.IntegerField()


class ProblemCount(serializers.Serializer[Any]):
    problem = serializers.ChoiceField(choices=list(PROBLEMS))
    words = serializers.CharField()
    cases = serializers.IntegerField()


class PartCounts(serializers.Serializer[Any]):
    """Cases in each part; none: in no part."""

    training = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()
    none = serializers.IntegerField()


class CohortDetailFields(CohortFields):
    """methods: of how many cases there is an image by each method."""

    methods = MethodCount(many=True)
    parts = PartCounts()
    problems = ProblemCount(many=True)
    division = DivisionFields(allow_null=True)

    class Meta(CohortFields.Meta):
        fields: tuple[str, ...] = (
            *CohortFields.Meta.fields,
            *("methods", "parts", "problems", "division"),
        )
        read_only_fields = fields


class ShapeFields(serializers.Serializer[Any]):
    """shape: slices, rows, columns; spacing_mm: of the same."""

    shape = serializers.ListField(child=serializers.IntegerField())
    spacing_mm = serializers.ListField(child=serializers.FloatField())


class ScanFields(serializers.ModelSerializer[Series]):
    """shape: slices, rows, columns; spacing_mm: of the same, as it is stored.
    unit: of its voxels, counts or HU.
    resampled_from: its shape and spacing before it was resampled."""

    shape = serializers.SerializerMethodField()
    spacing_mm = serializers.SerializerMethodField()
    resampled_from = ShapeFields(allow_null=True)

    class Meta:
        model = Series
        fields = (
            *("modality", "unit", "manufacturer", "duration_s", "started_after_s"),
            *("total_counts", "negative_voxels", "shape", "spacing_mm"),
            *("resampled_from", "binding_ratio_right", "binding_ratio_left"),
        )
        read_only_fields = fields

    def get_shape(self, series: Series) -> list[int]:
        return [series.slices, series.rows, series.columns]

    def get_spacing_mm(self, series: Series) -> list[float]:
        spacing = (
            *(series.slice_spacing_mm, series.row_spacing_mm),
            series.column_spacing_mm,
        )
        return list(spacing)


class CaseRowFields(serializers.Serializer[Any]):
    """A case as the table of its cohort shows it."""

    code = serializers.CharField(source="case.code")
    split = serializers.ChoiceField(
        choices=SPLITS, source="case.split", allow_blank=True
    )
    age_years = serializers.IntegerField(source="case.age_years", allow_null=True)
    sex = serializers.ChoiceField(
        choices=Case.Sex.values, source="case.sex", allow_blank=True
    )
    central_slice = serializers.SerializerMethodField()
    central_rule = serializers.ChoiceField(
        choices=SLICE_RULES, source="case.central_rule"
    )
    count_ratio = serializers.FloatField(
        allow_null=True, help_text="Counts of the reference ÷ counts of the short scan."
    )
    reference = ScanFields(allow_null=True)
    short = ScanFields(allow_null=True)
    images = serializers.SerializerMethodField(
        help_text="Methods by which the case has an image."
    )
    problems = serializers.SerializerMethodField()
    sentences = serializers.ListField(
        child=ToldField(), help_text="What the problems are about."
    )

    def to_representation(self, case: Any) -> Any:
        """context: `methods` of the cohort."""
        return super().to_representation(TableRow(case, self.context["methods"]))

    def get_central_slice(self, row: TableRow) -> int:
        return row.case.central_slice + 1

    def get_images(self, row: TableRow) -> list[str]:
        return [method for method, made in row.images if made]

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=list(PROBLEMS)))
    )
    def get_problems(self, row: TableRow) -> list[str]:
        return [name for name, _words in row.problems]


class FindingFields(serializers.Serializer[Any]):
    """blocking: a study needs a reason why it may stay. accepted: that reason."""

    kind = serializers.CharField()
    sentence = ToldField()
    blocking = serializers.BooleanField()
    accepted = serializers.CharField(allow_null=True)


class ParityFields(serializers.Serializer[Any]):
    """How alike the two scans are. offset_mm: of the short scan, towards the patient's
    left, the back, the top of the head; null where it cannot be estimated."""

    offset_mm = serializers.ListField(
        child=serializers.FloatField(), min_length=3, max_length=3, allow_null=True
    )
    count_ratio = serializers.FloatField(allow_null=True)
    findings = FindingFields(many=True)


class ImageFields(serializers.ModelSerializer[Rendition]):
    class Meta:
        model = Rendition
        fields = ("method", "sha256", "made_at")
        read_only_fields = fields


class CaseFields(serializers.ModelSerializer[Case]):
    """One case. stored_slices: those that its images hold. candidates: the slice that
    each rule takes. patient_digests: keyed, one for each id of the patient."""

    split = serializers.ChoiceField(choices=SPLITS, allow_blank=True)
    sex = serializers.ChoiceField(choices=Case.Sex.values, allow_blank=True)
    central_slice = serializers.SerializerMethodField()
    central_rule = serializers.ChoiceField(choices=SLICE_RULES)
    stored_slices = serializers.SerializerMethodField()
    candidates = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField()
    short = serializers.SerializerMethodField()
    images = ImageFields(many=True, source="renditions")
    notes = serializers.ListField(child=ToldField())
    parity = serializers.SerializerMethodField()
    patient_digests = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Case
        fields = (
            *("code", "split", "age_years", "sex", "central_slice", "central_rule"),
            *("central_reason", "stored_slices", "candidates", "reference", "short"),
            *("images", "notes", "parity", "parity_accepted_at", "patient_digests"),
        )
        read_only_fields = fields

    def get_central_slice(self, case: Case) -> int:
        return case.central_slice + 1

    def get_stored_slices(self, case: Case) -> list[int]:
        return [number for _index, number in stored_slices(case)]

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_candidates(self, case: Case) -> dict[str, int]:
        return {rule: index + 1 for rule, index in case.slice_candidates.items()}

    def _scan(self, case: Case, role: str) -> Any:
        found = [one for one in case.series.all() if one.role == role]
        return ScanFields(found[0]).data if found else None

    @extend_schema_field(ScanFields(allow_null=True))
    def get_reference(self, case: Case) -> Any:
        return self._scan(case, Series.Role.REFERENCE)

    @extend_schema_field(ScanFields(allow_null=True))
    def get_short(self, case: Case) -> Any:
        return self._scan(case, Series.Role.SHORT)

    @extend_schema_field(ParityFields(allow_null=True))
    def get_parity(self, case: Case) -> Any:
        report, accepted = report_of(case), accepted_kinds(case)
        if report is None:
            return None
        plain = report.to_json()
        for finding in plain["findings"]:
            finding["accepted"] = accepted.get(finding["kind"])
        return ParityFields(plain).data


class CaseQuery(serializers.Serializer[Any]):
    """Which cases of a cohort, in which order; all of them if nothing is asked."""

    code = serializers.CharField(
        max_length=32, required=False, help_text="What the code holds."
    )
    split = serializers.ChoiceField(choices=[*SPLITS, "none"], required=False)
    sex = serializers.ChoiceField(choices=[*Case.Sex.values, "none"], required=False)
    age_from = serializers.IntegerField(required=False, min_value=0, max_value=90)
    age_to = serializers.IntegerField(required=False, min_value=0, max_value=90)
    binding_from = serializers.FloatField(
        required=False,
        help_text="Binding ratio of the lower side, of the reference scan.",
    )
    binding_to = serializers.FloatField(required=False)
    problem = serializers.ChoiceField(choices=[ANY_PROBLEM, *PROBLEMS], required=False)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)
    descending = serializers.BooleanField(required=False)


class ExportQuery(CaseQuery):
    """As for the list of cases. excel: with the mark by which Excel knows UTF-8."""

    excel = serializers.BooleanField(required=False, default=False)


class CentralSliceFields(serializers.Serializer[Any]):
    """central_slice: counted from 1, the lowest. reason: it stays with the case."""

    central_slice = serializers.IntegerField(min_value=1, max_value=2**15)
    reason = serializers.CharField(max_length=500)


class ReasonFields(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class AcceptKindFields(ReasonFields):
    """kind: of the differences that may stay, in every case that has one."""

    kind = serializers.ChoiceField(choices=list(KINDS))


class CaseWaiting(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = ToldField()


class KindWaitingFields(serializers.Serializer[Any]):
    """Differences of one kind that wait for a reason. examples: the first cases."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    words = serializers.CharField(source="label")
    cases = serializers.IntegerField(source="count")
    examples = serializers.SerializerMethodField()

    @extend_schema_field(CaseWaiting(many=True))
    def get_examples(self, waiting: Any) -> Any:
        found = [{"code": c.code, "sentence": said} for c, said in waiting.cases]
        return CaseWaiting(found, many=True).data


class AcceptedFields(serializers.Serializer[Any]):
    """In how many cases the reason is kept now."""

    cases = serializers.IntegerField()
