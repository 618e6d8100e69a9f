/** How the text of one setting becomes a value. */

import { isIP } from 'node:net'

export interface Kind<Value> {
  /** Completes the sentence "NAME must be …". */
  readonly expected: string
  /** A secret is masked wherever it is shown and may be given as `NAME_FILE=/path`. */
  readonly secret: boolean
  /** `null` is one of its words; everywhere else it is how the reference writes an unset value. */
  readonly knowsNull?: true
  /** `undefined` refuses the text. Only the default of a list is empty: an empty value is an unset one. */
  readonly parse: (text: string) => Value | undefined
}

export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** The three arguments of `BlockList.addSubnet` in `node:net`. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export type LogTarget =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'stderr' }
  | { readonly kind: 'journald' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'syslog'; readonly over: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'syslog'; readonly over: 'unix'; readonly path: string }

export const secret = <Value>(kind: Kind<Value>): Kind<Value> => ({ ...kind, secret: true })

export const text: Kind<string> = { expected: 'a text', secret: false, parse: (written) => written }

export const path: Kind<string> = {
  expected: 'a path',
  secret: false,
  parse: (written) => (written.includes('\0') ? undefined : written),
}

export const flag: Kind<boolean> = {
  expected: 'true or false',
  secret: false,
  parse: (written) => booleans.get(written.toLowerCase()),
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'on', 'yes', '1'].map((word) => [word, true] as const),
  ...['false', 'off', 'no', '0'].map((word) => [word, false] as const),
])

export const wholeNumber = (from: number, to: number): Kind<number> => ({
  expected: `a whole number from ${from} to ${to}`,
  secret: false,
  parse: (written) => wholeNumberIn(written, from, to),
})

/** 0 stands for "no such limit" and is read as `null`, so that nobody compares with it by accident. */
const orNone = (unit: string, zero: string, to: number): Kind<number | null> => ({
  expected: `a whole number of ${unit} up to ${to}, 0 = ${zero}`,
  secret: false,
  parse: (written) => {
    const number = wholeNumberIn(written, 0, to)
    return number === 0 ? null : number
  },
})

export const minutes = orNone('minutes', 'never', 10_000_000)
export const days = orNone('days', 'keep for ever', 36_500)

/** `sip.example.org=365`; 0 days: kept for ever. */
export const daysOfSpace: Kind<{ readonly domain: string; readonly days: number | null }> = {
  expected: 'a SIP domain and a number of days, such as sip.example.org=365',
  secret: false,
  parse: (written) => {
    const [domain = '', number = '', ...rest] = written.split('=')
    const kept = days.parse(number)
    return rest.length > 0 || !hostName.test(domain.toLowerCase()) || kept === undefined
      ? undefined
      : { domain: domain.toLowerCase(), days: kept }
  },
}

export const limit = (unit: string): Kind<number | null> => orNone(unit, 'off', 1_000_000)

function wholeNumberIn(written: string, from: number, to: number): number | undefined {
  if (!/^\d{1,15}$/.test(written)) return undefined
  const number = Number(written)
  return number >= from && number <= to ? number : undefined
}

export const ratio: Kind<number> = {
  expected: 'a number from 0 to 1',
  secret: false,
  parse: (written) => (/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(written) ? Number(written) : undefined),
}

/** One of the given words, upper or lower case; `aliases` are words of the reference for the same thing. */
export function choice<const Word extends string>(
  words: readonly Word[],
  aliases: Readonly<Record<string, Word>> = {},
): Kind<Word> {
  const known = new Map<string, Word>(Object.entries(aliases))
  for (const word of words) known.set(word.toLowerCase(), word)
  return {
    expected: words.length === 1 ? `${words[0]}` : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    secret: false,
    ...(known.has('null') && { knowsNull: true }),
    parse: (written) => known.get(written.toLowerCase()),
  }
}

/** Several values of one kind. A file holding a secret list has one a line. */
export const list = <Value>(
  item: Kind<Value>,
  { separator, named }: { separator: RegExp; named: string },
): Kind<readonly Value[]> => ({
  expected: named,
  secret: item.secret,
  parse: (written) => {
    const values: Value[] = []
    for (const part of written.split(separator)) {
      const trimmed = part.trim()
      if (trimmed === '') continue
      const value = item.parse(trimmed)
      if (value === undefined) return undefined
      values.push(value)
    }
    return Object.freeze(values)
  },
})

