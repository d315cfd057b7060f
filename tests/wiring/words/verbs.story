# The verbs: by number, by words of the title, or in the thread.
ada: ack
    Nothing is open, so there is nothing to do.
ada: resolve nothing
    No open incident is called "nothing".
    [What is open?]
alert critical "Disk full on db-1"
ada: ack
    Disk full on db-1: Acknowledged: it is yours now. Asks Ada again at Wed 14:30, unless it is resolved.
ada: ack
    Disk full on db-1: Nothing to do: it was already acknowledged by Ada, which is you. Asks Ada again at Wed 14:30, unless it is resolved.
alert warning "Disk slow on db-2"
alert high "Site down" site
ada: resolve
    2 incidents are open. Which one do you mean?
    - critical Disk full on db-1 · #1
    Ada is on it (since Wed 10:30). [This one]
    - warning Disk slow on db-2 · #4
    Asking Ada. [This one]
bo: ack
    Disk slow on db-2: Acknowledged: it is yours now. Asks Bo again at Wed 14:30, unless it is resolved.
bo: ack disk
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-1 · #1
    Ada is on it (since Wed 10:30). [This one]
    - warning Disk slow on db-2 · #4
    Bo is on it (since Wed 10:30). [This one]
bo presses This one
    Disk full on db-1: You took it over from Ada. Asks Bo again at Wed 14:30, unless it is resolved.
ada: escalate disk slow
    Disk slow on db-2: Escalated: now asking Bo. Without an answer, asks Ada, Bo and team ops next at Wed 10:35.
ada: pass 2 in a meeting
    Disk slow on db-2: You were not asked, so there was nothing to pass on: asking Bo. Without an answer, asks Ada, Bo and team ops next at Wed 10:35.
bo: pass 2 in a meeting
    Disk slow on db-2: Passed on: now asking Ada, Bo, everyone in ops. Without an answer, asks Ada, Bo and team ops again at Wed 10:45.
ada: assign 2 to bo
    Disk slow on db-2: Reassigned: now asking Bo. Without an answer, asks Ada, Bo and team ops next at Wed 10:35.
bo on 2: I take it
    Disk slow on db-2: Acknowledged: it is yours now. Asks Bo again at Wed 14:30, unless it is resolved.
bo on 2: note restarted it
    Disk slow on db-2: Noted.
bo on 2: snooze
    Disk slow on db-2: snooze it until when?
    [30 min] [2 h] [tomorrow 9:00]
bo presses 2 h
    Disk slow on db-2: Snoozed: it comes back at Wed 12:30.
bo on 2: snooze until tomorrow 9am
    Disk slow on db-2: Snoozed: it comes back at Thu 09:00.
bo: snooze 2
    Disk slow on db-2: snooze it until when?
    [30 min] [2 h] [tomorrow 9:00]
bo: snooze disk
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-1 · #1
    Bo is on it (since Wed 10:30). [This one]
    - warning Disk slow on db-2 · #4
    Bo snoozed it until Thu 09:00. [This one]
ada on 2: resolved, was a full disk
    Disk slow on db-2: Resolved. Thank you!
ada on 2: resolve
    No open incident has the number 2.
    [What is open?]
ada: ack sight down
    No open incident is called "sight down". Did you mean one of these?
    - high Site down · #5
    Asking Cy. [This one]
ada: ack sit
    Site down: Acknowledged: it is yours now. Asks Ada again at Wed 11:30, unless it is resolved.
ada: ack xyzzy
    No open incident is called "xyzzy".
    [What is open?]
ada: ack 99
    No open incident has the number 99.
    [What is open?]
cy in web: note it is the load balancer
    Site down: Noted.
cy in web: resolve
    Site down: Resolved. Thank you!
slack:eve on 1: ack
    Disk full on db-1: You took it over from Bo. Asks eve again at Wed 14:30, unless it is resolved.
ada: assign disk cy
    Disk full on db-1: Reassigned: now asking Cy. Without an answer, asks Bo next at Wed 10:35.
ada: escalate disk
    Disk full on db-1: Escalated: now asking Bo. Without an answer, asks Ada, Bo and team ops next at Wed 10:35.
ada: pass disk
    Disk full on db-1: You were not asked, so there was nothing to pass on: asking Bo. Without an answer, asks Ada, Bo and team ops next at Wed 10:35.
ada: note disk: hello
    Disk full on db-1: Noted.
ada: snooze disk 2h
    Disk full on db-1: Snoozed: it comes back at Wed 12:30.
ada: resolve db-1
    Disk full on db-1: Resolved. Thank you!
# Who is mentioned in a note is read by name, as far as we know it.
alert high "Mentions are shown"
ada: note mentions: ask <@U0BO>, or <@U0NOBODY>
    Mentions are shown: Noted.
ada: resolve mentions: <@U0BO> has mended it
    Mentions are shown: Resolved. Thank you!
