"""Whom to ask: from what is known about each responder to the page that costs least, with its reason. Pure.

    >>> from tocsin.choosing.choice import choose
    >>> choose(situation, history)
    Choice(ask=('ada',), wait=180000, ...)

It is all values: `Situation` is what is known at this moment, `History` what was learned from earlier answers. Three
promises hold whatever the model believes. The whole team is asked no later than by the policy's own deadline. Without
knowledge the plain ladder is walked, exactly. The same values always give the same choice.
"""
