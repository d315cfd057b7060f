# One that is extended is not over at its old end; it is reminded of before the new one, once.
2026-01-05 12:00 silence ada 1h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:30 extend s1 2h               until 2026-01-05 15:00
2026-01-05 14:45 tick                       tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-01-05 14:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 14:50 look s1                    active, 2026-01-05 12:00 to 2026-01-05 15:00, 1 held back, mutes disk
2026-01-05 14:55 extend s1 1h               until 2026-01-05 16:00
2026-01-05 15:45 tick                       tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-01-05 15:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 16:00 tick                       s1 ended; page ada: disk
2026-01-05 18:00 wait
