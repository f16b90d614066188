"""A sweep on the simulated cohort: from nothing but this software, point by point.

Every finished point is kept in a folder as JSON, and the one under way as a
checkpoint, so that a run that was stopped goes on where it stood.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from readerstudy.imaging.errors import Refused

from . import registry
from .building import Built, Split, new_network
from .prediction import load_parameters, threads
from .simulated_pairs import physics_sha256, simulated_pairs
from .sweep_measuring import Results, measured, under
from .sweeps import conditions, plans
from .sweeps.findings import Measured
from .training import Checkpoint, Epoch, LossName, Pairs, Recipe, Trained, train

PARTS = ("training", "validation", "test")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class SimulatedSweep:
    """Everything that decides what comes out."""

    title: str
    factor: str
    levels: Sequence[float]
    seeds: Sequence[int]
    network: str
    recipe: Recipe
    loss: LossName = "l1"
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: Split = field(default_factory=Split)
    threads: int = 1

    def to_json(self) -> dict[str, Any]:
        told = {**asdict(self), "physics_sha256": physics_sha256()}
        plain: dict[str, Any] = json.loads(json.dumps(told))
        return plain

    def points(self) -> list[tuple[float, int]]:
        """Seed after seed, so that the whole range is there early."""
        return [(level, seed) for seed in self.seeds for level in self.levels]

    def case_codes(self, part: str) -> list[str]:
        return [f"{index:04}" for index in getattr(self.split, f"{part}_indices")]


@dataclass(frozen=True)
class Images:
    training: Pairs
    validation: Pairs
    test: Pairs


def simulated_images(split: Split, *, folder: Path, say: Tell) -> Images:
    return Images(
        *(
            simulated_pairs(
                seed=split.seed,
                indices=getattr(split, f"{part}_indices"),
                folder=folder,
                progress=lambda done, of: say(f"simulated {done} of {of} cases"),
            )
            for part in PARTS
        )
    )


def run(
    sweep: SimulatedSweep, *, images: Images, folder: Path, say: Tell
) -> list[dict[str, Any]]:
    """All points; those that the folder has are not made again."""
    plans.check(
        sweep.factor,
        levels=sweep.levels,
        seeds=sweep.seeds,
        network=sweep.network,
        cases=sweep.split.training,
    )
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_other(folder / "sweep.json", sweep)
    found = []
    for level, seed in sweep.points():
        path = folder / f"{level:g}-{seed}.json"
        if not path.exists():
            say(f"level {level:g}, seed {seed}")
            checkpoint = path.with_suffix(".safetensors")
            point = _Point(sweep, level, seed, images, checkpoint, say).made()
            _write(path, (json.dumps(point, indent=1) + "\n").encode())
        found.append(json.loads(path.read_text()))
    return found


def measured_points(points: Sequence[Mapping[str, Any]], part: str) -> list[Measured]:
    """PSNR of what `run` gave, on the cases of one part."""
    return [
        Measured(
            level=point["level"],
            seed=point["seed"],
            values={c: one["psnr"] for c, one in point[part].items() if "psnr" in one},
        )
        for point in points
    ]


def _refuse_other(path: Path, sweep: SimulatedSweep) -> None:
    """What the folder holds must be of this sweep; levels and seeds may be added."""
    told = sweep.to_json()
    if path.exists():
        before = json.loads(path.read_text())
        added = ("levels", "seeds", "title")
        differing = [k for k in told if k not in added and told[k] != before.get(k)]
        if differing:
            raise Refused(
                f"{path.parent} holds another sweep; what differs: "
                f"{', '.join(differing)}."
            )
    _write(path, (json.dumps(told, indent=1) + "\n").encode())


class _Point:
    """One level with one seed, from its checkpoint if there is one."""

    def __init__(
        self,
        sweep: SimulatedSweep,
        level: float,
        seed: int,
        images: Images,
        checkpoint: Path,
        say: Tell,
    ) -> None:
        self.sweep, self.level, self.seed = sweep, level, seed
        self.checkpoint, self.say = checkpoint, say
        codes = sweep.case_codes("training")
        self.point = plans.point(
            sweep.factor, level, seed, network=sweep.network, cases=codes
        )
        given = self.point.conditions
        self.parts = {
            part: under(getattr(images, part), given, part=number)
            for number, part in enumerate(PARTS)
        }
        places = conditions.chosen_cases(codes, given)
        all_ = self.parts["training"]
        self.training = Pairs(
            short=all_.short[places], reference=all_.reference[places]
        )

    def made(self) -> dict[str, Any]:
        """What it is, and what it reaches on the validation and on the test cases."""
        with threads(self.sweep.threads):
            try:
                built, trained = self._trained(_read(self.checkpoint))
            except Refused as refusal:  # a checkpoint of something else
                self.say(f"  begins anew: {refusal}")
                built, trained = self._trained(None)
            load_parameters(built.module, trained.parameters)
            found = {
                part: self._measured(built, part) for part in ("validation", "test")
            }
        self.checkpoint.unlink(missing_ok=True)
        return {
            "level": self.level,
            "seed": self.seed,
            "network": self.point.network,
            "conditions": self.point.conditions,
            "epochs": len(trained.history),
            "seconds": round(sum(epoch.seconds for epoch in trained.history), 1),
            **found,
        }

    def _trained(self, resume: Checkpoint | None) -> tuple[Built, Trained]:
        sweep = self.sweep
        spec = registry.network_get(self.point.network)
        built = new_network(spec, sweep.settings, seed=self.seed)
        trained = train(
            built.module,
            in_channels=built.in_channels,
            training=self.training,
            validation=self.parts["validation"],
            recipe=sweep.recipe,
            loss=sweep.loss,
            seed=self.seed,
            on_epoch=self._tell,
            resume=resume,
            on_checkpoint=lambda found: _write(self.checkpoint, found.to_bytes()),
            loss_weights=self.point.conditions.get("loss_weights"),
        )
        return built, trained

    def _measured(self, built: Built, part: str) -> Results:
        codes = self.sweep.case_codes(part)
        return measured(
            built.module, self.parts[part], codes, in_channels=built.in_channels
        )

    def _tell(self, epoch: Epoch) -> None:
        self.say(
            f"  epoch {epoch.number}/{epoch.of}: {epoch.validation_psnr_db:.2f} dB, "
            f"{epoch.seconds:.1f} s"
        )


def _read(path: Path) -> Checkpoint | None:
    return Checkpoint.from_bytes(path.read_bytes()) if path.exists() else None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
