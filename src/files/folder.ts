import { constants } from 'node:fs'
import { access, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isUuid } from '../protocols/uuid.ts'
import { type FileStore, placeOf } from './file-store.ts'

/** For the owner and its group, as all of `DATA_DIR`. */
export const FOLDER_MODE = 0o750

/** What a folder names is there after a power cut only once the folder itself was written. */
const flushFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })

/** `<folder>/<first two letters>/<key>`. The files that it takes must lie on the same disk, flushed. */
export const folderStore = (folder: string): FileStore => {
  const pathOf = (key: string) => join(folder, placeOf(key))
  return {
    keep: async (key, path) => {
      const inner = dirname(pathOf(key))
      const made = await mkdir(inner, { recursive: true, mode: FOLDER_MODE })
      await rename(path, pathOf(key))
      try {
        await flushFolder(inner)
        if (made !== undefined) await flushFolder(folder)
      } catch (error) {
        await rm(pathOf(key), { force: true })
        throw error
      }
    },
    find: async (key) => {
      const file = Bun.file(pathOf(key))
      // One that is open can be read to its end, also when somebody removes it meanwhile.
      return (await file.exists()) ? { size: file.size, part: (start, end) => file.slice(start, end) } : null
    },
    remove: (key) => rm(pathOf(key), { force: true }),
    all: async function* () {
      for (const inner of await namesIn(folder)) {
        if (!/^[0-9a-f]{2}$/.test(inner)) continue
        for (const key of (await namesIn(join(folder, inner))).filter(isUuid)) {
          const found = await stat(pathOf(key)).catch(() => null)
          if (found !== null) yield { key, since: found.mtime }
        }
      }
    },
    check: async () => {
      const name = 'files'
      try {
        await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
        return { name, ok: true, detail: folder }
      } catch (error) {
        if (isMissing(error)) return { name, ok: true, detail: `${folder} is made with the first file` }
        return { name, ok: false, detail: `${folder}: ${(error as Error).message}` }
      }
    },
  }
}
