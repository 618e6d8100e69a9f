/** The two logs of the process: `app` for operators, `security` for events that somebody may have to prove. */

import { compareLogLevel, type LogLevel, type LogRecord, type Sink } from '@logtape/logtape'
import type { Config } from '../config/config.ts'
import type { LogTarget } from '../config/kinds.ts'
import { jsonLine, securityLine, textLine } from './lines.ts'
import type { SecurityEvent, SecurityFields } from './security-events.ts'
import { type LineTarget, lineTarget } from './target.ts'

export type { SecurityEvent, SecurityFields } from './security-events.ts'

/**
 * `message` is a constant text; what varies goes into `fields`, where secrets are masked by their names. Usual names:
 * `request_id`, `space`, `actor`, `error`.
 */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void

export interface AppLog {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

export interface Logging {
  readonly app: AppLog
  readonly security: (event: SecurityEvent, fields: SecurityFields) => void
  /** Resolves when everything logged so far is written. */
  readonly flush: () => Promise<void>
  /** For SIGHUP: opens files again by their names, and takes a new level if one is given. */
  readonly reopen: (level?: Config['LOG_LEVEL']) => void
  /** Flushes and closes; nothing is to be logged afterwards. */
  readonly close: () => Promise<void>
}

export type LogConfig = Pick<
  Config,
  'LOG_FORMAT' | 'LOG_LEVEL' | 'LOG_TARGET' | 'SECURITY_LOG_TARGET' | 'LOG_FILE_DAYS'
>

export interface LoggingOptions {
  readonly now: () => Date
  /** Takes each line at once, in place of the targets. */
  readonly write?: (line: string, stream: 'app' | 'security') => void
}

const LEVELS: Readonly<Record<Config['LOG_LEVEL'], LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
}

export function logging(config: LogConfig, { now, write }: LoggingOptions): Logging {
  let least = LEVELS[config.LOG_LEVEL]
  const targets = new Map<string, LineTarget>()

  const lineWriter = (target: LogTarget, stream: 'app' | 'security'): ((line: string) => void) => {
    if (write !== undefined) return (line) => write(line, stream)
    const name = JSON.stringify(target)
    const onLost = (lines: number) =>
      app.error('log lines were lost', { log: target.kind === 'file' ? target.path : target.kind, lines })
    const known = targets.get(name) ?? lineTarget(target, { now, fileDays: config.LOG_FILE_DAYS, onLost })
    targets.set(name, known)
    return known.write
  }

  const writeApp = lineWriter(config.LOG_TARGET, 'app')
  const writeSecurity = lineWriter(config.SECURITY_LOG_TARGET ?? config.LOG_TARGET, 'security')
  const formatApp = config.LOG_FORMAT === 'json' ? jsonLine : textLine
  const appSink: Sink = (record) => writeApp(formatApp(record))
  const securitySink: Sink = (record) => writeSecurity(securityLine(record))

  const record = (
    stream: string,
    level: LogLevel,
    message: string,
    properties: Record<string, unknown>,
  ): LogRecord => ({
    category: ['sipkeeper', stream],
    level,
    message: [message],
    rawMessage: message,
    timestamp: now().getTime(),
    properties,
  })
  const log =
    (level: LogLevel): Log =>
    (message, fields = {}) => {
      if (compareLogLevel(level, least) >= 0) appSink(record('app', level, message, { ...fields }))
    }
  const app: AppLog = { debug: log('debug'), info: log('info'), warn: log('warning'), error: log('error') }

  const flushNow = () => {
    for (const target of targets.values()) target.flushNow()
  }
  if (write === undefined) process.on('exit', flushNow)

  return {
    app,
    security: (event, fields) => securitySink(record('security', 'info', event, { ...fields })),
    async flush() {
      await Promise.all([...targets.values()].map((target) => target.flush()))
    },
    reopen(level) {
      if (level !== undefined) least = LEVELS[level]
      for (const target of targets.values()) target.reopen()
    },
    async close() {
      await Promise.all([...targets.values()].map((target) => target.close()))
      process.off('exit', flushNow)
    },
  }
}
