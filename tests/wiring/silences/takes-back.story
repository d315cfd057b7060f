# One that begins takes back what is being asked, and counts it as held back.
2026-01-05 12:00 alert disk service=db     opened; page ada: disk
2026-01-05 12:10 silence bo 1h service=db  made s1
2026-01-05 12:11 look s1                   active, 2026-01-05 12:10 to 2026-01-05 13:10, 1 held back, mutes disk
2026-01-05 12:20 ok disk                   resolved by its source
2026-01-05 13:10 tick                      s1 ended
2026-01-05 14:00 wait
2026-01-05 14:00 look s1                   expired, 2026-01-05 12:10 to 2026-01-05 13:10, 1 held back, mutes nothing
