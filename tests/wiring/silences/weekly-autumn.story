# One that is open when the clock is turned back stays open through the hour that is repeated.
2026-10-24 12:00 weekly ada "sun 02:00-04:00" service=db  made s1
2026-10-25 02:00 tick                                     s1 began
2026-10-25 02:10 look s1                                  active, 2026-10-25 02:00 to 2026-10-25 04:00, 0 held back, mutes nothing
2026-10-25 02:20 alert disk service=db                    opened
2026-10-25 03:45 tick                                     tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-10-25 03:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-10-25 04:00 tick                                     s1 ended, and begins again at 2026-11-01T01:00:00.000Z; page ada: disk
2026-10-25 12:00 look s1                                  pending, 2026-11-01 02:00 to 2026-11-01 04:00, 1 held back, mutes nothing
