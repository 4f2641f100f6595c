// Five minutes of 4G with bursts of loss, at default timings: nobody is falsely reaped, no message is lost.
import Scenario

scenario { net in
  let train = Link.mobile4G.with {
    $0.loss = .bursts(toBad: 1, toGood: 20, lossWhenBad: 50, lossWhenGood: 0.5)
    $0.jitterMs = 20
  }
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .carrierGrade, link: train, knows: hub)
  let ben = net.node("ben", behind: .carrierGrade, link: train, knows: hub)
  let cleo = net.node("cleo", behind: .homeRouter, link: .dsl, knows: hub)
  let all = [hub, ana, ben, cleo]

  net.start(all)
  net.wait(until: everyone(all), within: .seconds(45))
  net.repeat(20, every: .seconds(15)) { round in
    net.random.pick(all).send("message \(round)")
  }
  // A segment lost six times in a row comes 19 s late.
  net.wait(.seconds(45))
  net.expect(never: ana.reaps(ben), ben.reaps(ana), hub.reaps(ana), hub.reaps(ben), cleo.reaps(ana))
  net.expect(.nobodyAliveReaped, .everyMessageOnce)
}
