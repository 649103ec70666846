import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settingsInForce } from '../src/cli/settings-in-force.ts'
import { describeSettings, loadConfig, SETTINGS } from '../src/config.ts'
import { BUCKET_PARAMETERS } from '../src/domain/signal-types.ts'
import { InvalidInputError } from '../src/errors.ts'
import { SIGNAL_SETTINGS } from '../src/signal-settings.ts'

function refusal(env: Record<string, string>): InvalidInputError {
  try {
    loadConfig(env)
  } catch (error) {
    assert.ok(error instanceof InvalidInputError)
    return error
  }
  assert.fail(`accepted ${JSON.stringify(env)}`)
}

const namesOf = ({ problems }: InvalidInputError) => problems.map(({ path }) => path)

test('nothing set, or everything set to nothing, gives the defaults', () => {
  const config = loadConfig({})
  assert.deepEqual(config, loadConfig(Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '']))))
  assert.deepEqual(
    [config.databaseUrl, config.dataDir, config.host, config.port, config.pollMs, config.storeMs],
    [null, '.data', '127.0.0.1', 8080, 10_000, 60_000]
  )
  assert.deepEqual(config.roles, ['collect', 'derive', 'deliver', 'api'])
  assert.deepEqual([config.venues, config.assets, config.assetCount, config.venueUrls], [null, null, 50, {}])
  assert.equal(config.webhookPrivateTargets, 'refuse')
  assert.ok(Object.isFrozen(config))
})

test('what is set is read: lists without doubles, fractions of seconds, gigabytes', () => {
  const config = loadConfig({
    ROLES: 'api, collect,api',
    VENUES: 'bybit',
    ASSETS: 'BTC,1000PEPE',
    POLL_SECONDS: '0.5',
    MAX_DISK_GB: '1.5',
    DATA_DIR: '.data'
  })
  assert.deepEqual(config.roles, ['api', 'collect'])
  assert.deepEqual([config.venues, config.assets], [['bybit'], ['BTC', '1000PEPE']])
  assert.deepEqual([config.pollMs, config.maxDiskBytes, config.dataDirIsSet], [500, 1.5e9, true])
})

test('every problem is reported at once, with the name, what was given and what was expected', () => {
  const error = refusal({
    PORT: '99999',
    POLL_SECONDS: 'ten',
    ROLES: 'collect,cook',
    LOG_LEVEL: 'loud',
    ASSETS: 'btc',
    MAX_DISK_GB: '-1',
    WEBHOOK_PRIVATE_TARGETS: 'maybe',
    STORE_SECOND: '60'
  })
  assert.deepEqual(namesOf(error).sort(), [
    'ASSETS',
    'LOG_LEVEL',
    'MAX_DISK_GB',
    'POLL_SECONDS',
    'PORT',
    'ROLES',
    'STORE_SECOND',
    'WEBHOOK_PRIVATE_TARGETS'
  ])
  assert.match(error.message, /PORT: expected a port from 0 .* to 65535; was "99999"/)
  assert.match(error.message, /STORE_SECOND: unknown setting \(did you mean STORE_SECONDS\?\)/)
})

test('a secret is never shown, neither when it is refused nor when it is in force', () => {
  for (const text of ['hunter2-hunter2', 'mysql://me:hunter2-hunter2@host/db']) {
    const error = refusal({ DATABASE_URL: text })
    assert.doesNotMatch(JSON.stringify([error.message, error.problems]), /hunter2/)
    assert.match(error.message, /DATABASE_URL: expected postgresql:.*; was a text of \d+ characters/)
  }
  const shown = settingsInForce(
    loadConfig({
      DATABASE_URL: 'postgresql://me:hunter2-hunter2@db.example:5433/basis',
      VENUE_URLS: '{"bybit":"https://me:hunter2-hunter2@mirror.example"}'
    })
  ).join(' ')
  assert.doesNotMatch(shown, /hunter2/)
  assert.match(shown, /db\.example:5433\/basis/)
  assert.match(shown, /mirror\.example/)
})

test('only what differs from its default is shown as in force', () => {
  assert.deepEqual(settingsInForce(loadConfig({})), [])
  assert.deepEqual(settingsInForce(loadConfig({ POLL_SECONDS: '10', STORE_SECONDS: '30', VENUES: 'bybit' })), [
    'VENUES=bybit',
    'STORE_SECONDS=30'
  ])
})

