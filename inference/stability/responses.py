"""What an arm makes of inputs that are changed on purpose: one case."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from . import inputs
from .findings import CaseImages, Image, Rescans, Run, Settings
from .geometry import SIDES, Places, binding, gained
from .noise import Noise

NOT_FINITE = gettext_noop("The output has pixels that are not numbers.")
OTHER_SHAPE = gettext_noop("The output has another shape than the input.")
NO_STRIATUM = gettext_noop("The reference shows no striatum to measure in.")
NO_BACKGROUND = gettext_noop("The background of a slice is empty.")
LITTLE_BINDING = gettext_noop("There is too little binding to take away.")
LITTLE_SHOWN = gettext_noop("The output shows too little binding.")
NO_NOISE = gettext_noop("The short scan does not differ from the reference.")
NO_CONTRAST = gettext_noop("Nothing of it is left in the input.")
# Of a side's binding ratio: less is not worth taking away.
LEAST_BINDING = 0.5


@dataclass
class Told:
    """What is being found of one case; see CaseFindings."""

    numbers: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    details: dict[str, float] = field(default_factory=dict)
    maps: dict[str, Image] = field(default_factory=dict)

    def tell(self, key: str, value: float | None, reason: str = "") -> None:
        if value is None or not np.isfinite(value):
            self.reasons[key] = reason or NO_CONTRAST
        else:
            self.numbers[key] = float(value)


class Asking:
    """The inputs by name, sent at once, and what came back by the same name."""

    def __init__(self) -> None:
        self.sent: dict[str, Image] = {}
        self.got: dict[str, Image] = {}

    def ask(self, name: str, image: Image) -> None:
        self.sent[name] = image

    def run(self, run: Run) -> None:
        waiting = [name for name in self.sent if name not in self.got]
        if not waiting:
            return
        stacks = np.stack([self.sent[name] for name in waiting])
        outputs = np.asarray(run(stacks), dtype=np.float32)
        if outputs.shape != stacks.shape:
            raise Refused(OTHER_SHAPE)
        if not np.isfinite(outputs).all():
            raise Refused(NOT_FINITE)
        self.got.update(zip(waiting, outputs, strict=True))

    def numbered(self, name: str) -> NDArray[np.float32]:
        """All outputs of "name-0", "name-1", …"""
        found: list[Image] = []
        while (key := f"{name}-{len(found)}") in self.got:
            found.append(self.got[key])
        return np.stack(found)


@dataclass(frozen=True)
class Bench:
    """One case on the bench: its middle slices, places, noise, and the arm."""

    case: CaseImages
    places: Places
    noise: Noise
    settings: Settings
    rng: np.random.Generator
    asking: Asking
    told: Told

    def gained(self, image: Image) -> Image:
        return gained(image, self.case.reference, relative=self.case.relative)

    def given(self, image: Image, *, scanned: bool = False) -> Image:
        return inputs.given(image, self.case, scanned=scanned)


def respond(bench: Bench, run: Run, rescans: Rescans | None) -> Image:
    """Asks the arm twice and tells what it answered; the output for the short scan."""
    asking = bench.asking
    asking.ask("short", bench.given(bench.case.short))
    _ask_repeats(bench, rescans)
    _ask_random(bench)
    _ask_probes(bench)
    _ask_moved(bench)
    _ask_doses(bench, rescans)
    _ask_known(bench)
    asking.run(run)
    _ask_again(bench)
    asking.run(run)
    _tell_repeats(bench)
    _tell_gains(bench)
    _tell_moved(bench)
    _tell_doses(bench)
    _tell_identity(bench)
    _tell_spots(bench)
    _tell_erased(bench)
    return asking.got["short"]


def _ask_repeats(bench: Bench, rescans: Rescans | None) -> None:
    scans = list(rescans.shorts) if rescans is not None else []
    if not scans:
        drawn = (bench.noise.draw(bench.rng) for _ in range(bench.settings.repeats))
        scans = [bench.noise.base + noise for noise in drawn]
    for number, again in enumerate(scans[: bench.settings.repeats]):
        bench.asking.ask(f"repeat-{number}", bench.given(again, scanned=True))


def _tell_repeats(bench: Bench) -> None:
    outputs = bench.asking.numbered("repeat")
    seen = np.stack(
        [bench.asking.sent[f"repeat-{number}"] for number in range(len(outputs))]
    )
    places, told = bench.places, bench.told
    outputs, seen = (
        np.stack([bench.gained(image) for image in images])
        for images in (outputs, seen)
    )
    sd, own = (images.std(axis=0, ddof=1) for images in (outputs, seen))
    told.maps["sd"] = (100 * sd / places.sd * places.field).astype(np.float32)
    left, before = (float(np.sqrt((m[places.field] ** 2).mean())) for m in (sd, own))
    noisy = before > 1e-6 * places.sd  # and not what rounding leaves
    told.tell("repeat-noise", 100 * left / before if noisy else None, NO_NOISE)
    if places.regions is None:
        return
    mean = outputs.mean(axis=0)[places.striatum].mean()
    spread = float(np.sqrt((sd[places.striatum] ** 2).mean()))
    told.tell("repeat-cov", 100 * spread / mean if mean > 0 else None, LITTLE_SHOWN)
    ratios = [binding(image, places) for image in outputs]
    for number, side in enumerate(SIDES):
        values = [pair[number] for pair in ratios if pair is not None]
        if len(values) < len(outputs):
            told.tell(f"repeat-sbr-sd-{side}", None, NO_BACKGROUND)
            continue
        told.tell(f"repeat-sbr-sd-{side}", float(np.std(values, ddof=1)))
        told.details[f"repeat-mean-{side}"] = float(np.mean(values))
        told.details["repeats"] = len(values)


def _ask_random(bench: Bench) -> None:
    """Noise of the case's own texture, as long as the budget."""
    for number in range(bench.settings.random):
        drawn = bench.noise.draw(bench.rng)
        bench.asking.ask(f"random-{number}", _nudged(bench, drawn))


