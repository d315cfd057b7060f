# Ten are shown, the rest is a number.
alert high "Host 00 is down"
alert high "Host 01 is down"
alert high "Host 02 is down"
alert high "Host 03 is down"
alert high "Host 04 is down"
alert high "Host 05 is down"
alert high "Host 06 is down"
alert high "Host 07 is down"
alert high "Host 08 is down"
alert high "Host 09 is down"
alert high "Host 10 is down"
alert high "Host 11 is down"
ada: open
    12 incidents are open; 12 of them wait for an answer.
    - high Host 00 is down · #1
    Asking Ada. [Take it]
    - high Host 09 is down · #10
    Asking Ada. [Take it]
    - high Host 10 is down · #11
    Asking Ada. [Take it]
    - high Host 11 is down · #12
    Asking Ada. [Take it]
    - high Host 01 is down · #2
    Asking Ada. [Take it]
    - high Host 02 is down · #3
    Asking Ada. [Take it]
    - high Host 03 is down · #4
    Asking Ada. [Take it]
    - high Host 04 is down · #5
    Asking Ada. [Take it]
    - high Host 05 is down · #6
    Asking Ada. [Take it]
    - high Host 06 is down · #7
    Asking Ada. [Take it]
    and 2 more
ada: ack host
    12 incidents are called "host". Which one do you mean?
    - high Host 00 is down · #1
    Asking Ada. [This one]
    - high Host 09 is down · #10
    Asking Ada. [This one]
    - high Host 10 is down · #11
    Asking Ada. [This one]
    - high Host 11 is down · #12
    Asking Ada. [This one]
    - high Host 01 is down · #2
    Asking Ada. [This one]
    - high Host 02 is down · #3
    Asking Ada. [This one]
    - high Host 03 is down · #4
    Asking Ada. [This one]
    - high Host 04 is down · #5
    Asking Ada. [This one]
    - high Host 05 is down · #6
    Asking Ada. [This one]
    - high Host 06 is down · #7
    Asking Ada. [This one]
    and 2 more
late
ada: ack 3
    Host 02 is down: It is stored, and will be done in a moment.
ada: silence host 2h
    *
    Ada has silenced alerts with "host" in team ops. Until Wed 12:30 nobody is asked about it. It is stored, and counts in a moment.
    [Undo]
ada: silences
    Nothing is silenced.
ada: test
    The test alert is stored; you will see it in a moment. It asks you, and nobody else.
