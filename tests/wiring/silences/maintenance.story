# The room is told of a maintenance at begin and end: what has fired, what is over, what asks now; emergencies too.
2026-01-05 12:00 maintenance ada 1h                       made s1; tell team ops: Maintenance has begun: everything of team ops | By ada, until 2026-01-05 12:00 UTC | What fires is kept, and asks nobody before the end. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 12:10 alert disk service=db severity=critical  opened
2026-01-05 12:15 alert mail service=mail                  opened
2026-01-05 12:20 alert load                               opened
2026-01-05 12:25 ok load                                  resolved by its source
2026-01-05 12:30 escalate mail                            escalated; page ada: mail
2026-01-05 12:45 tick                                     tell team ops: Maintenance ends in 15m: 1 alert under it still fires | everything of team ops, by ada, until 2026-01-05 12:00 UTC | Will ask again: disk. | Why: a reason | More time: `tocsin silence extend s1 --for '1 h'`, or the console's page of silences.
2026-01-05 13:00 tick                                     s1 ended; page ada: disk; tell team ops: Maintenance is over: everything of team ops | By ada, ended at 2026-01-05 12:00 UTC | Fired and still fires: disk. | Fired and is over: load. | Overruled by people: 1 alert.
2026-01-05 14:00 wait