def _ask_probes(bench: Bench) -> None:
    directions = inputs.probes(
        bench.case.short,
        bench.noise,
        bench.places,
        bench.rng,
        count=bench.settings.probes,
    )
    for number, direction in enumerate(directions):
        bench.asking.ask(f"probe-{number}", _nudged(bench, direction))


def _nudged(bench: Bench, direction: Image) -> Image:
    """The short scan and a perturbation of the budget's length in that direction."""
    length = float(np.sqrt((direction.astype(np.float64) ** 2).sum()))
    voxels = int(bench.places.field.sum())
    wanted = bench.settings.budget * bench.places.sd * np.sqrt(voxels)
    added = direction * np.float32(wanted / max(length, 1e-12))
    return bench.given(bench.given(bench.case.short) + added)


def _gain(bench: Bench, name: str) -> float:
    """‖G(x + e) − G(x)‖ / ‖e‖ of what was really sent; NaN where nothing was."""
    sent = bench.asking.sent[name] - bench.asking.sent["short"]
    got = bench.asking.got[name] - bench.asking.got["short"]
    length = np.sqrt((sent.astype(np.float64) ** 2).sum())
    answer = float(np.sqrt((got.astype(np.float64) ** 2).sum()))
    return answer / float(length) if length > 0 else float("nan")


def _ask_worst(bench: Bench) -> None:
    """Of all sums of the probes that one to which the arm answered most strongly, as
    far as it is linear; both ways, because it is not."""
    asking = bench.asking
    names = [f"probe-{number}" for number in range(bench.settings.probes)]
    if not names:
        return
    flat = [
        np.stack([(where[name] - where["short"]).ravel() for name in names])
        for where in (asking.sent, asking.got)
    ]
    sent, got = (each.astype(np.float64) for each in flat)
    # the largest of ‖got·w‖² / ‖sent·w‖² over w: a generalised eigenvalue
    within = sent @ sent.T
    if not np.trace(within) > 0:  # in 8 bits nothing is left of so small a budget
        return
    within += 1e-3 * np.trace(within) / len(names) * np.eye(len(names))
    root = np.linalg.inv(np.linalg.cholesky(within))
    _, vectors = np.linalg.eigh(root @ (got @ got.T) @ root.T)
    weights = root.T @ vectors[:, -1]
    direction = (weights @ sent).reshape(bench.case.short.shape).astype(np.float32)
    asking.ask("worst-0", _nudged(bench, direction))
    asking.ask("worst-1", _nudged(bench, -direction))


def _tell_gains(bench: Bench) -> None:
    def gains(kind: str) -> list[float]:
        names = [n for n in bench.asking.sent if n.startswith(f"{kind}-")]
        found = [_gain(bench, name) for name in names]
        return [gain for gain in found if np.isfinite(gain)]

    random, worst = gains("random"), gains("probe") + gains("worst")
    mean = float(np.mean(random)) if random else None
    bench.told.tell("gain-random", mean, NO_NOISE if worst else NO_CONTRAST)
    bench.told.tell("gain-adversarial", max(worst) if worst else None)


def _ask_moved(bench: Bench) -> None:
    settings, short = bench.settings, bench.given(bench.case.short)
    ask = bench.asking.ask
    ask("shift", bench.given(inputs.shifted(short, settings.shift_px)))
    ask("rotation", bench.given(inputs.rotated(short, settings.rotation_deg)))
    ask("mirror", bench.given(inputs.mirrored(short)))


def _tell_moved(bench: Bench) -> None:
    settings, got = bench.settings, bench.asking.got
    output = got["short"]
    wanted = {
        "shift": inputs.shifted(output, settings.shift_px),
        "rotation": inputs.rotated(output, settings.rotation_deg),
        "mirror": inputs.mirrored(output),
    }
    for name, moved in wanted.items():
        bench.told.tell(f"{name}-error", bench.places.change(got[name], moved))