test('every number that opens and closes a signal may be set, negative ones as well, and nothing else of its type moves', () => {
  const usual = loadConfig({})
  const { fundingRegime, bucketParameters } = loadConfig({
    FUNDING_REGIME_PANIC_EXIT_RATE_8H: '-0.00002',
    FUNDING_REGIME_STALE_INTERVALS: '5',
    BASIS_DISLOCATION_CHEAP_ENTER_BPS: '-40',
    BASIS_DISLOCATION_STALE_BUCKETS: '6',
    VENUE_TROUBLE_COOL_DOWN_HOURS: '0.5'
  })
  const { PANIC, ...regime } = usual.fundingRegime
  assert.deepEqual(fundingRegime, { ...regime, PANIC: { ...PANIC, exitRate8h: -0.00002 }, staleIntervals: 5 })
  const { basis_dislocation: basis, venue_trouble: trouble, ...others } = usual.bucketParameters
  assert.deepEqual(bucketParameters, {
    ...others,
    basis_dislocation: {
      ...basis,
      thresholds: { ...basis.thresholds, CHEAP: { enter: -40, exit: -12, below: true } },
      staleMs: 6 * basis.bucketMs
    },
    venue_trouble: { ...trouble, coolDownMs: 1_800_000 }
  })
  assert.deepEqual(usual.bucketParameters, BUCKET_PARAMETERS, 'and unset they are those of the domain')
})

test('a number of a signal is shown as in force under its own name', () => {
  const env = { CARRY_OPPORTUNITY_CARRY_ENTER_APR: '0.1', CARRY_OPPORTUNITY_CARRY_EXIT_APR: '0.04' }
  assert.deepEqual(settingsInForce(loadConfig(env)), ['CARRY_OPPORTUNITY_CARRY_ENTER_APR=0.1'])
})

for (const [env, path, message] of [
  [
    { BASIS_DISLOCATION_RICH_EXIT_BPS: '30' },
    'BASIS_DISLOCATION_RICH_EXIT_BPS',
    /_RICH_EXIT_BPS \(30\) must not be above .*_ENTER_BPS \(25\): lower/
  ],
  [
    { BASIS_DISLOCATION_RICH_ENTER_BPS: '5' },
    'BASIS_DISLOCATION_RICH_ENTER_BPS',
    /_EXIT_BPS \(12\) must not be above .*_ENTER_BPS \(5\)/
  ],
  [
    { EXPECTATION_BACKWARDATION_EXIT_APR: '-0.01' },
    'EXPECTATION_BACKWARDATION_EXIT_APR',
    /_ENTER_APR \(-0.005\) must not be above/
  ],
  [{ LIQUIDITY_THINNING_THIN_EXIT_RATIO: '0.3' }, 'LIQUIDITY_THINNING_THIN_EXIT_RATIO', /raise the other/],
  [
    { STABLECOIN_DEPEG_BELOW_PAR_EXIT_BPS: '60' },
    'STABLECOIN_DEPEG_BELOW_PAR_EXIT_BPS',
    /_BELOW_PAR_EXIT_BPS \(60\) must be below 0, which is neutral: lower it/
  ],
  [{ FUNDING_REGIME_OVERHEATED_EXIT_PERCENTILE: '99' }, 'FUNDING_REGIME_OVERHEATED_EXIT_PERCENTILE', /not be above/],
  [{ FUNDING_REGIME_PANIC_ENTER_RATE_8H: '0.0002' }, 'FUNDING_REGIME_PANIC_ENTER_RATE_8H', /PANIC_EXIT_RATE_8H/],
  [{ FUNDING_REGIME_MIN_DAYS: '91' }, 'FUNDING_REGIME_MIN_DAYS', /WINDOW_DAYS \(90\)/],
  [{ FUNDING_REGIME_PANIC_EXIT_PERCENTILE: '95' }, 'FUNDING_REGIME_PANIC_EXIT_PERCENTILE', /be below .*_ENTER_PERC/]
] as const) {
  test(`thresholds that are crossed over are refused at start, with what to do: ${path}`, () => {
    const error = refusal(env)
    assert.ok(
      error.problems.every((problem) => problem.path === path),
      error.message
    )
    assert.match(error.message, message)
  })
}

