"""A classifier and a dataset that train in milliseconds."""

import torch
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

CHANNELS = 4
CLASSES = 3


class TinyBackbone(nn.Module):
    """Three convolutions, of which the first never trains.

    Args:
        dropout: Probability after the last layer.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.stem.requires_grad_(False)
        self.layers = nn.ModuleList(_block() for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute the feature map.

        Args:
            inputs: Images, (N, 3, H, W).

        Returns:
            Features, (N, 4, H, W).
        """
        features = self.stem(inputs)
        for layer in self.layers:
            features = layer(features)
        return self.dropout(features)


class TinyClassifier(BaseModel):
    """A backbone and a linear head, trained with cross-entropy.

    Args:
        dropout: As in :class:`TinyBackbone`.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = TinyBackbone(dropout)
        self.head = nn.Linear(CHANNELS, CLASSES)

    def forward(
        self,
        inputs: torch.Tensor,
        labels: torch.Tensor,
        mode: str = 'tensor',
    ) -> torch.Tensor | dict[str, torch.Tensor]:
        """Compute logits or the loss.

        Args:
            inputs: Images, (N, 3, H, W).
            labels: Class indices, (N,).
            mode: ``'loss'``, or ``'tensor'`` for the logits.

        Returns:
            Logits, (N, 3), or ``loss``, a scalar.
        """
        logits = self.head(self.backbone(inputs).mean((2, 3)))
        if mode == 'loss':
            return dict(loss=nn.functional.cross_entropy(logits, labels))
        return logits


class TinyDataset(Dataset):
    """Random images of 6 x 6 pixels, always the same.

    Args:
        length: Number of images.
    """

    def __init__(self, length: int = 12) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.rand(length, 3, 6, 6, generator=generator)
        self.labels = torch.randint(CLASSES, (length,), generator=generator)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return dict(inputs=self.images[index], labels=self.labels[index])


def _block() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        nn.BatchNorm2d(CHANNELS),
        nn.ReLU(),
    )
