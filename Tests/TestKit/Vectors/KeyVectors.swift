/// Keys, peer ids and signed peer records with a published value.
package enum KeyVectors {
  /// libp2p/specs, peer-ids/peer-ids.md, "Test vectors".
  package static let ed25519Private = [UInt8](
    hex: """
      08011240
      7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d
      1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e
      """)
  package static let ed25519Public = [UInt8](
    hex: "08011220 1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")
  package static let secp256k1Public = [UInt8](
    hex: "08021221 037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99")
  package static let secp256k1Private = [UInt8](
    hex: "08021220 53DADF1D5A164D6B4ACDB15E24AA4C5B1D3461BDBD42ABEDB0A4404D56CED8FB")
  package static let ecdsaPublic = [UInt8](
    hex: """
      0803125b 3059301306072a8648ce3d020106082a8648ce3d030107034200
      04de3d300fa36ae0e8f5d530899d83abab44abf3161f162a4bc901d8e6ecda020e
      8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e62
      """)
  /// 4096 bits.
  package static let rsaPublic = [UInt8](
    hex: """
      080012a60430820222300d06092a864886f70d01010105000382020f003082020a0282020100e1beab071d08200bde24
      eef00d049449b07770ff9910257b2d7d5dda242ce8f0e2f12e1af4b32d9efd2c090f66b0f29986dbb645dae988008970
      4a94e5066d594162ae6ee8892e6ec70701db0a6c445c04778eb3de1293aa1a23c3825b85c6620a2bc3f82f9b0c309bc0
      ab3aeb1873282bebd3da03c33e76c21e9beb172fd44c9e43be32e2c99827033cf8d0f0c606f4579326c930eb4e854395
      ad941256542c793902185153c474bed109d6ff5141ebf9cd256cf58893a37f83729f97e7cb435ec679d2e33901d27bb3
      5aa0d7e20561da08885ef0abbf8e2fb48d6a5487047a9ecb1ad41fa7ed84f6e3e8ecd5d98b3982d2a901b4454991766d
      a295ab78822add5612a2df83bcee814cf50973e80d7ef38111b1bd87da2ae92438a2c8cbcc70b31ee319939a3b9c761d
      bc13b5c086d6b64bf7ae7dacc14622375d92a8ff9af7eb962162bbddebf90acb32adb5e4e4029f1c96019949ecfbfeff
      d7ac1e3fbcc6b6168c34be3d5a2e5999fcbb39bba7adbca78eab09b9bc39f7fa4b93411f4cc175e70c0a083e96bfaefb
      04a9580b4753c1738a6a760ae1afd851a1a4bdad231cf56e9284d832483df215a46c1c21bdf0c6cfe951c18f1ee4078c
      79c13d63edb6e14feaeffabc90ad317e4875fe648101b0864097e998f0ca3025ef9638cd2b0caecd3770ab54a1d9c6ca
      959b0f5dcbc90caeefc4135baca6fd475224269bbe1b0203010001
      """)

  /// libp2p/go-libp2p, core/crypto/test_data/0.pub: 2048 bits.
  package static let rsa2048Public = [UInt8](
    hex: """
      080012a60230820122300d06092a864886f70d01010105000382010f003082010a0282010100f2b75b418c28ed7aabfe
      17e90dfb93c13f2ec6381d072f862fb75808b96d227eef2083d31f4a78069f85ad6a8c73896ea385a386430d1cc09a90
      a230f00911515c5538c4b62d897fc665df1150456aec75cdb2310c88f2079c82f56a79375c79e4f840f0eb15213f1972
      d6a248d684453ce5d3e3ec091f38c2f95c3ab5a1dfb603a9f955ebd9a75814ec5b725bb8882b047dbbae000ad88a5236
      596ad800c4ccfae3c74d69f8c665741d47972213dd4fdc83d39bab7ccce49f65e2dee7c76cd79c3500aafe7207ad41d8
      43d89ac11e6653b872dfb2c5d790ec4eb6d954aa6e14a55463659edf0a2513c0aad9b8349f259a9b605b3d71dec43b69
      ee6be851a7530203010001
      """)

  /// libp2p/specs, peer-ids/peer-ids.md, "Decoding"; the two texts of multiaddr_test.go of go-multiaddr.
  package static let peerIDs: [(base58: String, cid: String)] = [
    (
      "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
      "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe"
    ),
    (
      "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
      "bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm"
    ),
    (
      "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV",
      "bafzaajaiaejcalj543iwv2d7pkjt7ykvefrkfu7qjfi6sduakhso4lay6abn2d5u"
    ),
  ]
  package static let ed25519PeerID = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

  /// A CID of a file, from core/peer/peer_test.go of go-libp2p.
  package static let fileCID = "bafkreifoybygix7fh3r3g5rqle3wcnhqldgdg4shzf4k3ulyw3gn7mabt4"

  /// Signed by go-libp2p for rust-libp2p's test suite (core/tests/fixtures/go): no sequence number.
  package static let peerRecordOfGo = [UInt8](
    hex: """
      0a2408011220 18c05fd16a961c23116c0426344b3fd57928d70dc08ff18e4543ceeca9707820 12020301
      1a340a26002408011220 18c05fd16a961c23116c0426344b3fd57928d70dc08ff18e4543ceeca9707820
      1a0a0a08047f000001060fa1
      2a40a1419f42fe5c2f0c91c72189726961e1ccc965fbfd4009f56052bde431c8f1d8
      f1666287023dfbd815ea68c68a24cc43dfceddd1753229b24a74933448719602
      """)

  /// Signed by js-libp2p for rust-libp2p's test suite (core/tests/fixtures/js).
  package static let peerRecordOfJavaScript = [UInt8](
    hex: """
      0a2408011220 dcd90ada403185b14ce55a5ffd439bf44e754ecaa875557942bd6d30aae3d778 12020301
      1a3b0a26002408011220 dcd90ada403185b14ce55a5ffd439bf44e754ecaa875557942bd6d30aae3d778
      10f0e6c486a833 1a0a0a08047f000001060fa1
      2a404f03fbf7c6ae1ad5b0cd9175ab1ac041c52df7a6f3a087a6c7f44c077fded713
      d07a08cb72fb478d24bd26848f5627888f65e689b6d34ec430329204e7465303
      """)
}
