# Whoever sets an end that is near is not reminded of it.
2026-01-05 12:00 silence ada 1h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:45 tick                       tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-01-05 12:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 12:50 extend s1 5m               until 2026-01-05 13:05
2026-01-05 13:05 tick                       s1 ended; page ada: disk
2026-01-05 14:00 wait
