/** Where lines go. They are collected and written in batches, so that whoever logs never waits for a disk or a pipe. */

import { writeSync } from 'node:fs'
import type { LogTarget } from '../config/kinds.ts'
import { counted, delimited } from '../protocols/syslog.ts'
import { dailyFile, standardStream } from './descriptors.ts'
import type { Output } from './output.ts'
import { connection, datagrams } from './sockets.ts'

export interface LineTarget {
  readonly write: (line: string) => void
  /** Resolves when all lines written so far are out, or have failed to get out; a place that `keeps` is waited for. */
  readonly flush: () => Promise<void>
  /** For the end of the process: writes what waits and returns when done. */
  readonly flushNow: () => void
  /** Opens the file again by its name: it may have been moved away. */
  readonly reopen: () => void
  /** Lines wait until the function that it returns is called, or the target is flushed. */
  readonly hold: () => () => void
  readonly close: () => Promise<void>
}

const FLUSH_INTERVAL_MS = 50
const LINES_IN_A_BATCH = 1_000
/** With a full disk or a reader that has stopped, memory must not fill up. */
const MOST_WAITING_LINES = 20_000
const MOST_WAITING_CHARACTERS = 16_777_216
const TRY_AGAIN_MS = 1_000
const COMPLAIN_EVERY_MS = 60_000
/** The end of the process waits no longer for a place that does not take its lines. */
const CLOSE_WITHIN_MS = 3_000

/** A place for lines. `journald` is none: it reads standard output. */
export type Place = Exclude<LogTarget, { kind: 'journald' }>

export interface LineTargetOptions {
  readonly now: () => Date
  /** `null` keeps them for ever. */
  readonly fileDays: number | null
  /** Called when lines can be written again, after some could not. */
  readonly onLost: (lines: number) => void
}

export function lineTarget(place: Place, { now, fileDays, onLost }: LineTargetOptions): LineTarget {
  const waiting: string[] = []
  let characters = 0
  let leaving: string[] = []
  let lost = 0
  let complainedAt = Number.NEGATIVE_INFINITY
  let closing = false
  let held = false
  let timer: ReturnType<typeof setTimeout> | null = null
  let writing: Promise<void> | null = null

  const complain = (error: unknown) => {
    const time = now().getTime()
    if (Math.abs(time - complainedAt) < COMPLAIN_EVERY_MS) return
    complainedAt = time
    const reason = error instanceof Error ? error.message : String(error)
    sayOnStderr(`the log cannot be written to ${placeName(place)}: ${reason}`)
  }
  const output = outputFor(place, { now, fileDays, complain })

  const takeBatch = (): string[] => {
    const batch = waiting.splice(0, LINES_IN_A_BATCH)
    for (const line of batch) characters -= line.length
    return batch
  }

  const giveBack = (batch: readonly string[]) => {
    waiting.unshift(...batch)
    for (const line of batch) characters += line.length
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      leaving = takeBatch()
      try {
        await output.send(leaving)
        leaving = []
        reportLost()
      } catch (error) {
        complain(error)
        output.reopen()
        const left = leaving.splice(0)
        if (output.keeps && !closing) {
          giveBack(left)
          await pause(TRY_AGAIN_MS)
        } else lost += left.length
      }
    }
  }

  function reportLost() {
    if (lost === 0) return
    const lines = lost
    lost = 0
    onLost(lines)
  }

  const schedule = () => {
    if (held || writing !== null || timer !== null) return
    timer = setTimeout(start, FLUSH_INTERVAL_MS)
    timer.unref()
  }

  const start = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    writing ??= writeAll().finally(() => {
      writing = null
      if (waiting.length > 0) schedule()
    })
    return writing
  }

  const flush = async () => {
    while (writing !== null || waiting.length > 0) await start()
  }

  return {
    write(line) {
      if (waiting.length >= MOST_WAITING_LINES || characters + line.length > MOST_WAITING_CHARACTERS) {
        lost += 1
        return
      }
      waiting.push(line)
      characters += line.length
      schedule()
    },
    flush,
    hold() {
      held = true
      return () => {
        held = false
        if (waiting.length > 0) schedule()
      }
    },
    flushNow() {
      while (waiting.length > 0) {
        const batch = takeBatch()
        try {
          output.sendNow(batch)
        } catch (error) {
          complain(error)
          lost += batch.length
        }
      }
    },
    reopen: output.reopen,
    async close() {
      closing = true
      await Promise.race([flush(), pause(CLOSE_WITHIN_MS)])
      output.close()
      const left = lost + leaving.length + waiting.length
      if (left > 0) sayOnStderr(`${left} log lines for ${placeName(place)} were lost`)
    },
  }
}

interface OutputOptions extends Pick<LineTargetOptions, 'now' | 'fileDays'> {
  /** For what is known to be lost only after `send` has done its work. */
  readonly complain: (error: unknown) => void
}

function outputFor(place: Place, { now, fileDays, complain }: OutputOptions): Output {
  switch (place.kind) {
    case 'file':
      return dailyFile(place.path, now, fileDays)
    case 'syslog':
      if (place.over === 'udp') return datagrams(place, complain)
      return place.over === 'tcp' ? connection(place, counted) : connection(place, delimited)
    default:
      return standardStream(place.kind)
  }
}

/** As an operator writes it in a setting. */
export const placeName = (place: Place): string => {
  if (place.kind === 'file') return `file:${place.path}`
  if (place.kind !== 'syslog') return place.kind
  if (place.over === 'unix') return `syslog:${place.path}`
  const host = place.host.includes(':') ? `[${place.host}]` : place.host
  return `${place.over === 'udp' ? 'syslog' : 'syslog+tcp'}://${host}:${place.port}`
}

/** The log itself cannot say that it does not work. */
function sayOnStderr(text: string): void {
  try {
    writeSync(2, `sipkeeper: ${text}\n`)
  } catch {
    // standard error is closed as well: nobody is listening
  }
}

/** Holds no process that has nothing else to do. */
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
