"""Abstract values of what Keras builds: layers, symbolic tensors and models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import Instance, Shape, Value, const

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.syntax import tree


@dataclass(slots=True, eq=False, repr=False)
class Layer(Value):
    """A layer instance. ``api`` is canonical, ``name`` its class; ``config`` holds the bound constructor arguments.

    ``made`` is the symbolic tensor it gave last.
    """

    api: str
    flavour: str
    call: Call | None
    config: dict[str, Value] = field(default_factory=dict)
    model: Model | None = None
    made: KerasTensor | None = None

    @property
    def name(self) -> str:
        return self.api.rpartition(".")[2]

    @property
    def inside(self) -> Model | None:
        """The model that it is, or that it wraps as ``TimeDistributed`` does."""
        wrapped = self.config.get("layer") if self.model is None else self.model
        return wrapped if isinstance(wrapped, Model) else None

    @property
    def frozen(self) -> bool:
        """Whether it, or the model it is or wraps, was set not to be trained."""
        inside = self.inside
        if inside is not None and inside.frozen:
            return True
        return const(self.config.get("trainable")) is False


@dataclass(slots=True, eq=False, repr=False)
class KerasTensor(Value):
    """A symbolic tensor of a functional model. ``shape`` includes the batch axis (None); None when unknown.

    ``layer`` made it from ``inputs``; ``parameters`` of that layer, and ``stored``, the elements a training step keeps
    of it for each sample, None when unknown.
    """

    shape: Shape | None
    layer: Layer | None = None
    inputs: tuple[KerasTensor, ...] = ()
    parameters: int | None = None
    node: tree.Expr | None = None
    stored: int | None = None


@dataclass(slots=True, eq=False, repr=False)
class Use:
    """One layer in a model, in order: input and output shapes (batch axis first), parameters, and ``stored``, the
    elements a training step keeps for each sample; None for what is unknown.
    """

    layer: Layer
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    parameters: int | None
    node: tree.Expr | None
    stored: int | None = None


@dataclass(slots=True, eq=False, repr=False)
class Model(Value):
    """A Keras model. ``kind``: ``sequential``, ``functional``, ``application``, ``subclass``, ``loaded``, ``unknown`` or
    ``layer``: the inside of a layer of the user's own.

    ``uses`` are its layers in order; ``complete`` when these are all of them and their shapes are known. ``compiled``
    is the latest ``compile`` call. ``call`` made it. ``frozen``: it, or some of its layers, are not trained.
    ``inner_…``: what a model of ``keras.applications`` has inside, ``largest`` the numbers of its largest weight.
    ``head``: its last layers where these can be told one by one, behind the rest of it, which is a model of its own.
    ``chosen``: another branch has another model in its place. ``perhaps_frozen``: a branch decides whether it is trained.
    """

    kind: str
    flavour: str = ""
    call: Call | None = None
    uses: list[Use] = field(default_factory=list)
    input: Shape | None = None
    output: KerasTensor | None = None
    compiled: Call | None = None
    complete: bool = True
    frozen: bool = False
    inner_parameters: int | None = None
    inner_activations: int | None = None
    inner_largest: int | None = None
    api: str = ""
    instance: Instance | None = None
    final: Layer | None = None
    head: list[Use] = field(default_factory=list)
    chosen: bool = False
    perhaps_frozen: bool = False

    @property
    def is_chosen(self) -> bool:
        """Whether a branch decides what it is, or what one of the models in it is."""
        return self.chosen or any(
            use.layer.model is not None and use.layer.model.is_chosen for use in self.uses
        )

    @property
    def is_perhaps_frozen(self) -> bool:
        """Whether a branch decides if it is trained, or if one of the models in it is."""
        inside = (use.layer.model for use in self.uses)
        return self.perhaps_frozen or any(one is not None and one.is_perhaps_frozen for one in inside)

    @property
    def parameters(self) -> int | None:
        """All weights, None when some layer's number is unknown."""
        total = self.inner_parameters or 0
        if not self.complete:
            return None
        for use in self.uses:
            if use.parameters is None:
                return None
            total += use.parameters
        return total if self.uses or self.inner_parameters is not None else None

    @property
    def uses_application(self) -> bool:
        """Whether it is a model of ``keras.applications``, or has one as a layer."""
        return self.kind == "application" or any(
            u.layer.model is not None and u.layer.model.uses_application for u in self.uses
        )

    @property
    def known_parameters(self) -> int:
        """A lower bound of the weights: the layers whose numbers are known."""
        return (self.inner_parameters or 0) + sum(use.parameters or 0 for use in self.uses)

    @property
    def frozen_parameters(self) -> int:
        """Weights of layers that are known not to be trained, also inside of models that are layers.

        They have neither gradients nor slots.
        """
        return _frozen_parameters(self, set())

    def flat(self) -> Iterator[Use]:
        """Its layers in order, in place of a model among them that model's own; models of keras.applications stay one."""
        seen = {id(self)}
        waiting = list(reversed(self.uses))
        while waiting:
            use = waiting.pop()
            inner = use.layer.model
            if inner is None or inner.kind == "application" or not inner.uses:
                yield use
            elif id(inner) not in seen:
                seen.add(id(inner))
                waiting += reversed(inner.uses)

    def trained_bytes(self, slots: int) -> int:
        """Bytes of the weights that are known, as float32, and of ``slots`` values for each that is trained."""
        known = self.known_parameters
        trained = 0 if self.frozen else known - self.frozen_parameters
        return (known + slots * trained) * 4

    @property
    def activations(self) -> int | None:
        """Elements a training step keeps for one sample, all layers together; None when some layer's are unknown."""
        if not self.complete:
            return None
        total = self.inner_activations or 0
        for _, stored in self.stored():
            if stored is None:
                return None
            total += stored
        return total if self.uses or self.inner_activations is not None else None

    def stored(self) -> Iterator[tuple[Use, int | None]]:
        """The elements a training step keeps of each layer for one sample; None when unknown."""
        first = True  # what is frozen there needs no backward pass
        for use in self.uses:
            frozen = use.layer.model is not None and use.layer.frozen
            first = first and (frozen or use.layer.name == "InputLayer")
            yield use, 0 if first and use.stored is not None else use.stored


def _frozen_parameters(model: Model, seen: set[int]) -> int:
    seen.add(id(model))
    total = 0
    for use in model.uses:
        inside = use.layer.inside
        if use.layer.frozen:
            total += use.parameters or 0
        elif inside is not None and id(inside) not in seen:
            total += min(_frozen_parameters(inside, seen), use.parameters or 0)
    return total


def count(shape: Shape | None) -> int | None:
    """Elements of one sample: the product of ``shape`` without its batch axis; None when an axis is unknown."""
    if shape is None:
        return None
    total = 1
    for axis in shape[1:]:
        if axis is None:
            return None
        total *= axis
    return total
