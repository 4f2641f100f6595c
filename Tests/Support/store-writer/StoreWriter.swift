// A process that keeps messages in a store, to be killed or cramped by a test.
//
//     store-writer write FILE FIRST     batches from number FIRST on, a line for each that is kept, for ever
//     store-writer cramped FILE BYTES   until no file may grow beyond BYTES, then free again
//     store-writer show FILE USER       the problems and the last message, seen as another user (0: as it is)

import Chat
import Glibc
import Identity
import SansIO
import Store

@main struct StoreWriter {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let number = Int(arguments[3]) else { exit(2) }
    switch arguments[1] {
    case "write": write(to: arguments[2], from: number)
    case "cramped": writeCramped(to: arguments[2], bytes: number)
    case "show": show(arguments[2], user: number)
    default: exit(2)
    }
  }

  /// Each batch brings messages of ours, and says of those of the batch before that they were delivered.
  private static func write(to path: String, from first: Int) -> Never {
    let store = Store(at: .file(path))
    var batch = first
    while true {
      let writes =
        Batch.messages(batch).map(Write.insert)
        + Batch.messages(batch - 1).map { .state($0.key, .delivered) }
      _ = store.apply(writes, at: .zero)
      while let problem = store.nextProblem() { say("problem: \(problem)") }
      say("\(batch)")
      batch += 1
    }
  }

  private static func writeCramped(to path: String, bytes: Int) {
    signal(SIGXFSZ, SIG_IGN)
    let store = Store(at: .file(path))
    _ = store.apply(Batch.messages(0).map(Write.insert), at: .zero)
    limitFiles(to: rlim_t(bytes))
    var batch = 1
    while store.isOnFile, batch < 10_000 {
      _ = store.apply(Batch.messages(batch).map(Write.insert), at: .zero)
      batch += 1
    }
    tell(store)
    limitFiles(to: rlim_t.max)
    for seconds in [1, 31] {
      _ = store.apply(Batch.messages(batch).map(Write.insert), at: .zero + .seconds(seconds))
      batch += 1
    }
    tell(store)
    say("\(batch)")
    store.close()
  }

  private static func show(_ path: String, user: Int) {
    if user != 0 { setuid(uid_t(user)) }
    let store = Store(at: .file(path))
    tell(store)
    say(store.history(of: Batch.conversation, limit: 1).last?.text ?? "nothing")
    let kept = store.apply(Batch.messages(7_000).map(Write.insert), at: .zero)
    say("\(kept.count { $0 == .inserted })")
  }

  private static func tell(_ store: Store) {
    say("on file: \(store.isOnFile)")
    while let problem = store.nextProblem() { say("\(problem.kind): \(problem)") }
  }

  private static func limitFiles(to bytes: rlim_t) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = min(bytes, limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  }

  private static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    Glibc.write(1, bytes, bytes.count)
  }
}
