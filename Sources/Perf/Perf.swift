// Perf: how fast do bytes flow between two peers?
//
// The client uploads as many bytes as it likes, then the server sends as many as the client asked for. Two
// forms:
//
//   /perf/1.0.0
//       client: u64be download size, the upload, half-close.
//       server: the download, half-close.
//       (libp2p specs, perf/perf.md)
//
//   /gopeer/bench/1
//       client: u64be upload size, u64be download size, the upload.
//       server: 0x06, the download.
//       Nothing is said by half-closing, so it survives proxies that cannot half-close, and a stream carries
//       any number of runs, one after another.
//
// The payload is zeros. Both sides hand it out on demand, as slices of one shared buffer: a run of any size
// costs no memory and no copy. A server works for whoever asks, so serving is a switch the user turns on, and
// `Limits` bound what one run may ask for.
//
// One value per stream side. The driver hands in what arrived and the time, pulls events until nil, sends
// `nextChunk` while the stream takes more, and finishes its half when `outboundFinished` says so. An error
// thrown by `nextEvent` means: reset the stream.
//
// Reading order: Form, Client, Server, PerfError, Zeros.
