"""Runs of workflows: a machine around `tocsin.asl`, so that they survive what a process does not."""
