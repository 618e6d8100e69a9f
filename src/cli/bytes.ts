import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { Progress } from './progress.ts'
import type { OnRead } from './safe-files.ts'

export const MIB = 1_048_576

/** All of them together, for people who wait: whatever is wrong with a file is told by whoever reads it. */
export const sizesOf = (folder: string, names: readonly string[]): number =>
  names.reduce((sum, name) => {
    try {
      return sum + lstatSync(join(folder, name)).size
    } catch {
      return sum
    }
  }, 0)

/** Counts what is read of so many bytes. */
export const counting = (shown: Progress, total: number): OnRead => {
  let read = 0
  return (bytes) => {
    read += bytes
    shown.show(read / MIB, total / MIB)
  }
}
