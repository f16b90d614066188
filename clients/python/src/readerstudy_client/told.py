"""Dataclasses from what the site tells; fields that they do not have are left out."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

Told = TypeVar("Told")


def told(kind: type[Told], given: Mapping[str, Any], /, **more: Any) -> Told:
    """`given` as a `kind`; more: fields that need more than to be copied."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    copied = {name: given[name] for name in names - set(more) if name in given}
    return kind(**copied, **more)


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
