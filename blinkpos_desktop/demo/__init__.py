"""A sale to watch: the real till on the simulator, with money that is not real."""
