"""`manage.py train NETWORK --cohort NAME`: train a network here, or ask a worker to."""

import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference import services, training_pages
from inference.models import Training
from inference.recipes import LOSS_NAMES, RECIPES
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused


class Command(BaseCommand):
    help = (
        "Train NETWORK on the training cases of a cohort, in this process. Ctrl-C "
        "stops it and keeps what it has learned; --resume goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("network", help="a key of the page of networks: unet-l4")
        parser.add_argument("--cohort", required=True, help="its name")
        parser.add_argument("--recipe", default="study", help=", ".join(RECIPES))
        parser.add_argument("--loss", default=LOSS_NAMES[0], help=", ".join(LOSS_NAMES))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--title", default="", help="of the weights")
        parser.add_argument(
            "--resume",
            action="store_true",
            help="go on with the last one of this network, recipe, loss and seed that "
            "was stopped or failed",
        )
        parser.add_argument(
            "--queue",
            action="store_true",
            help="only ask for it: a worker of the queue “training” does it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            training = _ask(options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        if options["queue"]:
            self.stdout.write(f"Training {training.pk} waits for a worker.")
            return
        self._train(training)

    def _train(self, training: Training) -> None:
        stop = Stop()
        with stop:
            services.training_run(
                training_id=training.pk, should_leave=stop.asked, on_epoch=self._tell
            )
        training.refresh_from_db()
        if stop.asked() and training.active:
            services.training_stop(training=training)
            self.stdout.write("Stopped; --resume goes on from here.")
        elif training.state == Training.State.DONE and training.result:
            row = training_pages.training_row(training)
            self.stdout.write(f"{training.result}: {row.time_taken}")
        elif training.state == Training.State.DONE:
            self.stdout.write(training.message)
        else:
            why = training.message or training.get_state_display()
            raise CommandError(f"It ended early: {why}")

    def _tell(self, epoch: Any) -> None:
        self.stdout.write(
            f"epoch {epoch.number:3} of {epoch.of}: "
            f"learning rate {epoch.learning_rate:.2g}, "
            f"loss {epoch.training_loss:.5f}, "
            f"PSNR {epoch.validation_psnr_db:.2f} dB, SSIM {epoch.validation_ssim:.4f} "
            f"({epoch.seconds:.1f} s)"
        )
        self.stdout.flush()


class Stop:
    """For as long as it is entered, Ctrl-C only asks; a second one insists."""

    def __init__(self) -> None:
        self._asked = False

    def asked(self) -> bool:
        return self._asked

    def __enter__(self) -> "Stop":
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


def _ask(options: dict[str, Any]) -> Training:
    cohort = Cohort.objects.filter(name=options["cohort"]).first()
    if cohort is None:
        names = ", ".join(f"“{one.name}”" for one in Cohort.objects.all()) or "none"
        raise Refused(
            f"There is no cohort “{options['cohort']}”. Cohorts here: {names}."
        )
    wanted = {name: options[name] for name in ("network", "loss", "seed")}
    call = options["queue"]
    if not options["resume"]:
        return services.training_request(
            cohort=cohort,
            recipe=options["recipe"],
            title=options["title"],
            call=call,
            **wanted,
        )
    stopped = cohort.trainings.filter(
        **wanted,
        recipe__name=options["recipe"],
        state__in=(Training.State.FAILED, Training.State.CANCELLED),
    ).first()
    if stopped is None:
        raise Refused(
            "There is no training of this network, recipe, loss and seed on this "
            "cohort that was stopped or failed."
        )
    services.training_resume(training=stopped, call=call)
    return stopped
