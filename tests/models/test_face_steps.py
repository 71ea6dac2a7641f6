"""Steps over the coefficients that are not zero lower the quadratic and keep its signs."""

import numpy as np
import pytest

from fallline.models.face_steps import along_the_face


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rank", [3, 12])
def test_a_step_lowers_the_cost(seed, rank):
    """Also where the Hessian is singular, so that the step along the face is long and across many zeros."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(rank, 12))
    H, gradient, strength, x = root.T @ root, root.T @ rng.normal(size=rank), np.full(12, 0.1), rng.normal(size=12)
    strength[-1] = 0.0
    there = np.where(rng.random(12) < 0.5, 0.0, rng.normal(size=12))

    def cost(u):
        return gradient @ (u - x) + 0.5 * (u - x) @ H @ (u - x) + strength @ np.abs(u)

    end = along_the_face(lambda v: H @ v, np.diag(H), gradient, strength, x, there)
    assert cost(end) <= cost(there)
    assert (end[:-1][there[:-1] == 0] == 0).all()


def test_the_minimum_of_the_face_is_reached():
    """Where no sign changes, it is the face's own minimum, to what conjugate gradients leave."""
    H, strength = np.diag([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0])
    end = along_the_face(
        lambda v: H @ v, np.diag(H), np.array([-3.0, 5.0, 0.5]), strength, np.zeros(3), np.array([1.0, -1, 0])
    )
    np.testing.assert_allclose(end, [2.0, -2.0, 0.0])
