"""The residuals of the 22 nonlinear least-squares problems of Moré and Wild, from the papers that state them.

Numbers such as (MGH 19) are those of J. Moré, B. Garbow and K. Hillstrom, "Testing unconstrained optimization
software", ACM Transactions on Mathematical Software 7 (1981), 17-41. The last four are from I. Bongartz, A. Conn,
N. Gould and P. Toint, "CUTE: constrained and unconstrained testing environment", ACM Transactions on Mathematical
Software 21 (1995), 123-160. Each function takes `x` of shape (n,), and `m` where the number of residuals is free.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "bard",
    "bdqrtic",
    "box",
    "brown_almost_linear",
    "brown_dennis",
    "chebyquad",
    "cube",
    "freudenstein_roth",
    "heart8",
    "helical_valley",
    "jennrich_sampson",
    "kowalik_osborne",
    "linear_full_rank",
    "linear_rank_one",
    "linear_rank_one_with_zeros",
    "mancino",
    "meyer",
    "osborne1",
    "osborne2",
    "powell_singular",
    "rosenbrock",
    "watson",
]

BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])

KOWALIK_Y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
KOWALIK_U = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])

MEYER = np.array(
    [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872], float
)

OSBORNE1 = (
    np.array(
        """
        844 908 932 936 925 908 881 850 818 784 751 718 685 658 628 603 580
        558 538 522 506 490 478 467 457 448 438 431 424 420 414 411 406
        """.split(),
        float,
    )
    / 1000
)

OSBORNE2 = (
    np.array(
        """
        1366 1191 1112 1013 991 885 831 847 786 725 746 679 608 655 616 606 602 626 651 724 649 649
        694 644 624 661 612 558 533 495 500 423 395 375 372 391 396 405 428 429 523 562 607 653
        672 708 633 668 645 632 591 559 597 625 739 710 729 720 636 581 428 292 162 98 54
        """.split(),
        float,
    )
    / 1000
)


def linear_full_rank(x: Any, m: int) -> Any:
    """Return ``xᵢ - (2/m)Σx - 1`` for i ≤ n and ``-(2/m)Σx - 1`` for the rest (MGH 32)."""
    level = 2 * np.sum(x) / m + 1
    return np.concatenate([x - level, np.zeros(m - x.shape[0]) - level])


def linear_rank_one(x: Any, m: int) -> Any:
    """Return ``i Σ j·xⱼ - 1`` (MGH 33)."""
    return np.arange(1, m + 1) * np.sum(np.arange(1, x.shape[0] + 1) * x) - 1


def linear_rank_one_with_zeros(x: Any, m: int) -> Any:
    """Return ``(i-1) Σ j·xⱼ - 1`` over the inner j, and -1 at both ends (MGH 34)."""
    rows = np.concatenate([np.arange(m - 1), np.zeros(1)])
    return rows * np.sum(np.arange(2, x.shape[0]) * x[1:-1]) - 1


def rosenbrock(x: Any) -> Any:
    """Return ``10(x₂ - x₁²), 1 - x₁`` (MGH 1)."""
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def helical_valley(x: Any) -> Any:
    """Return ``10(x₃ - 10θ), 10(r - 1), x₃`` in cylindrical coordinates, θ in turns from -1/4 to 3/4 (MGH 7)."""
    turns = 0.25 + np.arctan2(-x[0], x[1]) / (2 * np.pi)
    return np.array([10 * (x[2] - 10 * turns), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


def powell_singular(x: Any) -> Any:
    """Return the residuals of Powell's function, whose Hessian is singular at the minimum (MGH 13)."""
    return np.array(
        [
            x[0] + 10 * x[1],
            np.sqrt(5.0) * (x[2] - x[3]),
            (x[1] - 2 * x[2]) ** 2,
            np.sqrt(10.0) * (x[0] - x[3]) ** 2,
        ]
    )


def freudenstein_roth(x: Any) -> Any:
    """Return the residuals of two cubics with a second, local minimum (MGH 2)."""
    return np.array([x[0] - 13 + ((5 - x[1]) * x[1] - 2) * x[1], x[0] - 29 + ((x[1] + 1) * x[1] - 14) * x[1]])


def bard(x: Any) -> Any:
    """Return ``yᵢ - x₁ - i/(vᵢx₂ + wᵢx₃)`` with v = 16 - i and w = min(i, v) (MGH 8)."""
    i = np.arange(1.0, 16.0)
    v = 16 - i
    return BARD - (x[0] + i / (v * x[1] + np.minimum(i, v) * x[2]))


def kowalik_osborne(x: Any) -> Any:
    """Return ``yᵢ - x₁(uᵢ² + uᵢx₂)/(uᵢ² + uᵢx₃ + x₄)`` (MGH 15)."""
    u = KOWALIK_U
    return KOWALIK_Y - x[0] * (u * (u + x[1])) / (u * (u + x[2]) + x[3])


def meyer(x: Any) -> Any:
    """Return ``x₁ exp(x₂/(45 + 5i + x₃)) - yᵢ``, a thermistor's resistance (MGH 10)."""
    return x[0] * np.exp(x[1] / (45 + 5 * np.arange(1.0, 17.0) + x[2])) - MEYER


