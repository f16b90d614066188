"""The analysis plan, for the forms of a draft and of an amendment."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import IMAGE_METRICS, Study
from ..protocol.type_rules import standard_places
from ..protocol.words import LABELS
from ..questions import SIDES, QuestionSet, question_set_of
from .setting_lines import limits_read
from .settings import SettingsForm, called, choice, decimal, fraction
from .standard_lines import standard_read


class AnalysisForm(SettingsForm):
    """What is done with the answers, fixed before anybody sees one."""

    primary_arm = forms.ChoiceField(
        label=LABELS["primary_arm"],
        help_text=gettext_lazy("The arm that the study is about."),
        choices=(),
        required=False,
    )
    control_arm = forms.ChoiceField(
        label=LABELS["control_arm"],
        help_text=gettext_lazy("The arm that the others are compared with."),
        choices=(),
        required=False,
    )
    kappa_margin = decimal(
        "kappa_margin",
        gettext_lazy(
            "The loss of kappa, primary against control arm, that still counts as not "
            "inferior. Both arms are compared on the sides graded in the reference and "
            "in both arms. Empty: no such question."
        ),
    )
    kappa_weights = choice("kappa_weights", Study.KappaWeights.choices)
    kappa_interval = choice("kappa_interval", Study.KappaInterval.choices)
    image_metrics = forms.MultipleChoiceField(
        label=LABELS["image_metrics"],
        help_text=gettext_lazy("Without a tick: all of them."),
        choices=called("image_metrics", IMAGE_METRICS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=list(IMAGE_METRICS),
    )
    metric_low = fraction("metric_low")
    metric_high = fraction(
        "metric_high",
        gettext_lazy(
            "PSNR and SSIM are of values between these two. Empty: of all that is "
            "shown."
        ),
    )
    stability_limits = forms.CharField(
        label=LABELS["stability_limits"],
        help_text=gettext_lazy(
            "Other limits than the usual ones, one measure a line, such as "
            "“deformation 2.5”."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        required=False,
    )

    reference_standard = choice(
        "reference_standard",
        Study.Standard.choices,
        gettext_lazy("What a reader's grades in each arm are compared with."),
    )
    given_standard = forms.CharField(
        label=LABELS["given_standard"],
        help_text=gettext_lazy(
            "Only for given grades: one case a line, code, right grade, left grade, "
            "such as “C001 4 3”; or pasted from a table. Where readers say how sure "
            "they are of a finding: code, and 1 with a finding or 0 without."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
    )

    def clean_given_standard(self) -> list[dict[str, Any]]:
        places = standard_places(self.asked()) or SIDES
        given, problems = standard_read(self.cleaned_data["given_standard"], places)
        if problems:
            raise forms.ValidationError(problems)
        return given

    def clean_stability_limits(self) -> dict[str, float]:
        limits, problems = limits_read(self.cleaned_data["stability_limits"])
        if problems:
            raise forms.ValidationError(problems)
        return limits

    def asked(self) -> QuestionSet:
        """What the study asks, whose standard may be given."""
        return question_set_of(self.blank or Study())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "image_metrics" not in self.fields:
            return
        # a browser sends ticks in the order of the page: that of the plan, then
        chosen = self.get_initial_for_field(
            self.fields["image_metrics"], "image_metrics"
        )
        others = [name for name in IMAGE_METRICS if name not in chosen]
        self.fields["image_metrics"].choices = called(  # type: ignore[attr-defined]
            "image_metrics", [*chosen, *others]
        )
