import { lookup as systemLookup } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP, type LookupFunction } from 'node:net'
import { SECOND } from '../domain/time.ts'

/** What a name resolves to. */
export type Address = { readonly address: string; readonly family: number }

export type NamesOptions = {
  /** Name servers, instead of the system's. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
  readonly answerMs?: number
  /** Names that the name servers do not know: search domains, multicast and whatever else the system is set up for. */
  readonly askSystem?: (name: string) => Promise<readonly Address[]>
}

/** How long a name server may take at first; it is asked twice, and has double the time for the second. */
const ANSWER_MS = 1.5 * SECOND
/**
 * Questions to the system at once. Each holds one of the process's four threads for as long as a name server is silent, and
 * files wait for the same threads.
 */
const SYSTEM_AT_ONCE_MAX = 2

/**
 * Looks names up as the system would, the hosts file first, but asks the name servers by sockets: one that is silent about
 * one name holds up no other.
 */
export function createNameLookup({
  servers,
  hostsFile = '/etc/hosts',
  answerMs = ANSWER_MS,
  askSystem = createSystemLookup()
}: NamesOptions = {}): LookupFunction {
  const find = async (name: string): Promise<readonly Address[]> => {
    const listed = hostsOf(await readFile(hostsFile, 'utf8').catch(() => ''), name)
    if (listed.length > 0) return listed
    // A name of one word is one of the system's: a name server knows it only with a search domain behind it.
    const found = name.includes('.') ? await askServers(name, answerMs, servers) : []
    return found.length > 0 ? found : askSystem(name)
  }
  return (name, options, callback) => {
    find(name).then(
      (found) => {
        const wanted = found.filter(({ family }) => !options.family || family === familyOf(options.family))
        const [first] = wanted
        if (first === undefined) callback(unknownName(), '')
        else if (options.all) callback(null, [...wanted])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, '')
    )
  }
}

const familyOf = (family: number | string) => (family === 'IPv6' ? 6 : family === 'IPv4' ? 4 : family)

/** What a hosts file says of a name, in its order. */
function hostsOf(text: string, name: string): Address[] {
  const wanted = name.toLowerCase()
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const family = isIP(address)
    return family !== 0 && names.some((listed) => listed.toLowerCase() === wanted) ? [{ address, family }] : []
  })
}

/** Both families at once; empty where the servers say that there is none. Settings are read anew each time: networks change. */
async function askServers(
  name: string,
  answerMs: number,
  servers: readonly string[] | undefined
): Promise<readonly Address[]> {
  const resolver = new Resolver({ timeout: answerMs, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : []
  )
  const isUnanswered = answers.some(
    (answer) => answer.status === 'rejected' && !['ENOTFOUND', 'ENODATA'].includes(answer.reason.code)
  )
  if (found.length === 0 && isUnanswered) throw unansweredName()
  return found
}

/** Codes as the system gives them, whatever the name server said. */
const unknownName = () => Object.assign(new Error('the name is not known'), { code: 'ENOTFOUND' })
const unansweredName = () => Object.assign(new Error('no name server answered'), { code: 'EAI_AGAIN' })

function createSystemLookup(): (name: string) => Promise<readonly Address[]> {
  const waiting: (() => void)[] = []
  let running = 0
  const next = () => {
    if (running < SYSTEM_AT_ONCE_MAX) waiting.shift()?.()
  }
  return (name) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        running += 1
        systemLookup(name, { all: true }, (error, addresses) => {
          running -= 1
          next()
          if (error) reject(error)
          else resolve(addresses)
        })
      })
      next()
    })
}
