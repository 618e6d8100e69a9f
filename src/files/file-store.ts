import type { Check } from '../push/sender.ts'

/** A file that is kept. Its bytes never change. */
export interface KeptFile {
  readonly size: number
  /** The bytes from `start` up to `end`, read while they are taken. */
  part(start: number, end: number): Blob | ReadableStream<Uint8Array>
}

/** Where bytes lie, by keys that are UUIDs of their own: a folder, or a bucket that several processes share. */
export interface FileStore {
  /** Takes the file at `path`. Once it resolves, the bytes outlive a power cut; when it rejects, nothing was kept. */
  keep(key: string, path: string, type: string): Promise<void>
  /** null: there is none. */
  find(key: string): Promise<KeptFile | null>
  /** What is gone already is as good as removed. */
  remove(key: string): Promise<void>
  /** Every key, and since when its file is there. */
  all(): AsyncIterable<{ readonly key: string; readonly since: Date }>
  /** Files of others that lie in the same place have no key here. */
  check(): Promise<Check>
}

/** Random keys spread over 256 folders. */
export const placeOf = (key: string): string => `${key.slice(0, 2)}/${key}`