for (const [env, message] of [
  [{ FUNDING_REGIME_MIN_DAYS: '90' }, /MIN_DAYS \(90\) must be below .*WINDOW_DAYS \(90\): lower the one/],
  [{ FUNDING_REGIME_MIN_SETTLEMENTS: '2161' }, /\(2161\) must not be above 24 times .*WINDOW_DAYS \(90\): lower/],
  [{ FUNDING_REGIME_PANIC_ENTER_RATE_8H: '0' }, /PANIC_ENTER_RATE_8H \(0\) must be below 0, .*: lower it/],
  [{ FUNDING_REGIME_OVERHEATED_ENTER_RATE_8H: '-0.0001' }, /\(-0.0001\) must be above 0, .*: raise it/],
  [{ FUNDING_REGIME_OVERHEATED_EXIT_RATE_8H: '0' }, /EXIT_RATE_8H \(0\) must be above 0/],
  [{ VENUE_TROUBLE_FAILING_ENTER_SHARE: '0' }, /ENTER_SHARE \(0\) must be above 0/],
  [{ INTERVAL_CHANGE_SHORTER_ENTER_DOUBLINGS: '0' }, /ENTER_DOUBLINGS \(0\) must be above 0/],
  [{ STABLECOIN_DEPEG_ABOVE_PAR_ENTER_BPS: '-10' }, /ENTER_BPS \(-10\) must be above 0/],
  [{ LIQUIDITY_THINNING_THIN_EXIT_RATIO: '1' }, /EXIT_RATIO \(1\) must be below 1, which is neutral: lower it/],
  [
    { FUNDING_REGIME_OVERHEATED_ENTER_PERCENTILE: '100' },
    /\(100\) must not be above .* 99.444, of .*SETTLEMENTS \(90\)/
  ],
  [{ FUNDING_REGIME_OVERHEATED_ENTER_PERCENTILE: '99.5' }, /\(99.5\) must not be above the highest rank there is/],
  [{ FUNDING_REGIME_PANIC_ENTER_PERCENTILE: '0' }, /\(0\) must not be below .* 0.556, of .*SETTLEMENTS \(90\)/],
  [{ FUNDING_REGIME_MIN_SETTLEMENTS: '9' }, /PERCENTILE \(95\) must not be above .* 94.444, of .*SETTLEMENTS \(9\)/],
  [
    { INTERVAL_CHANGE_PERSIST_BUCKETS: '289' },
    /\(289\) must not be above 288, as long as a change stands out: lower it/
  ]
] as const) {
  const [[name, value]] = Object.entries(env) as [[string, string]]
  test(`what would silently switch a signal off, or on for everything, is refused at start: ${name}=${value}`, () => {
    const error = refusal(env)
    assert.ok(namesOf(error).includes(name), error.message)
    assert.match(error.message, message)
  })
}

test('as many settlements may be asked for as a window can hold, over nearly all of its days', () => {
  loadConfig({ FUNDING_REGIME_MIN_SETTLEMENTS: '2160', FUNDING_REGIME_MIN_DAYS: '89.9' })
})

test('the highest rank and the longest persistence that there can be may be asked for', () => {
  loadConfig({ FUNDING_REGIME_MIN_SETTLEMENTS: '10', INTERVAL_CHANGE_PERSIST_BUCKETS: '288' })
})

test('of every type each label may be left where it is entered, and not beyond', () => {
  const bounds = Object.keys(SIGNAL_SETTINGS).filter((name) => /_ENTER_/.test(name))
  assert.equal(bounds.length, 13 + 4, 'a threshold of every label, and two of each regime')
  for (const enter of bounds) {
    const exit = enter.replace('_ENTER_', '_EXIT_')
    const [from, to] = [SIGNAL_SETTINGS[enter]!.fallback, SIGNAL_SETTINGS[exit]!.fallback]
    assert.notEqual(from, to, `${enter}: without a distance between the two, noise opens and closes`)
    loadConfig({ [exit]: String(from) })
    const beyond = Number((from + (from - to) / 10).toPrecision(12))
    assert.ok(namesOf(refusal({ [exit]: String(beyond) })).includes(exit), `${exit}=${beyond}`)
  }
})

