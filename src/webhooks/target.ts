import { BlockList, isIP, type LookupFunction } from 'node:net'
import { URL_LENGTH_MAX } from '../contract/webhooks.ts'
import { createNameLookup } from './names.ts'

/** Whether webhooks may go to private addresses and over http. */
export type TargetPolicy = 'refuse' | 'allow'

/** The target is none that we may call; the message never names a resolved address. */
export class ForbiddenTargetError extends Error {
  override name = 'ForbiddenTargetError'
}

// IANA's special-purpose registries, and one address of a cloud's host that looks public.
const FORBIDDEN_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4'
]
/** Only these are given out to the internet; mapped, NAT64, unique local, link-local and multicast lie outside. */
const GLOBAL_V6 = '2000::/3'
/** Within them: protocol assignments with Teredo, documentation, 6to4, which wraps any IPv4 address. */
const FORBIDDEN_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
/** Names that mean somewhere inside, whatever they resolve to. */
const INSIDE = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/

const forbiddenV4 = blockListOf(FORBIDDEN_V4, 'ipv4')
const forbiddenV6 = blockListOf(FORBIDDEN_V6, 'ipv6')
const globalV6 = blockListOf([GLOBAL_V6], 'ipv6')

function blockListOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    list.addSubnet(net, Number(bits), family)
  }
  return list
}

/** Whether an address is of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !forbiddenV4.check(address, 'ipv4')
  // What carries a zone is of one link only, and BlockList cannot read it.
  if (family !== 6 || address.includes('%')) return false
  return globalV6.check(address, 'ipv6') && !forbiddenV6.check(address, 'ipv6')
}

/** Reads a target's URL; throws ForbiddenTargetError with what is wrong. Names are judged again when they resolve. */
export function readTarget(text: string, policy: TargetPolicy): URL {
  if (text.length > URL_LENGTH_MAX) throw new ForbiddenTargetError(`at most ${URL_LENGTH_MAX} characters`)
  // The parser drops these silently: what is shown would not be what is called.
  if (/[\s\\\p{Cc}]/u.test(text)) throw new ForbiddenTargetError('contains a space, a backslash or a control character')
  const url = URL.parse(text)
  if (url === null) throw new ForbiddenTargetError('not a URL')
  const isHttp = url.protocol === 'http:' && policy === 'allow'
  if (url.protocol !== 'https:' && !isHttp) throw new ForbiddenTargetError(`expected https:, was ${url.protocol}`)
  if (url.username !== '' || url.password !== '') throw new ForbiddenTargetError('user and password are not allowed')
  if (url.hash !== '') throw new ForbiddenTargetError('what follows # is never sent; leave it out')
  if (policy === 'refuse') refuseInside(url.hostname)
  return url
}

/** The parsed host: 0x7f000001, 2130706433, 0177.0.0.1, 127.1 and ①②⑦.⓪.⓪.① have all become 127.0.0.1 by now. */
function refuseInside(hostname: string): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const isAddress = isIP(host) !== 0
  // A literal is never looked up, so no lookup would stop it.
  if (isAddress && !isPublicAddress(host)) throw new ForbiddenTargetError('the address is not of the public internet')
  if (!isAddress && (INSIDE.test(host) || !host.includes('.'))) {
    throw new ForbiddenTargetError('the host name is of a private network')
  }
}

/** A lookup for sockets: one forbidden address among the answers refuses them all, and the socket gets exactly those judged. */
export function createLookup(policy: TargetPolicy, lookup: LookupFunction = createNameLookup()): LookupFunction {
  if (policy === 'allow') return lookup
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answers) => {
      if (error) return callback(error, '')
      const addresses = Array.isArray(answers) ? answers : [{ address: answers, family: isIP(answers) }]
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new ForbiddenTargetError('the host name resolves to an address not of the public internet'), '')
      }
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
