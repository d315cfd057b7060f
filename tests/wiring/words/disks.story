# Which one is meant is asked, and what was said is kept.
alert critical "Disk full on db-1"
alert critical "Disk full on db-2"
ada: resolve disk: cleaned up
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-1 · #1
    Asking Ada. [This one]
    - critical Disk full on db-2 · #2
    Asking Ada. [This one]
ada presses This one
    Disk full on db-1: Resolved. Thank you!
alert critical "Disk full on db-3"
ada: note "disk full" <!channel> hello
    2 incidents are called "disk full". Which one do you mean?
    - critical Disk full on db-2 · #2
    Asking Ada. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
ada presses This one
    Disk full on db-2: Noted.
ada: snooze disk 2h
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-2 · #2
    Asking Ada. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
ada presses This one
    Disk full on db-2: Snoozed: it comes back at Wed 12:30.
ada: assign disk to bo
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-2 · #2
    Ada snoozed it until Wed 12:30. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
bo presses This one
    Disk full on db-2: Reassigned: now asking Bo. Without an answer, asks Bo again at Wed 10:35.
bo: pass disk: on a train
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-2 · #2
    Asking Bo. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
bo presses This one
    Disk full on db-2: Passed on: now asking Ada, Bo, everyone in ops. Without an answer, asks Ada, Bo and team ops again at Wed 10:45.
ada: escalate disk
    2 incidents are called "disk". Which one do you mean?
    - critical Disk full on db-2 · #2
    Asking Ada, Bo and team ops. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
ada presses This one
    Disk full on db-2: Escalated: now asking Ada, Bo, everyone in ops. Without an answer, asks Ada, Bo and team ops again at Wed 10:45.
ada: ack dsk full on db-2
    No open incident is called "dsk full on db-2". Did you mean one of these?
    - critical Disk full on db-2 · #2
    Asking Ada, Bo and team ops. [This one]
    - critical Disk full on db-3 · #5
    Asking Ada. [This one]
ada presses This one
    Disk full on db-2: Acknowledged: it is yours now. Asks Ada again at Wed 14:30, unless it is resolved.
late
ada: ack db-2
    Disk full on db-2: It is stored, and will be done in a moment.
