"""Weights come in: shipped with the software, trained here, or uploaded."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inference import registry, runtime, selectors, trying
from inference.exports import exports_folder, exports_forget
from inference.file_kinds import kind_of
from inference.models import Weights
from inference.networks.weights import parse_card, parse_weights
from inference.told_cards import ToldCard
from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

SHIPPED = Path(__file__).resolve().parents[1] / "weights"
UPLOAD_LIMIT = trying.MOST_BYTES
ONNX = "onnx"  # the registry's key of networks that people bring
VARIES = gettext_noop(
    "The network gave different outputs for the same images, so no reading of them "
    "could be repeated. Export it for inference, without dropout or noise."
)


class CardMissingError(Refused):
    """The file brings no card, and nobody has said what stands on one."""


@dataclass(frozen=True)
class _Checked:
    """A file as its row will have it."""

    network: str
    title: str
    format: Weights.Format
    card: dict[str, Any]
    sha256: str
    content: bytes
    probe: dict[str, Any] = field(default_factory=dict)


def weights_add(
    *,
    content: bytes,
    name: str,
    origin: Weights.Origin,
    title: str = "",
    user: User | None = None,
) -> Weights:
    """Keep a safetensors file that this software has written; Refused if unfit.

    `name` is the file's own, for the sentences. Header, card and every number are
    checked here, without torch. Whether names and shapes are those of the network is
    seen when it is first run: what comes from outside is tried at once
    (`weights_upload`).
    """
    return _keep(_checked_safetensors(content, name, title), name, origin, user)


def weights_upload(
    *,
    file: "UploadedFile[Any]",
    user: User,
    title: str = "",
    told: ToldCard | None = None,
) -> Weights:
    """Take in what somebody sends, once it has been tried; Refused leaves nothing.

    told: the card of a network that brings none (ONNX).
    """
    name = file.name or "the file"
    if file.size is None or file.size > UPLOAD_LIMIT:
        kind_of(name, b"")  # how to convert it matters more
        raise Refused(
            _("%(file)s is larger than %(size)d MB, the most that is accepted.")
            % {"file": name, "size": UPLOAD_LIMIT // 2**20}
        )
    content = file.read()
    if kind_of(name, content) == "onnx":
        checked = _checked_onnx(content, name, title, told)
    else:
        checked = _checked_safetensors(content, name, title)
        probe = _tried(Weights.Format.SAFETENSORS, content, name)
        checked = replace(checked, probe=probe.to_json())
    try:
        return _keep(checked, name, Weights.Origin.UPLOADED, user)
    except BaseException:
        _forget_export(checked.sha256)
        raise


def weights_probe(*, weights: Weights) -> Weights:
    """Try weights that came without a probe, and keep what was seen."""
    trying.refuse_large(weights.file, title=weights.title)
    file = selectors.network_file(weights)
    probe = _tried(Weights.Format(weights.format), file.content, weights.title)
    weights.probe = probe.to_json()
    weights.save(update_fields=["probe"])
    return weights


def weights_sync_shipped(*, folder: Path = SHIPPED) -> list[Weights]:
    """A row for every file of the software's own; those there already are kept."""
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        weights = Weights.objects.filter(sha256=sha256).first()
        if weights is None:
            try:
                weights = weights_add(
                    content=content, name=path.name, origin=Weights.Origin.SHIPPED
                )
            except Refused:  # another process was first, or the file is unfit
                weights = Weights.objects.filter(sha256=sha256).first()
                if weights is None:
                    raise
        found.append(weights)
    return found


def _checked_safetensors(content: bytes, name: str, title: str) -> _Checked:
    found = parse_weights(content, name=name)
    spec = registry.network_get(found.card.network)
    if spec.key == ONNX:
        raise Refused(
            _("The card in %(file)s names no network that is known here.")
            % {"file": name}
        )
    registry.network_configuration(spec, found.card.configuration)
    _refuse_known(found.sha256, name)
    return _Checked(
        network=spec.key,
        title=title or found.card.title or spec.title,
        format=Weights.Format.SAFETENSORS,
        card=found.card.to_json(),
        sha256=found.sha256,
        content=content,
    )


def _checked_onnx(
    content: bytes, name: str, title: str, told: ToldCard | None
) -> _Checked:
    sha256 = hashlib.sha256(content).hexdigest()
    _refuse_known(sha256, name)
    probe = _tried(Weights.Format.ONNX, content, name)
    if probe.card:
        card = parse_card(probe.card, name=name).to_json()
    elif told:
        keys = ("layout", "in_channels", "opset")
        seen = probe.to_json()
        card = told.to_json(configuration={key: seen[key] for key in keys})
    else:
        raise CardMissingError(
            _("%(file)s brings no card, so please fill in the card below.")
            % {"file": name}
        )
    return _Checked(
        network=ONNX,
        title=title or card["title"] or name,
        format=Weights.Format.ONNX,
        card=card,
        sha256=sha256,
        content=content,
        probe=probe.to_json(),
    )


def _tried(kind: Weights.Format, content: bytes, name: str) -> runtime.Probe:
    """What a process of its own saw of it; Refused if it may not or cannot run."""
    format_: Any = kind.value
    file = runtime.NetworkFile(format_, content, name)
    with trying.alone():
        try:
            probe = runtime.probe(file, cache=exports_folder())
            if not probe.deterministic:
                raise Refused(VARIES)
        except BaseException:
            _forget_export(hashlib.sha256(content).hexdigest())
            raise
    return probe


def _forget_export(sha256: str) -> None:
    """Unless others who were first have taken the same weights in."""
    if not Weights.objects.filter(sha256=sha256).exists():
        exports_forget(sha256)


def _keep(
    checked: _Checked, name: str, origin: Weights.Origin, user: User | None
) -> Weights:
    weights = Weights(
        network=checked.network,
        title=checked.title[:100],
        format=checked.format,
        sha256=checked.sha256,
        card=checked.card,
        probe=checked.probe,
        origin=origin,
        uploaded_by=user,
    )
    # the file first: a row never points at nothing
    content = ContentFile(checked.content)
    weights.file.save(f"weights.{checked.format}", content, save=False)
    try:
        _save_row(weights)
    except BaseException as error:
        weights.file.storage.delete(str(weights.file.name))
        if isinstance(error, IntegrityError):  # another upload was first
            raise Refused(
                _("The weights in %(file)s are already here.") % {"file": name}
            ) from None
        raise
    return weights


def _refuse_known(sha256: str, name: str) -> None:
    known = Weights.objects.filter(sha256=sha256).first()
    if known:
        raise Refused(
            _("The weights in %(file)s are already here, as “%(title)s”.")
            % {"file": name, "title": known.title}
        )


@transaction.atomic
def _save_row(weights: Weights) -> None:
    weights.save()
    event_record(
        action="weights.add",
        actor=weights.uploaded_by,
        subject=("weights", weights.sha256),
        after={
            "network": weights.network,
            "title": weights.title,
            "origin": weights.origin,
            "format": weights.format,
        },
    )
