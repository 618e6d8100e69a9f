/** One record, one line: JSON or text for the application, logfmt for security events. */

import type { LogRecord, TextFormatter } from '@logtape/logtape'
import { maskedFields } from './masking.ts'
import { resultOf, type SecurityEvent } from './security-events.ts'

const LONGEST_VALUE = 512
const LONGEST_APP_VALUE = 16_384

const LEVEL_NAMES = { trace: 'debug', debug: 'debug', info: 'info', warning: 'warn', error: 'error', fatal: 'error' }

/** `{"time":…,"level":…,"msg":…, fields}`; a field of one of these names gets a `_` in front. */
export const jsonLine: TextFormatter = (record) => {
  const line: Record<string, unknown> = {
    time: timeOf(record),
    level: LEVEL_NAMES[record.level],
    msg: messageOf(record),
  }
  for (const [name, value] of Object.entries(maskedFields(record.properties))) {
    line[Object.hasOwn(line, name) ? `_${name}` : name] = value
  }
  return JSON.stringify(line, (_, value) => (typeof value === 'string' ? cut(value, LONGEST_APP_VALUE) : value))
}

/** `2026-08-20T10:00:00.123Z WARN message name=value`, always on one line. */
export const textLine: TextFormatter = (record) => {
  const fields = Object.entries(maskedFields(record.properties)).map(pair(LONGEST_APP_VALUE))
  const level = LEVEL_NAMES[record.level].toUpperCase().padEnd(5)
  return [timeOf(record), level, escaped(messageOf(record)), ...fields].join(' ')
}

const FIRST_FIELDS = ['ip', 'space', 'account', 'via', 'reason']
const LAST_FIELDS = ['ua', 'rid']

/** `… security event=auth.login.fail result=fail ip=… …`; the message of the record is the event. */
export const securityLine: TextFormatter = (record) => {
  const event = messageOf(record) as SecurityEvent // made by `logging`, which takes nothing else
  const fields = Object.entries(maskedFields(record.properties)).filter(([, value]) => value !== null)
  const rank = ([name]: [string, unknown]) =>
    FIRST_FIELDS.includes(name)
      ? FIRST_FIELDS.indexOf(name)
      : FIRST_FIELDS.length + (LAST_FIELDS.includes(name) ? 1 + LAST_FIELDS.indexOf(name) : 0)
  const ordered = fields.filter(([name]) => name !== 'event' && name !== 'result').sort((a, b) => rank(a) - rank(b))
  const head = `${timeOf(record)} security event=${event} result=${resultOf(event)}`
  return [head, ...ordered.map(pair(LONGEST_VALUE))].join(' ')
}

const LONGEST_TERMINAL_VALUE = 160

const COLOURS = { debug: 90, info: 36, warn: 33, error: 31, security: 35 } as const

/**
 * For somebody who watches a terminal: `10:00:00 warn  message name=value`, in the time of the machine, with values cut
 * short and without what only searches need. Coloured, if it may be.
 */
export const terminalLine =
  (stream: 'app' | 'security', coloured: boolean): TextFormatter =>
  (record) => {
    const paint = (code: number, text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)
    const kind =
      stream === 'security' ? stream : (LEVEL_NAMES[record.level] as Exclude<keyof typeof COLOURS, 'security'>)
    const fields = Object.entries(maskedFields(record.properties)).filter(
      ([name, value]) => value !== null && name !== 'rid' && name !== 'request_id',
    )
    const time = new Date(record.timestamp).toTimeString().slice(0, 8)
    const rest = fields.map(pair(LONGEST_TERMINAL_VALUE)).join(' ')
    const head = `${paint(90, time)} ${paint(COLOURS[kind], kind.padEnd(5))} ${escaped(messageOf(record))}`
    return rest === '' ? head : `${head} ${paint(90, rest)}`
  }

const timeOf = (record: LogRecord): string => new Date(record.timestamp).toISOString()
const messageOf = (record: LogRecord): string => record.message.join('')

const pair =
  (longest: number) =>
  ([name, value]: [string, unknown]): string =>
    `${name.replace(/[^\w.-]/g, '_')}=${logfmtValue(cut(plain(value), longest))}`

const plain = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const cut = (text: string, longest: number): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

const logfmtValue = (text: string): string =>
  /^[\w.,:;@/+*()~%&?!<>[\]{}|^$#'-]+$/.test(text) ? text : `"${escaped(text, true)}"`

/**
 * Nothing that a person sends may end a line, steer a terminal or, by an `=`, pose as a field: a filter that looks
 * for `ip=…` must never find one in a user agent.
 */
const escaped = (text: string, quoted = false): string =>
  text.replace(
    quoted ? /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}"\\=]/gu : /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    escapedCharacter,
  )

function escapedCharacter(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' }[character]
  const code = character.codePointAt(0) ?? 0
  return short ?? (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
}