def watson(x: Any) -> Any:
    """Return how a polynomial of coefficients `x` fails ``p' = p² + 1, p(0) = 0`` at 29 points (MGH 20)."""
    n = x.shape[0]
    powers = (np.arange(1.0, 30.0) / 29)[:, None] ** np.arange(n)
    slopes = powers[:, : n - 1] @ (np.arange(1.0, n) * x[1:])
    return np.concatenate([slopes - (powers @ x) ** 2 - 1, np.array([x[0], x[1] - x[0] ** 2 - 1])])


def box(x: Any, m: int) -> Any:
    """Return ``exp(-tx₁) - exp(-tx₂) - x₃(exp(-t) - exp(-10t))`` at t = i/10 (MGH 12)."""
    t = np.arange(1.0, m + 1) / 10
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def jennrich_sampson(x: Any, m: int) -> Any:
    """Return ``2 + 2i - exp(ix₁) - exp(ix₂)`` (MGH 6)."""
    i = np.arange(1.0, m + 1)
    return 2 + 2 * i - np.exp(i * x[0]) - np.exp(i * x[1])


def brown_dennis(x: Any, m: int) -> Any:
    """Return ``(x₁ + tx₂ - exp t)² + (x₃ + x₄ sin t - cos t)²`` at t = i/5 (MGH 16)."""
    t = np.arange(1.0, m + 1) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + np.sin(t) * x[3] - np.cos(t)) ** 2


def chebyquad(x: Any, m: int) -> Any:
    """Return by how much equal weights at `x` fail to integrate the shifted Chebyshev polynomials (MGH 35)."""
    before, polynomial = 1 + 0 * x, 2 * x - 1
    means = []
    for _ in range(m):
        means.append(np.mean(polynomial))
        before, polynomial = polynomial, 2 * (2 * x - 1) * polynomial - before
    integrals = np.array([-1 / (i * i - 1) if i % 2 == 0 else 0.0 for i in range(1, m + 1)])
    return np.array(means) - integrals


def brown_almost_linear(x: Any) -> Any:
    """Return ``xᵢ + Σx - (n+1)`` for i < n, and ``Πx - 1`` (MGH 27)."""
    return np.concatenate([x[:-1] + np.sum(x) - (x.shape[0] + 1), np.array([np.prod(x) - 1])])


def osborne1(x: Any) -> Any:
    """Return ``yᵢ - (x₁ + x₂ exp(-tx₄) + x₃ exp(-tx₅))`` at t = 10(i-1) (MGH 17)."""
    t = 10 * np.arange(33.0)
    return OSBORNE1 - (x[0] + x[1] * np.exp(-x[3] * t) + x[2] * np.exp(-x[4] * t))


def osborne2(x: Any) -> Any:
    """Return the data less a decay and three bells, at t = (i-1)/10 (MGH 19)."""
    t = np.arange(65.0)[:, None] / 10
    bells = np.exp(-x[5:8] * (t - x[8:11]) ** 2) @ x[1:4]
    return OSBORNE2 - (x[0] * np.exp(-x[4] * t[:, 0]) + bells)


def bdqrtic(x: Any) -> Any:
    """Return ``3 - 4xᵢ`` and ``xᵢ² + 2xᵢ₊₁² + 3xᵢ₊₂² + 4xᵢ₊₃² + 5xₙ²`` for i ≤ n - 4 (CUTE's BDQRTIC)."""
    q = x**2
    return np.concatenate([3 - 4 * x[:-4], q[:-4] + 2 * q[1:-3] + 3 * q[2:-2] + 4 * q[3:-1] + 5 * q[-1]])


def cube(x: Any) -> Any:
    """Return ``x₁ - 1`` and ``10(xᵢ - xᵢ₋₁³)`` (CUTE's CUBE, extended)."""
    return np.concatenate([x[:1] - 1, 10 * (x[1:] - x[:-1] ** 3)])


def mancino(x: Any) -> Any:
    """Return ``1400xᵢ + (i-50)³ + Σⱼ v(sin⁵ log v + cos⁵ log v)`` with v = √(xᵢ² + i/j) (CUTE's MANCINO)."""
    i = np.arange(1.0, x.shape[0] + 1)
    v = np.sqrt((x**2)[:, None] + i[:, None] / i)
    return 1400 * x + (i - 50) ** 3 + np.sum(v * (np.sin(np.log(v)) ** 5 + np.cos(np.log(v)) ** 5), axis=1)


def heart8(x: Any) -> Any:
    """Return the residuals of the dipole model of the heart (CUTE's HEART8LS)."""
    a, b, c, d, t, u, v, w = (x[i] for i in range(8))
    return np.array(
        [
            a + b + 0.69,
            c + d + 0.044,
            t * a + u * b - v * c - w * d + 1.57,
            v * a + w * b + t * c + u * d + 1.31,
            a * (t**2 - v**2) - 2 * c * t * v + b * (u**2 - w**2) - 2 * d * u * w + 2.65,
            c * (t**2 - v**2) + 2 * a * t * v + d * (u**2 - w**2) + 2 * b * u * w - 2,
            a * t * (t**2 - 3 * v**2) + c * v * (v**2 - 3 * t**2) + b * u * (u**2 - 3 * w**2)
            + d * w * (w**2 - 3 * u**2) + 12.6,
            c * t * (t**2 - 3 * v**2) - a * v * (v**2 - 3 * t**2) + d * u * (u**2 - 3 * w**2)
            - b * w * (w**2 - 3 * u**2) - 9.48,
        ]
    )  # fmt: skip
