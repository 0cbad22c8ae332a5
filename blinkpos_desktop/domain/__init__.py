"""Pure decisions: no I/O, no clock, no Qt, no await."""
