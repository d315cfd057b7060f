# When nothing fires under it any more nobody is told anything.
2026-01-05 12:00 silence ada 1h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:20 ok disk                    resolved by its source
2026-01-05 13:00 tick                       s1 ended
2026-01-05 14:00 wait
