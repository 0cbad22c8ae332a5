"""A touchscreen till for Bitcoin Lightning payments with Blink."""

__version__ = "0.1.0"
