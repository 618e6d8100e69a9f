import type { Database } from 'bun:sqlite'
import { chmodSync, closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import { codeOf } from '../thrown.ts'

/** An empty file with these rights from its first byte on, where there is none yet. SQLite begins a database in it. */
export const makeFile = (file: string, mode: number): void => {
  try {
    closeSync(openSync(file, 'wx', mode))
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw error
  }
  // The umask may have taken rights away.
  chmodSync(file, mode)
}

/** Waits until what a file or folder holds is on the disk. */
export const flushFile = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const TRY_WAL_EVERY_MS = 10
const MOST_WAL_TRIES = 500

/**
 * For a new file this needs it for oneself, and SQLite does not wait for that: those who open it together take turns.
 */
export const enterWal = (writer: Database): void => {
  for (let tries = 1; ; tries++) {
    try {
      writer.run('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || tries >= MOST_WAL_TRIES) throw error
      Bun.sleepSync(TRY_WAL_EVERY_MS)
    }
  }
}

let onLost: (error: unknown) => void = () => {}

/**
 * What was written, and is seen already, may not be on the disk: only another start finds out what is. `then` ends the
 * process at once, and tidies up nothing, which would write.
 */
export const whenLost = (then: (error: unknown) => void): void => {
  onLost = then
}

export const tellLost = (error: unknown): void => onLost(error)

/** Resolves once what the open file holds is on the disk. */
export type Flush = (descriptor: number) => Promise<void>

const flushed: Flush = (descriptor) =>
  new Promise((resolve, reject) => fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error))))

/**
 * Database files that are open here, and how often. To close any descriptor of a file takes away the locks that this
 * process has on it, SQLite's among them: so there is one for all, and it goes after SQLite has gone.
 */
const opened = new Map<string, { readonly descriptor: number; users: number }>()

const enter = (file: string): number => {
  const known = opened.get(file) ?? { descriptor: openSync(file, 'r+'), users: 0 }
  known.users += 1
  opened.set(file, known)
  return known.descriptor
}

const leave = (file: string): void => {
  const known = opened.get(file)
  if (known === undefined) return
  known.users -= 1
  if (known.users > 0) return
  opened.delete(file)
  closeSync(known.descriptor)
}

/**
 * The files of a SQLite database as the disk has them: the system writes them out in threads of its own, and the loop
 * goes on meanwhile.
 */
export const disk = (file: string, flush: Flush = flushed) => {
  const database = enter(file)
  let log: number | null = null
  return {
    /** All that has committed so far. */
    keepLog: (): Promise<void> => {
      // It is there from the first transaction on, and as long as somebody has the database open.
      log ??= openSync(`${file}-wal`, 'r+')
      return flush(log)
    },
    /** All that was copied out of the log so far. */
    keepDatabase: (): Promise<void> => flush(database),
    /** After SQLite has closed the file. */
    close: (): void => {
      if (log !== null) closeSync(log)
      leave(file)
    },
  }
}
