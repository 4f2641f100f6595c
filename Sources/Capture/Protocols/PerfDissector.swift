import NIOCore
import Perf
import Wire

/// Perf: what was asked for, and how much was sent until a side finished. The payload is zeros and not shown.
struct PerfDissector: StreamDissector {
  private let form: Form
  private var request = ByteBuffer()
  private var hasRequest = false
  private var sent: [Role: UInt64] = [:]
  private var last: Stamp?

  init?(_ name: ProtocolName, limits: Limits) {
    guard let form = Form(name) else { return nil }
    self.form = form
  }

  var heldBytes: Int { request.readableBytes }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    var bytes = bytes
    last = findings.stamp
    if side == .initiator, !hasRequest { readRequest(&bytes, findings: &findings) }
    sent[side, default: 0] &+= UInt64(bytes.readableBytes)
  }

  private mutating func readRequest(_ bytes: inout ByteBuffer, findings: inout Findings) {
    let missing = form.requestBytes - request.readableBytes
    if var part = bytes.readSlice(length: min(missing, bytes.readableBytes)) { request.writeBuffer(&part) }
    guard request.readableBytes == form.requestBytes else { return }
    hasRequest = true
    let upload = form == .counted ? request.readInteger(as: UInt64.self) : nil
    guard let download = request.readInteger(as: UInt64.self) else { return }
    findings.add(.perf(.requested(uploadBytes: upload, downloadBytes: download)), by: .initiator)
  }

  mutating func finished(_ side: Role, findings: inout Findings) {
    guard let count = sent.removeValue(forKey: side) else { return }
    findings.add(.perf(.ended(bytes: count)), by: side)
  }

  mutating func ended(findings: inout Findings) {
    if let last { findings.stamp = last }
    for side in Role.allCases { finished(side, findings: &findings) }
  }
}
