import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Space } from '../../nouns/space.ts'
import { readPng } from '../../protocols/png.ts'
import type { NewsOfSpaces } from '../../webhooks/events.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import { brandingStore } from './store.ts'

/** The largest file that becomes a logo (behaviour/panel.md §2). */
export const MOST_LOGO_BYTES = 2048 * 1024
const MOST_LOGO_PIXELS = 1024

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

  /** The file that the row named before goes last: at no moment does a row name a file that is not there. */
  const replace = async (domain: string, name: string | null): Promise<void> => {
    const { id, before } = await db.transaction(async (tx) => {
      const held = await store.hold(tx, domain)
      if (held === null) throw new AppError('not_found', 'space.unknown')
      await store.setLogo(tx, held.id, name, now())
      await spaceNews.changed(tx, domain)
      const space = { id: held.id, domain }
      const changed = { logo: [held.logo, name] } as const
      await audit.record(tx, 'space.updated', {
        by: null,
        space,
        about: { kind: 'space', id: held.id, name: domain },
        changed,
      })
      return { id: held.id, before: held.logo }
    })
    spaces.forget()
    if (before !== null && before !== name) await rm(join(folderOf(id), before), { force: true })
  }

  /** Whoever runs the command may have made it, and be the only one who can remove it. */
  const removeFolder = (spaceId: number): Promise<void> =>
    rm(folderOf(spaceId), { recursive: true, force: true }).catch((error: unknown) =>
      log.app.warn('the logo of a deleted space cannot be removed', { folder: folderOf(spaceId), error }),
    )

  return {
    /** A PNG of at most 2 MiB and 1024 pixels each way. */
    setLogo: async (domain: string, bytes: Uint8Array): Promise<void> => {
      const tooLarge = () => invalid('logo', 'v.png_size', { bytes: MOST_LOGO_BYTES, pixels: MOST_LOGO_PIXELS })
      if (bytes.length > MOST_LOGO_BYTES) throw tooLarge()
      const png = readPng(bytes, MOST_LOGO_PIXELS)
      if (png === 'too_large') throw tooLarge()
      if (png === null) throw invalid('logo', 'v.png')
      const found = await spaces.byDomain(domain)
      if (found === null) throw new AppError('not_found', 'space.unknown')
      const name = `${Bun.SHA256.hash(png.bytes, 'hex')}.png`
      await keep(folderOf(found.id), name, png.bytes)
      try {
        await replace(domain, name)
      } catch (error) {
        // Somebody deleted the Space meanwhile, and the folder before this file was in it.
        if ((await spaces.byId(found.id)) === null) await removeFolder(found.id)
        throw error
      }
    },
    /** For a Space that is deleted, after the commit. */
    removeFolder,
    removeLogo: (domain: string): Promise<void> => replace(domain, null),
    /** The Space's own logo and nothing else that lies there. */
    logo: async (space: Space, name: string): Promise<Blob> => {
      const file = name === space.logo ? Bun.file(join(folderOf(space.id), name)) : null
      if (file === null || !(await file.exists())) throw new AppError('not_found', 'errors.not_found')
      return file
    },
  }
}

export type Branding = ReturnType<typeof branding>
