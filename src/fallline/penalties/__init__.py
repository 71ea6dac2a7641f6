"""Penalties on parameters, and sets that they must stay in; in a model an intercept is never penalised."""

from fallline.penalties.ball import Ball
from fallline.penalties.base import Penalty
from fallline.penalties.box import Box, NonNegative
from fallline.penalties.elastic_net import ElasticNet
from fallline.penalties.l1 import L1
from fallline.penalties.l2 import L2
from fallline.penalties.ridge import Ridge as Ridge
from fallline.penalties.simplex import Simplex

__all__ = ["L1", "L2", "Ball", "Box", "ElasticNet", "NonNegative", "Penalty", "Simplex"]
