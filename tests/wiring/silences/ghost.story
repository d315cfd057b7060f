# One that has silenced nothing in all its life is said to be a ghost, at its end.
2026-01-05 12:00 silence ada 2h service=typo  made s1
2026-01-05 12:10 alert disk service=db        opened; page ada: disk
2026-01-05 14:00 tick                         s1 ended; tell ada: A silence is over that has silenced nothing in all its life | service=typo, by ada | Why: a reason | If something else was meant, look at its matchers. What another silence covers longer is counted there.
2026-01-05 15:00 wait
