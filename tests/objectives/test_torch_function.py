"""Torch functions: their own autograd's gradient, exact curvature, and nothing of the user's touched."""

import numpy as np
import pytest
import torch

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.errors import InputError
from fallline.objectives.torch_function import TorchFunction

pytestmark = pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
START = torch.tensor([-1.2, 1.0], dtype=torch.float64)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def objective_of(function, x0):
    x, layout, _ = flatten(x0)
    return x, TorchFunction(function, layout, ())


def test_a_tensor_start_runs_the_torch_function():
    """The answer, its slope and the callback's records are tensors like the start, which is left alone."""
    x0 = torch.tensor([[2.0, -1.0]], dtype=torch.float32, requires_grad=True)
    seen = []
    result = fl.minimize(lambda t: torch.sum((t - 0.5) ** 2), x0, learning_rate=0.25, callback=seen.append)
    for tensor in (result.x, result.jac, seen[0].x, result.trace[1].x):
        assert isinstance(tensor, torch.Tensor) and tensor.dtype == torch.float32 and tensor.shape == (1, 2)
    torch.testing.assert_close(result.x, torch.full((1, 2), 0.5), rtol=0, atol=1e-4)
    assert result.success and result.gradient_source == "torch"
    assert result.trace.x.shape == (result.nit + 1, 1, 2) and isinstance(result.trace.x, np.ndarray)
    assert x0.tolist() == [[2.0, -1.0]] and x0.grad is None and x0.requires_grad
    assert "x              [0.500" in str(result)


@pytest.mark.parametrize("method", [fl.methods.Adam(learning_rate=0.1), fl.methods.LBFGS(), fl.methods.Prodigy()])
def test_the_steps_are_those_of_the_numpy_function(method):
    """fallline's own methods take the same steps in torch as compiled."""
    ours = fl.minimize(rosenbrock, START.numpy(), method=method, max_iterations=15)
    theirs = fl.minimize(rosenbrock, START, method=method, max_iterations=15)
    np.testing.assert_allclose(theirs.trace.x, ours.trace.x, rtol=0, atol=1e-9)


def test_curvature_is_exact():
    """Hessian-vector products come from going through autograd twice, also over a tree."""
    hessian = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])

    def cost(p):
        return 1.5 * p["a"][0] ** 2 + p["a"][0] * p["b"] + p["b"] ** 2 + 5 * p["a"][1]

    x0 = {"a": torch.zeros(2, dtype=torch.float64), "b": torch.tensor(0.0, dtype=torch.float64)}
    x, objective = objective_of(cost, x0)
    products = objective.hessian_products(x, np.eye(3))
    np.testing.assert_allclose(products, hessian[:, [0, 2, 1]][[0, 2, 1]], atol=1e-14)
    assert objective.counts.curvature == 3


