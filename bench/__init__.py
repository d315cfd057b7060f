"""The benchmark: how fast Tocsin takes alerts in, tells people of them, and comes back, measured on the real program."""
