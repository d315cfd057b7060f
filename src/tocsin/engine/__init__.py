"""The shell around the machines: it loads, lets them decide, commits, wakes and delivers."""
