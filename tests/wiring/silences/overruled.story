# Who escalates what is silenced has it asked; at its end the silence is said to have been overruled.
2026-01-05 12:00 silence ada 2h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:20 escalate disk              escalated; page ada: disk
2026-01-05 14:00 tick                       s1 ended; tell ada: A silence is over that was overruled | service=db, by ada, until 2026-01-05 13:00 UTC | For 1 alert people had somebody asked all the same. | Why: a reason
2026-01-05 15:00 wait
