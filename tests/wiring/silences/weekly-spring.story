# One that comes again begins by the clock on the wall; when that is put forward, at the instant it jumps to.
2026-03-21 12:00 weekly ada "sun 02:00-04:00" service=db  made s1
2026-03-22 02:00 tick                                     s1 began
2026-03-22 02:30 alert disk service=db                    opened
2026-03-22 03:45 tick                                     tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-03-22 03:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-03-22 04:00 tick                                     s1 ended, and begins again at 2026-03-29T01:00:00.000Z; page ada: disk
2026-03-22 05:00 ok disk                                  resolved by its source
2026-03-29 03:00 tick                                     s1 began
2026-03-29 03:10 look s1                                  active, 2026-03-29 03:00 to 2026-03-29 04:00, 1 held back, mutes nothing
2026-03-29 03:20 alert disk service=db                    opened
2026-03-29 03:45 tick                                     tell ada: A silence ends in 15m: 1 alert under it still fires | service=db, by ada, until 2026-03-29 02:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-03-29 04:00 tick                                     s1 ended, and begins again at 2026-04-05T00:00:00.000Z; page ada: disk
2026-03-29 05:00 ok disk                                  resolved by its source
2026-04-05 02:00 tick                                     s1 began
2026-04-05 04:00 tick                                     s1 ended, and begins again at 2026-04-12T00:00:00.000Z
2026-04-05 12:00 look s1                                  pending, 2026-04-12 02:00 to 2026-04-12 04:00, 2 held back, mutes nothing
