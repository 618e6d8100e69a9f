import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Sink } from '../../protocols/multipart.ts'
import { readPng } from '../../protocols/png.ts'
import type { NewsOfSpaces } from '../../webhooks/events.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import { brandingStore } from './store.ts'

/** The largest file that becomes a logo (behaviour/panel.md §2). */
export const MOST_LOGO_BYTES = 2048 * 1024
/** Each way. */
export const MOST_LOGO_PIXELS = 1024
/** Of a form that brings one: a photograph that is far too large is refused at its field. */
export const MOST_SENT_BYTES = 16 * 1024 * 1024

const tooLarge = () => invalid('logo', 'v.png_size', { bytes: MOST_LOGO_BYTES, pixels: MOST_LOGO_PIXELS })

/** Takes a picture while it arrives, and no more of it than a logo may have; null: none came, or an empty one. */
export const takePicture = async (receive: (begin: () => Sink) => Promise<boolean>): Promise<Uint8Array | null> => {
  const pieces: Uint8Array[] = []
  let size = 0
  await receive(() => async (piece) => {
    size += piece.length
    if (size > MOST_LOGO_BYTES) throw tooLarge()
    pieces.push(Uint8Array.from(piece))
  })
  return size === 0 ? null : Buffer.concat(pieces)
}

/** The picture without anything but its pixels. Refuses what is no PNG, and one that is too large. */
const checked = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > MOST_LOGO_BYTES) throw tooLarge()
  const png = readPng(bytes, MOST_LOGO_PIXELS)
  if (png === 'too_large') throw tooLarge()
  if (png === null) throw invalid('logo', 'v.png')
  return png.bytes
}

/** The logo that the row named before. */
interface Before {
  readonly before: string | null
}

/**
 * What a Space looks like (behaviour/panel.md §2). Its logo is a PNG without anything but its pixels, in a file that is
 * named by what is in it: a name never shows two pictures, and may be kept for ever.
 */
export const branding = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  spaceNews: NewsOfSpaces
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, spaces, spaceNews, audit, log, now } = deps
  const store = brandingStore(db)

  const folderOf = (spaceId: number): string => join(config.DATA_DIR, 'public', String(spaceId))

  /** There whole or not at all, also after a power cut. */
  const keep = async (folder: string, name: string, bytes: Uint8Array): Promise<void> => {
    // Whoever runs the command need not be whoever serves the file; everybody may see it anyway.
    await mkdir(folder, { recursive: true, mode: 0o755 })
    const draft = join(folder, `.${name}`)
    const file = await open(draft, 'w', 0o644)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, join(folder, name))
  }

  /**
   * `write` names the picture, or none, in the row, and resolves to what stood there before. That file goes last: at no
   * moment does a row name a file that is not there.
   */
  const replace = async <T extends Before>(
    space: Pick<Space, 'id'>,
    bytes: Uint8Array | null,
    write: (name: string | null) => Promise<T>,
  ): Promise<T> => {
    const png = bytes === null ? null : checked(bytes)
    const name = png === null ? null : `${Bun.SHA256.hash(png, 'hex')}.png`
    if (png !== null && name !== null) await keep(folderOf(space.id), name, png)
    try {
      const written = await write(name)
      const { before } = written
      if (before !== null && before !== name) await rm(join(folderOf(space.id), before), { force: true })
      return written
    } catch (error) {
      // Somebody deleted the Space meanwhile, and the folder before this file was in it.
      if ((await spaces.byId(space.id)) === null) await removeFolder(space.id)
      throw error
    }
  }

  const setAlone = (by: Visit | null, space: Space, name: string | null): Promise<Before> =>
    db.transaction(async (tx) => {
      const held = await store.hold(tx, space.domain)
      if (held === null) throw new AppError('not_found', 'space.unknown')
      if (held.logo === name) return { before: name }
      await store.setLogo(tx, held.id, name, now())
      await spaceNews.changed(tx, space.domain)
      const changed = { logo: [held.logo, name] } as const
      const about = { kind: 'space', id: held.id, name: space.domain } as const
      await audit.record(tx, 'space.updated', { by, space, about, changed })
      return { before: held.logo }
    })

  const set = async (by: Visit | null, domain: string, bytes: Uint8Array | null): Promise<void> => {
    if (bytes !== null) checked(bytes)
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    await replace(space, bytes, (name) => setAlone(by, space, name))
    spaces.forget()
  }

  /** Whoever runs the command may have made it, and be the only one who can remove it. */
  const removeFolder = (spaceId: number): Promise<void> =>
    rm(folderOf(spaceId), { recursive: true, force: true }).catch((error: unknown) =>
      log.app.warn('the logo of a deleted space cannot be removed', { folder: folderOf(spaceId), error }),
    )

  return {
    /** A PNG of at most 2 MiB and 1024 pixels each way. `by` null: the command line. */
    setLogo: (by: Visit | null, domain: string, bytes: Uint8Array): Promise<void> => set(by, domain, bytes),
    removeLogo: (by: Visit | null, domain: string): Promise<void> => set(by, domain, null),
    /** The same for whoever writes more of the Space in that transaction; `write` does it all. */
    replace,
    /** For a Space that is deleted. */
    removeFolder,
    /** The Space's own logo and nothing else that lies there. */
    logo: async (space: Space, name: string): Promise<Blob> => {
      const file = name === space.logo ? Bun.file(join(folderOf(space.id), name)) : null
      if (file === null || !(await file.exists())) throw new AppError('not_found', 'errors.not_found')
      return file
    },
  }
}

export type Branding = ReturnType<typeof branding>
