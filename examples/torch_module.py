"""A torch module trained by fallline: its parameters go in as a dictionary and come out as one.

The cost takes the values of the parameters as its first argument, so the module is called by `functional_call`, which
puts the given values in the places of its own. The module itself changes when the answer is loaded into it.
"""

import torch

import fallline as fl

torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Linear(1, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1)).double()

X = torch.linspace(-2, 2, 80, dtype=torch.float64)[:, None]
y = torch.sin(2 * X)


def cost(values: dict[str, torch.Tensor], X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of the module with these values of its parameters."""
    return torch.mean((torch.func.functional_call(module, values, (X,)) - y) ** 2)


with torch.no_grad():
    before = float(torch.mean((module(X) - y) ** 2))

result = fl.minimize(cost, module.state_dict(), data=(X, y), max_iterations=400)
module.load_state_dict(result.x)

with torch.no_grad():
    after = float(torch.mean((module(X) - y) ** 2))

print(f"Mean squared error: {before:.3f} before, {after:.1e} after {result.nit} steps ({result.gradient_source}).")
