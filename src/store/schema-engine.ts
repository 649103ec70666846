import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import type pg from 'pg'

export type EngineInput = {
  /** For the engine's own questions and notes. A failing one closes its connection. */
  readonly pool: pg.Pool
  /** For the scripts. It holds the caller's lock, which so lasts as long as a script, whatever becomes of us. */
  readonly session: pg.Client
  readonly schema: string
  /** May put something behind a script; it becomes part of the script's own transaction. */
  readonly completeScript: (script: string) => string
  /** Told what the database said; the engine's own error does not. */
  readonly onFailure: (error: unknown) => void
}

// The types of Node leave this global out.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
  }
}

type Background = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')
let loading: Promise<Background> | undefined

/** Prisma's own schema engine, from WebAssembly: no native binary, no download. */
export async function openSchemaEngine(input: EngineInput): Promise<SchemaEngine> {
  // Once per process: its JavaScript side knows one instance only.
  loading ??= load()
  const { SchemaEngine } = await loading
  const adapters = bindMigrationAwareSqlAdapterFactory(wholeScripts(input))
  return SchemaEngine.new({ datamodels: [['schema.prisma', input.schema]] }, () => {}, adapters)
}

async function load(): Promise<Background> {
  const background = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const file = new URL('./schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm'))
  const { instance } = await WebAssembly.instantiate(await readFile(fileURLToPath(file)), {
    './schema_engine_bg.js': withIdleTimers(background)
  })
  background.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return background
}

/** The engine leaves a timer of 10 s behind, for a lock it has long got: it must not keep a finished process alive. */
function withIdleTimers(imports: object): object {
  const idle = (work: () => void, delayMs: number) => setTimeout(work, delayMs).unref()
  return Object.fromEntries(
    Object.entries(imports).map(([name, value]) => [name, /^__wbg_setTimeout_/.test(name) ? idle : value])
  )
}

/**
 * The adapter splits a script at every semicolon and runs the pieces one by one: a function body breaks, and half a
 * migration stays. Sent whole, PostgreSQL parses it and runs it as one transaction.
 */
function wholeScripts({ pool, session, completeScript, onFailure }: EngineInput): PrismaPg {
  const factory = new PrismaPg(pool)
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    adapter.executeScript = async (script) => {
      await session.query(completeScript(script)).catch((error) => {
        onFailure(error)
        throw error
      })
    }
    return adapter
  }
  return factory
}
