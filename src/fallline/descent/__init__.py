"""The descent: one step, two engines, one loop, and `minimize` around them."""
