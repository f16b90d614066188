"""U-Nets of any settings."""

from inference.networks.building import build
from inference.networks.configuration import UNetConfiguration
from inference.networks.layers import Network


def build_unet(configuration: UNetConfiguration, *, seed: int) -> Network:
    return build("unet", configuration.to_json(), seed=seed)
