"""What tests of uploads share; fixtures are in conftest.py."""

from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from inference import runtime, services
from inference.models import Weights
from inference.told_cards import ToldCard
from readerstudy.audit.models import AuditEvent

TOLD = ToldCard(
    title="Theirs",
    origin="A group elsewhere",
    licence="CC BY 4.0",
    training_data="300 scans of another hospital",
    patients={},
)
SEEN = runtime.Probe(
    layout="NCHW",
    in_channels=1,
    opset=17,
    operators={"Conv": 1},
    parameters=9,
    seconds=0.01,
    peak_mib=80,
    output_min=0.0,
    output_mean=0.2,
    output_max=0.9,
    deterministic=True,
    network_blocked=True,
    engine="onnxruntime",
    versions={},
    card="",
)


def send(user, content, name="theirs.onnx", **more):
    return services.weights_upload(
        file=SimpleUploadedFile(name, content), user=user, **more
    )


def nothing_is_left() -> bool:
    """No row, no event, and nothing on the disk."""
    kept = Path(settings.MEDIA_ROOT) / "weights"
    folders = (kept, Path(settings.VAR_DIR) / "exports")
    files = [one for f in folders for one in f.rglob("*") if one.is_file()]
    return not (
        files
        or Weights.objects.exists()
        or AuditEvent.objects.filter(action="weights.add").exists()
    )
