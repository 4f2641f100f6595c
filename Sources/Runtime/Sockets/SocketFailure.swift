import Glibc
import NIOCore
import Node

/// Socket errors in a few words a person knows.
package enum SocketFailure {
  package static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: reason(errno: error.errnoCode)
    case ChannelError.connectTimeout: "timed out"
    case let error as ChannelError: "\(error)"
    default: "\(error)"
    }
  }

  package static func reason(errno code: CInt) -> String {
    switch code {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET: "connection reset by the peer"
    case EPIPE: "closed by the peer"
    case ETIMEDOUT: "timed out"
    case EHOSTUNREACH: "no route to host"
    case ENETUNREACH: "network unreachable"
    case EADDRINUSE: "address in use"
    case EADDRNOTAVAIL: "not an address of this machine"
    case EAFNOSUPPORT: "address family not supported by this machine"
    case EACCES, EPERM: "permission denied"
    case EMFILE, ENFILE: "too many open files"
    case ENOBUFS, ENOMEM: "out of memory"
    default: String(cString: strerror(code))
    }
  }

  /// What follows from it for whoever dialled.
  static func problem(_ error: any Error) -> DialProblem {
    if case ChannelError.connectTimeout = error { return .timedOut }
    guard let code = (error as? IOError)?.errnoCode else { return .other }
    return switch code {
    case ECONNREFUSED, ECONNRESET, EPIPE: .refused
    case EHOSTUNREACH, ENETUNREACH, EAFNOSUPPORT, EACCES, EPERM, EADDRNOTAVAIL: .unreachable
    case ETIMEDOUT: .timedOut
    default: .other
    }
  }

  /// The local address is taken for this remote address, or for everyone.
  static func isAddressTaken(_ error: any Error) -> Bool {
    guard let error = error as? IOError else { return false }
    return error.errnoCode == EADDRINUSE || error.errnoCode == EADDRNOTAVAIL
  }

  /// This machine has no such address family, or it is switched off.
  static func isFamilyMissing(_ error: any Error) -> Bool {
    guard let error = error as? IOError else { return false }
    return error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL
  }

  /// How much an error of `accept` says.
  enum Scope {
    /// The one socket is lost, others are fine.
    case oneSocket
    /// Nothing can be accepted until somebody closes something.
    case machine
  }

  static func scope(of error: IOError) -> Scope {
    switch error.errnoCode {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: .machine
    default: .oneSocket
    }
  }
}
