"""What a network is, without torch: a web process can read a card with this."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Literal, Self, get_args

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

OutputActivation = Literal["sigmoid", "none"]
Pooling = Literal["strided", "max"]


@dataclass(frozen=True)
class Configuration:
    """What every network's settings share.

    `filters` are the channels of each level, the finest first; their number is
    the number of levels. `output_activation` was not published: the library's
    default, a softmax over one channel, is constant, so the study must have set
    another. "none" trains reliably; "sigmoid" often does not (docs/networks.md).
    `residual` adds the (middle) input to the output (y = x + f(x)); the study's
    networks do not.
    """

    filters: tuple[int, ...]
    in_channels: int = 1
    output_activation: OutputActivation = "none"
    residual: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.filters) <= 6 or not all(
            type(f) is int and 1 <= f <= 1024 for f in self.filters
        ):
            raise Refused(
                gettext_noop("A network has 1 to 6 levels of 1 to 1024 filters each.")
            )
        if type(self.in_channels) is not int or not 1 <= self.in_channels <= 16:
            raise Refused(gettext_noop("A network takes 1 to 16 input channels."))
        _refuse_unknown_choice(
            "output_activation", self.output_activation, get_args(OutputActivation)
        )
        _refuse_unless_boolean("residual", self.residual)
        if self.residual and self.output_activation != "none":
            raise Refused(
                gettext_noop("A residual network has the output activation 'none'.")
            )

    @property
    def size_step(self) -> int:
        """Height and width of an image must be multiples of this."""
        return 1 << (len(self.filters) - 1)

    def to_json(self) -> dict[str, Any]:
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """A field that is missing has its default: older cards do not name it."""
        known = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or not {"filters"} <= set(data) <= known:
            raise Refused(
                gettext_noop(
                    "The configuration of this network has no other fields than "
                    "%(known)s, and 'filters' always."
                )
                % {"known": sorted(known)}
            )
        if not isinstance(data["filters"], list):
            raise Refused(
                gettext_noop("The filters of a network are a list of numbers.")
            )
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
        }
        return cls(**settings)


@dataclass(frozen=True)
class UNetConfiguration(Configuration):
    """A network as the study's library (keras-unet-collection 0.1.13) builds it.

    For the U-Nets, both U-Net++, R2U-Net and Attention U-Net. Whether the study
    normalised batches was not published; the library's default is not to.
    """

    batch_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_unless_boolean("batch_norm", self.batch_norm)


@dataclass(frozen=True)
class VNetConfiguration(UNetConfiguration):
    """`pooling`, how a level halves its images, was not published.

    "strided" has the facts' parameter count. With "max" and filters that grow, the
    library stops; here the residual has zeros for the channels that it lacks.
    """

    pooling: Pooling = "strided"

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_unknown_choice("pooling", self.pooling, get_args(Pooling))
        if self.pooling == "max" and list(self.filters) != sorted(self.filters):
            raise Refused(
                gettext_noop(
                    "With the pooling 'max', no level has fewer filters than the "
                    "finer one."
                )
            )


@dataclass(frozen=True)
class TransUNetConfiguration(UNetConfiguration):
    """A U-Net with a transformer at its coarsest level, each pixel there a token.

    embedding: numbers a token, and of each head's keys and values; hidden: width of
        the two-layer perceptron; image_size: rows and columns, for a position has
        parameters of its own.
    """

    embedding: int = 768
    heads: int = 12
    blocks: int = 12
    hidden: int = 3072
    image_size: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, most in (
            ("embedding", 4096),
            ("heads", 64),
            ("blocks", 64),
            ("hidden", 16384),
            ("image_size", 512),
        ):
            _refuse_unless_between(name, getattr(self, name), 1, most)
        if self.image_size % self.size_step:
            raise Refused(
                gettext_noop("The setting 'image_size' is a multiple of %(step)s.")
                % {"step": self.size_step}
            )


@dataclass(frozen=True)
class NAFNetConfiguration(Configuration):
    """Blocks a level on the way down, at the bottom, and on the way up.

    `filters` double from level to level; the last one is the bottom's.
    """

    down_blocks: tuple[int, ...] = ()
    bottom_blocks: int = 1
    up_blocks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        halvings = len(self.filters) - 1
        for name in ("down_blocks", "up_blocks"):
            blocks = getattr(self, name)
            if type(blocks) is not tuple or len(blocks) != halvings:
                raise Refused(
                    gettext_noop("The setting %(name)r has %(count)s numbers.")
                    % {"name": name, "count": halvings}
                )
            for number in blocks:
                _refuse_unless_between(name, number, 0, 32)
        _refuse_unless_between("bottom_blocks", self.bottom_blocks, 0, 32)
        _refuse_unless_doubling(self.filters)


@dataclass(frozen=True)
class DRUNetConfiguration(Configuration):
    """`blocks` residual blocks of two convolutions a level, down as well as up."""

    blocks: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_unless_between("blocks", self.blocks, 1, 32)


FAMILIES: dict[str, type[Configuration]] = {
    "unet": UNetConfiguration,
    "vnet": VNetConfiguration,
    "unetpp": UNetConfiguration,
    "unetpp-nested": UNetConfiguration,
    "r2unet": UNetConfiguration,
    "attention-unet": UNetConfiguration,
    "transunet": TransUNetConfiguration,
    "nafnet": NAFNetConfiguration,
    "drunet": DRUNetConfiguration,
}


def configuration_of(family: str, settings: Mapping[str, Any]) -> Configuration:
    """The checked settings of a network of this family; Refused if they are none."""
    if family not in FAMILIES:
        raise Refused(
            gettext_noop("There is no family %(family)r of networks.")
            % {"family": family}
        )
    return FAMILIES[family].from_json(dict(settings))


def _refuse_unless_boolean(name: str, value: object) -> None:
    if type(value) is not bool:
        raise Refused(
            gettext_noop("The setting %(name)r is true or false.") % {"name": name}
        )


def _refuse_unknown_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise Refused(
            gettext_noop("The setting %(name)r is one of %(choices)s, not %(value)r.")
            % {"name": name, "choices": ", ".join(choices), "value": value}
        )


def _refuse_unless_between(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise Refused(
            gettext_noop(
                "The setting %(name)r is a whole number from %(least)s to %(most)s, "
                "not %(value)r."
            )
            % {"name": name, "least": least, "most": most, "value": value}
        )


def _refuse_unless_doubling(filters: tuple[int, ...]) -> None:
    if any(coarse != 2 * fine for fine, coarse in pairwise(filters)):
        raise Refused(
            gettext_noop("The filters of a NAFNet double from level to level.")
        )
