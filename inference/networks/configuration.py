"""What a network is, without torch: a web process can check weights with this."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

OutputActivation = Literal["sigmoid", "none"]


@dataclass(frozen=True)
class UNetConfiguration:
    """A 2-D U-Net as the study's library (keras-unet-collection 0.1.13) builds it.

    `filters` are the channels of each level, the finest first; their number is
    the number of levels. `output_activation` was not published: the library's
    default, a softmax over one channel, is constant, so the study must have set
    another. "none" trains reliably; "sigmoid" often does not (docs/networks.md).
    `residual` adds the input to the output (y = x + f(x)); the study's networks do
    not.
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
                gettext_noop("A U-Net has 1 to 6 levels of 1 to 1024 filters each.")
            )
        if type(self.in_channels) is not int or not 1 <= self.in_channels <= 16:
            raise Refused(gettext_noop("A U-Net takes 1 to 16 input channels."))
        if self.output_activation not in get_args(OutputActivation):
            raise Refused(
                gettext_noop(
                    "The output activation is one of %(choices)s, not "
                    "%(output_activation)r."
                )
                % {
                    "choices": get_args(OutputActivation),
                    "output_activation": self.output_activation,
                }
            )
        if type(self.residual) is not bool:
            raise Refused(gettext_noop("The setting 'residual' is true or false."))
        if self.residual and self.output_activation != "none":
            raise Refused(
                gettext_noop("A residual network has the output activation 'none'.")
            )

    @property
    def size_step(self) -> int:
        """Height and width of an image must be multiples of this."""
        return 1 << (len(self.filters) - 1)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "filters": list(self.filters)}

    @classmethod
    def from_json(cls, data: Any) -> "UNetConfiguration":
        known = {"filters", "in_channels", "output_activation", "residual"}
        if not isinstance(data, dict) or set(data) != known:
            raise Refused(
                gettext_noop(
                    "The configuration of a U-Net has exactly the fields %(known)s."
                )
                % {"known": sorted(known)}
            )
        if not isinstance(data["filters"], list):
            raise Refused(gettext_noop("The filters of a U-Net are a list of numbers."))
        return cls(**{**data, "filters": tuple(data["filters"])})

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of every parameter of `unet.UNet`."""
        shapes: dict[str, tuple[int, ...]] = {}

        def convolution(name: str, inputs: int, outputs: int, size: int = 3) -> None:
            shapes[f"{name}.weight"] = (outputs, inputs, size, size)
            shapes[f"{name}.bias"] = (outputs,)

        channels = self.in_channels
        for level, filters in enumerate(self.filters):
            convolution(f"down.{level}.first", channels, filters)
            convolution(f"down.{level}.second", filters, filters)
            channels = filters
        for step, filters in enumerate(reversed(self.filters[:-1])):
            convolution(f"up.{step}.before", channels, filters)
            convolution(f"up.{step}.convolutions.first", 2 * filters, filters)
            convolution(f"up.{step}.convolutions.second", filters, filters)
            channels = filters
        convolution("output", channels, 1, size=1)
        return shapes
