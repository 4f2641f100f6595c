// Where libFuzzer and the linker come in.
//
//   fuzz --list                 the names of the targets
//   fuzz --write-corpus DIR     writes each target's seeds to DIR/TARGET
//   MESHWORK_FUZZ_TARGET=NAME fuzz [libFuzzer's arguments]

private import Glibc

/// What libFuzzer calls for every input.
private typealias Consumer = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ consume: Consumer
) -> CInt

/// Chosen once: the environment is not asked for every input.
private let chosen: FuzzTarget = {
  guard let name = getenv("MESHWORK_FUZZ_TARGET").map({ String(cString: $0) }) else {
    fatalError("MESHWORK_FUZZ_TARGET names no target; --list prints them")
  }
  guard let target = FuzzTarget.named(name) else {
    fatalError("there is no target \(name); --list prints them")
  }
  return target
}()

/// Runs the chosen target on one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  chosen.run(FuzzInput(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// The package manager makes this the program's entry, before libFuzzer's own.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt
{
  let words = (0..<Int(count)).compactMap { arguments?[$0].map { String(cString: $0) } }.dropFirst()
  switch (words.first, words.count) {
  case ("--list", 1):
    for target in FuzzTarget.all { print(target.name) }
    return 0
  case ("--write-corpus", 2):
    return Corpus.write(to: words[words.endIndex - 1]) ? 0 : 1
  default:
    var count = count
    var arguments = arguments
    return withUnsafeMutablePointer(to: &arguments) { runDriver(&count, $0) { testOneInput($0, $1) } }
  }
}
