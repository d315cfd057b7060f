"""The tasks of runs, done in the world: Python functions by name, calls of AWS, requests by HTTP, other runs.

The SDK of AWS is the extra `tocsin[aws]`; it is imported when the first task needs it.
"""
