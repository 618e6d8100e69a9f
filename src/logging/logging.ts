/** The two logs of the process: `app` for operators, `security` for events that somebody may have to prove. */

import { compareLogLevel, type LogLevel, type LogRecord, type Sink, type TextFormatter } from '@logtape/logtape'
import { type Config, wantsPlainText } from '../config/config.ts'
import type { LogTarget } from '../config/kinds.ts'
import { envelope, type Stream } from './envelope.ts'
import { jsonLine, securityLine, terminalLine, textLine } from './lines.ts'
import type { SecurityEvent, SecurityFields } from './security-events.ts'
import { takesConnections } from './sockets.ts'
import { type LineTarget, lineTarget, type Place, placeName } from './target.ts'

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
  /** For SIGHUP: opens files again by their names, and takes a new level if one is given. */
  readonly reopen: (level?: Config['LOG_LEVEL']) => void
  /** Lines wait until the function that it returns is called: what is printed meanwhile stands alone on a terminal. */
  readonly hold: () => () => void
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
  readonly write?: (line: string, stream: Stream) => void
  /** Somebody watches that stream of the process; as it is when absent. */
  readonly isTerminal?: (stream: 'stdout' | 'stderr') => boolean
}

/** Why a target can never work on this machine, in a sentence; null when nothing is known against it. */
export const unusableTarget = async (config: LogConfig): Promise<string | null> => {
  for (const name of ['LOG_TARGET', 'SECURITY_LOG_TARGET'] as const) {
    const target = config[name]
    if (target?.kind !== 'syslog' || target.over !== 'unix' || (await takesConnections(target))) continue
    return (
      `${name} needs a stream socket at ${target.path}, and there is none: most systems have a datagram socket there. ` +
      'Write journald under systemd, or syslog://127.0.0.1:514 to a syslog daemon that listens on UDP.'
    )
  }
  return null
}

const LEVELS: Readonly<Record<Config['LOG_LEVEL'], LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
}

const isWatched = (stream: 'stdout' | 'stderr'): boolean => process[stream].isTTY === true

export function logging(config: LogConfig, { now, write, isTerminal = isWatched }: LoggingOptions): Logging {
  let least = LEVELS[config.LOG_LEVEL]
  const targets = new Map<string, LineTarget>()

  const lineWriter = (target: LogTarget, stream: Stream): ((line: string, record: LogRecord) => void) => {
    if (write !== undefined) return (line) => write(line, stream)
    const place: Place = target.kind === 'journald' ? { kind: 'stdout' } : target
    const name = placeName(place)
    const onLost = (lines: number) => app.error('log lines were lost', { log: name, lines })
    const known = targets.get(name) ?? lineTarget(place, { now, fileDays: config.LOG_FILE_DAYS, onLost })
    targets.set(name, known)
    const enveloped = envelope(target, stream)
    return (line, record) => known.write(enveloped(line, record))
  }

  const writeApp = lineWriter(config.LOG_TARGET, 'app')
  const writeSecurity = lineWriter(config.SECURITY_LOG_TARGET ?? config.LOG_TARGET, 'security')
  /** On a terminal nobody reads JSON: whatever the format, lines are short there. */
  const formatter = (target: LogTarget, stream: Stream, format: TextFormatter): TextFormatter =>
    (target.kind === 'stdout' || target.kind === 'stderr') && isTerminal(target.kind)
      ? terminalLine(stream, !wantsPlainText())
      : format
  const formatApp = formatter(config.LOG_TARGET, 'app', config.LOG_FORMAT === 'json' ? jsonLine : textLine)
  const formatSecurity = formatter(config.SECURITY_LOG_TARGET ?? config.LOG_TARGET, 'security', securityLine)
  const appSink: Sink = (record) => writeApp(formatApp(record), record)
  const securitySink: Sink = (record) => writeSecurity(formatSecurity(record), record)

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
    reopen(level) {
      if (level !== undefined) least = LEVELS[level]
      for (const target of targets.values()) target.reopen()
    },
    hold() {
      const releases = [...targets.values()].map((target) => target.hold())
      return () => {
        for (const release of releases) release()
      }
    },
    async close() {
      await Promise.all([...targets.values()].map((target) => target.close()))
      process.off('exit', flushNow)
    },
  }
}
