"""TransUNET: a U-Net whose coarsest level goes through a transformer.

Chen et al. 2021, arXiv:2102.04306, as keras-unet-collection 0.1.13 (MIT) builds it,
written anew: no ResNet-50 in front, a patch is one pixel of the coarsest level, every
head has keys as wide as the whole embedding, and the perceptron ends in a GELU, too.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .configuration import TransUNetConfiguration
from .layers import Convolutions, Network, Up, encode, pairs_down, pairs_up

NORM_EPSILON = 1e-3  # of Keras


class SelfAttention(nn.Module):
    """(N, tokens, width) → the same shape; every head has keys of `width` numbers."""

    def __init__(self, width: int, *, heads: int) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.query = nn.Linear(width, heads * width)
        self.key = nn.Linear(width, heads * width)
        self.value = nn.Linear(width, heads * width)
        self.joined = nn.Linear(heads * width, width)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.shape[1]

        def of_heads(linear: nn.Module) -> Tensor:  # (N, heads, tokens, width)
            made: Tensor = linear(x)
            return made.reshape(-1, tokens, self.heads, self.width).transpose(1, 2)

        query, key, value = map(of_heads, (self.query, self.key, self.value))
        alike = (query * self.width**-0.5) @ key.transpose(-1, -2)
        mixed = torch.softmax(alike, dim=-1) @ value
        joined: Tensor = self.joined(
            mixed.transpose(1, 2).reshape(-1, tokens, self.heads * self.width)
        )
        return joined


class Block(nn.Module):
    """Attention and a perceptron, each normalised before and added after."""

    def __init__(self, width: int, *, heads: int, hidden: int) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.attention = SelfAttention(width, heads=heads)
        self.before_perceptron = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.before_attention(x))
        inner = functional.gelu(
            self.first(self.before_perceptron(x)), approximate="tanh"
        )
        return x + functional.gelu(self.second(inner), approximate="tanh")


class Tokens(nn.Module):
    """Each pixel as a token that knows its place: (N, C, h, w) → (N, h·w, width)."""

    def __init__(self, channels: int, *, width: int, count: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, width)
        self.place = nn.Parameter(torch.zeros(count, width))

    def start(self, generator: torch.Generator) -> None:
        nn.init.uniform_(self.place, -0.05, 0.05, generator=generator)  # Keras'

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x.flatten(2).transpose(1, 2))
        return x + self.place


class TransUNet(Network):
    def __init__(self, configuration: TransUNetConfiguration) -> None:
        super().__init__(configuration)
        norm, coarsest = configuration.batch_norm, configuration.filters[-1]
        width = configuration.embedding
        self.side = configuration.image_size // configuration.size_step
        self.down = nn.ModuleList(
            Convolutions(*pair, batch_norm=norm) for pair in pairs_down(configuration)
        )
        self.before = nn.Conv2d(coarsest, coarsest, 1, bias=False)
        self.tokens = Tokens(coarsest, width=width, count=self.side**2)
        self.blocks = nn.Sequential(
            *(
                Block(width, heads=configuration.heads, hidden=configuration.hidden)
                for _ in range(configuration.blocks)
            )
        )
        self.after = nn.Conv2d(width, coarsest, 1, bias=False)
        self.up = nn.ModuleList(
            Up(*pair, batch_norm=norm) for pair in pairs_up(configuration)
        )
        self.output = nn.Conv2d(configuration.filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        x: Tensor
        *skips, x = encode(self.down, image)
        tokens = self.blocks(self.tokens(self.before(x)))
        x = tokens.transpose(1, 2).unflatten(2, (self.side, self.side))
        x = self.after(x)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        return x

    def refuse_sides(self, height: int, width: int) -> None:
        configuration = self.configuration
        assert isinstance(configuration, TransUNetConfiguration)
        size = configuration.image_size
        if height != size or width != size:
            raise Refused(
                gettext_noop(
                    "This network needs images of %(size)s × %(size)s pixels, not "
                    "%(height)s × %(width)s."
                )
                % {"size": size, "height": height, "width": width}
            )
