// Data published with other implementations: haskell-cryptography/cacophony (vectors/cacophony.txt),
// mcginty/snow (tests/vectors/snow.txt) and flynn/noise (vectors.txt), the entries for
// Noise_XX_25519_ChaChaPoly_SHA256.

import Testing
import Wire

/// A handshake and some transport messages, with every secret known.
struct Vector: Sendable, CustomTestStringConvertible {
  struct Message: Sendable {
    let payload: [UInt8]
    let ciphertext: [UInt8]
  }

  let source: String
  let prologue: [UInt8]
  let initiatorStatic: [UInt8]
  let initiatorEphemeral: [UInt8]
  let responderStatic: [UInt8]
  let responderEphemeral: [UInt8]
  /// Nil when the source does not tell.
  let handshakeHash: [UInt8]?
  /// The three of the handshake, then transport messages in turn.
  let messages: [Message]
  let firstTransportSender: Role

  var testDescription: String { source }

  static let all = [
    Vector(
      source: "cacophony",
      prologue: hex("4a6f686e2047616c74"),
      initiatorStatic: hex("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"),
      initiatorEphemeral: hex("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"),
      responderStatic: hex("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"),
      responderEphemeral: hex("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"),
      handshakeHash: hex("c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e"),
      messages: [
        Message(
          payload: hex("4c756477696720766f6e204d69736573"),
          ciphertext: hex(
            """
            ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573
            """)),
        Message(
          payload: hex("4d757272617920526f746862617264"),
          ciphertext: hex(
            """
            95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285
            e08d6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f
            8814c7194e83f23dbd8d162c9326ad
            """)),
        Message(
          payload: hex("462e20412e20486179656b"),
          ciphertext: hex(
            """
            c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f
            58c9fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030
            """)),
        Message(
          payload: hex("4361726c204d656e676572"),
          ciphertext: hex("96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df")),
        Message(
          payload: hex("4a65616e2d426170746973746520536179"),
          ciphertext: hex("3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5")),
        Message(
          payload: hex("457567656e2042f6686d20766f6e2042617765726b"),
          ciphertext: hex("eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f")),
      ],
      firstTransportSender: .responder),
    Vector(
      source: "snow",
      prologue: hex(
        """
        5468657265206973206e6f20726967687420616e642077726f6e672e2054686572652773206f6e6c792066756e20616e
        6420626f72696e672e
        """),
      initiatorStatic: hex("7dec208517a3b81a2861d7a71266d5d6dc944c5a8816634a86fe63198a0148ee"),
      initiatorEphemeral: hex("a32daf21e93c0131495ce1d903181fde81cc46937daaeb990bae7c992709421e"),
      responderStatic: hex("4d0aed5098e3b4ef20357e9f686ce66204c792b358da2e475017d6c485304881"),
      responderEphemeral: hex("4eece0f195d026db035ff987597c429d3ad3bcc2944df37d649528951b2a27c5"),
      handshakeHash: nil,
      messages: [
        Message(
          payload: hex("d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34"),
          ciphertext: hex(
            """
            f9fa868ba97ab8a2686deccfaad5a484ee10a5bb85e3d1dce015a84797f92818d03c489139e645d0711a3c9e810d776b
            46a84912463fafa87b884eebf242dc34
            """)),
        Message(
          payload: hex("d8190a92f7dc0c93dbea9118ba8055751fb7c6590c416ffbd419964132b99a85"),
          ciphertext: hex(
            """
            8c4e6fdb7d09d501a86f7eca5c234522751706ed409182c05cdf5f827d4dae47b81c6c5f43b025692c24391eefee725c
            17d8cb0fbe3e4abb8aedf42c4fd2592d4ea48ac08989d6ae8b4adae08b2c34087c808c7aa55a63c02b0fab9e93061233
            6bd43eaea04d3c670a0a146691aa9cc9d357872320dc735dbc48580cffb553db
            """)),
        Message(
          payload: hex("77891b19dcb92ef7c055b672c4a5aa7fdf1c84146b8b303459022729473ce254"),
          ciphertext: hex(
            """
            933ca6b5ed60df3df66121f0ab49a09e49efa45c613a86a3cecbf4c535cef2f83f72b42837b18e3572f2fdc2b74c331e
            2368a545cef54bdca081678ab0e9dd5348122459e0c034c851984d88ce610963d43cde6cfe73a67fbd5a63e8bfca96d0
            """)),
        Message(
          payload: hex("d7efdf988072881941db045a42882433817555128fbf5663e56081712ec7d212"),
          ciphertext: hex(
            """
            54ef0ff0629e1aaa7685a2806ab111cba76b52331f2642276736f415868eacb69ab2577f3bda0cbf72f879685f6ed25f
            """)),
        Message(
          payload: hex("dd7bf01a588bafb52c6cfba952e5d8fe35cc2b3f92b4730ae2474615157345ce"),
          ciphertext: hex(
            """
            356be70f110306d5c699bb834bb9d58d909e325924dfbec972e406e6f294dc63e1daebefe8a62a334facc8048ab4ad66
            """)),
      ],
      firstTransportSender: .responder),
    Vector(
      source: "flynn/noise, no prologue, no payloads",
      prologue: [],
      initiatorStatic: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      initiatorEphemeral: hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"),
      responderStatic: hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
      responderEphemeral: hex("4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60"),
      handshakeHash: nil,
      messages: [
        Message(
          payload: [],
          ciphertext: hex("358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254")),
        Message(
          payload: [],
          ciphertext: hex(
            """
            64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d484663414af878d3e46a2f58911a816d6e834
            6d4ea17a6f2a0bb4ef4ed56c133cff4560a34e36ea82109f26cf2e5a5caf992b608d55c747f615e5a3425a7a19eefb8f
            """)),
        Message(
          payload: [],
          ciphertext: hex(
            """
            87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d97e5ea11b16f3968710b23a3be3202dc1
            b5e1ce3c963347491e74f5c0768a9b42
            """)),
        Message(
          payload: hex("79656c6c6f777375626d6172696e65"),
          ciphertext: hex("a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6")),
        Message(
          payload: hex("7375626d6172696e6579656c6c6f77"),
          ciphertext: hex("2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521")),
      ],
      firstTransportSender: .initiator),
    Vector(
      source: "flynn/noise, no prologue, payloads",
      prologue: [],
      initiatorStatic: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      initiatorEphemeral: hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"),
      responderStatic: hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
      responderEphemeral: hex("4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60"),
      handshakeHash: nil,
      messages: [
        Message(
          payload: hex("746573745f6d73675f30"),
          ciphertext: hex(
            """
            358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254746573745f6d73675f30
            """)),
        Message(
          payload: hex("746573745f6d73675f31"),
          ciphertext: hex(
            """
            64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d484663414af878d3e46a2f58911a816d6e834
            6d4ea17a6f2a0bb4ef4ed56c133cff4572e7a2ba5123ac30618b3d205f5c2d17f50cbca216483ac56bcc78e33bf52030
            3278db641e5e731b2e3a
            """)),
        Message(
          payload: hex("746573745f6d73675f32"),
          ciphertext: hex(
            """
            87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d9f27e318e43ba630594c4d08eeb3b36d9
            7c7377a2f4f9144b2f0c8095ad92140505b2ab53eff244b14138
            """)),
        Message(
          payload: hex("79656c6c6f777375626d6172696e65"),
          ciphertext: hex("a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6")),
        Message(
          payload: hex("7375626d6172696e6579656c6c6f77"),
          ciphertext: hex("2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521")),
      ],
      firstTransportSender: .initiator),
    Vector(
      source: "flynn/noise, prologue, no payloads",
      prologue: hex("6e6f74736563726574"),
      initiatorStatic: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      initiatorEphemeral: hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"),
      responderStatic: hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
      responderEphemeral: hex("4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60"),
      handshakeHash: nil,
      messages: [
        Message(
          payload: [],
          ciphertext: hex("358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254")),
        Message(
          payload: [],
          ciphertext: hex(
            """
            64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d484663414af878d3e46a2f58911a816d6e834
            6d4ea17a6f2a0bb4ef4ed56c133cff4588f043d1e49a3289b1beeab8f96b0551a48cddf9f38b1a12e46c6908644198f3
            """)),
        Message(
          payload: [],
          ciphertext: hex(
            """
            87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d95a04fa1f1c41fb3f00d496f242c1e44c
            e5b749b3d54bf74cea2dad086d601fb6
            """)),
        Message(
          payload: hex("79656c6c6f777375626d6172696e65"),
          ciphertext: hex("a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6")),
        Message(
          payload: hex("7375626d6172696e6579656c6c6f77"),
          ciphertext: hex("2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521")),
      ],
      firstTransportSender: .initiator),
    Vector(
      source: "flynn/noise, prologue, payloads",
      prologue: hex("6e6f74736563726574"),
      initiatorStatic: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      initiatorEphemeral: hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"),
      responderStatic: hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
      responderEphemeral: hex("4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60"),
      handshakeHash: nil,
      messages: [
        Message(
          payload: hex("746573745f6d73675f30"),
          ciphertext: hex(
            """
            358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254746573745f6d73675f30
            """)),
        Message(
          payload: hex("746573745f6d73675f31"),
          ciphertext: hex(
            """
            64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d484663414af878d3e46a2f58911a816d6e834
            6d4ea17a6f2a0bb4ef4ed56c133cff4545958c588d17d6373e0c1dcfa3755d37f50cbca216483ac56bcc98f5095870aa
            814ba40c08079c11f087
            """)),
        Message(
          payload: hex("746573745f6d73675f32"),
          ciphertext: hex(
            """
            87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d9c1e9a1a313d02b78871cfd178a521a4c
            7c7377a2f4f9144b2f0ccedc84d379151b466741e4b266db6023
            """)),
        Message(
          payload: hex("79656c6c6f777375626d6172696e65"),
          ciphertext: hex("a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6")),
        Message(
          payload: hex("7375626d6172696e6579656c6c6f77"),
          ciphertext: hex("2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521")),
      ],
      firstTransportSender: .initiator),
  ]
}