for (const [misspelt, meant] of [
  ['BASIS_DISLOCATION_RICH_ENTER', 'BASIS_DISLOCATION_RICH_ENTER_BPS'],
  ['CARRY_OPPORTUNITY_CARRY_ENTRY_APR', 'CARRY_OPPORTUNITY_CARRY_ENTER_APR'],
  ['LEVERAGE_BUILDUP_PERSISTS', 'LEVERAGE_BUILDUP_PERSIST_BUCKETS'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['POLL_SECOND', 'POLL_SECONDS'],
  ['PAUL_SECONDS', 'POLL_SECONDS'],
  ['VENUE_URL', 'VENUE_URLS'],
  ['VENUE', 'VENUES'],
  ['ASSET', 'ASSETS'],
  ['ASSETCOUNT', 'ASSET_COUNT'],
  ['MARKET_SECONDS', 'MARKETS_SECONDS'],
  ['HISTORY_BASE_DAYS', 'HISTORY_BASIS_DAYS'],
  ['MAXDISK_GB', 'MAX_DISK_GB'],
  ['LOG_LEVLE', 'LOG_LEVEL']
] as const) {
  test(`${misspelt} is refused as a misspelling of ${meant}`, () => {
    const error = refusal({ [misspelt]: '1' })
    assert.deepEqual(namesOf(error), [misspelt])
    assert.match(error.message, new RegExp(`did you mean ${meant}\\?`))
  })
}

test('the environment of other programs is none of our business', () => {
  const ordinary =
    'HOSTNAME HOSTTYPE PORTAL PORTS PATH PWD OLDPWD LOGNAME HOME LOG_LEVELS LOGLEVEL DATADIR DATA_DIRS XDG_DATA_DIRS SHELL ' +
    'USER LANG LC_ALL TERM TZ EDITOR MAIL ROLE ROLE_ARN VALUES RESETS VALUE MENU PGHOST PGDATA PGPASSWORD DATABASE NODE_ENV ' +
    'NODE_OPTIONS npm_config_loglevel npm_lifecycle_event CI GITHUB_ACTIONS DISPLAY SSH_AUTH_SOCK HTTP_PROXY NO_PROXY DEBUG ' +
    'DEBIAN_FRONTEND CONTAINER_NAME SHLVL _ TMPDIR MANPATH JAVA_HOME'
  loadConfig(Object.fromEntries(ordinary.split(' ').map((name) => [name, 'x'])))
  loadConfig(process.env)
})

test('VENUE_URLS replaces all of a venue’s origins, or one by one, and nothing else', () => {
  const read = (value: unknown) => loadConfig({ VENUE_URLS: JSON.stringify(value) }).venueUrls
  const whole = { binance: 'http://127.0.0.1:9001' }
  const single = { binance: { 'https://fapi.binance.com': 'http://127.0.0.1:9002' }, bybit: 'https://mirror.example' }
  assert.deepEqual(read(whole), whole)
  assert.deepEqual(read(single), single)
  for (const bad of [
    [],
    'http://127.0.0.1:9001',
    { binance: 9001 },
    { binance: 'ftp://127.0.0.1' },
    { binance: '127.0.0.1:9001' },
    { binance: { 'https://fapi.binance.com': 'nowhere' } },
    { binance: { fapi: 'http://127.0.0.1:9002' } },
    { binance: null }
  ]) {
    assert.deepEqual(namesOf(refusal({ VENUE_URLS: JSON.stringify(bad) })), ['VENUE_URLS'], JSON.stringify(bad))
  }
  assert.match(refusal({ VENUE_URLS: '{not json' }).message, /expected JSON such as/)
})

test('venues have one id each, aliases accepted; one that is not supported is refused wherever it is named', () => {
  assert.deepEqual(loadConfig({ VENUES: 'binanceusdm,binance,krakenfutures' }).venues, ['binance', 'kraken'])
  const env = { VENUES: 'binance,ftx', VENUE_URLS: '{"binnace":"http://127.0.0.1:9001"}' }
  assert.throws(
    () => loadConfig(env, ['binance', 'bybit']),
    (error: unknown) =>
      error instanceof InvalidInputError &&
      /VENUES: ftx not supported; supported are binance, bybit/.test(error.message) &&
      /VENUE_URLS: binnace not supported/.test(error.message)
  )
})

test('whatever a setting is set to, it is read or refused by its own name', () => {
  const name = fc.constantFrom(...Object.keys(SETTINGS))
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.double().map(String), fc.json(), fc.webUrl())
  fc.assert(
    fc.property(fc.dictionary(name, text), (env) => {
      try {
        loadConfig(env)
      } catch (error) {
        assert.ok(error instanceof InvalidInputError)
        assert.ok(namesOf(error).every((path) => path in env))
      }
    })
  )
})

test('.env.example has every setting once, commented out, with its default', () => {
  const lines = describeSettings().split('\n')
  for (const name of Object.keys(SETTINGS)) {
    assert.equal(lines.filter((line) => line.startsWith(`#${name}=`)).length, 1, name)
  }
  const asWritten = lines.flatMap((line) => /^#([A-Z0-9_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? [])
  const env: Record<string, string> = {}
  for (let index = 0; index < asWritten.length; index += 2) env[asWritten[index]!] = asWritten[index + 1]!
  assert.deepEqual({ ...loadConfig(env), dataDirIsSet: false }, loadConfig({}))
})
