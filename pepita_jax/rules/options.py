"""A rule as a record of its options: which have moved, and how it is shown."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any, ClassVar, Self, cast

from jax import Array

from pepita_jax.errors import require
from pepita_jax.options import field_options
from pepita_jax.rules.checks import check_decorated


class RuleOptions:
    """The base of a dataclass with a network, `net`, and options.

    Attributes:
        moved_options: options of earlier versions, and where each went.
    """

    moved_options: ClassVar[dict[str, str]] = {}

    def __new__(cls, *_: Any, **options: Any) -> Self:
        cls.check_moved(options)
        check_decorated(cls)
        return super().__new__(cls)

    @classmethod
    def check_moved(cls, options: Collection[str]) -> None:
        """Raises a `UserError` that says where an option of an earlier version has gone."""
        moved = vars(cls).get("moved_options", {})  # of this very class
        for option in options:
            message = f"rule {cls.__name__.lower()!r} has no option {option!r}"
            require(option not in moved, f"{message}: {moved.get(option)}")

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "__repr__" not in vars(cls):  # `dataclass`, which comes later, would make another
            cls.__repr__ = RuleOptions.__repr__

    def __repr__(self) -> str:
        """Such as `Pepita(Network(8x8x1: dense 10; relu, softmax), presynaptic='standard')`."""
        options = {f.name: getattr(self, f.name) for f in fields(cast(Any, self))}
        net = options.pop("net")
        defaults = field_options(type(self))
        is_given = lambda k, v: isinstance(v, Array) or v != defaults.get(k)  # traced: incomparable
        given = [f"{k}={v!r}" for k, v in options.items() if is_given(k, v)]
        return f"{type(self).__name__}({', '.join([repr(net), *given])})"