class Once(torch.autograd.Function):
    """A cube that can be differentiated only once."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return 3 * ctx.saved_tensors[0] ** 2 * slope


def test_what_can_be_differentiated_once_only_has_measured_curvature():
    """Where torch cannot go through twice, differences of its gradient stand in."""
    x, objective = objective_of(lambda t: Once.apply(t).sum(), torch.tensor([2.0], dtype=torch.float64))
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(1)), [[12.0]], rtol=1e-8)


@pytest.mark.parametrize(
    "lossy",
    [
        lambda t: float(t[0]) ** 2 + t[1] ** 2,
        lambda t: torch.sum(t.detach() ** 2),
        lambda t: float(t[0].item() ** 2 + t[1].item() ** 2),
        lambda t: np.sum(t.numpy() ** 2),
    ],
)
def test_a_gradient_that_got_lost_is_noticed(lossy):
    """A function that leaves autograd on the way is differentiated by differences, and the finding says so."""
    result = fl.minimize(lossy, torch.tensor([3.0, 1.0], dtype=torch.float64))
    assert result.gradient_source == "finite-differences" and result.success
    (finding,) = result.diagnosis
    assert finding.code == "lower-gradient-rung" and "autograd" in finding.message and ".item()" in finding.remedy


def test_functions_may_differentiate_within_themselves():
    """A cost made of derivatives works, also where the caller has switched gradients off."""

    def cost(t):
        s = torch.linspace(0, 1, 5, dtype=torch.float64).requires_grad_()
        curve = t[0] * s**2 + t[1] * s
        (slope,) = torch.autograd.grad(curve.sum(), s, create_graph=True)
        return torch.mean((slope - (2 * s + 3)) ** 2)

    with torch.no_grad():
        result = fl.minimize(cost, torch.zeros(2, dtype=torch.float64))
    assert result.success
    torch.testing.assert_close(result.x, torch.tensor([1.0, 3.0], dtype=torch.float64), rtol=0, atol=1e-6)


def test_a_modules_parameters_go_in_and_come_out():
    """A state dict is a start, and the answer loads into the module."""
    module = torch.nn.Linear(2, 1).double()
    X = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    y = X @ torch.tensor([[2.0], [-1.0]], dtype=torch.float64) + 0.5

    def cost(parameters, X, y):
        return torch.mean((torch.func.functional_call(module, parameters, (X,)) - y) ** 2)

    result = fl.minimize(cost, module.state_dict(), data=(X, y))
    module.load_state_dict(result.x)
    assert result.success and module.weight.grad is None
    torch.testing.assert_close(module.weight.detach(), torch.tensor([[2.0, -1.0]], dtype=torch.float64))


def normalised():
    torch.manual_seed(0)
    layers = [torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh(), torch.nn.Linear(3, 1)]
    return torch.nn.Sequential(*layers).double().eval()


def through(module):
    return lambda values, X, y: torch.mean((torch.func.functional_call(module, values, (X,)) - y) ** 2)


@pytest.mark.parametrize("keep_vars", [False, True])
def test_the_state_of_a_module_keeps_its_buffers(keep_vars):
    """A state dict with a batch normalisation in it comes back whole: parameters moved, buffers as they were."""
    module = normalised()
    state = module.state_dict(keep_vars=keep_vars)
    X = np.random.default_rng(0).standard_normal((20, 2))
    result = fl.minimize(through(module), state, data=(X, X[:, :1] - 2), max_iterations=20)
    assert result.gradient_source == "torch" and result.fun < 0.1
    assert type(result.x) is type(state) and list(result.x) == list(state)
    assert {key: part.dtype for key, part in result.x.items()} == {key: part.dtype for key, part in state.items()}
    for name in ("1.running_mean", "1.running_var", "1.num_batches_tracked"):
        assert torch.equal(result.x[name], state[name]) and result.x[name] is not state[name]
        assert not any(name in parameter for parameter in result.trace.layout.names())
    assert "0.weight[0, 0] = " in str(result)
    assert str(module.load_state_dict(result.x)) == "<All keys matched successfully>"


def test_the_parameters_of_a_module_are_left_alone():
    """A dict of named parameters is a start; what is given is neither changed nor differentiated."""
    module = normalised()
    before = [parameter.detach().clone() for parameter in module.parameters()]
    X = torch.ones(4, 2, dtype=torch.float64)
    result = fl.minimize(through(module), dict(module.named_parameters()), data=(X, X[:, :1]), max_iterations=3)
    assert result.gradient_source == "torch" and not any(part.requires_grad for part in result.x.values())
    assert all(torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())


def test_a_function_that_reads_the_module_itself_is_refused():
    """A cost that ignores the values it is given would never change; the sentence says what to write."""
    module = normalised()
    X = np.ones((4, 2))
    with pytest.raises(InputError, match=r"fun must compute with the values.*functional_call"):
        fl.minimize(lambda values, X: torch.mean(module(X) ** 2), module.state_dict(), data=(X,))


@pytest.mark.parametrize("batch_size", [None, 4])
def test_rows_of_numpy_reach_a_torch_function_as_tensors(batch_size):
    """Data from NumPy become tensors: fractions in the type of the start, whole numbers as they are."""
    seen = set()

    def cost(t, X, labels):
        seen.add((X.dtype, labels.dtype))
        return torch.mean((X @ t - labels) ** 2)

    X, labels = np.eye(8)[:, :3], np.arange(8)
    fl.minimize(cost, torch.zeros(3), data=(X, labels), batch_size=batch_size, max_iterations=3)
    assert seen == {(torch.float32, torch.int64)}


def test_a_users_torch_gradient_is_used():
    """A gradient given for a torch function is called with tensors and may return them."""
    result = fl.minimize(rosenbrock, START, gradient=lambda t: torch.func.grad(rosenbrock)(t))
    assert result.gradient_source == "user" and result.success


def test_random_functions_keep_autograd():
    """Dropout and its like differ from call to call: that is no sign of a lost gradient."""
    generator = torch.Generator().manual_seed(0)

    def noisy(t):
        return torch.sum(t**2 * (1 + 0.1 * torch.rand(2, generator=generator, dtype=torch.float64)))

    result = fl.minimize(noisy, START, learning_rate=0.1, max_iterations=30)
    assert result.gradient_source == "torch" and torch.sum(result.x**2) < 1e-4


def test_a_random_function_is_told_with_its_usual_cause():
    """A module in training mode drops out other units at each call; in evaluation mode nothing is said."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1)).double()
    X = torch.randn(50, 3, dtype=torch.float64)
    cost = lambda values: torch.mean((torch.func.functional_call(module, values, X) - X[:, :1]) ** 2)
    drawn = fl.minimize(cost, module.state_dict(), max_iterations=5)
    (finding,) = (finding for finding in drawn.diagnosis if finding.code == "noise-floor")
    assert finding.severity == "warning" and finding.values["noise"] > 0
    assert "random" in finding.message and "module.eval()" in finding.remedy
    module.eval()
    still = fl.minimize(cost, module.state_dict(), max_iterations=5)
    assert "noise-floor" not in [finding.code for finding in still.diagnosis]
