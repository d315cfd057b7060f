"""Asking: what is known of people at a moment, made into whom a step of a policy asks. Pure.

`tocsin.choosing` says whom it is best to ask, `tocsin.incidents` what an incident does with an answer; this is between
them, and knows hours, turns and conditions beside.
"""
