# A short one is reminded of when three quarters of it have passed.
2026-01-05 12:00 silence ada 8m service=db  made s1
2026-01-05 12:01 alert disk service=db      opened
2026-01-05 12:06 tick                       tell ada: A silence ends in 2m: 1 alert under it still fires | service=db, by ada, until 2026-01-05 11:08 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 12:08 tick                       s1 ended; page ada: disk
2026-01-05 13:00 wait
