# Who has acknowledged keeps it through a silence.
2026-01-05 12:00 alert disk service=db      opened; page ada: disk
2026-01-05 12:05 ack disk                   acknowledged
2026-01-05 12:10 silence ada 1h service=db  made s1
2026-01-05 13:10 tick                       s1 ended
2026-01-05 14:00 wait
