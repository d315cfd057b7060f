# Help, thanks, and what is not understood.
ada: help
    This can be said here, after a slash command or when you mention me; plain words will do, too:
    - status: how many are open, who is on them, who is on call, and whether Tocsin itself is well
    - open critical: what is open, worst first; of a team, of a severity, or with certain words
    - alerts last 24 hours: all that came in, closed or not
    - missed last 7 days: what nobody answered in time
    - mine: the incidents that you have, and your next shifts
    - oncall tomorrow 9:00: who is on call, now or then
    - override me 18:00-22:00: you, or somebody else, are on call for a while
    - swap tomorrow: asks others to take your turns; without a time it opens the form
    - silence disk 2h disk is being replaced: asks nobody about these for a while: words of the title, or labels like service=db
    - ack: you take it: the incident of the thread, or ack 12, or ack disk
    - resolve: it is over; what you add is kept as a note
    - snooze 2h: it asks you again then
    - escalate: asks the next one at once
    - pass in a meeting: somebody else is asked instead of you
    - assign me: asks that person instead
    - note restarted the service: writes into its story
    - raise the shop is slow: opens the form that raises an incident
    - test: sends a test alert to the team of this room
    - key: where alerts are sent to, and a button that makes a new key
    - stats last week: alerts, pages, and how soon they were answered
    - run tidy: fires the rule that waits for that word; without a word it lists them
    - help: this list; help silence tells more of one
    In the thread of an incident ack, resolve and the like mean that one.
ada: help silence
    silence disk 2h disk is being replaced: asks nobody about these for a while: words of the title, or labels like service=db.
    Also: silence disk alerts for 2 hours, silences, unsilence disk
    It begins with silence, mute, hush, suppress, quiet.
ada: help open
    open critical: what is open, worst first; of a team, of a severity, or with certain words.
    Also: what is open?, open disk
    It begins with open, incidents, firing, list.
    [open critical]
ada: hello
    This can be said here, after a slash command or when you mention me; plain words will do, too:
    - status: how many are open, who is on them, who is on call, and whether Tocsin itself is well
    - open critical: what is open, worst first; of a team, of a severity, or with certain words
    - alerts last 24 hours: all that came in, closed or not
    - missed last 7 days: what nobody answered in time
    - mine: the incidents that you have, and your next shifts
    - oncall tomorrow 9:00: who is on call, now or then
    - override me 18:00-22:00: you, or somebody else, are on call for a while
    - swap tomorrow: asks others to take your turns; without a time it opens the form
    - silence disk 2h disk is being replaced: asks nobody about these for a while: words of the title, or labels like service=db
    - ack: you take it: the incident of the thread, or ack 12, or ack disk
    - resolve: it is over; what you add is kept as a note
    - snooze 2h: it asks you again then
    - escalate: asks the next one at once
    - pass in a meeting: somebody else is asked instead of you
    - assign me: asks that person instead
    - note restarted the service: writes into its story
    - raise the shop is slow: opens the form that raises an incident
    - test: sends a test alert to the team of this room
    - key: where alerts are sent to, and a button that makes a new key
    - stats last week: alerts, pages, and how soon they were answered
    - run tidy: fires the rule that waits for that word; without a word it lists them
    - help: this list; help silence tells more of one
    In the thread of an incident ack, resolve and the like mean that one.
ada: thanks!
    You are welcome.
ada: stauts
    I did not understand "stauts". Did you mean one of these?
    [status] [stats] [What can I say?]
ada presses status
    Nothing is open.
    Waiting for an answer: none
    On call: Ada (ops)
    Tocsin itself: all is well
ada: xyzzy
    I did not understand "xyzzy". Did you mean one of these?
    [open] [oncall] [help] [What can I say?]
ada on 1: the disk is full again
    I did not understand "the disk is full again". Did you mean one of these?
    [ack] [help] [What can I say?]
ada: opne critical
    I did not understand "opne". Did you mean one of these?
    [open critical] [done critical] [What can I say?]
ada: open team:opps
    There is no "opps". Did you mean this?
    [open ops] [What can I say?]
