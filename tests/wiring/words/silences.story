# Silences are made for a room, always with an end, and can be undone.
alert critical "Disk full on db-1"
alert warning "CPU busy on db-1"
ada: silence disk alerts for 2 hours
    *
    Ada has silenced alerts with "disk" in team ops. Until Wed 12:30 nobody is asked about it.
    [Undo]
ada presses Undo
    *
    Ada has ended the silence of alerts with "disk" in team ops. What fires under it is asked about now.
ada: silence disk 2h disk is being replaced
    *
    Ada has silenced alerts with "disk" in team ops. Until Wed 12:30 nobody is asked about it. Why: disk is being replaced.
    [Undo]
ada: silences
    1 silence:
    - Alerts with "disk" in team ops, until Wed 12:30, by Ada: disk is being replaced. It holds 1 back. [End it]
bo presses End it
    *
    Bo has ended the silence of alerts with "disk" in team ops. What fires under it is asked about now.
wait 1m
ada: silence severity=warning service=db 30m
    *
    Ada has silenced alerts with severity="warning" service="db" in team ops. Until Wed 11:01 nobody is asked about it.
    [Undo]
ada: silence warnings tomorrow, planned work
    *
    Ada has silenced alerts with severity="warning" in team ops. From Thu 00:00 until Fri 00:00 nobody is asked about it. Why: planned work.
    [Undo]
ada: silences
    2 silences:
    - Alerts with severity="warning" service="db" in team ops, until Wed 11:01, by Ada: said in chat, no reason given. [End it]
    - Alerts with severity="warning" in team ops, from Thu 00:00 until Fri 00:00, by Ada: planned work. [End it]
ada: unsilence warn
    2 silences fit. Which one do you mean?
    - Alerts with severity="warning" service="db" in team ops, until Wed 11:01, by Ada: said in chat, no reason given. [End it]
    - Alerts with severity="warning" in team ops, from Thu 00:00 until Fri 00:00, by Ada: planned work. [End it]
ada: unsilence planned
    *
    Ada has ended the silence of alerts with severity="warning" in team ops. What fires under it is asked about now.
ada: unsilence nothing
    No silence is called "nothing"; it may be over already.
    [What is silenced?]
ada: silence "full (on)*" until 18:00
    *
    Ada has silenced alerts with "full (on)" in team ops. Until Wed 18:00 nobody is asked about it.
    [Undo]
wait 1m
ada: silence team:web critical 1h
    *
    Ada has silenced alerts with severity="critical" in team web. Until Wed 11:32 nobody is asked about it.
    [Undo]
wait 1m
ada: silence integration:prod title:disk 1h
    *
    Ada has silenced alerts with "disk" in team ops and integration prod. Until Wed 11:33 nobody is asked about it.
    [Undo]
wait 1m
slack:eve: silence cpu 1h
    *
    eve has silenced alerts with "cpu" in team ops. Until Wed 11:34 nobody is asked about it.
    [Undo]
wait 1m
slack:eve in elsewhere: silence cpu 1h
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
ada: silences
    5 silences:
    - Alerts with severity="warning" service="db" in team ops, until Wed 11:01, by Ada: said in chat, no reason given. [End it]
    - Alerts with severity="critical" in team web, until Wed 11:32, by Ada: said in chat, no reason given. [End it]
    - Alerts with "disk" in team ops and integration prod, until Wed 11:33, by Ada: said in chat, no reason given. It holds 1 back. [End it]
    - Alerts with "cpu" in team ops, until Wed 11:34, by eve: said in chat, no reason given. It holds 1 back. [End it]
    - Alerts with "full (on)" in team ops, until Wed 18:00, by Ada: said in chat, no reason given. [End it]
ada on 1: silence 2h
    *
    Ada has silenced the alerts of Disk full on db-1. Until Wed 12:35 nobody is asked about it.
    [Undo]
ada on 1: silence this
    For how long?
    [30 min] [2 h] [8 h] [1 day]
ada: silence 2 2h
    *
    Ada has silenced the alerts of CPU busy on db-1. Until Wed 12:35 nobody is asked about it.
    [Undo]
ada: silence 99 2h
    There is no incident "99".
ada: silence
    Say what, and for how long, like silence disk 2h or silence service=db 2h.
ada: silence disk
    For how long?
    [30 min] [2 h] [8 h] [1 day]
ada presses 2 h
    *
    Ada has silenced alerts with "disk" in team ops. Until Wed 12:35 nobody is asked about it.
    [Undo]
ada: silence 2
    For how long?
    [30 min] [2 h] [8 h] [1 day]
ada: silence team:ops integration:prod warnings service=db because we test
    For how long?
    [30 min] [2 h] [8 h] [1 day]
ada: silence everything for 2h
    Nothing was silenced: say which alerts: at least one matcher, like service=db, must want something.
ada: silence disk for 60 days
    Nothing was silenced: longer than 30d is not possible; say it again when that is over.
ada: silence disk until 25:00
    I do not understand until when; say it like 2h, until 18:00 or until tomorrow 9:00.
    [What can I say?]
late
ada: silence disk 1h
    *
    Ada has silenced alerts with "disk" in team ops. Until Wed 11:35 nobody is asked about it. It is stored, and counts in a moment.
    [Undo]
ada: unsilence cpu 1h
    No silence is called "cpu 1h"; it may be over already.
    [What is silenced?]
forms
ada: silence
    (the form form:silence)
ada on 1: silence
    (the form form:silence)
