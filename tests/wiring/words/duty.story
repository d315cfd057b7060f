# Who is on call, and who changes it.
ada: who is on call?
    ops: Ada, until Thu 09:00. Then Bo, from Thu 09:00.
ada: who is on call tonight?
    ops at Wed 22:00: Ada, until Thu 09:00. Then Bo, from Thu 09:00.
ada: oncall ops tomorrow 9:00
    ops at Thu 09:00: Bo, until Fri 09:00. Then Ada, from Fri 09:00.
ada: is bo on call on friday?
    No: Bo is not on call at Fri 09:00.
    [Who is?]
ada: is ada on call?
    Yes: Ada is on call in ops at Wed 10:30, until Thu 09:00.
ada: is cy on call?
    No: Cy is not on call at Wed 10:30.
    [Who is?]
cy: oncall team:web
    ops: Ada, until Thu 09:00. Then Bo, from Thu 09:00.
ada: oncall opps
    I know no schedule, team or person called "opps", and it is no time. Did you mean this?
    [oncall ops] [What can I say?]
ada presses oncall ops
    ops: Ada, until Thu 09:00. Then Bo, from Thu 09:00.
ada: override ops bo 18:00-22:00
    *
    Bo is on call in ops from Wed 18:00 until Wed 22:00 instead of Ada (Ada has arranged it).
    [Take it back]
bo: oncall 19:00
    ops at Wed 19:00: Bo, until Wed 22:00. Then Ada, from Wed 22:00.
ada: override
    Say who is on call, and until when, like override me 18:00-22:00.
wait 1m
ada: override bo
    For how long is Bo on call?
    [2 h] [4 h] [8 h]
wait 1m
ada presses 2 h
    *
    Bo is on call in ops from now until Wed 12:31 instead of Ada (Ada has arranged it).
    [Take it back]
bo: status
    Nothing is open.
    Waiting for an answer: none
    On call: Bo (ops)
    Tocsin itself: all is well
wait 1m
ada: override ops bo until tomorrow 8:00
    *
    Bo is on call in ops from now until Thu 08:00 (Ada has arranged it).
    [Take it back]
ada presses Take it back
    *
    Ada has taken an override back. The schedule counts again.
ada: override end nothing
    There is no override 'nothing'.
ada: override bob 2h
    I know no schedule, team or person called "bob", and it is no time. Did you mean this?
    [override bo 2h] [What can I say?]
ada: override cy yesterday
    Wed 2026-11-25 00:00 is not later than Wed 2026-11-25 10:33.
wait 1m
cy in web: override me 2h
    *
    Cy is on call in ops from now until Wed 12:34 instead of Bo.
    [Take it back]
wait 1m
cy in elsewhere: override me 2h
    *
    Cy is on call in ops from now until Wed 12:35.
    [Take it back]
slack:eve: override ops ada 2h
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
slack:eve: override end abc
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
slack:eve: swap tomorrow
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
slack:eve: swap accept abc
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
ada: swap
    Say when others shall take your turns, like swap tomorrow or swap until 18:00.
ada: swap list
    No swap is asked for, and none is agreed on.
ada: swap tomorrow
    *
    Ada asks somebody to take their turns in ops from Thu 00:00 until Fri 00:00. It counts when it is accepted.
    [I take them]
wait 1m
ada: swap friday
    *
    Ada asks somebody to take their turns in ops from Fri 00:00 until Sat 00:00. It counts when it is accepted.
    [I take them]
wait 1m
bo presses I take them
    *
    Bo takes the turns of Ada in ops from Fri 00:00 until Sat 00:00.
ada: swap list
    2 swaps:
    - Ada asks anybody: ops from Thu 00:00 until Fri 00:00 [Take it back]
    - Ada is agreed with Bo: ops from Fri 00:00 until Sat 00:00 [Take it back]
wait 1m
ada: swap with bo sunday
    *
    Ada asks Bo to take their turns in ops from Sun 00:00 until Mon 00:00. It counts when it is accepted.
    [I take them] [No]
bo: swap list
    3 swaps:
    - Ada asks anybody: ops from Thu 00:00 until Fri 00:00 [I take them]
    - Ada is agreed with Bo: ops from Fri 00:00 until Sat 00:00 [Take it back]
    - Ada asks Bo: ops from Sun 00:00 until Mon 00:00 [I take them]
wait 1m
bo presses I take them
    *
    Bo takes the turns of Ada in ops from Thu 00:00 until Fri 00:00.
wait 1m
ada: swap ops bo 2026-12-01 09:00 - 2026-12-02 09:00
    *
    Ada asks Bo to take their turns in ops from Tue 09:00 until Wed 09:00. It counts when it is accepted.
    [I take them] [No]
bo presses No
    *
    Bo cannot take the turns of Ada.
ada: swap friday
    Ada has no turn in ops from Fri 2026-11-27 00:00 to Sat 2026-11-28 00:00.
ada: swap list
    3 swaps:
    - Ada is agreed with Bo: ops from Fri 00:00 until Sat 00:00 [Take it back]
    - Ada asks Bo: ops from Sun 00:00 until Mon 00:00 [Take it back]
    - Ada is agreed with Bo: ops from Thu 00:00 until Fri 00:00 [Take it back]
ada presses Take it back
    *
    Ada has taken a swap back.
ada: swap accept nothing
    There is no swap 'nothing' (any more).
forms
ada: override
    (the form form:override)
ada: swap
    (the form form:swap)
ada: swap with bo
    (the form form:swap)
