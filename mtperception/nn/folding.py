"""Fold what a trained network no longer needs to compute at every picture."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(network: nn.Module) -> None:
    """
    Move each batch norm into the convolution before it, in place.

    The network must be in evaluation mode. Pairs are found in ``nn.Sequential``: a convolution
    directly followed by its norm, which becomes an identity.
    """
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for index in range(len(module) - 1):
            convolution, norm = module[index], module[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index] = fuse_conv_bn_eval(convolution, norm)
                module[index + 1] = nn.Identity()
