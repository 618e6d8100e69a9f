/** Messages of syslog (RFC 5424), and how a stream tells them apart (RFC 6587). */

export const SEVERITY = { error: 3, warning: 4, info: 6, debug: 7 } as const
const FACILITY = { daemon: 3, authpriv: 10 } as const

export interface SyslogMessage {
  readonly facility: keyof typeof FACILITY
  readonly severity: (typeof SEVERITY)[keyof typeof SEVERITY]
  readonly time: Date
  readonly host: string
  readonly program: string
  readonly processId: number
  /** The kind of message, for whoever sorts them. */
  readonly id: string | null
  readonly text: string
}

/** RFC 5424 §6, without structured data. The text is UTF-8 and has no byte order mark: most receivers would show it. */
export const syslogMessage = (message: SyslogMessage): string => {
  const { facility, severity, time, host, program, processId, id, text } = message
  const head = [time.toISOString(), name(host, 255), name(program, 48), processId, name(id ?? '', 32), '-']
  return `<${FACILITY[facility] * 8 + severity}>1 ${head.join(' ')} ${text}`
}

/** PRINTUSASCII, or the NILVALUE. */
const name = (text: string, longest: number): string => text.replace(/[^!-~]/g, '').slice(0, longest) || '-'

/** RFC 6587 §3.4.1, octet counting. */
export const counted = (message: string): Buffer => Buffer.from(`${Buffer.byteLength(message)} ${message}`)

/** RFC 6587 §3.4.2, for the local socket, whose readers know nothing else. */
export const delimited = (message: string): Buffer => Buffer.from(`${message}\n`)
