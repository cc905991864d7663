"""Whose weights a model has while it validates."""

from mmengine.hooks import EMAHook


class SwappedWeights:
    """Knows whether an EMAHook has put its average into the model.

    Hooks differ in when they do: mmpretrain's can leave it, or validate with
    the average first and then, within its ``after_val_epoch``, with the
    weights that are trained. All of them swap by one method, which is watched
    here.

    Args:
        hook: The hook, while the model has the weights that are trained.

    Attributes:
        are_in: Whether the average is in the model.
    """

    def __init__(self, hook: EMAHook) -> None:
        self.are_in = False
        self._hook = hook
        self._swap = hook._swap_ema_parameters
        self._began_in = False
        vars(hook)['_swap_ema_parameters'] = self._noted

    def remove(self) -> None:
        """Watch no longer."""
        vars(self._hook).pop('_swap_ema_parameters', None)

    def begin(self) -> None:
        """Note with which weights a validation begins."""
        self._began_in = self.are_in

    @property
    def is_over(self) -> bool:
        """Whether the average was in the model and was taken out again."""
        return self._began_in and not self.are_in

    def give_back(self) -> None:
        """Put the weights that are trained into the model again."""
        if self.are_in:
            self._hook._swap_ema_parameters()

    def _noted(self) -> None:
        self._swap()
        self.are_in = not self.are_in
