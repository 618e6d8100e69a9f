/** What a target wants in front of a line, so that its reader knows how serious it is and whose it is. */

import { hostname } from 'node:os'
import type { LogLevel, LogRecord } from '@logtape/logtape'
import type { LogTarget } from '../config/kinds.ts'
import { SEVERITY, syslogMessage } from '../protocols/syslog.ts'

export type Stream = 'app' | 'security'

const SEVERITY_OF: Readonly<Record<LogLevel, (typeof SEVERITY)[keyof typeof SEVERITY]>> = {
  trace: SEVERITY.debug,
  debug: SEVERITY.debug,
  info: SEVERITY.info,
  warning: SEVERITY.warning,
  error: SEVERITY.error,
  fatal: SEVERITY.error,
}

export const envelope = (target: LogTarget, stream: Stream): ((line: string, record: LogRecord) => string) => {
  // sd-daemon(3): the journal reads `<N>` at the beginning of a line of standard output.
  if (target.kind === 'journald') return (line, { level }) => `<${SEVERITY_OF[level]}>${line}`
  if (target.kind !== 'syslog') return (line) => line
  const constant = { host: hostname(), program: 'sipkeeper', processId: process.pid }
  const facility = stream === 'security' ? 'authpriv' : 'daemon'
  return (text, { level, timestamp, message }) =>
    syslogMessage({
      ...constant,
      facility,
      severity: SEVERITY_OF[level],
      time: new Date(timestamp),
      id: stream === 'security' ? message.join('') : null,
      text,
    })
}
