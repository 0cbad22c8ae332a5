"""A stand-in for Blink on loopback: the demo's and the tests' other side."""
