"""An arm as reports and files call it."""

from dataclasses import dataclass

from readerstudy.reading.models import Arm


@dataclass(frozen=True)
class ArmName:
    code: str
    title: str
    method: str
    position: int


def arm_name(arm: Arm) -> ArmName:
    return ArmName(arm.code, arm.title, arm.method, arm.position)
