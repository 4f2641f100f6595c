// Puts a plan on stage: a scenario's plain values become a laboratory, its steps are done one after the
// other,
// and everything that happens is recorded in a run directory. Judging comes after, from that directory alone.
//
//   Plan ─► Layout (network, hosts, addresses) ─► Lab ─► Performance (the steps) ─► Recorder ─► run directory
//                                                                                                    │
//                                                 Verdict ◄─ Trace ◄─ Playback (captures, events) ◄──┘
//
// `Performance` runs inside the sandbox, in a process of its own for each run; `Playback` runs outside, and
// again
// whenever somebody asks for the report.
//
// Reading order: RunDirectory, Layout with AddressPlan and Model, Cast, Performance, Recorder, Playback.
