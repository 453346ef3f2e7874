"""What is trained: encoders under one objective, as Lightning modules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn

from crossphase.nonlinear.config import TrainingConfig
from crossphase.nonlinear.contrastive import info_nce, siglip
from crossphase.nonlinear.decorrelation import barlow_twins, vicreg
from crossphase.nonlinear.deep_cca import deep_cca
from crossphase.nonlinear.encoders import projector
from crossphase.nonlinear.prediction import joint, squared_error

__all__ = ["Align", "Autoencode", "Batch", "Joint", "Network", "Predict", "Supervise"]

Batch = tuple[Tensor, Tensor, Tensor]
"""Rows of x, of y, and class numbers or target values (empty where there are none)."""

_LARGEST_LOG_SCALE = 4.6052  # of 1 / temperature: at most 100


class Network(L.LightningModule, ABC):
    """Encoders by view ("x", "y"), trained on `loss` of a batch.

    Parameters
    ----------
    config : TrainingConfig
    encoders : dict of str to nn.Module
    """

    def __init__(self, config: TrainingConfig, encoders: dict[str, nn.Module]) -> None:
        super().__init__()
        self.config = config
        self.encoders = nn.ModuleDict(encoders)

    @property
    def learnt(self) -> dict[str, float]:
        """Numbers of the loss that are learnt, for the log."""
        return {}

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """Loss of one batch, a scalar."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One step."""
        self._seed(self.current_epoch + 1, batch_idx, self.global_rank)
        loss = self.loss(batch)
        self.log(
            "training_loss",
            loss,
            on_epoch=True,
            on_step=False,
            batch_size=len(batch[0]),
            sync_dist=True,
        )
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """The loss that decides when to stop and which weights to keep."""
        self._seed(0, batch_idx, 0)
        self.log("validation_loss", self.loss(batch), batch_size=len(batch[0]), sync_dist=True)

    def _seed(self, *place: int) -> None:
        """What a step draws follows its place alone: a resumed run draws the same."""
        (seed,) = np.random.SeedSequence((self.config.seed, *place)).generate_state(1, np.uint32)
        if self.device.type == "cpu":
            # torch.manual_seed notes a traceback for every other kind of device, each time.
            torch.default_generator.manual_seed(int(seed))
        else:
            torch.manual_seed(int(seed))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, with decoupled weight decay if any."""
        config = self.config
        # One pass over the weights, where every PyTorch that will do has it (not on MPS, not on
        # TPUs). Lightning clips no gradients of a fused optimizer.
        fused = config.gradient_clip is None and self.device.type in ("cpu", "cuda")
        if config.weight_decay:
            return torch.optim.AdamW(
                self.parameters(),
                lr=config.learning_rate,
                weight_decay=config.weight_decay,
                fused=fused,
            )
        return torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=fused)


class _AlignmentLoss(nn.Module):
    """Projectors and the loss between their outputs, with what of it is learnt."""

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__()
        self.name = config.alignment
        width = config.projection_dim
        self.project_x = projector(config.code_dim, width) if width else nn.Identity()
        self.project_y = projector(config.code_dim, width) if width else nn.Identity()
        self.fixed = config.temperature
        if self.name in ("infonce", "siglip") and self.fixed is None:
            # 1/temperature is learnt as a logarithm (Radford et al., arXiv 2103.00020).
            self.log_scale = nn.Parameter(torch.tensor(10.0).log())
        if self.name == "siglip":
            self.bias = nn.Parameter(torch.tensor(-10.0))

    def temperature(self) -> float | Tensor | None:
        """As given, or as learnt so far: at least .01. None where the loss has none."""
        if self.name not in ("infonce", "siglip") or self.fixed is not None:
            return self.fixed
        return 1 / self.log_scale.clamp(max=_LARGEST_LOG_SCALE).exp()

    @property
    def learnt(self) -> dict[str, float]:
        """The temperature, if it is learnt."""
        learnt = self.temperature()
        return {"temperature": float(learnt.detach())} if isinstance(learnt, Tensor) else {}

    def forward(self, x_codes: Tensor, y_codes: Tensor) -> Tensor:
        a, b = self.project_x(x_codes), self.project_y(y_codes)
        temperature = self.temperature()
        if temperature is not None and self.name in ("infonce", "siglip"):
            if self.name == "siglip":
                return siglip(a, b, scale=1 / temperature, bias=self.bias)
            return info_nce(a, b, temperature)
        plain: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "vicreg": vicreg,
            "barlow-twins": barlow_twins,
            "deep-cca": deep_cca,
        }
        return plain[self.name](a, b)


class Align(Network):
    """Both encoders, their codes aligned."""

    def __init__(self, config: TrainingConfig, encoders: dict[str, nn.Module]) -> None:
        super().__init__(config, encoders)
        self.alignment = _AlignmentLoss(config)

    @property
    def learnt(self) -> dict[str, float]:
        """The temperature, if it is learnt."""
        return self.alignment.learnt

    def loss(self, batch: Batch) -> Tensor:
        """Alignment loss of the codes."""
        x, y, _ = batch
        aligned: Tensor = self.alignment(self.encoders["x"](x), self.encoders["y"](y))
        return aligned


class Predict(Network):
    """The encoder of `source`, and a decoder to the other view."""

    def __init__(
        self,
        config: TrainingConfig,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        source: str,
        error: Callable[[Tensor, Tensor], Tensor] = squared_error,
    ) -> None:
        super().__init__(config, {source: encoder})
        self.decoder = decoder
        self.source = source
        self.error = error

    def loss(self, batch: Batch) -> Tensor:
        """Error of the prediction."""
        views = {"x": batch[0], "y": batch[1]}
        source = views.pop(self.source)
        (target,) = views.values()
        return self.error(self.decoder(self.encoders[self.source](source)), target)


class Joint(Network):
    """weight · alignment + prediction x→y, the encoder of x shared."""

    def __init__(
        self,
        config: TrainingConfig,
        encoders: dict[str, nn.Module],
        decoder: nn.Module,
        *,
        error: Callable[[Tensor, Tensor], Tensor] = squared_error,
    ) -> None:
        super().__init__(config, encoders)
        self.alignment = _AlignmentLoss(config)
        self.decoder = decoder
        self.error = error

    @property
    def learnt(self) -> dict[str, float]:
        """The temperature, if it is learnt."""
        return self.alignment.learnt

    def loss(self, batch: Batch) -> Tensor:
        """Weighted sum of the two."""
        x, y, _ = batch
        code = self.encoders["x"](x)
        aligned = self.alignment(code, self.encoders["y"](y))
        predicted = self.error(self.decoder(code), y)
        return joint(aligned, predicted, weight=self.config.weight)


class Autoencode(Network):
    """One view from a copy of itself with entries set to zero: what it says alone."""

    def __init__(
        self,
        config: TrainingConfig,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        view: str,
        error: Callable[[Tensor, Tensor], Tensor] = squared_error,
    ) -> None:
        super().__init__(config, {view: encoder})
        self.decoder = decoder
        self.view = view
        self.error = error

    def loss(self, batch: Batch) -> Tensor:
        """Error of the reconstruction."""
        rows = batch[0] if self.view == "x" else batch[1]
        seen = _with_zeros(rows, self.config.corruption)
        return self.error(self.decoder(self.encoders[self.view](seen)), rows)


class SelfAlign(Network):
    """One encoder, the codes of two noisy copies of a row aligned: what its view says alone."""

    def __init__(self, config: TrainingConfig, encoder: nn.Module, *, view: str) -> None:
        super().__init__(config, {view: encoder})
        self.alignment = _AlignmentLoss(config)
        self.view = view

    @property
    def learnt(self) -> dict[str, float]:
        """The temperature, if it is learnt."""
        return self.alignment.learnt

    def loss(self, batch: Batch) -> Tensor:
        """Alignment loss of the two codes."""
        rows = batch[0] if self.view == "x" else batch[1]
        encoder = self.encoders[self.view]
        aligned: Tensor = self.alignment(encoder(self._copy(rows)), encoder(self._copy(rows)))
        return aligned

    def _copy(self, rows: Tensor) -> Tensor:
        if rows.is_floating_point():
            return rows + self.config.noise * torch.randn_like(rows)
        return _with_zeros(rows, self.config.corruption)


class Supervise(Network):
    """Encoders with one linear head on the labels: a ceiling, not a competitor."""

    def __init__(
        self,
        config: TrainingConfig,
        encoders: dict[str, nn.Module],
        *,
        n_classes: int,
        n_out: int,
        class_weights: Tensor | None = None,
    ) -> None:
        super().__init__(config, encoders)
        self.head = nn.Linear(len(encoders) * config.code_dim, n_classes or n_out)
        self.n_classes = n_classes
        self.register_buffer("class_weights", class_weights, persistent=False)

    def answer(self, views: dict[str, Tensor]) -> Tensor:
        """Logits of classes, or values, of rows of the views that have encoders."""
        codes = [encoder(views[view]) for view, encoder in self.encoders.items()]
        answer: Tensor = self.head(torch.relu(torch.cat(codes, dim=1)))
        return answer

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of classes, or squared error."""
        answer = self.answer({"x": batch[0], "y": batch[1]})
        if self.n_classes:
            weights = self.get_buffer("class_weights")
            return nn.functional.cross_entropy(answer, batch[2][:, 0].long(), weight=weights)
        return squared_error(answer, batch[2])


def _with_zeros(rows: Tensor, share: float) -> Tensor:
    """A copy in which a share of the entries, drawn at random, is zero."""
    return rows * (torch.rand(rows.shape, device=rows.device) >= share)
