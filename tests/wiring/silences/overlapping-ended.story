# When the longer of two is ended, the shorter one covers what it covers.
2026-01-05 12:00 silence ada 2h service=db  made s1
2026-01-05 12:00 silence bo 4h service=db   made s2
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:20 expire s2                  silence expired by a person
2026-01-05 13:45 tick                       tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-01-05 13:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 14:00 tick                       s1 ended; page ada: disk
2026-01-05 15:00 wait
