extension Report {
  static let style = """
    :root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --faint: #667; --line: #d5dae3;
      --panel: #f4f6fa; --good: #13804a; --bad: #c0262d; --void: #9a6700; --accent: #2457c5; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --paper: #12161d; --faint: #97a0b0;
      --line: #343c49; --panel: #1b212b; --good: #4cc38a; --bad: #ff6b70;
      --void: #e3b341; --accent: #7aa5ff; } }
    body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
      max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
    h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
    header { border-left: .4rem solid var(--void); padding: .3rem 1rem; background: var(--panel); }
    header.passed { border-color: var(--good); } header.failed { border-color: var(--bad); }
    header p { margin: .4rem 0; }
    .badge { font-size: 1rem; border-radius: 1rem; padding: .1rem .7rem; color: var(--paper);
      background: var(--void); }
    .passed .badge { background: var(--good); } .failed .badge { background: var(--bad); }
    .small { font-size: .82rem; color: var(--faint); }
    details { border-bottom: 1px solid var(--line); padding: .45rem 0; } summary { cursor: pointer; }
    details p { margin: .3rem 0 .3rem 1.4rem; }
    .mark { font-weight: 700; } .passed .mark { color: var(--good); } .failed .mark { color: var(--bad); }
    .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem; }
    td { padding: .2rem .8rem .2rem 0; vertical-align: top; }
    td.time { white-space: nowrap; color: var(--faint); }
    svg { display: block; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); }
    svg .faint { fill: var(--faint); } svg .box { fill: var(--panel); stroke: var(--line); }
    svg .lane, svg .wire { stroke: var(--line); stroke-width: 1.5; fill: none; }
    svg .step { fill: var(--accent); fill-opacity: .14; }
    svg .arrow { stroke: var(--accent); stroke-width: 1.2; }
    svg .message { fill: var(--accent); } svg .event { fill: var(--good); } svg .gone { fill: var(--bad); }
    svg line.way { stroke: var(--void); stroke-width: 1.2; stroke-dasharray: 3 3; }
    svg text.way { fill: var(--void); } .legend .way { color: var(--void); }
    svg .drop { fill: var(--bad); } .legend .step, .legend .message { color: var(--accent); }
    .legend .event { color: var(--good); } .legend .drop { color: var(--bad); }
    """
}
