# A turn that is made longer ends later, and the next one comes as planned.
2026-01-04 01:00 weekly ada "sun 02:00-04:00" service=db  made s1
2026-01-04 02:00 tick                                     s1 began
2026-01-04 03:00 alert disk service=db                    opened
2026-01-04 03:10 extend s1 2h                             until 2026-01-04 06:00
2026-01-04 05:45 tick                                     tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-01-04 05:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-04 06:00 tick                                     s1 ended, and begins again at 2026-01-11T01:00:00.000Z; page ada: disk
2026-01-05 12:00 look s1                                  pending, 2026-01-11 02:00 to 2026-01-11 04:00, 1 held back, mutes nothing
