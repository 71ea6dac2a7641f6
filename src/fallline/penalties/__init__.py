"""Penalties on coefficients; an intercept is never penalised."""

from fallline.penalties.ridge import Ridge

__all__ = ["Ridge"]
