"""Arrays of every kind: layouts of parameters, namespaces, and the lifting of NumPy code."""
