/** Places for lines on this machine: its standard streams, and files that begin anew every day. */

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
import type { Output } from './output.ts'

const RETRY_MS = 10

export function standardStream(kind: 'stdout' | 'stderr'): Output {
  const descriptor = kind === 'stdout' ? 1 : 2
  return descriptorOutput({ descriptor: () => descriptor, reopen: () => {}, close: () => {} })
}

/**
 * The current file keeps its name, so that a program that follows it need not know the date. On a new day (UTC) it
 * is renamed to `<name>.<the day it holds>`, and files older than `fileDays` days are deleted.
 */
export function dailyFile(path: string, now: () => Date, fileDays: number | null): Output {
  let open: { readonly descriptor: number; readonly inode: number; readonly day: string } | null = null
  let stale = false

  const close = () => {
    if (open !== null) closeSync(open.descriptor)
    open = null
  }

  return descriptorOutput({
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
  })
}

interface Descriptor {
  /** A descriptor that takes lines of this moment. May throw. */
  readonly descriptor: () => number
  readonly reopen: () => void
  readonly close: () => void
}

function descriptorOutput({ descriptor, reopen, close }: Descriptor): Output {
  const textOf = (lines: readonly string[]) => `${lines.join('\n')}\n`
  return {
    keeps: false,
    send: (lines) => writeFully(descriptor(), textOf(lines)),
    sendNow: (lines) => writeFullyNow(descriptor(), textOf(lines)),
    reopen,
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
