"""What is minimised: value, gradient and curvature at a flat point, from wherever they come."""
