import type { Config } from '../config/config.ts'
import { isUuid } from '../protocols/uuid.ts'
import { type FileStore, placeOf } from './file-store.ts'

/** A file of some megabytes over a slow line. */
const LIMIT_MS = 120_000
const LIMIT_SECONDS = LIMIT_MS / 1000

type S3Problem = Error & { readonly code?: string }

const isMissing = (error: unknown): boolean => /^(NoSuchKey|NotFound)$/.test((error as S3Problem).code ?? '')

/** A bucket of S3 (`FILES_S3_*`), or of what speaks like it. The names in it are those of a folder, after a prefix. */
export const bucketStore = (config: Config, bucket: string): FileStore => {
  const { FILES_S3_ENDPOINT: endpoint, FILES_S3_PREFIX: prefix } = config
  const client = new Bun.S3Client({
    bucket,
    region: config.FILES_S3_REGION,
    accessKeyId: config.FILES_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: config.FILES_S3_SECRET_ACCESS_KEY ?? '',
    ...(endpoint === null ? {} : { endpoint }),
  })
  const nameOf = (key: string) => prefix + placeOf(key)

  return {
    /**
     * In one request that Bun signs and the system feeds from the disk: it is there whole or not at all, and costs no
     * memory. Bun's own writer would hold several parts of 5 MiB, and leave them in the bucket when it dies.
     */
    keep: async (key, path, type) => {
      const url = client.presign(nameOf(key), { method: 'PUT', expiresIn: LIMIT_SECONDS })
      const reply = await fetch(url, {
        method: 'PUT',
        body: Bun.file(path),
        headers: { 'content-type': type },
        redirect: 'error',
        signal: AbortSignal.timeout(LIMIT_MS),
      })
      const said = await reply.text()
      if (!reply.ok) throw new Error(`the bucket says ${reply.status} ${said.slice(0, 300)}`)
    },
    find: async (key) => {
      try {
        const { size } = await client.stat(nameOf(key))
        return { size, part: (start, end) => client.file(nameOf(key)).slice(start, end).stream() }
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },
    remove: async (key) => {
      await client.delete(nameOf(key)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
    all: async function* () {
      let after: string | undefined
      do {
        const page = await client.list({ prefix, ...(after === undefined ? {} : { startAfter: after }) })
        for (const { key: name, lastModified } of page.contents ?? []) {
          const key = name.slice(name.lastIndexOf('/') + 1)
          if (isUuid(key) && name === nameOf(key)) yield { key, since: new Date(lastModified ?? 0) }
        }
        after = page.isTruncated === true ? page.contents?.at(-1)?.key : undefined
      } while (after !== undefined)
    },
    check: async () => {
      const detail = `bucket ${bucket}${endpoint === null ? '' : ` at ${endpoint}`}`
      try {
        await client.list({ prefix, maxKeys: 1 })
        return { name: 'files', ok: true, detail }
      } catch (error) {
        const hint = 'Look at FILES_S3_ENDPOINT, FILES_S3_BUCKET and the keys.'
        return { name: 'files', ok: false, detail: `${detail}: ${(error as Error).message}`, hint }
      }
    },
  }
}
