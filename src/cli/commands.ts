import type { Run } from './run.ts'

type Command = { readonly about: string; readonly load: () => Promise<Run> }

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: { about: 'the service against the live exchanges', load: async () => (await import('./serve.ts')).runStart },
  demo: {
    about: 'the service against simulated exchanges: no keys, no network',
    load: async () => (await import('./serve.ts')).runDemo
  },
  sim: {
    about: 'only the simulated exchanges   [--seed N] [--ports binance=9001,bybit=9002]',
    load: async () => (await import('./sim.ts')).runSim
  },
  migrate: {
    about: 'brings the database up to this version',
    load: async () => (await import('./migrate.ts')).runMigrate
  },
  backup: {
    about: 'FILE: writes the embedded database to a new file, beside a running service',
    load: async () => (await import('./backup-commands.ts')).backupCommand
  },
  restore: {
    about: 'FILE: makes the embedded database of an empty DATA_DIR from a backup',
    load: async () => (await import('./backup-commands.ts')).restoreCommand
  },
  backfill: {
    about: 'fetches the past: funding, prices, open interest   (backfill --help)',
    load: async () => (await import('./backfill-command.ts')).backfillCommand
  },
  import: {
    about: 'puts a file of prices or settled rates into history   (import --help)',
    load: async () => (await import('./store-commands.ts')).importCommand
  },
  export: {
    about: 'writes history to a file: CSV, lines of JSON or Parquet   (export --help)',
    load: async () => (await import('./store-commands.ts')).exportCommand
  },
  keys: {
    about: 'create --scope read,webhooks,admin [--name NAME] | list | revoke ID',
    load: async () => (await import('./store-commands.ts')).keysCommand
  },
  listen: {
    about: 'receives, verifies and prints webhooks   (listen --help)',
    load: async () => (await import('./listen.ts')).runListen
  },
  doctor: {
    about: 'what is configured, what is reachable, what is wrong   [--json]',
    load: async () => (await import('./doctor-command.ts')).doctorCommand
  },
  vectors: {
    about: 'FILE: runs golden vectors against the formulas',
    load: async () => (await import('./file-commands.ts')).vectorsCommand
  },
  record: {
    about: 'VENUE…: keeps a venue’s raw answers as fixtures   (record --help)',
    load: async () => (await import('./record.ts')).recordCommand
  },
  normalise: {
    about: 'DIR: reads recorded exchange answers as the service would',
    load: async () => (await import('./file-commands.ts')).normaliseCommand
  }
}

export function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const lines = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  return `Usage: npm run -s contango -- COMMAND\n\n${lines.join('\n')}\n\nSettings come from the environment: .env.example\n`
}