export const commas = /[,\n]/
export const blanks = /[\s,]+/

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^${label}(?:\\.${label})*$`)

export const host: Kind<string> = {
  expected: 'a host name or address without scheme and port, such as sip.example.org',
  secret: false,
  parse: (written) => {
    const lower = written.toLowerCase()
    if (isIP(lower) === 6) return lower
    return hostName.test(lower) && lower.length <= 253 ? lower : undefined
  },
}

export const address: Kind<Address> = {
  expected: 'host:port, [IPv6]:port or unix:/path',
  secret: false,
  parse: (written) => {
    if (written.startsWith('unix:')) {
      const socket = written.slice('unix:'.length)
      return /^\/[^\0]*[^\0/]$/.test(socket) ? { kind: 'unix', path: socket } : undefined
    }
    const parts = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d{1,5})$/.exec(written)?.groups
    const port = Number(parts?.port ?? Number.NaN)
    if (parts === undefined || !(port <= 65_535)) return undefined
    if (parts.six !== undefined) return isIP(parts.six) === 6 ? { kind: 'tcp', host: parts.six, port } : undefined
    const name = parts.name ?? ''
    return isIP(name) === 4 || host.parse(name) !== undefined ? { kind: 'tcp', host: name, port } : undefined
  },
}

export const network: Kind<Network> = {
  expected: 'a network such as 10.0.0.0/8, or one address',
  secret: false,
  parse: (written) => {
    const [base = '', bits, ...rest] = written.split('/')
    const version = isIP(base)
    if (version === 0 || base.includes('%') || rest.length > 0) return undefined
    const longest = version === 4 ? 32 : 128
    const prefix = bits === undefined ? longest : wholeNumberIn(bits, 0, longest)
    return prefix === undefined ? undefined : { address: base, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
  },
}

export const hostOrNetwork: Kind<string> = {
  expected: 'a host name, an address, or a network such as 10.0.0.0/8',
  secret: false,
  parse: (written) => (network.parse(written) === undefined ? host.parse(written) : written.toLowerCase()),
}

const urlWith = (protocols: readonly string[], expected: string): Kind<string> => ({
  expected,
  secret: false,
  parse: (written) => {
    const url = URL.parse(written)
    return url !== null && protocols.includes(url.protocol) && /^[a-z]+:\/\/[^/]/i.test(written) ? written : undefined
  },
})

export const url = urlWith(['http:', 'https:'], 'an address that starts with https:// or http://')
export const databaseUrl = urlWith(
  ['postgres:', 'postgresql:'],
  'the address of a PostgreSQL database, postgres://user:password@host/name',
)
export const redisUrl = urlWith(['redis:', 'rediss:'], 'an address that starts with redis:// or rediss://')

export const origin: Kind<string> = {
  expected: '* or one origin such as https://app.example.org',
  secret: false,
  parse: (written) => (written === '*' || URL.parse(written)?.origin === written ? written : undefined),
}

/** '' or `/some/where`, never with a slash at the end. */
export const basePath: Kind<string> = {
  expected: 'a path such as /panel',
  secret: false,
  parse: (written) => {
    const trimmed = written.replace(/\/+$/, '')
    return /^(?:\/[\w.~-]+)*$/.test(trimmed) && !/\/\.{1,2}(?:\/|$)/.test(trimmed) ? trimmed : undefined
  },
}

export const headerName: Kind<string> = {
  expected: 'the name of a header',
  secret: false,
  parse: (written) => (/^[\w!#$%&'*+.^`|~-]+$/.test(written) ? written : undefined),
}

export const email: Kind<string> = {
  expected: 'an e-mail address',
  secret: false,
  parse: (written) => (/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(written) ? written : undefined),
}

export const absoluteFile: Kind<string> = {
  expected: 'an absolute path',
  secret: false,
  parse: (written) => (written.startsWith('/') ? path.parse(written) : undefined),
}

/** Tried as a Unicode pattern first: only there is an emoji inside `[…]` one character. */
export const pattern: Kind<RegExp> = {
  expected: 'a regular expression',
  secret: false,
  parse: (written) => compiled(written, 'u') ?? compiled(written, ''),
}

function compiled(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined // the sentence of `expected` is all there is to say
  }
}

