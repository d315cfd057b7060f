# Of two that overlap the longer one counts: the end of the shorter one asks nobody, and reminds nobody.
2026-01-05 12:00 silence ada 1h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:20 silence bo 4h service=db   made s2
2026-01-05 13:00 tick                       s1 ended
2026-01-05 16:05 tick                       tell bo: A silence ends in 15m: 1 alert under it still fires | service=db, by bo, until 2026-01-05 15:20 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s2 --for '1 h'`, or the console's page of silences.
2026-01-05 16:20 tick                       s2 ended; page ada: disk
2026-01-05 17:00 wait
