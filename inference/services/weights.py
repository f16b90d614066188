"""Weights come in: shipped with the software, or uploaded by a coordinator."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inference import registry
from inference.models import Weights
from inference.networks.weights import (
    check_shapes,
    parse_weights,
    refuse_unsafe_name,
)
from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

SHIPPED = Path(__file__).resolve().parents[1] / "weights"
UPLOAD_LIMIT = 64 * 2**20  # bytes


def weights_add(
    *,
    content: bytes,
    name: str,
    origin: Weights.Origin,
    title: str = "",
    user: User | None = None,
) -> Weights:
    """Check the content of a safetensors file and keep it; Refused if unfit.

    `name` is the file's own, for the sentences. Everything is checked without
    torch, so a web process can do it: the header, every number, and names and
    shapes against the network that the card names.
    """
    weights_file = parse_weights(content, name=name)
    card = weights_file.card
    spec = registry.network_get(card.network)
    shapes = registry.network_shapes(spec, card.configuration)
    check_shapes(weights_file, shapes=shapes, title=spec.title)
    _refuse_known(weights_file.sha256, name)
    weights = Weights(
        network=spec.key,
        title=(title or card.title or spec.title)[:100],
        sha256=weights_file.sha256,
        card=card.to_json(),
        origin=origin,
        uploaded_by=user,
    )
    # the file first: a row never points at nothing
    weights.file.save("weights.safetensors", ContentFile(content), save=False)
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
        },
    )


def weights_upload(*, file: "UploadedFile[Any]", title: str, user: User) -> Weights:
    name = file.name or "the file"
    refuse_unsafe_name(name)
    if file.size is None or file.size > UPLOAD_LIMIT:
        raise Refused(
            _("%(file)s is larger than %(size)d MB, the most that is accepted.")
            % {"file": name, "size": UPLOAD_LIMIT // 2**20}
        )
    return weights_add(
        content=file.read(),
        name=name,
        origin=Weights.Origin.UPLOADED,
        title=title,
        user=user,
    )


def weights_sync_shipped(*, folder: Path = SHIPPED) -> list[Weights]:
    """A row for every file of the software's own; those there already are kept."""
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        content = path.read_bytes()
        sha256 = parse_weights(content, name=path.name).sha256
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
