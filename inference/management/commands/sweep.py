"""`manage.py sweep FACTOR`: one factor over levels and seeds, here or by workers."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference import services
from inference.models import Sweep, Training
from inference.recipes import LOSS_NAMES, RECIPES, Recipe, of_epochs
from inference.sweep_charts import differences_chart, values_chart
from inference.sweep_forms import DEFAULT_MARGIN_DB, SPLIT_WORDS
from inference.sweep_rows import found, point_rows
from inference.sweep_svg import svg
from inference.sweeps import plans, tables
from inference.sweeps.findings import Findings, conclude
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

from .train import Stop

LEVELS = {plans.CASES: "2,4,8,16,32,64,120", plans.DEPTH: "1,2,3,4,5"}


class Command(BaseCommand):
    help = (
        "Train a network at every level of FACTOR with every seed, measure each, and "
        "say which level is enough. On a cohort, or on the simulated one. Ctrl-C stops "
        "it; the same command goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("factor", choices=plans.FACTORS)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--cohort", help="its name")
        where.add_argument(
            "--simulated",
            action="store_true",
            help="the cohort that the shipped weights learned from; no database",
        )
        parser.add_argument("--levels", type=_numbers, help="2,4,8,16")
        parser.add_argument("--seeds", type=_numbers, default=[1.0, 2.0, 3.0])
        parser.add_argument("--network", default="unet-l2")
        parser.add_argument("--recipe", default="short", choices=list(RECIPES))
        parser.add_argument("--epochs", type=int, help="instead of the recipe's")
        parser.add_argument("--loss", default=LOSS_NAMES[0], choices=LOSS_NAMES)
        splits = [str(split) for split in SPLIT_WORDS]
        parser.add_argument("--split", default=splits[0], choices=splits)
        parser.add_argument(
            "--margin", type=float, default=DEFAULT_MARGIN_DB, help="dB"
        )
        parser.add_argument("--title", default="", help="else what is varied")
        parser.add_argument(
            "--queue", action="store_true", help="only ask: workers do it (--cohort)"
        )
        parser.add_argument(
            "--folder",
            type=Path,
            help="of points and checkpoints (--simulated); "
            "default: VAR_DIR/sweeps/TITLE",
        )
        parser.add_argument("--out", type=Path, help="write all results as JSON")
        parser.add_argument("--charts", type=Path, metavar="PREFIX", help="write SVG")

    def handle(self, *args: Any, **options: Any) -> None:
        default = LEVELS.get(options["factor"], "")
        options["levels"] = options["levels"] or (_numbers(default) if default else [])
        options["seeds"] = [int(seed) for seed in options["seeds"]]
        try:
            if options["simulated"]:
                self._simulated(options)
            else:
                self._on_cohort(options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None

    def _simulated(self, options: dict[str, Any]) -> None:
        from inference import simulated_sweeps

        sweep = simulated_sweeps.SimulatedSweep(
            title=options["title"] or options["factor"],
            factor=options["factor"],
            levels=options["levels"],
            seeds=options["seeds"],
            network=options["network"],
            recipe=_recipe(options),
            loss=options["loss"],
        )
        home = Path(settings.VAR_DIR)
        folder = options["folder"] or home / "sweeps" / sweep.title
        images = simulated_sweeps.simulated_images(
            sweep.split, folder=home / "simulated", say=self._say
        )
        points = simulated_sweeps.run(
            sweep, images=images, folder=folder, say=self._say
        )
        concluded = {
            part: conclude(
                simulated_sweeps.measured_points(points, part),
                factor=sweep.factor,
                levels=sweep.levels,
                margin=options["margin"],
            )
            for part in map(str, SPLIT_WORDS)
        }
        for part, one in concluded.items():
            self._tell(f"{part} cases", one)
        self._draw(options, concluded[options["split"]])
        if options["out"]:
            told = {part: one.to_json() for part, one in concluded.items()}
            _write_json(options["out"], sweep.to_json(), told, points)

    def _on_cohort(self, options: dict[str, Any]) -> None:
        cohort = Cohort.objects.filter(name=options["cohort"]).first()
        if cohort is None:
            raise Refused(f"There is no cohort “{options['cohort']}”.")
        sweep = self._asked(cohort, options)
        if options["queue"]:
            self._say(f"Sweep {sweep.pk} waits for workers.")
            return
        with Stop() as stop:
            for row in point_rows(sweep):
                if row.training is None or stop.asked():
                    continue
                self._say(f"level {row.point.level:g}, seed {row.point.seed}")
                services.training_run(
                    training_id=row.training.pk,
                    should_leave=stop.asked,
                    on_epoch=lambda epoch: self._say(
                        f"  epoch {epoch.number}/{epoch.of}: "
                        f"{epoch.validation_psnr_db:.2f} dB"
                    ),
                )
                services.sweep_points_measure(training_id=row.training.pk)
        rows = point_rows(sweep)
        if stop.asked() and any(row.active for row in rows):
            services.sweep_stop(sweep=sweep)
            self._say("Stopped; the same command goes on from here.")
        self._ended(sweep, options)

    def _asked(self, cohort: Cohort, options: dict[str, Any]) -> Sweep:
        """The sweep that was begun so before, or a new one."""
        wanted = {
            name: options[name] for name in ("factor", "network", "loss", "split")
        }
        levels, seeds = sorted(options["levels"]), sorted(options["seeds"])
        settled = (levels, seeds, _recipe(options).to_json())
        for sweep in cohort.sweeps.filter(**wanted, margin_db=options["margin"]):
            if (sweep.levels, sweep.seeds, sweep.recipe) == settled:
                rows = point_rows(sweep)
                ended = ("failed", "cancelled", "missing")
                if any(row.spoilt or row.state in ended for row in rows):
                    services.sweep_restart(sweep=sweep, call=options["queue"])
                return sweep
        return services.sweep_request(
            cohort=cohort,
            **wanted,
            levels=levels,
            seeds=seeds,
            recipe=options["recipe"],
            epochs=options["epochs"],
            margin_db=options["margin"],
            title=options["title"],
            call=options["queue"],
        )

    def _ended(self, sweep: Sweep, options: dict[str, Any]) -> None:
        rows = point_rows(sweep)
        for row in rows:
            if row.state == Training.State.FAILED and row.training:
                why = row.training.message
                self._say(f"{row.point.level:g}, seed {row.point.seed}: {why}")
        concluded = found(sweep)
        self._tell(f"{sweep.split} cases", concluded)
        self._draw(options, concluded)
        if options["out"]:
            points = [
                {
                    "level": row.point.level,
                    "seed": row.point.seed,
                    sweep.split: row.point.results,
                }
                for row in rows
            ]
            told = {sweep.split: concluded.to_json()}
            _write_json(options["out"], {"title": sweep.title}, told, points)

    def _tell(self, title: str, concluded: Findings) -> None:
        self._say(f"\n{title}: {concluded.cases}\n\n{tables.markdown(concluded)}\n")
        self._say(f"Curve: {tables.curve(concluded).rstrip('.')}.")
        if concluded.smallest is not None:
            self._say(
                f"Within {concluded.margin:g} dB of the best ({concluded.best:g}) from "
                f"{concluded.smallest:g} on."
            )

    def _draw(self, options: dict[str, Any], concluded: Findings) -> None:
        if not options["charts"]:
            return
        axis = dict(Sweep.Factor.choices)[options["factor"]]
        for name, chart, title in (
            ("", values_chart, "PSNR at every level, dB"),
            ("-difference", differences_chart, "Difference to the best level, dB"),
        ):
            drawn = chart(concluded, factor=options["factor"])
            if drawn is not None:
                path = options["charts"].with_name(
                    f"{options['charts'].name}{name}.svg"
                )
                path.write_text(svg(drawn, title=title, axis=str(axis)))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _recipe(options: dict[str, Any]) -> Recipe:
    recipe, epochs = RECIPES[options["recipe"]], options["epochs"]
    return of_epochs(recipe, epochs) if epochs else recipe


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no list of numbers: 1,2,3") from None


def _write_json(
    path: Path, sweep: dict[str, Any], told: dict[str, Any], points: list[Any]
) -> None:
    """One line a point, so that differences can be read."""
    lines = ",\n".join(json.dumps(point, ensure_ascii=False) for point in points)
    head = json.dumps({"sweep": sweep, "found": told}, ensure_ascii=False, indent=1)
    path.write_text(f'{head[:-2]},\n "points": [\n{lines}\n]}}\n')
