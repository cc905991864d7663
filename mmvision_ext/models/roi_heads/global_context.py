"""What an image as a whole says of its regions."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.heads.cosine_logits import CosineLogits
from mmvision_ext.registry import MODELS


@dataclass(frozen=True)
class Guidance:
    """How an image bears on classes of regions, of M images or regions.

    Attributes:
        scale: Change of the factor of each channel, shape (M, R).
        shift: What is added to each channel, shape (M, R).
        prior: What is added to the logit of each word, shape (M, K).
    """

    scale: torch.Tensor
    shift: torch.Tensor
    prior: torch.Tensor

    def of_regions(self, images: torch.Tensor) -> 'Guidance':
        """Repeat what is said of images for their regions.

        Args:
            images: Index of the image of each region, int64 (M,).

        Returns:
            The guidance of M regions.
        """
        return Guidance(
            self.scale[images], self.shift[images], self.prior[images]
        )

    def condition(self, features: torch.Tensor) -> torch.Tensor:
        """Condition features of regions.

        Args:
            features: Shape (M, R).

        Returns:
            ``features * (1 + scale) + shift``, shape (M, R).
        """
        return features * (1 + self.scale) + self.shift

    def add_prior(self, logits: torch.Tensor) -> torch.Tensor:
        """Add the prior to the logits of the words.

        Args:
            logits: Of K words and the background, shape (M, K + 1).

        Returns:
            The same shape; the background's stay.
        """
        return logits + F.pad(self.prior, (0, 1))


@MODELS.register_module()
class GlobalContext(nn.Module):
    """Guide regions by the feature of the image and by what it may show.

    The global feature of an image is brought beside the words; its cosine to
    them, scaled and shifted, gives the log-odds that the image shows each word
    at all (:meth:`posterior`), which :meth:`loss` trains with image-level
    labels. From both follows, for all regions of the image,

    - scale and shift of their features (Perez et al., "FiLM: Visual Reasoning
      with a General Conditioning Layer", AAAI 2018), made of the embedding and
      of the mean of the words weighted by their posterior;
    - a prior for the logits, the log-odds times a learned weight: objects are
      likelier where the scene is theirs (Torralba, "Contextual Priming for
      Object Detection", IJCV 2003). No gradient flows from there into the
      posterior, which stays one of images.

    Scale, shift and the weight of the prior begin at 0: at first the detector
    is the one without context.

    Args:
        in_channels: G, channels of the global feature.
        embed_dims: D, dimension of the words.
        region_channels: R, channels of the features of regions.
        project: Whether a linear layer brings the global feature beside the
            words; False for towers whose feature is there already, as CLIP's.
        hidden_channels: Between the layers that make scale and shift.
        temperature: Of the cosines, to begin with.
        limit: Bound of the log-odds in the prior.
        loss: Loss of image-level labels, by logits and targets (N, K).
        loss_contrast: Another, of log-probabilities over the words, such as
            ``mmvision_ext.ImageWordContrastLoss``; None for none.
    """

    def __init__(
        self,
        in_channels: int,
        embed_dims: int,
        region_channels: int = 1024,
        project: bool = True,
        hidden_channels: int = 256,
        temperature: float = 0.1,
        limit: float = 6.0,
        loss: dict | None = None,
        loss_contrast: dict | None = None,
    ) -> None:
        super().__init__()
        self.embed_dims = embed_dims
        self.limit = limit
        self.projection = (
            nn.Linear(in_channels, embed_dims) if project else nn.Identity()
        )
        self.logits = CosineLogits(temperature)
        self.bias = nn.Parameter(torch.tensor(-2.0))  # few words an image
        last = nn.Linear(hidden_channels, 2 * region_channels)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.film = nn.Sequential(
            nn.Linear(2 * embed_dims, hidden_channels),
            nn.ReLU(inplace=True),
            last,
        )
        self.prior_weight = nn.Parameter(torch.zeros(()))
        self.loss_image = MODELS.build(
            loss or dict(type='mmvision_ext.AttributeBCELoss')
        )
        self.loss_contrast = (
            MODELS.build(loss_contrast) if loss_contrast else None
        )

    def embed(self, overview: torch.Tensor) -> torch.Tensor:
        """Bring images beside words.

        Args:
            overview: Global features, shape (N, G).

        Returns:
            Shape (N, D), of length 1, float32.
        """
        return F.normalize(self.projection(overview).float())

    def posterior(
        self, overview: torch.Tensor, words: torch.Tensor
    ) -> torch.Tensor:
        """Log-odds that an image shows a word.

        Args:
            overview: Global features, shape (N, G).
            words: Shape (K, D).

        Returns:
            Logits, float32 (N, K).
        """
        return self.logits(self.embed(overview), words) + self.bias

    def forward(self, overview: torch.Tensor, words: torch.Tensor) -> Guidance:
        """Guide the regions of images.

        Args:
            overview: Global features, shape (N, G).
            words: Shape (K, D).

        Returns:
            The guidance of N images.
        """
        embedding = self.embed(overview)
        posterior = self.logits(embedding, words) + self.bias
        scene = posterior.softmax(1) @ words.float()
        scale, shift = self.film(torch.cat([embedding, scene], 1)).chunk(2, 1)
        log_odds = posterior.detach().clamp(-self.limit, self.limit)
        return Guidance(scale, shift, self.prior_weight * log_odds)

    def loss(
        self,
        overview: torch.Tensor,
        words: torch.Tensor,
        targets: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Compare the posterior with what the images show.

        Args:
            overview: Global features, shape (N, G).
            words: Shape (K, D).
            targets: 1 where an image shows a word, else 0, shape (N, K).

        Returns:
            ``loss_image``, a scalar, and ``loss_image_contrast`` where there
            is one.
        """
        embedding = self.embed(overview)
        cosines = self.logits(embedding, words)
        losses = {'loss_image': self.loss_image(cosines + self.bias, targets)}
        if self.loss_contrast is not None:
            losses['loss_image_contrast'] = self.loss_contrast(
                cosines, targets
            )
        return losses
