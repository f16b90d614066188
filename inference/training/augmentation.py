"""Images moved and mirrored by chance, input and target alike."""

import torch
from torch import Tensor
from torch.nn import functional

from ..recipes import Recipe


def augment(images: Tensor, *, recipe: Recipe, chance: torch.Generator) -> Tensor:
    """(N, channels, H, W) → the same shape; all channels of an image go together."""
    count, _, height, width = images.shape
    if recipe.flips:
        flip = torch.rand(count, generator=chance) < 0.5
        flip = flip[:, None, None, None].to(images.device)
        images = torch.where(flip, images.flip(-1), images)
    if reach := recipe.shift_px:
        padded = functional.pad(images, (reach,) * 4, mode="replicate")
        shifts = torch.randint(0, 2 * reach + 1, (count, 2), generator=chance)
        images = torch.stack(
            [
                image[:, down : down + height, right : right + width]
                for image, (down, right) in zip(padded, shifts.tolist(), strict=True)
            ]
        )
    return images
