"""Schedules: who is on call, and when, on the clocks of the people concerned; pure.

Start with `tocsin.schedules.timeline`: `on_call`, `next_on_call`, `shifts`, `gaps`. What a schedule is made of stands
in `tocsin.schedules.schedule`; how clocks are read, on days when they are changed too, in `tocsin.schedules.clock`.
"""
