# A maintenance in which nothing has fired is reported too, and one that is ended early.
2026-01-05 12:00 maintenance ada 1h  made s1; tell team ops: Maintenance has begun: everything of team ops | By ada, until 2026-01-05 12:00 UTC | What fires is kept, and asks nobody before the end. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 13:00 tick                s1 ended; tell team ops: Maintenance is over: everything of team ops | By ada, ended at 2026-01-05 12:00 UTC | Nothing has fired meanwhile.
2026-01-05 14:00 maintenance bo 8h   made s2; tell team ops: Maintenance has begun: everything of team ops | By bo, until 2026-01-05 21:00 UTC | What fires is kept, and asks nobody before the end. | Why: a reason | More time: `tocsin silence extend s2 --for '1 h'`, or the console's page of silences.
2026-01-05 14:10 alert disk          opened
2026-01-05 15:00 expire s2           silence expired by a person; page ada: disk; tell team ops: Maintenance is over: everything of team ops | By bo, ended at 2026-01-05 14:00 UTC | Fired and still fires: disk.
2026-01-05 23:00 wait
