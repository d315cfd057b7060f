# A turn that is ended early, or skipped, does not come back; the next one does, until it is ended for good.
2026-01-04 01:00 weekly ada "sun 02:00-04:00" service=db  made s1
2026-01-04 02:00 tick                                     s1 began
2026-01-04 02:30 alert disk service=db                    opened
2026-01-04 03:00 expire s1                                silence expired by a person; page ada: disk
2026-01-04 03:30 look s1                                  pending, 2026-01-11 02:00 to 2026-01-11 04:00, 1 held back, mutes nothing
2026-01-04 03:40 ok disk                                  resolved by its source
2026-01-05 12:00 expire s1                                silence expired by a person
2026-01-05 12:00 look s1                                  pending, 2026-01-18 02:00 to 2026-01-18 04:00, 1 held back, mutes nothing
2026-01-18 02:00 tick                                     s1 began
2026-01-18 02:30 look s1                                  active, 2026-01-18 02:00 to 2026-01-18 04:00, 1 held back, mutes nothing
2026-01-18 02:40 expire s1 for good                       silence expired by a person
2026-01-25 02:30 look s1                                  expired, 2026-01-18 02:00 to 2026-01-18 02:40, 1 held back, mutes nothing
