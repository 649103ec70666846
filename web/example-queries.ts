const MONTH_MS = 30 * 86_400_000

/** What an analyst asks first: the tabs that the playground opens with. */
export function exampleQueries(nowMs: number): readonly string[] {
  const from = new Date(nowMs - MONTH_MS).toISOString().slice(0, 10)
  return [
    `# The board of BTC perpetuals: basis, funding, and what each row is good for.
query BtcPerpetuals {
  basis(asset: ["BTC"], kind: ["perpetual"], sort: "-openInterestUsd", first: 10) {
    nodes {
      instrument
      spot
      basisBps
      adjustedBasisBps
      fundingApr
      openInterestUsd
      grade
      reasons
      ageMs
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    `# The highest funding per year. Never a rate without its interval, and where that came from.
query HighestFunding {
  funding(sort: "-fundingApr", first: 15) {
    nodes {
      instrument
      fundingRate
      fundingIntervalHours
      fundingIntervalSource
      fundingApr
      nextSettlementAt
    }
  }
}
`,
    `# What a contract settled, and what holding a short of it earned.
query SettledFunding {
  fundingHistory(instrument: "binance:BTC/USDT:USDT", from: "${from}", first: 50) {
    nodes {
      settledAt
      rate
      intervalHours
      intervalSource
      apr
    }
  }
  fundingRealised(instrument: "binance:BTC/USDT:USDT", from: "${from}") {
    sumRate
    hours
    realisedApr
    settlements
    expected
    coverage
  }
}
`,
    `# Signals that are open now.
query OpenSignals {
  signals(state: ["open"], first: 50) {
    nodes {
      type
      label
      instrument
      openedAt
      value
    }
  }
}
`,
    `# What became of carries, and what signals have been worth: quoted against realised, hits with their interval.
query TrackRecords {
  opportunities(open: "false", first: 20) {
    nodes {
      instrument
      spot
      openedAt
      hours
      halfLifeHours
      quoted {
        netFrac
        hours
      }
      realised {
        netFrac
        hours
        coverage
      }
      absent
    }
  }
  signalRecords(first: 50) {
    nodes {
      type
      label
      claim
      hours
      fired
      medianHours
      independent
      hitRate
      low
      high
      verdict
    }
  }
}
`,
    `# How the venues are doing, and what is missing since when and why.
query VenuesAndGaps {
  venues {
    nodes {
      venue
      state
      reason
      lastSuccessAt
      coverage
    }
  }
  gaps(first: 20) {
    nodes {
      venue
      instrument
      fact
      from
      to
      reason
      filledAt
    }
  }
}
`,
    `# The board of BTC on one venue, as it changes. Run it, and stop it when you have seen enough.
subscription FollowBtc {
  basisUpdated(asset: ["BTC"], venue: ["binance"]) {
    asOf
    rows {
      instrument
      basisBps
      fundingApr
      grade
    }
  }
}
`
  ]
}
