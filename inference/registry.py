"""Every way of making an image from the short scan, by name.

A dict one can read. Nothing heavy is imported here: a filter or a network is
resolved by its worker, on first use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .networks.configuration import (
    FAMILIES,
    Configuration,
    configuration_of,
)


@dataclass(frozen=True)
class MethodSpec:
    """One entry.

    family: which module of `networks` builds it; "filter", or "onnx" for networks
        that people bring.
    settings: for a filter its parameters, for a network the configuration.
    open_settings: fields of the configuration that were never published, so
        weights may bring another value than the one in `settings`.
    parameters, gflop: how many numbers its weights have, and thousands of millions
        of operations (a multiplication and an addition are two) for a 64×64 image,
        with the settings as registered.
    chosen: how the parameters of a filter were found.
    unavailable_reason: a sentence when it cannot run here, otherwise empty.
    """

    key: str
    title: str
    kind: Literal["filter", "network"]
    settings: Mapping[str, Any]
    family: str
    open_settings: frozenset[str] = frozenset()
    parameters: int | None = None
    gflop: float | None = None
    chosen: str = ""
    unavailable_reason: str = ""
    reference: str = ""

    @property
    def needs_weights(self) -> bool:
        return self.kind == "network"

    @property
    def can_be_trained(self) -> bool:
        """Whether the network is one of ours, of which a new one can be made."""
        return self.family in FAMILIES


def _filter(
    key: str, title: str, reference: str, chosen: str, **parameters: float
) -> MethodSpec:
    return MethodSpec(
        key=key,
        title=title,
        kind="filter",
        settings=MappingProxyType(parameters),
        family="filter",
        chosen=chosen,
        reference=reference,
    )


def _network(
    key: str,
    title: str,
    family: str,
    size: tuple[int, float],
    reference: str,
    **settings: Any,
) -> MethodSpec:
    """size: parameters and GFLOP. Filters of four levels unless settings say other."""
    settings = {"filters": list(FILTERS), **settings}
    configuration = configuration_of(family, settings)
    return MethodSpec(
        key=key,
        title=title,
        kind="network",
        settings=MappingProxyType(configuration.to_json()),
        family=family,
        open_settings=OPEN_SETTINGS & {field.name for field in fields(configuration)},
        parameters=size[0],
        gflop=size[1],
        reference=reference,
    )


# Never published of the study's networks (nor was the loss, which is no setting).
OPEN_SETTINGS = frozenset({"output_activation", "batch_norm", "pooling"})
FILTERS = (16, 32, 64, 128)
UNET_REFERENCE = "Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28"
UNETPP_REFERENCE = "Zhou et al. 2018, doi:10.1007/978-3-030-00889-5_1"
TRANSUNET_REFERENCE = "Chen et al. 2021, arXiv:2102.04306"
UNET_SIZES = (
    (2_497, 0.020),
    (27_953, 0.143),
    (129_553, 0.266),
    (535_505, 0.388),
    (2_158_417, 0.511),
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
        standard_deviation_px=1.0,
    ),
    _filter(
        "bilateral",
        gettext_noop("Bilateral filter"),
        "Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815",
        CHOSEN_ON_VALIDATION,
        standard_deviation_px=1.5,
        grey_deviation=0.15,
    ),
    _filter(
        "nlm",
        gettext_noop("Non-local means"),
        "Buades et al. 2005, doi:10.1109/CVPR.2005.38",
        CHOSEN_ON_VALIDATION,
        patch_px=11,
        search_px=7,
        grey_deviation=0.07,
    ),
    *(
        _network(
            f"unet-l{levels}",
            f"U-Net(L{levels})",
            "unet",
            size,
            UNET_REFERENCE,
            filters=list((*FILTERS, 256)[:levels]),
        )
        for levels, size in enumerate(UNET_SIZES, start=1)
    ),
    _network(
        "vnet",
        "V-Net",
        "vnet",
        (894_625, 0.382),
        "Milletari et al. 2016, doi:10.1109/3DV.2016.79",
    ),
    _network(
        "unetpp",
        gettext_noop("U-Net++, as published"),
        "unetpp",
        (487_121, 0.332),
        UNETPP_REFERENCE,
    ),
    _network(
        "unetpp-nested",
        gettext_noop("U-Net++, as in its paper"),
        "unetpp-nested",
        (620_945, 0.747),
        UNETPP_REFERENCE,
    ),
    _network(
        "r2unet",
        "R2U-Net",
        "r2unet",
        (1_586_225, 0.922),
        "Alom et al. 2019, doi:10.1117/1.JMI.6.1.014006",
    ),
    _network(
        "attention-unet",
        "Attention U-Net",
        "attention-unet",
        (495_244, 0.341),
        "Oktay et al. 2018, arXiv:1804.03999",
    ),
    _network(
        "transunet",
        "TransUNET",
        "transunet",
        (397_584_081, 52.962),
        TRANSUNET_REFERENCE,
    ),
    _network(
        "transunet-small",
        gettext_noop("TransUNET, small"),
        "transunet",
        (2_177_105, 0.629),
        TRANSUNET_REFERENCE,
        embedding=128,
        heads=4,
        blocks=4,
        hidden=512,
    ),
    _network(
        "resunet-3",
        gettext_noop("Residual U-Net(L4) of three slices"),
        "unet",
        (535_793, 0.391),
        UNET_REFERENCE,
        in_channels=3,
        residual=True,
    ),
    _network(
        "nafnet",
        gettext_noop("NAFNet of three slices"),
        "nafnet",
        (548_833, 0.499),
        "Chen et al. 2022, doi:10.1007/978-3-031-20071-7_2",
        filters=[32, 64, 128],
        in_channels=3,
        residual=True,
        down_blocks=[1, 2],
        bottom_blocks=3,
        up_blocks=[1, 1],
    ),
    _network(
        "drunet",
        gettext_noop("DRUNet of three slices"),
        "drunet",
        (575_040, 0.294),
        "Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914",
        in_channels=3,
        residual=True,
    ),
    MethodSpec(
        key="onnx",
        title=gettext_noop("Own network (ONNX)"),
        kind="network",
        settings=MappingProxyType({}),
        family="onnx",
    ),
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


def network_configuration(
    spec: MethodSpec, settings: Mapping[str, Any]
) -> Configuration:
    """The checked settings that weights bring; Refused if not those of `spec`."""
    for name, value in spec.settings.items():
        brought = settings.get(name, value)  # older cards lack newer settings
        if name not in spec.open_settings and brought != value:
            raise Refused(
                gettext_noop(
                    "These weights say %(name)s = %(other)r, but %(title)s has "
                    "%(name)s = %(value)r."
                )
                % {"name": name, "other": brought, "title": spec.title, "value": value}
            )
    return configuration_of(spec.family, settings)


def rendition_method(key: str, *, weights_sha256: str | None) -> str:
    """The `method` under which renditions are stored; weights are part of it."""
    return f"{key}@{weights_sha256[:12]}" if weights_sha256 else key