def _ask_doses(bench: Bench, rescans: Rescans | None) -> None:
    share = bench.noise.share
    if not share:
        return
    scanned = dict(rescans.doses) if rescans is not None else {}
    for dose in bench.settings.doses:
        if np.isclose(dose, share) or dose in scanned:
            image = scanned.get(dose, bench.case.short)
        else:
            image = inputs.at_dose(
                dose, short=bench.case.short, noise=bench.noise, rng=bench.rng
            )
        bench.asking.ask(f"dose-{dose:g}", bench.given(image, scanned=True))


def _tell_doses(bench: Bench) -> None:
    """Errors of outputs and inputs, for the arm's curve; also of the scan as it is."""
    names = ["short", *(name for name in bench.asking.sent if name.startswith("dose-"))]
    for name in names if bench.noise.share else ():
        for told, images in (
            ("output", bench.asking.got),
            ("input", bench.asking.sent),
        ):
            matched = bench.gained(images[name])
            change = bench.places.change(matched, bench.case.reference)
            bench.told.details[f"{told}-{name}"] = change


def _ask_again(bench: Bench) -> None:
    bench.asking.ask("again", bench.given(bench.asking.got["short"]))
    _ask_worst(bench)


def _tell_identity(bench: Bench) -> None:
    got, told = bench.asking.got, bench.told
    reference = bench.case.reference
    told.tell(
        "identity-change",
        bench.places.change(bench.gained(got["reference"]), reference),
    )
    once, twice = bench.asking.sent["again"], got["again"]
    matched = gained(twice, once, relative=bench.case.relative)
    told.tell("idempotence-change", bench.places.change(matched, once))


def _ask_known(bench: Bench) -> None:
    case, places, noise, rng = bench.case, bench.places, bench.noise, bench.rng
    ask, short = bench.asking.ask, bench.given(bench.case.short)
    ask("reference", bench.given(case.reference, scanned=True))
    drawn = inputs.spots(places, rng, slices=len(short))
    ask("bright", bench.given(short + drawn))
    ask("dark", bench.given(short - drawn))
    if places.regions is None:
        return
    boxes = {"right": places.regions.right, "left": places.regions.left}
    for name, sides in (
        ("right", [boxes["right"]]),
        ("left", [boxes["left"]]),
        ("both", list(boxes.values())),
    ):
        without = inputs.erased(short, sides, places=places, noise=noise, rng=rng)
        ask(f"erased-{name}", bench.given(without, scanned=True))
    ask("constant", bench.given(np.full_like(short, np.mean(case.window))))
    ask("organ", bench.given(inputs.organ(places, noise, rng), scanned=True))


def _tell_spots(bench: Bench) -> None:
    sent, got = bench.asking.sent, bench.asking.got
    for key, name in (("insert-shown", "bright"), ("deficit-shown", "dark")):
        put = sent[name] - sent["short"]
        shown = got[name] - got["short"]
        height = float((put.astype(np.float64) ** 2).sum())
        product = float((put.astype(np.float64) * shown).sum())
        bench.told.tell(key, 100 * product / height if height > 0 else None)


def _tell_erased(bench: Bench) -> None:
    told, places = bench.told, bench.places
    keys = ("removal-shown", "removal-other-side")
    painted = ("painted-erased", "painted-constant", "painted-organ")
    if places.regions is None:
        for key in (*keys, *painted):
            told.tell(key, None, NO_STRIATUM)
        return
    sent = {n: binding(i, places) for n, i in bench.asking.sent.items()}
    got = {n: binding(i, places) for n, i in bench.asking.got.items()}
    _tell_removal(told, sent, got)
    for key, name in zip(painted, ("erased-both", "constant", "organ"), strict=True):
        before, after = sent[name], got[name]
        if before is None or after is None:
            told.tell(key, None, NO_BACKGROUND)
            continue
        told.tell(key, float(np.mean(after) - np.mean(before)))


Ratios = Mapping[str, tuple[float, float] | None]


def _tell_removal(told: Told, sent: Ratios, got: Ratios) -> None:
    """Of both sides together: how much of what was taken from one side is missing
    there in the output, and how far the other side has moved."""
    taken = shown = moved = other = 0.0
    for number, side in enumerate(SIDES):
        pairs = (sent["short"], sent[f"erased-{side}"], got["short"])
        after = got[f"erased-{side}"]
        if after is None or any(pair is None for pair in pairs):
            told.tell("removal-shown", None, NO_BACKGROUND)
            told.tell("removal-other-side", None, NO_BACKGROUND)
            return
        input_full, input_less, full = (np.array(pair) for pair in pairs)
        taken += input_full[number] - input_less[number]
        shown += full[number] - after[number]
        # what the erasing itself did to the other side, e.g. to its background
        own = input_less[1 - number] - input_full[1 - number]
        moved += after[1 - number] - full[1 - number] - own
        other += full[1 - number]
    # an arm that shows no binding at all shows no loss of it either, which is told
    enough = taken > 2 * LEAST_BINDING
    told.tell("removal-shown", 100 * shown / taken if enough else None, LITTLE_BINDING)
    there = enough and other > 2 * LEAST_BINDING
    told.tell(
        "removal-other-side",
        100 * moved / other if there else None,
        LITTLE_SHOWN if enough else LITTLE_BINDING,
    )
