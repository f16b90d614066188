"""Every way of making an image from the short scan, by name.

A dict one can read. Nothing heavy is imported here: a filter or a network is
resolved by its worker, on first use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .networks.configuration import UNetConfiguration


@dataclass(frozen=True)
class MethodSpec:
    """One entry.

    settings: for a filter its parameters, for a network the configuration.
    open_settings: fields of the configuration that were never published, so
        weights may bring another value than the one in `settings`.
    chosen: how the parameters of a filter were found.
    unavailable_reason: a sentence when it cannot run here, otherwise empty.
    """

    key: str
    title: str
    kind: Literal["filter", "network"]
    settings: Mapping[str, Any]
    open_settings: frozenset[str] = frozenset()
    chosen: str = ""
    unavailable_reason: str = ""
    reference: str = ""

    @property
    def needs_weights(self) -> bool:
        return self.kind == "network"


def _filter(
    key: str, title: str, reference: str, chosen: str, **parameters: float
) -> MethodSpec:
    return MethodSpec(
        key=key,
        title=title,
        kind="filter",
        settings=MappingProxyType(parameters),
        chosen=chosen,
        reference=reference,
    )


def _unet(levels: int) -> MethodSpec:
    filters = (16, 32, 64, 128, 256)[:levels]
    return MethodSpec(
        key=f"unet-l{levels}",
        title=f"U-Net(L{levels})",
        kind="network",
        settings=MappingProxyType(UNetConfiguration(filters).to_json()),
        open_settings=frozenset({"output_activation"}),
        reference="Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28",
    )


CHOSEN_ON_VALIDATION = gettext_noop(
    "Highest mean PSNR on the validation split of a simulated cohort "
    "(manage.py choose_filters)."
)

_SPECS = (
    _filter(
        "gaussian",
        gettext_noop("Gaussian filter"),
        "",
        CHOSEN_ON_VALIDATION,
        standard_deviation_px=0.95,
    ),
    _filter(
        "bilateral",
        gettext_noop("Bilateral filter"),
        "Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815",
        CHOSEN_ON_VALIDATION,
        standard_deviation_px=1.5,
        grey_deviation=0.15,
    ),
    *map(_unet, range(1, 6)),
)
METHODS: dict[str, MethodSpec] = {spec.key: spec for spec in _SPECS}


def method_get(key: str) -> MethodSpec:
    try:
        return METHODS[key]
    except KeyError:
        raise Refused(
            gettext_noop("There is no method %(key)r; there are %(methods)s.")
            % {"key": key, "methods": ", ".join(METHODS)}
        ) from None


def network_get(key: str) -> MethodSpec:
    spec = method_get(key)
    if spec.kind != "network":
        raise Refused(
            gettext_noop("%(title)s is a filter and takes no weights.")
            % {"title": spec.title}
        )
    return spec


def network_shapes(
    spec: MethodSpec, configuration: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """Name → shape of the parameters, if `configuration` is one of this network."""
    for name, value in spec.settings.items():
        if name not in spec.open_settings and configuration.get(name) != value:
            raise Refused(
                gettext_noop(
                    "These weights say %(name)s = %(other)r, but %(title)s has "
                    "%(name)s = %(value)r."
                )
                % {
                    "name": name,
                    "other": configuration.get(name),
                    "title": spec.title,
                    "value": value,
                }
            )
    return UNetConfiguration.from_json(dict(configuration)).parameter_shapes()


def rendition_method(key: str, *, weights_sha256: str | None) -> str:
    """The `method` under which renditions are stored; weights are part of it."""
    return f"{key}@{weights_sha256[:12]}" if weights_sha256 else key
