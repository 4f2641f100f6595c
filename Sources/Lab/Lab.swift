// The laboratory: real processes on real kernels' network stacks, joined by a modelled internet.
//
// A program enters the ``Sandbox`` first: it runs again inside namespaces of its own, which end with it
// however it ends. Inside, a ``Laboratory`` builds hosts, each a network namespace with TUN devices, and one
// fabric that carries packets between the devices through a `NetworkModel.Network`. Nothing of it touches
// the machine's own interfaces, and nothing of it has a name outside.
//
// Threads, and what belongs to them. None of them runs Swift concurrency; they share state only through
// ``Monitor`` (a mutex and a condition) and ``CaptureRing`` (one writer, one reader, no lock).
//
//   lab-fabric      the network model, every TUN device, the delivery timer. SCHED_FIFO where permitted.
//                   Takes commands between two turns; whoever gave one waits for its result.
//   host-NAME       one a host, and the only one in its namespaces: sets up links, addresses and routes,
//                   starts processes. They are killed when it ends, so it ends last.
//   lab-processes   reads and writes the pipes of all processes, learns of their ends, fills the EventLog.
//   lab-capture     empties the ring that the fabric fills, and calls whoever captures.
//   lab-real-time   starts lab-fabric, which inherits its scheduling.
//   lab-signals     waits for SIGINT, SIGTERM and SIGHUP.
//   the callers'    everything above is asked from here, by calls that wait.
//
// Outside the sandbox there is one thread, which waits for it and hands on signals; between the two stands an
// init in C, which reaps.
//
// Time is CLOCK_MONOTONIC everywhere (``MonotonicClock``), as in the processes; ``WallClockOrigin`` says once
// where the Unix epoch lies on it.
//
// What the laboratory did wrong itself (late deliveries, drops in queues, lost captures) is in its
// ``Health``, and voids a run that cannot tolerate it.
//
// Reading order: Sandbox, Laboratory, Host, HostInterior, Fabric, FabricLoop, HostProcess, ProcessWatch; then
// LinuxRouter, Doctor. `CLinux` is the only C.
