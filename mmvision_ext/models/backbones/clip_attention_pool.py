"""The pooling at the end of CLIP's ResNets."""

import torch
from torch import nn
from torch.nn import functional as F


class AttentionPool2d(nn.Module):
    """One multi-head attention whose query is the mean of the map.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021, section 2.4. Keys and values are the mean and all
    positions, each with a learned position embedding. On a map of another
    size the embedding of the positions is resized bicubically (with
    antialiasing, as open_clip resizes those of its transformers); the mean
    keeps its own.

    Args:
        grid: Height and width of the map that the position embedding is for.
        channels: Channels of the map.
        heads: Number of attention heads; divides ``channels``.
        embed_dim: Length of the result.
    """

    def __init__(
        self, grid: int, channels: int, heads: int, embed_dim: int
    ) -> None:
        super().__init__()
        self.grid = grid
        self.heads = heads
        self.positional_embedding = nn.Parameter(
            torch.empty(grid**2 + 1, channels)
        )
        self.k_proj = nn.Linear(channels, channels)
        self.q_proj = nn.Linear(channels, channels)
        self.v_proj = nn.Linear(channels, channels)
        self.c_proj = nn.Linear(channels, embed_dim)
        self.init_weights()

    def init_weights(self) -> None:
        """Draw weights and positions from N(0, 1 / channels)."""
        std = self.c_proj.in_features**-0.5
        nn.init.normal_(self.positional_embedding, std=std)
        for layer in (self.k_proj, self.q_proj, self.v_proj, self.c_proj):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pool a map, of whole images or of regions.

        Args:
            x: Shape (N, channels, H, W).

        Returns:
            Shape (N, embed_dim), not normalised.
        """
        tokens = x.flatten(2).transpose(1, 2)
        tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], dim=1)
        tokens = tokens + self.positions(x.shape[2], x.shape[3]).to(x.dtype)
        pooled = F.scaled_dot_product_attention(
            self._split(self.q_proj(tokens[:, :1])),
            self._split(self.k_proj(tokens)),
            self._split(self.v_proj(tokens)),
        )
        return self.c_proj(pooled.flatten(1))

    def positionwise(self, x: torch.Tensor) -> torch.Tensor:
        """Bring every position to where the pooled map is.

        Values and output layer without the attention between positions: Zhou
        et al., "Extract Free Dense Labels from CLIP", ECCV 2022, section 3.2.

        Args:
            x: Shape (N, channels, H, W).

        Returns:
            Shape (N, embed_dim, H, W), not normalised.
        """
        found = self.c_proj(self.v_proj(x.permute(0, 2, 3, 1)))
        return found.permute(0, 3, 1, 2)

    def positions(self, height: int, width: int) -> torch.Tensor:
        """The position embedding for a map.

        Args:
            height: Height of the map.
            width: Width of the map.

        Returns:
            Shape (height * width + 1, channels), the mean's first.
        """
        if height == width == self.grid:
            return self.positional_embedding
        mean, places = self.positional_embedding.split([1, self.grid**2])
        places = places.T.unflatten(1, (self.grid, self.grid))
        resized = F.interpolate(
            places[None].float(),
            (height, width),
            mode='bicubic',
            align_corners=False,
            antialias=True,
        )[0]
        return torch.cat([mean, resized.flatten(1).T.to(mean.dtype)])

    def _split(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, T, channels) to (N, heads, T, channels / heads)."""
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)
