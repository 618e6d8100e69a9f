import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import { isUuid, uuidV4 } from '../protocols/uuid.ts'
import type { Secrets } from '../secrets.ts'
import { bucketStore } from './bucket.ts'
import type { KeptFile } from './file-store.ts'
import { FOLDER_MODE, folderStore } from './folder.ts'

/** A draft of this age is nobody's: its upload has long ended. */
const DRAFT_MS = 3_600_000
const RETRY_AFTER_SECONDS = 30

/** A file that is being written, on the disk of this process; nobody else sees it. */
export interface Draft {
  readonly size: number
  write(bytes: Uint8Array): Promise<void>
  /** The first and the last bytes, up to so many. */
  edges(most: number): Promise<{ head: Buffer; tail: Buffer }>
  /** Keeps it for good; resolves to its key once the bytes outlive a power cut. */
  keep(type: string): Promise<string>
  /** Nothing of it stays, unless it was kept. */
  discard(): Promise<void>
}

/**
 * Where files of people lie (docs/operations.md): in `DATA_DIR/files`, or in a bucket. What cannot be written or read
 * refuses with `unavailable` (503), and says why in the log.
 */
export const files = (deps: { config: Config; secrets: Secrets; log: Logging; now: () => Date }) => {
  const { config, secrets, log, now } = deps
  const folder = join(config.DATA_DIR, 'files')
  const drafts = join(folder, 'drafts')
  const { FILES_S3_BUCKET: bucket } = config
  const store = bucket === null ? folderStore(folder) : bucketStore(config, bucket)

  const orUnavailable = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      log.app.error(what, { error })
      throw new AppError('unavailable', 'files.unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error })
    }
  }

  const openDraft = async (path: string) => {
    await mkdir(drafts, { recursive: true, mode: FOLDER_MODE })
    return open(path, 'wx', 0o640)
  }

  const draft = async (): Promise<Draft> => {
    const key = uuidV4(secrets.random(16))
    const path = join(drafts, key)
    const file = await orUnavailable('a file cannot be begun', openDraft(path))
    let size = 0
    let isOpen = true
    const close = async () => {
      if (isOpen) await file.close()
      isOpen = false
    }
    const writeAll = async (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done)).bytesWritten
      size += bytes.length
    }
    const between = async (start: number, end: number) =>
      Buffer.from(await Bun.file(path).slice(start, end).arrayBuffer())
    const finish = async (type: string) => {
      await file.sync()
      await close()
      await store.keep(key, path, type)
    }
    return {
      get size() {
        return size
      },
      write: (bytes) => orUnavailable('a file cannot be written', writeAll(bytes)),
      edges: async (most) => ({
        head: await between(0, Math.min(most, size)),
        tail: await between(Math.max(0, size - most), size),
      }),
      keep: async (type) => {
        await orUnavailable('a file cannot be kept', finish(type))
        return key
      },
      discard: async () => {
        await close()
        await rm(path, { force: true })
      },
    }
  }

  /** Drafts of processes that died. */
  const clearDrafts = async (): Promise<number> => {
    const names = (await readdir(drafts).catch(() => [])).filter(isUuid)
    let removed = 0
    for (const name of names) {
      const found = await stat(join(drafts, name)).catch(() => null)
      if (found === null || now().getTime() - found.mtimeMs < DRAFT_MS) continue
      await rm(join(drafts, name), { force: true })
      removed += 1
    }
    return removed
  }

  return {
    draft,
    /** null: there is none, or not any more. */
    find: (key: string): Promise<KeptFile | null> => orUnavailable('a file cannot be read', store.find(key)),
    remove: (key: string): Promise<void> => orUnavailable('a file cannot be removed', store.remove(key)),
    all: store.all,
    clearDrafts,
    check: store.check,
  }
}

export type Files = ReturnType<typeof files>
