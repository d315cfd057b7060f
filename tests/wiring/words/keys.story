# Where alerts go; a key is shown once, to who has had it made. A test goes the way of all alerts.
ada: what is my key
    Alerts are sent here. A key is shown only once, when it is made; of those there are you see the end.
    - default: it has no key yet. [Make a new key]
    - prod: it has no key yet. [Make a new key]
ada: key prod new
    This is the new address of prod. Keep it safe: nobody can tell it again.
    https://bell.example/v1/in/KEY
    Try it: curl https://bell.example/v1/in/KEY -d '{"title": "Hello from curl"}'
ada: key prod
    Alerts are sent here. A key is shown only once, when it is made; of those there are you see the end.
    - prod: https://bell.example/v1/in/…HINT never used yet [Make a new key]
wait 1m
ada presses Make a new key
    This is the new address of prod. Keep it safe: nobody can tell it again. Those that were there end in 1d.
    https://bell.example/v1/in/KEY
    Try it: curl https://bell.example/v1/in/KEY -d '{"title": "Hello from curl"}'
ada: key prod
    Alerts are sent here. A key is shown only once, when it is made; of those there are you see the end.
    - prod: https://bell.example/v1/in/…HINT never used yet, ends Thu 10:31
    https://bell.example/v1/in/…HINT never used yet [Make a new key]
ada: key integration:nope
    There is no "nope".
    [What can I say?]
slack:eve: key
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
cy in web: show me my endpoint id
    Alerts are sent here. A key is shown only once, when it is made; of those there are you see the end.
    - site: it has no key yet. [Make a new key]
cy in web: test
    Test alert for web is on its way; it asks you, and nobody else. Asking Cy. Without an answer, asks Cy again at Wed 11:31.
    [Take it] [End the test]
cy presses Take it
    Test alert for web: Acknowledged: it is yours now. Asks Cy again at Wed 11:31, unless it is resolved.
ada: test critical
    Test alert for ops is on its way; it asks you, and nobody else. Asking Ada. Without an answer, asks Ada again at Wed 11:31.
    [Take it] [End the test]
ada presses End the test
    Test alert for ops: Resolved. Thank you!
ada in elsewhere: test
    Test alert for ops is on its way; it asks you, and nobody else. Asking Ada. Without an answer, asks Ada again at Wed 11:31.
    [Take it] [End the test]
slack:eve in elsewhere: test
    That is another team's, so I cannot do it for you here. Its members can, and so can whoever is in its room.
slack:eve: test
    I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: responders in tocsin.yaml, with your ID in this chat.
