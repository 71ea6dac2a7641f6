"""What a method is: hyperparameters in a frozen dataclass, a first state, and a pure update."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.errors import InputTypeError, shown
from fallline.penalties.base import Penalty
from fallline.steps.base import Evaluate, Point

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

__all__ = ["Method", "RatedMethod", "SavesItself", "UpdateRule"]


@runtime_checkable
class UpdateRule(Protocol):
    """The two functions that make a method of the user's own; the step taken is ``x - rate * direction``."""

    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""
        ...

    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Return the direction, shape (d,), and the next state; nothing given is changed."""
        ...


@runtime_checkable
class SavesItself(Protocol):
    """A method whose state is more than numbers, but comes back from some."""

    def saved(self, state: Any) -> list[Any]:
        """Return the arrays from which `restored` makes a state."""
        ...

    def restored(self, state: Any, saved: list[Any], x: Any) -> Any:
        """Return the state that was `saved` at the parameters `x`; `state` is one of `init`, and may be used up."""
        ...


@dataclass(frozen=True, kw_only=True)
class Method(ABC):
    """A method of fallline's own.

    Attributes
    ----------
    learning_rate : float, schedule, step rule or None
        The rate to use; None for the method's default, `default_rate`.

    A method that `averages` answers with `answer`, not with the best point it passed. A `proximal` one follows the
    gradient itself, or takes its proximal steps itself, so that a penalty's proximal map at the method's rate suits its
    steps; any other is given the penalty's slope to follow instead of the gradient.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    default_rate: ClassVar[Any] = None
    averages: ClassVar[bool] = False
    proximal: ClassVar[bool] = False

    learning_rate: Any = None

    def __new__(cls, *given: Any, **settings: Any) -> Self:
        """Refuse settings without a name, and the function and start that SciPy calls a class with."""
        if given and callable(given[0]):
            raise InputTypeError(
                f"method must be an instance; got the class {cls.__name__}. SciPy calls what it is given with the "
                f"function and the start. Write method=fallline.methods.{cls.__name__}()."
            )
        if given:
            raise InputTypeError(
                f"{cls.__name__} must be given its settings by name; got {shown(given[0])} without one. They have no "
                f"order. Write {cls.__name__}(learning_rate=0.1), say."
            )
        return super().__new__(cls)

    @abstractmethod
    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""

    @abstractmethod
    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Return the direction, shape (d,), and the next state; the step taken is ``x - rate * direction``."""

    def turn(self, here: Point, state: Any, penalty: Penalty | None) -> tuple[Any, Any]:
        """Return the direction for a measured step, shape (d,), and the next state; some heed the penalty."""
        return self.update(here.gradient, state, here.x)

    def laid_out(self, layout: Layout) -> Method:
        """Return the method for a flat vector that holds the parameters like this; few need to know.

        Raises
        ------
        InputError
            Where parameters of these shapes are not for this method.
        """
        return self

    def answer(self, state: Any, x: Any) -> Any:
        """Return the point to answer with after the last step, shape (d,); only asked where `averages` is true."""
        return x

    def stable_rate(self, curvature: float) -> float | None:
        """Return the largest fixed rate that is stable at this curvature (the Hessian's largest eigenvalue).

        None where the method has no such limit.
        """
        return None

    def __call__(
        self,
        fun: Callable[..., Any],
        x0: Any,
        args: Any = (),
        jac: Any = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable[..., Any] | None = None,
        **options: Any,
    ) -> OptimizeResult:
        """Minimise for ``scipy.optimize.minimize(fun, x0, method=…)``, which calls a method of its user's so.

        Without `jac` the gradient is exact, as in `fallline.minimize`. The run stops where that would; with ``tol`` or
        the option ``gtol`` where the gradient's 2-norm is below it. Further options are ``maxiter``, ``disp``,
        ``return_all``, and ``learning_rate``, ``tolerance``, ``stopping``, ``max_iterations`` and ``check_gradient``
        as in `fallline.minimize`. ``success`` means that optimality was verified, and ``fallline`` holds the `Result`.

        Raises
        ------
        InputError
            Where there are `constraints`.

        Examples
        --------
        >>> from scipy.optimize import minimize
        >>> import fallline as fl
        >>> answer = minimize(lambda x: (x[0] - 1) ** 2 + (x[1] - 2) ** 2, [3.0, 4.0], method=fl.methods.LBFGS())
        >>> answer.success, answer.x.round(4).tolist()
        (True, [1.0, 2.0])
        """
        # `descent` stands above the methods and is reached by name, only when SciPy calls
        return import_module("fallline.descent.scipy_plugin").minimize_in_scipy(
            self,
            fun,
            x0,
            args=args,
            jac=jac,
            hess=hess,
            hessp=hessp,
            bounds=bounds,
            constraints=constraints,
            callback=callback,
            options=options,
        )


@dataclass(frozen=True, kw_only=True)
class RatedMethod(Method):
    """A method whose rule needs the rate or the cost inside: it says itself how far to go, not only where.

    With a step rule the rate is measured along the gradient; only where the method `measures`.
    """

    measures: ClassVar[bool] = False

    @abstractmethod
    def move(self, here: Point, state: Any, rate: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        """Return the change to take off ``here.x``, shape (d,), and the next state."""

    def arrive(self, here: Point, state: Any, rate: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        """Return where the change leads, shape (d,), and the next state."""
        penalty = evaluate.penalty
        if penalty is None or self.proximal:
            change, state = self.move(here, state, rate, evaluate)
            return here.x - change, state
        slope = penalty.slope(here.x, here.gradient)
        change, state = self.move(here._replace(gradient=slope), state, rate, evaluate)
        return penalty.keep(here.x, slope, here.x - change), state

    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Return the change at a rate of 1 on the linear function with this gradient, 0 at `x`."""
        xp = namespace(x)

        def cost(there: Any) -> Any:
            return xp.sum(gradient * (there - x))

        evaluate = Evaluate(cost, lambda there: Point(there, cost(there), gradient))
        return self.move(Point(x, cost(x), gradient), state, 1.0, evaluate)
