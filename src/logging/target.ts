/** Where lines go. They are collected and written in batches, so that whoever logs never waits for a disk or a pipe. */

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { LogTarget } from '../config/kinds.ts'

export interface LineTarget {
  readonly write: (line: string) => void
  /** Resolves when all lines written so far are out, or have failed to get out. */
  readonly flush: () => Promise<void>
  /** For the end of the process: writes what waits and returns when done. */
  readonly flushNow: () => void
  /** Opens the file again by its name: it may have been moved away. */
  readonly reopen: () => void
  readonly close: () => Promise<void>
}

interface Output {
  /** A descriptor that takes lines of this moment. May throw. */
  readonly descriptor: () => number
  /** The next call of `descriptor` opens again. It closes nothing itself: a batch may be on its way. */
  readonly reopen: () => void
  readonly close: () => void
}

const FLUSH_INTERVAL_MS = 50
const LINES_IN_A_BATCH = 1_000
/** With a full disk or a reader that has stopped, memory must not fill up. */
const MOST_WAITING_LINES = 20_000
const RETRY_MS = 10

export interface LineTargetOptions {
  readonly now: () => Date
  /** `null` keeps them for ever. */
  readonly fileDays: number | null
  /** Called when lines can be written again, after some could not. */
  readonly onLost: (lines: number) => void
}

export function lineTarget(target: LogTarget, { now, fileDays, onLost }: LineTargetOptions): LineTarget {
  const output = target.kind === 'file' ? dailyFile(target.path, now, fileDays) : standardStream(target.kind)
  const waiting: string[] = []
  let lost = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let writing: Promise<void> | null = null

  const takeBatch = (): string => `${waiting.splice(0, LINES_IN_A_BATCH).join('\n')}\n`

  const failed = (lines: number, error: unknown) => {
    if (lost === 0) complain(target, error)
    lost += lines
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const lines = Math.min(waiting.length, LINES_IN_A_BATCH)
      const batch = takeBatch()
      try {
        await writeFully(output.descriptor(), batch)
        reportLost()
      } catch (error) {
        failed(lines, error)
        output.reopen()
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
    if (writing !== null || timer !== null) return
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
      if (waiting.length >= MOST_WAITING_LINES) {
        lost += 1
        return
      }
      waiting.push(line)
      schedule()
    },
    flush,
    flushNow() {
      while (waiting.length > 0) {
        const lines = Math.min(waiting.length, LINES_IN_A_BATCH)
        const batch = takeBatch()
        try {
          writeFullyNow(output.descriptor(), batch)
        } catch (error) {
          failed(lines, error)
        }
      }
    },
    reopen: output.reopen,
    async close() {
      await flush()
      output.close()
    },
  }
}

function standardStream(kind: 'stdout' | 'stderr'): Output {
  const descriptor = kind === 'stdout' ? 1 : 2
  return { descriptor: () => descriptor, reopen: () => {}, close: () => {} }
}

/**
 * The current file keeps its name, so that a program that follows it need not know the date. On a new day (UTC) it
 * is renamed to `<name>.<the day it holds>`, and files older than `fileDays` days are deleted.
 */
function dailyFile(path: string, now: () => Date, fileDays: number | null): Output {
  let open: { readonly descriptor: number; readonly inode: number; readonly day: string } | null = null
  let stale = false

  const close = () => {
    if (open !== null) closeSync(open.descriptor)
    open = null
  }

  return {
    descriptor() {
      const day = dayOf(now())
      if (open !== null && open.day === day && !stale) return open.descriptor
      const previous = open
      close()
      stale = false
      mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
      moveAway(path, day, previous)
      if (fileDays !== null) deleteOld(path, new Date(now().getTime() - fileDays * 86_400_000))
      const descriptor = openSync(path, 'a', 0o640)
      open = { descriptor, inode: statSync(path).ino, day }
      return descriptor
    },
    reopen() {
      stale = true
    },
    close,
  }
}

/** Another process may have done it already, and the file at `path` is then a new one. */
function moveAway(
  path: string,
  today: string,
  previous: { readonly inode: number; readonly day: string } | null,
): void {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined || (previous !== null && previous.inode !== file.ino)) return
  const day = previous?.day ?? dayOf(file.mtime)
  const moved = `${path}.${day}`
  if (day < today && statSync(moved, { throwIfNoEntry: false }) === undefined) renameSync(path, moved)
}

function deleteOld(path: string, oldest: Date): void {
  const prefix = `${basename(path)}.`
  for (const name of readdirSync(dirname(path))) {
    const day = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (/^\d{4}-\d{2}-\d{2}$/.test(day) && day < dayOf(oldest)) unlinkSync(join(dirname(path), name))
  }
}

const dayOf = (time: Date): string => time.toISOString().slice(0, 10)

async function writeFully(descriptor: number, text: string): Promise<void> {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const written = await new Promise<number>((resolve, reject) =>
      write(descriptor, rest, 0, rest.length, null, (error, bytes) => {
        if (error === null || error === undefined) resolve(bytes)
        else if (isBusy(error)) resolve(0)
        else reject(error)
      }),
    )
    rest = rest.subarray(written)
    if (written === 0) await Bun.sleep(RETRY_MS)
  }
}

function writeFullyNow(descriptor: number, text: string): void {
  let rest = Buffer.from(text)
  for (let attempts = 0; rest.length > 0 && attempts < 200; attempts += 1) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
      attempts = 0
    } catch (error) {
      if (!isBusy(error)) throw error
      Bun.sleepSync(RETRY_MS)
    }
  }
}

/** A pipe that its reader has put into non-blocking mode, and that is full. */
const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN'

/** The log itself cannot say that it does not work. */
function complain(target: LogTarget, error: unknown): void {
  const place = target.kind === 'file' ? target.path : target.kind
  try {
    writeSync(
      2,
      `sipkeeper: the log cannot be written to ${place}: ${error instanceof Error ? error.message : error}\n`,
    )
  } catch {
    // standard error is closed as well: nobody is listening
  }
}
