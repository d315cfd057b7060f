# A window that lies in the hour that is skipped does not take place.
2026-03-28 12:00 weekly ada "sun 02:00-02:30" service=db  made s1
2026-03-29 12:00 look s1                                  pending, 2026-04-05 02:00 to 2026-04-05 02:30, 0 held back, mutes nothing
2026-04-05 02:00 tick                                     s1 began
2026-04-05 02:10 look s1                                  active, 2026-04-05 02:00 to 2026-04-05 02:30, 0 held back, mutes nothing