export const logTarget: Kind<LogTarget> = {
  expected: 'stdout, stderr, journald, file:/absolute/path, syslog://host:port, syslog+tcp://host:port or syslog:',
  secret: false,
  parse: (written) => {
    if (written === 'stdout' || written === 'stderr' || written === 'journald') return { kind: written }
    if (written === 'syslog:') return { kind: 'syslog', over: 'unix', path: '/dev/log' }
    const [receiver, tcp, place = ''] = /^syslog(\+tcp)?:\/\/(.+)$/.exec(written) ?? []
    if (receiver !== undefined) return syslogReceiver(tcp === undefined ? 'udp' : 'tcp', place)
    const [, kind, path = ''] = /^(file|syslog):(\/[^\0]*[^\0/])$/.exec(written) ?? []
    if (kind === 'file') return { kind, path }
    return kind === 'syslog' ? { kind, over: 'unix', path } : undefined
  },
}

const SYSLOG_PORT = 514

const syslogReceiver = (over: 'udp' | 'tcp', written: string): LogTarget | undefined => {
  const place = address.parse(written) ?? address.parse(`${written}:${SYSLOG_PORT}`)
  return place?.kind === 'tcp' && place.port > 0
    ? { kind: 'syslog', over, host: place.host, port: place.port }
    : undefined
}

/** The 32 bytes behind `base64:`. */
export const appKey: Kind<Uint8Array> = {
  expected: '"base64:" and 32 bytes in base64',
  secret: true,
  parse: (written) => {
    const encoded = /^base64:([A-Za-z0-9+/]{43}=?)$/.exec(written)?.[1]
    if (encoded === undefined) return undefined
    const bytes = Uint8Array.from(Buffer.from(encoded, 'base64'))
    return bytes.length === 32 ? bytes : undefined
  },
}

/** `Name: value`, for requests that we send. */
export const header: Kind<readonly [name: string, value: string]> = {
  expected: 'a header written "Name: value"',
  secret: true,
  parse: (written) => {
    const parts = /^([^:\s]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(written)
    const name = headerName.parse(parts?.[1] ?? '')
    return name === undefined ? undefined : [name, parts?.[2] ?? '']
  },
}

/** `project:key`, split at the first colon: old Firebase keys hold colons. */
export const firebaseKey: Kind<{ readonly project: string; readonly key: string }> = {
  expected: 'project:key',
  secret: true,
  parse: (written) => {
    const colon = written.indexOf(':')
    const entry = { project: written.slice(0, colon), key: written.slice(colon + 1) }
    return colon > 0 && entry.key !== '' ? entry : undefined
  },
}

/** The address of the API, by its name at OVH or written out. */
export const ovhEndpoint: Kind<string> = {
  expected: 'ovh-eu, ovh-ca, or an address that starts with https:// or http://',
  secret: false,
  parse: (written) => OVH_ENDPOINTS.get(written) ?? url.parse(written)?.replace(/\/+$/, ''),
}

const OVH_ENDPOINTS: ReadonlyMap<string, string> = new Map([
  ['ovh-eu', 'https://eu.api.ovh.com/1.0'],
  ['ovh-ca', 'https://ca.api.ovh.com/1.0'],
])

/** The body of a request with `{{name}}` in it. */
export const smsBody: Kind<string> = {
  expected: 'a text with {{to}} and {{text}}, and besides them at most {{id}}, {{kind}} and {{space}}',
  secret: false,
  parse: (written) => {
    const names = [...written.matchAll(/\{\{(.*?)\}\}/g)].map(([, name = '']) => name)
    const known = ['to', 'text', 'id', 'kind', 'space']
    const isGood = names.includes('to') && names.includes('text') && names.every((name) => known.includes(name))
    return isGood ? written : undefined
  },
}

export type SmsTemplate = (values: { space: string; code: string; minutes: number | null }) => string

/** A text with `#NAME#` in it, as the function that fills it: each mark once, so that no value is read as another. */
export const smsTemplate = (marks: readonly string[]): Kind<SmsTemplate> => ({
  expected: `a text with #CODE# and no other marks than ${marks.map((mark) => `#${mark}#`).join(', ')}`,
  secret: false,
  parse: (written) => {
    const used = [...written.matchAll(SMS_MARK)].map(([, mark = '']) => mark)
    if (!used.includes('CODE') || !used.every((mark) => marks.includes(mark))) return undefined
    return ({ space, code, minutes }) => {
      const values: Readonly<Record<string, string>> = { APP_NAME: space, CODE: code, CODE_MINUTES: String(minutes) }
      return written.replace(SMS_MARK, (_, mark: string) => values[mark] ?? '')
    }
  },
})

const SMS_MARK = /#([A-Z_]+)#/g
