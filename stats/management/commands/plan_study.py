"""`plan_study --patients 50 --readers 3`: precision and power before the study."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stats.forms import PlanningForm
from stats.planning import expected, patients_needed, simulate, spread_of

POWERS = (0.8, 0.9)


class Command(BaseCommand):
    help = (
        "How exactly a study would know the difference of two arms' mean kappas, and "
        "how often it would show non-inferiority."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, field in PlanningForm.base_fields.items():
            said = " ".join(filter(None, (str(field.label), str(field.help_text))))
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                default=str(field.initial),
                help=f"{said} Default: {field.initial}".replace("%", "%%"),
            )
        parser.add_argument(
            "--simulate",
            type=int,
            default=0,
            metavar="STUDIES",
            help="Simulate so many whole studies as well, one by one.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        form = PlanningForm({name: options[name] for name in PlanningForm.base_fields})
        if not form.is_valid():
            raise CommandError(
                "\n".join(
                    f"{name.replace('__all__', 'design')}: {said}"
                    for name, problems in form.errors.items()
                    for said in problems
                )
            )
        self._tell(form.cleaned_data, options["simulate"])

    def _tell(self, given: dict[str, Any], studies: int) -> None:
        design, size = given["design"], (given["patients"], given["readers"])
        setting = {"patients": size[0], "readers": size[1], "margin": given["margin"]}
        spread = spread_of(design, readers=size[1])
        found = expected(design, spread, **setting)
        lines = [
            f"{size[0]} patients, {size[1]} readers, margin {given['margin']:g}",
            f"half-width, kappa of one reader    {found.kappa:.3f}",
            f"half-width, mean kappa             {found.mean:.3f}",
            f"half-width, difference             {found.difference:.3f}",
            f"shown not inferior                 {found.not_inferior:.0%}",
            f"shown equivalent                   {found.equivalent:.0%}",
        ]
        for power in POWERS:
            needed = patients_needed(
                design, spread, readers=size[1], margin=given["margin"], power=power
            )
            lines.append(
                f"patients, not inferior in {power:.0%}      "
                f"{needed or 'more than 2000'}"
            )
        if studies:
            trials = simulate(design, **setting, studies=studies)
            lines += [
                f"simulated studies                  {trials.studies}",
                f"  half-width, difference           {trials.half_width:.3f}",
                f"  intervals that hold the truth    {trials.covered:.1%}",
                f"  shown not inferior               {trials.not_inferior:.0%} "
                f"(± {1.96 * trials.standard_error:.1%})",
            ]
        self.stdout.write("\n".join(lines))
