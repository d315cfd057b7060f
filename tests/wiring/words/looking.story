# What is only looked at is told to who has asked, worst first.
ada: status
    Nothing is open.
    Waiting for an answer: none
    On call: Ada (ops)
    Tocsin itself: all is well
ada: what is open?
    Nothing is open.
ada: mine
    You have nothing open, and nobody asks you.
    On call in ops now until Thu 09:00.
    On call in ops from Fri 09:00 until Sat 09:00.
    On call in ops from Sun 09:00 until Mon 09:00.
    On call in ops from Tue 09:00 until Wed 09:00.
    On call in ops from Thu 09:00 until Fri 09:00.
ada: all alerts last 24 hours
    Nothing came in since Tue 10:30.
ada: open critical
    Nothing critical is open.
ada: all critical alerts since monday
    Nothing critical came in since Mon 00:00.
ada: what did I miss?
    Nothing was missed since Wed 10:30.
ada: stats
    0 alerts became 0 incidents since Wed 10:30; 0 were missed.
    People were asked: 0 times, 0 of them in their sleep, 0 in free time
    Closed: 0, 0 of them by themselves
alert critical "Disk full on db-1"
alert warning "Disk slow on db-2"
alert high "Site down" site
ada: status
    3 open: 1 critical, 1 high, 1 warning.
    Waiting for an answer: 3
    On them: nobody
    On call: Ada (ops)
    Tocsin itself: all is well
    [What is open?]
ada: status ops
    2 open: 1 critical, 1 warning.
    Waiting for an answer: 2
    On them: nobody
    On call: Ada (ops)
    Tocsin itself: all is well
    [What is open?]
ada: what is open?
    3 incidents are open; 3 of them wait for an answer.
    - critical Disk full on db-1 · #1
    Asking Ada. [Take it]
    - high Site down · #3
    Asking Cy. [Take it]
    - warning Disk slow on db-2 · #2
    Asking Ada. [Take it]
bo: open team:web
    1 incident is open for web; it waits for an answer.
    - high Site down · #3
    Asking Cy. [Take it]
ada: open disk warning
    1 warning incident is open with "disk"; it waits for an answer.
    - warning Disk slow on db-2 · #2
    Asking Ada. [Take it]
ada: open critical
    1 critical incident is open; it waits for an answer.
    - critical Disk full on db-1 · #1
    Asking Ada. [Take it]
bo: mine
    You have nothing open, and nobody asks you.
    On call in ops from Thu 09:00 until Fri 09:00.
    On call in ops from Sat 09:00 until Sun 09:00.
    On call in ops from Mon 09:00 until Tue 09:00.
    On call in ops from Wed 09:00 until Thu 09:00.
    On call in ops from Fri 09:00 until Sat 09:00.
ada: mine
    2 incidents are yours, or ask you.
    - critical Disk full on db-1 · #1
    Asking Ada. [Take it]
    - warning Disk slow on db-2 · #2
    Asking Ada. [Take it]
    On call in ops now until Thu 09:00.
    On call in ops from Fri 09:00 until Sat 09:00.
    On call in ops from Sun 09:00 until Mon 09:00.
    On call in ops from Tue 09:00 until Wed 09:00.
    On call in ops from Thu 09:00 until Fri 09:00.
ada: all alerts last 24 hours
    3 incidents since Tue 10:30, of 3 alerts: 3 open, 0 closed (1 critical, 1 high, 1 warning).
    - critical Disk full on db-1 · #1
    Asking Ada. [Take it]
    - high Site down · #3
    Asking Cy. [Take it]
    - warning Disk slow on db-2 · #2
    Asking Ada. [Take it]
ada: alerts yesterday
    Nothing came in from Tue 00:00 to Wed 00:00.
wait 1h
ada: missed last 2 hours
    1 incident was missed since Wed 09:30.
    - high Site down · Wed 11:30: everyone was asked, nobody has answered yet [Take it]
ada presses Take it
    Site down: Acknowledged: it is yours now. Asks Ada again at Wed 12:30, unless it is resolved.
cy: open
    3 incidents are open; 2 of them wait for an answer.
    - critical Disk full on db-1 · #1
    Asking Bo. [Take it]
    - warning Disk slow on db-2 · #2
    Asking Bo. [Take it]
    - high Site down · #3
    Ada is on it (since Wed 11:30). [Take over]
cy presses Take over
    Site down: You took it over from Ada. Asks Cy again at Wed 12:30, unless it is resolved.
cy: mine
    1 incident is yours, or asks you.
    - high Site down · #3
    Cy is on it (since Wed 11:30). [Resolve]
    No shift of yours is planned in the next 30 days.
cy presses Resolve
    Site down: Resolved. Thank you!
ok "Disk slow on db-2"
ada: all alerts since 9:00
    3 incidents since Wed 09:00, of 3 alerts: 1 open, 2 closed (1 critical, 1 high, 1 warning).
    - critical Disk full on db-1 · #1
    Asking Bo. [Take it]
    - high Site down · #3
    Cy resolved it at Wed 11:30, after 1h.
    - warning Disk slow on db-2 · #2
    Recovered at Wed 11:30, after 1h.
ada: missed team:web
    1 incident was missed for web since Wed 11:30.
    - high Site down · Wed 11:30: answered only after everyone had been asked
ada: stats today
    3 alerts became 3 incidents since Wed 00:00; 2 were missed.
    People were asked: 6 times, 0 of them in their sleep, 0 in free time
    Answered after: half within 1h, on average 1h
    Over after: half within 1h, on average 1h
    Closed: 2, 1 of them by themselves
    Loudest: Disk full on db-1 (2); Disk slow on db-2 (2); Site down (2)
    Thanks to: Cy
ada: stats yesterday team:ops
    0 alerts became 0 incidents of ops from Tue 00:00 to Wed 00:00; 0 were missed.
    People were asked: 0 times, 0 of them in their sleep, 0 in free time
    Closed: 0, 0 of them by themselves
wait 2d
alert high "Queue is long"
ada: alerts today
    1 incident since Fri 00:00, of 1 alert: 1 open, 0 closed (1 high).
    - high Queue is long · #10
    Asking Ada. [Take it]
bo: what is open?
    2 incidents are open; 2 of them wait for an answer.
    - critical Disk full on db-1 · #1
    Asking Ada, Bo and team ops. [Take it]
    - high Queue is long · #10
    Asking Ada. [Take it]
