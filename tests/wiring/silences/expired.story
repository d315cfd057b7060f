# One that is ended early asks at once, and reminds nobody.
2026-01-05 12:00 silence ada 2h service=db  made s1
2026-01-05 12:10 alert disk service=db      opened
2026-01-05 12:20 expire s1                  silence expired by a person; page ada: disk
2026-01-05 12:21 expire s1                  silence was over
2026-01-05 15:00 wait
